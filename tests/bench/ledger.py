"""The ledger: appended and put in order, beside the same rows inserted with nothing around them."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from adapters.clock import Clock
from tests.bench.ledger_export import export_rates, page_latency
from tests.bench.ledger_log import filled
from tests.bench.ledger_verify import verify_rate
from tests.bench.measured import Measured, seconds
from workflows.ledger.events import Event
from workflows.ledger.record import Ledger
from workflows.schema import migrate
from workflows.store import Store

EVENTS = 40_000
BATCH = 500
CALL = {"method": "PATCH", "status": 200, "request_id": "1f0d6c2e-9a41", "ms": 12}
EVENT = Event(
    "block_sign_in.result",
    "changed",
    data={"system": "directory", "account": "acc_1", "attempt": 1, "calls": [CALL]},
    personal={"account_id": "ada@acme.example"},
)


async def ledger(folder: Path) -> list[Measured]:
    found = await _append_rates(folder)
    log = await asyncio.to_thread(filled, folder / "log.db")
    found += await export_rates(log, folder)
    found.append(await page_latency(log))
    found.append(await asyncio.to_thread(verify_rate, log, folder / "log.jsonl"))
    return found


async def _append_rates(folder: Path) -> list[Measured]:
    url = f"sqlite:///{folder / 'ledger.db'}"
    await asyncio.to_thread(migrate, url)
    store = Store(url)
    log = Ledger(store, Clock())
    append = await seconds(lambda: _append(store, log))
    order = await seconds(log.sequence)
    await store.close()
    raw = await asyncio.to_thread(_raw, folder)
    rates = {
        "append, durable, 500 at once": (EVENTS / append, ""),
        "put in order": (EVENTS / order, ""),
        "append and put in order": (EVENTS / (append + order), "≥ 20,000/s"),
    }
    floor = EVENTS / raw
    return [
        Measured(f"ledger: {what}", rate, "/s", floor, "raw executemany", rate / floor, goal)
        for what, (rate, goal) in rates.items()
    ]


async def _append(store: Store, log: Ledger) -> None:
    for _ in range(EVENTS // BATCH):
        async with store.write() as session:
            await log.record_all(session, [EVENT] * BATCH)


def _raw(folder: Path) -> float:
    """The rows that were recorded, put once into tables like ours: seconds."""
    source = sqlite3.connect(folder / "ledger.db")
    leaves = source.execute("SELECT idx, id, d, lh, time, type, case_id FROM leaf").fetchall()
    opened = source.execute("SELECT event_id, name, subject, disclosure FROM disclosure").fetchall()
    source.close()
    path = folder / "raw.db"
    migrate(f"sqlite:///{path}")
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous=FULL")
    begun = perf_counter()
    for at in range(0, EVENTS, BATCH):
        with _transaction(connection):
            many: Callable[..., object] = connection.executemany
            many("INSERT INTO leaf VALUES (?, ?, ?, ?, ?, ?, ?)", leaves[at : at + BATCH])
            many("INSERT INTO disclosure VALUES (?, ?, ?, ?)", opened[at : at + BATCH])
    took = perf_counter() - begun
    connection.close()
    return took


class _transaction:  # noqa: N801 - reads as what it is
    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def __enter__(self) -> None:
        self.connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, *_: object) -> None:
        self.connection.execute("COMMIT")
