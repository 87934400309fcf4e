"""A ledger alone, of any size, for the tests of what stands on it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import sqlalchemy as sa
from sqlmodel import col, select

from tests.conftest import NOON, StillClock
from workflows.ledger.record import Ledger
from workflows.ledger.tables import Leaf, Outbox
from workflows.ledger.tree import Frontier
from workflows.ledger.verify import leaf_hash
from workflows.schema import migrate
from workflows.store import Store


@asynccontextmanager
async def log_of(url: str, leaves: int = 0) -> AsyncIterator[tuple[Store, Ledger]]:
    """An empty database with this many leaves in it."""
    migrate(url)
    store = Store(url)
    ledger = Ledger(store, StillClock())
    await grow(store, leaves)
    yield store, ledger
    await store.close()


async def grow(store: Store, leaves: int, begin: int = 0) -> None:
    """Leaves whose bytes say their number, put in order as any others are."""
    if not leaves:
        return
    rows = [
        {"id": f"evt_{n}", "d": d_of(n), "time": NOON, "type": "test.leaf", "case_id": None}
        for n in range(begin, begin + leaves)
    ]
    async with store.write() as session:
        await (await session.connection()).execute(sa.insert(Outbox), rows)
    await Ledger(store, StillClock()).sequence()


def d_of(n: int) -> bytes:
    return b'{"id":"evt_%d","n":%d}' % (n, n)


async def all_leaves(store: Store) -> list[Leaf]:
    async with store.read() as session:
        return list((await session.exec(select(Leaf).order_by(col(Leaf.idx)))).all())


def root_of(leaves: list[bytes]) -> bytes:
    """Grown one by one: what every proof is held against."""
    frontier = Frontier()
    for d in leaves:
        frontier.add(leaf_hash(d))
    return frontier.root
