"""The ledger as a stream: whole, in order, bounded in memory and in length."""

import gzip
import json
import zlib
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from tests.rows import leaf
from workflows.errors import Invalid
from workflows.ledger.events import LARGEST_LEAF
from workflows.ledger.export import Part, export, gzipped
from workflows.ledger.formats import FORMATS, format_named
from workflows.ledger.read import (
    LARGEST_FETCH,
    PAGE_BYTES,
    PAGE_ROWS,
    Filters,
    extent,
    index_of,
    rows,
    stream,
)
from workflows.ledger.tables import Head, Leaf
from workflows.ledger.verify import leaf_hash
from workflows.store import Store


@pytest.fixture
async def store(sqlite_url: str) -> AsyncIterator[Store]:
    engine = sa.create_engine(sqlite_url)
    SQLModel.metadata.create_all(engine)
    engine.dispose()
    store = Store(sqlite_url)
    yield store
    await store.close()


async def put(store: Store, *leaves: Leaf) -> None:
    async with store.write() as session:
        session.add_all(leaves)


async def whole(store: Store, form: str = "jsonl", filters: Filters | None = None) -> bytes:
    parts = export(store, format_named(form), filters or Filters())
    return b"".join([part.data async for part in parts])


async def test_each_line_without_its_end_is_the_input_of_its_leaf_hash(store: Store) -> None:
    odd = {"text": 'a\nb "c" é\u2028'}
    await put(store, *(leaf(n, odd) for n in range(3)))
    lines = (await whole(store)).removesuffix(b"\n").split(b"\n")
    assert [leaf_hash(line) for line in lines] == [leaf(n, odd).lh for n in range(3)]


async def test_a_long_ledger_comes_whole_and_in_its_order(store: Store) -> None:
    count = PAGE_ROWS + LARGEST_FETCH + 1
    await put(store, *(leaf(n) for n in reversed(range(count))))
    parts = [part async for part in export(store, format_named("jsonl"), Filters())]
    lines = b"".join(part.data for part in parts).splitlines()
    assert [json.loads(line)["id"] for line in lines] == [f"evt_{n}" for n in range(count)]
    assert sum(part.events for part in parts) == count
    assert parts[-1].last == count - 1
    assert len(parts) > 1


@pytest.mark.parametrize("short", [0, 1, 40])
async def test_a_page_ends_when_it_is_full_however_long_the_leaves_are(
    store: Store, short: int
) -> None:
    room = LARGEST_LEAF - len(leaf(1000, {"a": ""}).d)
    long = [leaf(short + n, {"a": "x" * room}) for n in range(200)]
    await put(store, *map(leaf, range(short)), *long)
    pages = [page async for page in stream(store, Filters())]
    assert [idx for page in pages for idx, _, _ in page] == list(range(short + 200))
    assert max(sum(len(d) for _, d, _ in page) for page in pages) < 4 * PAGE_BYTES


async def test_a_slow_reader_keeps_no_transaction_open(store: Store) -> None:
    await put(store, *map(leaf, range(PAGE_ROWS + 1)))
    parts = export(store, format_named("jsonl"), Filters())
    await anext(parts)
    engine = sa.create_engine(store.url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("INSERT INTO audit_head VALUES (1, '', 0, x'', 0)")
        busy, left, moved = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    engine.dispose()
    assert (busy, left, moved) == (0, 0, 0)
    assert [part.events async for part in parts] != []


async def test_only_what_was_asked_for_is_exported(store: Store) -> None:
    await put(store, leaf(0), leaf(1, type_="y.done"), leaf(2), leaf(3, type_="y.done"))
    after = await whole(store, filters=Filters(type="y.done", cursor=1))
    assert [json.loads(line)["id"] for line in after.splitlines()] == ["evt_3"]
    until = await whole(store, filters=Filters(end=2))
    assert [json.loads(line)["id"] for line in until.splitlines()] == ["evt_0", "evt_1"]


async def test_an_export_of_a_busy_log_ends_where_the_log_ended_when_it_began(store: Store) -> None:
    await put(store, *map(leaf, range(3)))
    parts = export(store, format_named("jsonl"), Filters(end=3))
    await put(store, leaf(3))
    assert [part.last async for part in parts] == [2]


@pytest.mark.parametrize("form", FORMATS)
async def test_what_is_resumed_is_put_behind_to_give_the_whole(store: Store, form: str) -> None:
    await put(store, *map(leaf, range(10)))
    begun = await whole(store, form, Filters(end=4))
    assert begun + await whole(store, form, Filters(cursor=3)) == await whole(store, form)


@pytest.mark.parametrize("form", FORMATS)
async def test_an_empty_ledger_is_a_line_of_names_or_nothing(store: Store, form: str) -> None:
    assert await whole(store, form) == format_named(form).header


async def test_a_cursor_is_an_index_or_the_id_of_an_event(store: Store) -> None:
    await put(store, leaf(0), leaf(1))
    assert [await index_of(store, cursor) for cursor in ("-1", "1", "evt_1")] == [-1, 1, 1]
    with pytest.raises(Invalid, match="there is no event evt_2 in this log"):
        await index_of(store, "evt_2")


async def test_a_limit_is_kept_and_nothing_is_behind_the_end(store: Store) -> None:
    await put(store, *map(leaf, range(100)))
    assert [idx for idx, _, _ in await rows(store, Filters(cursor=4), 40)] == list(range(5, 45))
    assert await rows(store, Filters(cursor=99)) == []


async def test_the_extent_of_the_log_is_that_of_its_head(store: Store) -> None:
    async with store.write() as session:
        session.add(Head(size=7, pruned=2, origin="a.example/b"))
    assert await extent(store) == (7, 2, "a.example/b")


async def test_gzip_can_be_read_part_by_part_as_it_comes() -> None:
    async def parts() -> AsyncIterator[Part]:
        for n in range(3):
            yield Part(b"line %d\n" % n, 1, n)

    unpacker, packed = zlib.decompressobj(16 + zlib.MAX_WBITS), b""
    seen = []
    async for part in gzipped(parts()):
        packed += part
        seen.append(unpacker.decompress(part))
    assert seen == [b"line 0\n", b"line 1\n", b"line 2\n", b""]
    assert gzip.decompress(packed) == b"line 0\nline 1\nline 2\n"
