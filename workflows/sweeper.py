"""What is due becomes a workflow. Rows wait, not workflows: a wave may be months away.

Each start is one transaction with a deterministic workflow id, so that two sweepers, or one that
dies in between, start a thing once.
"""

import asyncio
from datetime import datetime
from itertools import count

import sqlalchemy as sa
import structlog
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from workflows.cases import begin_place, start_part
from workflows.evidence.sealing import seal_last_month
from workflows.ledger.events import Event
from workflows.model import CaseStatus
from workflows.rescue import adopt, rescue
from workflows.tables import Case, HrDelivery, Part, Recheck
from workflows.world import World

EVERY_SECONDS = 0.25
RESCUE_EVERY = 120
"""Sweeps between two looks for workflows that failed."""
AT_ONCE = 100

log = structlog.get_logger()


async def sweep_forever(world: World) -> None:
    """Run until cancelled. A database that is away is waited for; nothing is lost meanwhile."""
    for turn in count():
        try:
            await sweep(world)
            if turn % RESCUE_EVERY == 0:
                await rescue(world)
                await seal_last_month(world)
                if not world.store.embedded:
                    await adopt(world)
        except sa.exc.OperationalError as why:
            log.warning("sweep.database_unavailable", error=type(why.orig).__name__)
        await asyncio.sleep(EVERY_SECONDS)


async def sweep(world: World) -> None:
    """Start all that is due now, and put new ledger events in order."""
    now = world.clock.now()
    await _start_cases(world, now)
    await _start_parts(world, now)
    await _start_deliveries(world, now)
    await _start_rechecks(world, now)
    await world.ledger.sequence()


async def _start_cases(world: World, now: datetime) -> None:
    due = select(Case.id).where(Case.status == CaseStatus.SCHEDULED, col(Case.effective_at) <= now)
    for case_id in await _ids(world, due):
        async with world.store.write() as session:
            case = await session.get_one(Case, case_id)
            await world.engine.start(session, "begin", begin_place(case, now), case_id, 0)


async def _start_parts(world: World, now: datetime) -> None:
    due = select(Part.id).where(col(Part.state).in_(["due", "waiting"]), col(Part.due_at) <= now)
    for part_id in await _ids(world, due):
        async with world.store.write() as session:
            part = await session.get_one(Part, part_id, with_for_update=True)
            if part.state not in ("due", "waiting"):
                continue
            if part.state == "due" and part.approvals:
                await _wait_for_approval(world, session, part)
                continue
            part.first_try_at = part.first_try_at or now
            part.state, part.turn = "running", part.turn + 1
            await start_part(world, session, part)


async def _wait_for_approval(world: World, session: AsyncSession, part: Part) -> None:
    part.state = "awaiting_approval"
    await world.ledger.record(
        session,
        Event(
            "wave.awaiting_approval",
            "pending",
            part.case_id,
            data={"system": part.system, "wave": part.wave, "approvals": part.approvals},
        ),
    )


async def _start_deliveries(world: World, now: datetime) -> None:
    due = select(HrDelivery.id).where(HrDelivery.state == "received", col(HrDelivery.due_at) <= now)
    for delivery_id in await _ids(world, due):
        async with world.store.write() as session:
            delivery = await session.get_one(HrDelivery, delivery_id, with_for_update=True)
            if delivery.due_at is None:
                continue
            delivery.due_at, delivery.turn = None, delivery.turn + 1
            place = f"{delivery.id}:{delivery.turn}"
            await world.engine.start(session, "intake", place, delivery.id, delivery.turn)


async def _start_rechecks(world: World, now: datetime) -> None:
    due = select(Recheck.id).where(Recheck.state == "due", col(Recheck.due_at) <= now)
    for recheck_id in await _ids(world, due):
        async with world.store.write() as session:
            check = await session.get_one(Recheck, recheck_id, with_for_update=True)
            if check.state != "due":
                continue
            check.state, check.turn = "running", check.turn + 1
            place = f"{check.id}:{check.turn}"
            await world.engine.start(session, "recheck", place, check.id, check.turn, queue="later")


async def _ids(world: World, due: SelectOfScalar[str]) -> list[str]:
    async with world.store.read() as session:
        return list((await session.exec(due.limit(AT_ONCE))).all())
