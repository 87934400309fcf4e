"""The ledger as files: byte for byte for machines, and harmless for spreadsheets."""

import csv
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import SQLModel

from tests.conftest import NOON
from workflows.ledger.events import Actor, Event, seal
from workflows.ledger.export import COLUMNS, _lines, _row, as_csv, inert, jsonl
from workflows.ledger.read import CHUNK, Filters
from workflows.ledger.tables import Leaf
from workflows.ledger.verify import leaf_hash
from workflows.store import Store

RUNS = ("=", "+", "-", "@", "\t", "\r", "\n")
TEXT = st.text(st.characters(codec="utf-8"))


def leaf(
    idx: int = 0, data: dict[str, Any] | None = None, actor: str = "main", type_: str = "x.done"
) -> Leaf:
    event = Event(type_, data=data or {}, actor=Actor("hr", actor))
    made = seal(event, event_id=f"evt_{idx}", time=NOON, tenant="acme", case_seq=None, salts={})
    lh = leaf_hash(made.d)
    return Leaf(idx=idx, id=f"evt_{idx}", d=made.d, lh=lh, time=NOON, type=type_)


def read_csv(text: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.decode(), newline="")))


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "="])
def test_a_formula_is_told_as_a_text(cell: str) -> None:
    [row] = read_csv(_lines([_row(leaf(actor=cell))]))
    assert row[COLUMNS.index("actor_id")] == f"'{cell}"


@given(TEXT, st.dictionaries(TEXT, TEXT, max_size=2))
def test_no_cell_of_any_event_runs_and_each_can_be_read_back(
    actor: str, data: dict[str, str]
) -> None:
    [row] = read_csv(_lines([_row(leaf(actor=actor, data=data))]))
    assert len(row) == len(COLUMNS)
    assert not [cell for cell in row if cell.startswith(RUNS)]
    assert row[COLUMNS.index("actor_id")] == inert(actor)
    assert json.loads(row[COLUMNS.index("data")] or "{}") == data


@given(st.lists(st.lists(TEXT, min_size=1, max_size=3), max_size=3))
def test_quotes_commas_and_line_ends_stay_in_their_cell(rows: list[list[str]]) -> None:
    assert read_csv(_lines(rows)) == rows


def test_every_cell_stands_in_quotes_and_a_quote_is_doubled() -> None:
    assert _lines([['say "hi", x', "7", ""]]) == b'"say ""hi"", x","7",""\r\n'


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


async def test_each_line_without_its_end_is_the_input_of_its_leaf_hash(store: Store) -> None:
    odd = {"text": 'a\nb "c" é\u2028'}
    await put(store, *(leaf(n, odd) for n in range(3)))
    text = b"".join([part async for part in jsonl(store, Filters())])
    lines = text.removesuffix(b"\n").split(b"\n")
    assert [leaf_hash(line) for line in lines] == [leaf(n, odd).lh for n in range(3)]


async def test_a_long_ledger_comes_whole_and_in_its_order(store: Store) -> None:
    await put(store, *(leaf(n) for n in reversed(range(CHUNK + 1))))
    parts = [part async for part in as_csv(store, Filters())]
    rows = read_csv(b"".join(parts))
    assert len(parts) == 3
    assert rows[0] == list(COLUMNS)
    assert [row[0] for row in rows[1:]] == [str(n) for n in range(CHUNK + 1)]


async def test_only_what_was_asked_for_is_exported(store: Store) -> None:
    await put(store, leaf(0), leaf(1, type_="y.done"), leaf(2), leaf(3, type_="y.done"))
    after = [part async for part in jsonl(store, Filters(type="y.done", cursor=1))]
    assert [json.loads(part)["id"] for part in after] == ["evt_3"]


async def test_an_empty_ledger_is_a_line_of_names_or_nothing(store: Store) -> None:
    rows = [part async for part in as_csv(store, Filters())]
    assert read_csv(b"".join(rows)) == [list(COLUMNS)]
    assert [part async for part in jsonl(store, Filters())] == []
