"""How far each sink has come: the row that says it, and who may move it.

A row is leased to one node, so that the others do not send the same. While a sink is to be left in
peace after an error, nobody has the lease and nobody may take it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from adapters.clock import Clock
from adapters.errors import AdapterError, NeedsHuman, TryAgain
from workflows.ledger.events import Event
from workflows.ledger.outlets import Outlet, published_size
from workflows.ledger.record import Ledger
from workflows.ledger.tables import Head, Shipment
from workflows.store import Store

LEASE = timedelta(minutes=5)
"""Longer than one delivery may take."""
SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 300.0
"""Seconds between tries while a sink is away; doubled every time."""
STOPPED_PAUSE = 900.0
"""Seconds between tries of a sink that refuses us: somebody has to mend it first."""
NEVER = datetime(9000, 1, 1, tzinfo=UTC)
LONGEST_ERROR = 500
DOUBLINGS = 10
OF_ITSELF = frozenset({"export.failed", "log.checkpoint"})
"""To record that such a one was not taken would make another: a log that grows by itself."""


class LeaseLost(Exception):
    """The row is another's now, or was set to another index. What was sent is sent again."""


@dataclass(frozen=True)
class Skipped:
    """A leaf that a sink does not take, and why."""

    index: int
    event_id: str
    why: str
    type: str = ""


@dataclass(frozen=True)
class Delivery:
    """One sink, and all that is needed to ship to it from this node."""

    store: Store
    ledger: Ledger
    clock: Clock
    node: str
    name: str
    outlet: Outlet

    @property
    def destination(self) -> str:
        return destination_of(self.name)


def destination_of(sink: str) -> str:
    return f"sink:{sink}"


async def lease(parts: Delivery) -> int | None:
    """Take the sink for this node; the first index that it does not have, None if it is not ours.

    A sink that is new gets its row, and begins where it was told to.
    """
    now = parts.clock.now()
    async with parts.store.write() as session:
        await parts.store.alone(session, parts.destination)
        row = await session.get(Shipment, parts.destination, with_for_update=True)
        if row is None:
            row = Shipment(destination=parts.destination, next_idx=await _start(parts, session))
            session.add(row)
        if row.lease_until and row.lease_until > now and row.leased_by != parts.node:
            return None
        row.leased_by, row.lease_until = parts.node, now + LEASE
        await _past_what_is_gone(parts, session, row)
        return row.next_idx


async def may_be_due(parts: Delivery) -> bool:
    """Whether there is anything to do at all. Only reads, for it is asked all the time."""
    async with parts.store.read() as session:
        row = await session.get(Shipment, parts.destination)
        if row is None:
            return True
        theirs = row.leased_by != parts.node and row.lease_until is not None
        if theirs and row.lease_until and row.lease_until > parts.clock.now():
            return False
        return row.next_idx < await published_size(session)


async def _start(parts: Delivery, session: AsyncSession) -> int:
    if parts.outlet.since == "now":
        return await published_size(session)
    return await _pruned(session)


async def _pruned(session: AsyncSession) -> int:
    return (await session.exec(select(Head.pruned))).one()


async def _past_what_is_gone(parts: Delivery, session: AsyncSession, row: Shipment) -> None:
    """A sink that was away for longer than the log keeps leaves has lost some: that is recorded."""
    pruned = await _pruned(session)
    if row.next_idx < pruned:
        gone = {"sink": parts.name, "index": row.next_idx, "before": pruned, "why": "retention"}
        await parts.ledger.record(session, Event("export.failed", "failure", data=gone))
        row.next_idx = pruned


async def advance(parts: Delivery, was: int, to: int, skipped: Sequence[Skipped] = ()) -> None:
    """The sink has all leaves before `to`, but for those that it does not take, and these are
    recorded with it. Raises LeaseLost.
    """
    now = parts.clock.now()
    async with parts.store.write() as session:
        row = await _ours(parts, session)
        if row.next_idx != was:
            raise LeaseLost
        row.next_idx, row.lease_until = to, now + LEASE
        row.failures, row.last_error, row.tried_at, row.taken_at = 0, "", now, now
        for one in skipped:
            if one.type in OF_ITSELF:
                continue
            told = {"sink": parts.name, "index": one.index, "event": one.event_id, "why": one.why}
            await parts.ledger.record(session, Event("export.failed", "failure", data=told))


async def failed(parts: Delivery, why: AdapterError) -> timedelta | None:
    """Note what went wrong and when it may be tried again; None is not before somebody says so."""
    now = parts.clock.now()
    async with parts.store.write() as session:
        row = await _ours(parts, session)
        row.failures += 1
        row.last_error = f"{type(why).__name__}: {why.message}"[:LONGEST_ERROR]
        row.tried_at = now
        pause = _pause(why, row.failures, parts.clock.jitter())
        row.leased_by, row.lease_until = "", now + pause if pause is not None else NEVER
        return pause


def _pause(why: AdapterError, failures: int, jitter: float) -> timedelta | None:
    if isinstance(why, NeedsHuman):
        return None
    if not isinstance(why, TryAgain):
        return timedelta(seconds=STOPPED_PAUSE)
    longest = min(LONGEST_PAUSE, SHORTEST_PAUSE * 2 ** min(failures, DOUBLINGS))
    seconds = max(longest * (1 + jitter) / 2, why.retry_after or 0.0)
    return timedelta(seconds=min(seconds, STOPPED_PAUSE))


async def _ours(parts: Delivery, session: AsyncSession) -> Shipment:
    row = await session.get(Shipment, parts.destination, with_for_update=True)
    if row is None or row.leased_by != parts.node:
        raise LeaseLost
    return row


async def let_go(parts: Delivery) -> None:
    """Give the lease back, so that another node need not wait for its end."""
    async with parts.store.write() as session:
        row = await session.get(Shipment, parts.destination, with_for_update=True)
        if row and row.leased_by == parts.node:
            row.leased_by, row.lease_until = "", None


async def try_at_once(parts: Delivery) -> None:
    """After a start: what stopped a sink may have been mended in the configuration."""
    async with parts.store.write() as session:
        row = await session.get(Shipment, parts.destination, with_for_update=True)
        if row and not row.leased_by:
            row.lease_until = None


async def replay(session: AsyncSession, sink: str, index: int) -> bool:
    """Ship again from this leaf on, now; False if there is no such sink yet.

    Whoever is at it finds that the row was moved, and begins anew.
    """
    row = await session.get(Shipment, destination_of(sink), with_for_update=True)
    if row is None:
        return False
    row.next_idx, row.leased_by, row.lease_until = index, "", None
    row.failures, row.last_error = 0, ""
    return True


async def shipments(session: AsyncSession) -> list[Shipment]:
    """Of sinks, witnesses and the time stamping authority: as each stands."""
    return list((await session.exec(select(Shipment).order_by(col(Shipment.destination)))).all())
