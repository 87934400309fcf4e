"""Read the ledger: in its order, by cursor, streaming, with constant memory."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from workflows.ledger.tables import Disclosure, Leaf
from workflows.store import Store

CHUNK = 500


@dataclass(frozen=True)
class Filters:
    """`cursor` is the index of the last leaf that the reader has."""

    since: datetime | None = None
    until: datetime | None = None
    case_id: str | None = None
    type: str | None = None
    cursor: int = -1


async def page(store: Store, filters: Filters, limit: int) -> list[Leaf]:
    query = select(Leaf).where(col(Leaf.idx) > filters.cursor)
    if filters.since:
        query = query.where(col(Leaf.time) >= filters.since)
    if filters.until:
        query = query.where(col(Leaf.time) < filters.until)
    if filters.case_id:
        query = query.where(Leaf.case_id == filters.case_id)
    if filters.type:
        query = query.where(Leaf.type == filters.type)
    async with store.read() as session:
        return list((await session.exec(query.order_by(col(Leaf.idx)).limit(limit))).all())


async def stream(store: Store, filters: Filters) -> AsyncIterator[list[Leaf]]:
    """Chunks, each from its own short read: a slow reader holds no transaction open."""
    while leaves := await page(store, filters, CHUNK):
        yield leaves
        filters = Filters(
            filters.since, filters.until, filters.case_id, filters.type, leaves[-1].idx
        )


async def disclosures(store: Store, event_ids: list[str]) -> dict[str, dict[str, str]]:
    """What the digests of these events stand for, unless it was erased: by event, by name."""
    query = select(Disclosure).where(col(Disclosure.event_id).in_(event_ids))
    found: dict[str, dict[str, str]] = {}
    async with store.read() as session:
        for row in (await session.exec(query)).all():
            found.setdefault(row.event_id, {})[row.name] = row.disclosure
    return found
