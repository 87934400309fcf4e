"""A real log in a test, signed by a real notary, and sinks that do what the test says."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

from adapters.clock import Clock
from adapters.sinks.contract import Item, Parcel, Sink
from tests.conftest import StillClock
from workflows.ledger.events import Event
from workflows.ledger.formats import format_named
from workflows.ledger.keys import KeyFile
from workflows.ledger.notary import Notary
from workflows.ledger.outlets import Outlet
from workflows.ledger.record import Ledger
from workflows.ledger.shipments import Delivery, destination_of
from workflows.ledger.tables import Shipment
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


@asynccontextmanager
async def log_at(url: str, folder: Path, clock: StillClock | None = None) -> AsyncIterator[Log]:
    """A log with one leaf: the announcement of its key."""
    await asyncio.to_thread(migrate, url)
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
