"""A real log in a test, signed by a real notary, and sinks that do what the test says."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, Self

from adapters.clock import Clock
from adapters.errors import TargetDenied
from adapters.sinks.contract import Item, Parcel, Sink
from tests.conftest import NOON, StillClock
from workflows.ledger.deliver import deliver_once
from workflows.ledger.events import Event, canonical
from workflows.ledger.formats import format_named
from workflows.ledger.keys import KeyFile
from workflows.ledger.notary import Notary
from workflows.ledger.outlets import Outlet
from workflows.ledger.read import Filters, page
from workflows.ledger.record import Ledger
from workflows.ledger.shipments import Delivery, destination_of
from workflows.ledger.tables import Shipment
from workflows.ledger.verify import leaf_hash
from workflows.schema import migrate
from workflows.store import Store

ORIGIN = "audit.acme.example/exeunt"
HOSTILE = "=cmd|' /C calc'!A0 <script> ] \" \\ \u202e\u0645\u0631\u062d\u0628\u0627 🧨 \n\r\t \x01"


class Memory(Sink):
    """Keeps what it is given. `answers` is asked before each parcel, and may raise."""

    proves: ClassVar[str] = "it is in a list"

    def __init__(self, answers: Callable[[Parcel], None] = lambda _: None) -> None:
        self.answers = answers
        self.after: Callable[[Parcel], None] = lambda _: None
        """Asked when the parcel is kept already: the answer gets lost."""
        self.items: list[Item] = []
        self.parcels: list[Parcel] = []

    @classmethod
    def connect(cls, name: str, settings: Any, clock: Clock, transport: Any = None) -> Self:
        return cls()

    async def deliver(self, parcel: Parcel) -> None:
        self.parcels.append(parcel)
        self.answers(parcel)
        self.items += parcel.items
        self.after(parcel)

    @property
    def indexes(self) -> list[int]:
        """Of the leaves, in the order in which they came."""
        return [item.index for item in self.items if item.leaf_hash]

    async def count(self) -> int:
        return len(self.indexes)

    @property
    def heads(self) -> list[dict[str, Any]]:
        lines = [json.loads(item.line) for item in self.items if not item.leaf_hash]
        return [line["data"] for line in lines]


@dataclass
class Log:
    """One database with its log. `seal` signs what is in it, so that it may be shipped."""

    store: Store
    ledger: Ledger
    notary: Notary
    clock: StillClock
    opened: list[Sink] = field(default_factory=list)

    async def grow(self, count: int, *, seal: bool = True, **data: Any) -> None:
        async with self.store.write() as session:
            events = [Event("x.done", data={"n": n, **data}) for n in range(count)]
            if events:
                await self.ledger.record_all(session, events)
        if seal:
            await self.seal()

    async def seal(self) -> None:
        await self.ledger.sequence()
        await self.notary.checkpoint()

    def to(
        self,
        sink: Sink,
        *,
        name: str = "siem",
        node: str = "a",
        form: str = "jsonl",
        since: str = "beginning",
    ) -> Delivery:
        self.opened.append(sink)
        outlet = Outlet(sink, format_named(form, log_name=ORIGIN), since)
        return Delivery(self.store, self.ledger, self.clock, node, name, outlet)

    async def row(self, name: str = "siem") -> Shipment:
        async with self.store.read() as session:
            return await session.get_one(Shipment, destination_of(name))


@cache
def _empty() -> bytes:
    """An embedded database that is up to date: copying it is faster than making it."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "empty.db"
        migrate(f"sqlite:///{file}")
        return file.read_bytes()


def _make(url: str) -> None:
    file = Store(url).file
    if file:
        file.write_bytes(_empty())
    else:
        migrate(url)


@asynccontextmanager
async def log_at(url: str, folder: Path, clock: StillClock | None = None) -> AsyncIterator[Log]:
    """A log with one leaf: the announcement of its key."""
    await asyncio.to_thread(_make, url)
    store, clock = Store(url), clock or StillClock()
    ledger = Ledger(store, clock)
    notary = Notary(store, ledger, clock, ORIGIN, KeyFile(folder / "audit.key"))
    await notary.open(may_create=True)
    made = Log(store, ledger, notary, clock)
    try:
        yield made
    finally:
        for sink in made.opened:
            await sink.close()
        await store.close()


async def failures(log: Log) -> list[dict[str, object]]:
    """What was recorded as not shipped."""
    await log.ledger.sequence()
    leaves = await page(log.store, Filters(type="export.failed"), 1000)
    return [json.loads(leaf.d)["data"] for leaf in leaves]


async def until_idle(parts: Delivery) -> None:
    for _ in range(1000):
        if not await deliver_once(parts):
            return
    raise AssertionError("it never came to an end")


def refusing(*bad: int) -> Memory:
    """Takes no parcel in which one of these leaves is."""

    def answer(parcel: Parcel) -> None:
        if any(item.leaf_hash and item.index in bad for item in parcel.items):
            raise TargetDenied("it does not like it")

    return Memory(answer)


def item(index: int, text: str = "", *, severity: int = 1, at: datetime = NOON) -> Item:
    """One event on its way, as JSON."""
    d = canonical({"id": f"evt_{index}", "text": text, "type": "x.done"})
    return Item(index, f"evt_{index}", "x.done", at, severity, "case_1", leaf_hash(d), d)


def parcel(*items: Item) -> Parcel:
    """Two events, one of them as nasty as can be, unless others are given."""
    return Parcel(ORIGIN, items or (item(0), item(1, HOSTILE)))
