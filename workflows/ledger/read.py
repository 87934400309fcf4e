"""Read the ledger: in its order, by cursor, streaming, with constant memory."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlmodel import col, select

from workflows.errors import Invalid
from workflows.ledger.formats import Leaves
from workflows.ledger.tables import Disclosure, Head, Leaf
from workflows.store import Store

PAGE_ROWS = 8192
PAGE_BYTES = 2 << 20
"""A page ends with the rows that fill it: a leaf may be 64 KiB long, and memory has an end."""
FIRST_FETCH, LARGEST_FETCH = 32, 1024
"""Rows that are fetched before their bytes are counted: more, as long as they are short."""


@dataclass(frozen=True)
class Filters:
    """`cursor` is the index of the last leaf that the reader has; `end` is the first not to read.

    `end` keeps a reader of a busy log from running after its growth for ever.
    """

    since: datetime | None = None
    until: datetime | None = None
    case_id: str | None = None
    type: str | None = None
    cursor: int = -1
    end: int | None = None

    @property
    def whole(self) -> bool:
        """Nothing is left out but what the reader has: what is read can be checked as a log."""
        return not (self.since or self.until or self.case_id or self.type)

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        asked = [col(Leaf.idx) > self.cursor]
        if self.end is not None:
            asked.append(col(Leaf.idx) < self.end)
        if self.since:
            asked.append(col(Leaf.time) >= self.since)
        if self.until:
            asked.append(col(Leaf.time) < self.until)
        if self.case_id:
            asked.append(col(Leaf.case_id) == self.case_id)
        if self.type:
            asked.append(col(Leaf.type) == self.type)
        return asked


async def page(store: Store, filters: Filters, limit: int) -> list[Leaf]:
    query = select(Leaf).where(*filters.conditions())
    async with store.read() as session:
        return list((await session.exec(query.order_by(col(Leaf.idx)).limit(limit))).all())


async def rows(store: Store, filters: Filters, limit: int = PAGE_ROWS) -> Leaves:
    """As many leaves as fill a page, `limit` at most, from one short read; none at the end.

    They are tuples of index, bytes and hash as the driver gives them: objects cost more than the
    rest of the reading.
    """
    query = (
        sa.select(col(Leaf.idx), col(Leaf.d), col(Leaf.lh))
        .where(*filters.conditions())
        .order_by(col(Leaf.idx))
        .limit(limit)
        .execution_options(stream_results=True)
    )
    async with store.read() as session:
        return await (await session.connection()).run_sync(_page_of, query)


def _page_of(connection: sa.Connection, query: sa.Select[int, bytes, bytes]) -> Leaves:
    found: list[tuple[int, bytes, bytes]] = []
    size, fetch = 0, FIRST_FETCH
    with connection.execute(query) as result:
        # One row was read ahead. The others are taken from the cursor itself, which makes tuples.
        part = result.cursor_strategy.fetchmany(result, result.cursor, 1)
        while part:
            found += part
            size += sum([len(d) for _, d, _ in part])
            left = (PAGE_BYTES - size) * len(found) // size  # rows, if they go on as they began
            fetch = min(2 * fetch, LARGEST_FETCH, left + FIRST_FETCH)
            cursor = result.cursor if size < PAGE_BYTES else None
            part = cursor.fetchmany(fetch) if cursor else ()
    return found


async def stream(store: Store, filters: Filters) -> AsyncIterator[Leaves]:
    """Pages, each from its own short read: a slow reader holds no transaction open."""
    while found := await rows(store, filters):
        yield found
        filters = replace(filters, cursor=found[-1][0])


class Extent(NamedTuple):
    """`size` leaves are in order, the first `pruned` of them were not kept any longer."""

    size: int
    pruned: int
    origin: str
    """The name under which the log is signed; empty if it is not."""


async def extent(store: Store) -> Extent:
    query = sa.select(col(Head.size), col(Head.pruned), col(Head.origin))
    async with store.read() as session:
        return Extent(*(await (await session.connection()).execute(query)).one())


async def index_of(store: Store, cursor: str) -> int:
    """The index that a cursor means: a number, or the id of the last event that the reader has.

    Raises Invalid for the id of an event that is not in the log.
    """
    if not cursor.startswith("evt_"):
        return int(cursor)
    query = sa.select(col(Leaf.idx)).where(col(Leaf.id) == cursor)
    async with store.read() as session:
        found: int | None = (await (await session.connection()).execute(query)).scalar()
    if found is None:
        raise Invalid(
            f"there is no event {cursor} in this log, or it is older than what is kept",
            "Begin without a cursor, or with the index of the last event that you have.",
        )
    return found


async def disclosures(store: Store, event_ids: list[str]) -> dict[str, dict[str, str]]:
    """What the digests of these events stand for, unless it was erased: by event, by name."""
    query = select(Disclosure).where(col(Disclosure.event_id).in_(event_ids))
    found: dict[str, dict[str, str]] = {}
    async with store.read() as session:
        for row in (await session.exec(query)).all():
            found.setdefault(row.event_id, {})[row.name] = row.disclosure
    return found
