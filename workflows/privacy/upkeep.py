"""Once a day: who left long enough ago is erased, and what is old enough goes.

Every step is a transaction of its own that can be done twice, so whatever is killed in between is
done at the next time.
"""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog
from sqlmodel import col, select

from adapters.clock import Clock
from workflows.errors import Conflict
from workflows.ledger.events import EXEUNT
from workflows.ledger.record import Ledger
from workflows.ledger.retention import OVER, prune
from workflows.ledger.shipments import destination_of
from workflows.model import CaseStatus
from workflows.privacy.erase import erase
from workflows.privacy.own import GONE
from workflows.privacy.tables import LegalHold, Upkeep
from workflows.privacy.wipe import is_due, wipe
from workflows.store import Store
from workflows.tables import Case, HrDelivery, Worker
from workflows.world import World

EVERY = timedelta(days=1)
TRY_AGAIN = timedelta(hours=1)
QUIET = timedelta(minutes=5)
"""Nothing may begin for so long, or a rewrite of the database would stand in a cut's way."""
BASIS = "retention"
LOOK_SECONDS = 60.0
"""Between two looks whether a day has passed."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Kept:
    """What one upkeep did. `wiped` False: deleted bytes are still to be wiped."""

    erased: int
    pruned: int
    wiped: bool


async def upkeep_forever(world: World) -> None:
    """Run until cancelled; any node may do it."""
    sinks = [destination_of(name) for name in world.outlets]
    while True:
        await upkeep(world.store, world.ledger, world.clock, world.retention, sinks)
        await asyncio.sleep(LOOK_SECONDS)


async def upkeep(
    store: Store,
    ledger: Ledger,
    clock: Clock,
    retention: timedelta,
    destinations: Collection[str] = (),
) -> Kept | None:
    """Do what is due today; None if it was done already. Cheap to ask: one row is read.

    `destinations` are the sinks that must have a leaf before its body goes.
    """
    if not await _claimed(store, clock):
        return None
    before = clock.now() - retention
    erased = 0
    for worker_id in await _long_gone(store, before):
        try:
            await erase(store, ledger, clock, worker_id, BASIS, EXEUNT)
            erased += 1
        except Conflict as why:
            log.warning("retention.kept", worker=worker_id, why=why.message)
    await _empty_inbox(store, before)
    pruned = await prune(store, ledger, before, destinations)
    wiped = await _wiped(store, clock)
    async with store.write() as session:
        await session.exec(sa.update(Upkeep).values(swept_at=clock.now()))
    return Kept(erased, pruned, wiped)


async def _claimed(store: Store, clock: Clock) -> bool:
    """Take today's turn. Whoever dies in it leaves it to be taken again an hour later."""
    now = clock.now()
    swept = col(Upkeep.swept_at)
    # The last: a clock that was ahead and was put back keeps nobody's data until then.
    due = sa.or_(swept.is_(None), swept <= now - EVERY, swept > now + EVERY)
    async with store.read() as session:
        if (await session.exec(select(Upkeep.id).where(due))).first() is None:
            return False
    async with store.write() as session:
        claim = sa.update(Upkeep).where(due).values(swept_at=now - EVERY + TRY_AGAIN)
        return bool((await session.exec(claim)).rowcount)


async def _long_gone(store: Store, before: datetime) -> list[str]:
    """Who left before this instant: by their last case, or by HR's last word if there was none."""
    open_cases = sa.select(col(Case.worker_id)).where(col(Case.status).not_in(OVER))
    held = sa.select(col(LegalHold.worker_id))
    last = sa.select(col(Case.worker_id), sa.func.max(col(Case.closed_at)).label("closed_at"))
    newest = last.group_by(col(Case.worker_id)).subquery()
    closed, seen, active = newest.c.closed_at, col(Worker.seen_at), col(Worker.active)
    # HR may never say "terminated"; but whom it calls active after the cut came back, and stays.
    cut = col(Worker.id).in_(_cut()) & (seen <= closed)
    query = (
        sa.select(col(Worker.id))
        .outerjoin(newest, newest.c.worker_id == col(Worker.id))
        .where(
            col(Worker.erased_at).is_(None),
            col(Worker.id).not_in(open_cases),
            col(Worker.id).not_in(held),
            active.is_(False) | cut,
            sa.func.coalesce(closed, seen) < before,
        )
    )
    async with store.read() as session:
        return list((await (await session.connection()).execute(query)).scalars())


def _cut() -> sa.Select[Any]:
    return sa.select(col(Case.worker_id)).where(
        col(Case.status) == CaseStatus.CLOSED, col(Case.restored_at).is_(None)
    )


async def _empty_inbox(store: Store, before: datetime) -> None:
    """What HR sent is not needed any more, whoever it was about."""
    old = (col(HrDelivery.received_at) < before) & (col(HrDelivery.state) != "received")
    full = col(HrDelivery.body_sha256) != ""
    key = sa.literal(f"{GONE}:") + col(HrDelivery.id)
    empty = {"events": [], "body_sha256": "", "note": "", "dedupe_key": key}
    async with store.write() as session:
        emptied = await session.exec(sa.update(HrDelivery).where(old, full).values(empty))
        if emptied.rowcount:
            await session.exec(sa.update(Upkeep).values(wipe=True))


async def _wiped(store: Store, clock: Clock) -> bool:
    """Rewriting the database holds up every writer, so it waits until no cut is near."""
    if not await is_due(store):
        return True
    soon = clock.now() + QUIET
    running = col(Case.status) == CaseStatus.RUNNING
    near = (col(Case.status) == CaseStatus.SCHEDULED) & (col(Case.effective_at) <= soon)
    async with store.read() as session:
        if (await session.exec(select(Case.id).where(running | near).limit(1))).first():
            return False
    done = await wipe(store)
    if not done.done:
        log.warning("retention.not_wiped", where=done.where)
    return done.done
