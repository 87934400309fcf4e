"""The ledger: appended, put in order, and exported, beside plain loops over the same bytes."""

import asyncio
from pathlib import Path

import sqlalchemy as sa

from adapters.clock import Clock
from tests.bench.measured import Measured, seconds
from workflows.ledger.events import Event
from workflows.ledger.export import as_csv, jsonl
from workflows.ledger.read import Filters
from workflows.ledger.record import Ledger
from workflows.schema import migrate
from workflows.store import Store

EVENTS = 20_000
BATCH = 500


async def ledger(folder: Path) -> list[Measured]:
    url = f"sqlite:///{folder / 'ledger.db'}"
    await asyncio.to_thread(migrate, url)
    store, log = Store(url), Ledger(Store(url), Clock())
    append = EVENTS / await seconds(lambda: _append(store, log))
    order = EVENTS / await seconds(log.sequence)
    floor = EVENTS / await seconds(lambda: _raw(store))
    lines = EVENTS / await seconds(lambda: _drain(jsonl(store, Filters())))
    rows = EVENTS / await seconds(lambda: _drain(as_csv(store, Filters())))
    await store.close()
    raw = "raw insert"
    return [
        Measured("ledger: append", append, "/s", floor, raw, append / floor, "≥ 20,000/s"),
        Measured("ledger: put in order", order, "/s", floor, raw, order / floor, ""),
        Measured("ledger: export JSONL", lines, "/s", None, "", None, "≥ 300,000/s"),
        Measured("ledger: export CSV", rows, "/s", None, "", None, "≥ 80,000/s"),
    ]


async def _append(store: Store, log: Ledger) -> None:
    event = Event("bench.event", data={"system": "directory", "attempt": 1}, personal={"a": "b"})
    for _ in range(EVENTS // BATCH):
        async with store.write() as session:
            for _ in range(BATCH):
                await log.record(session, event)


async def _raw(store: Store) -> None:
    insert = sa.text("INSERT INTO audit_outbox (id, d) VALUES (:id, :d)")
    for batch in range(EVENTS // BATCH):
        rows = [{"id": f"{batch}:{n}", "d": b"x" * 400} for n in range(BATCH)]
        async with store.write() as session:
            await (await session.connection()).execute(insert, rows)


async def _drain(chunks: object) -> None:
    async for _ in chunks:  # type: ignore[attr-defined] # an asynchronous iterator
        pass
