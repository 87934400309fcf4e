"""A workflow that ended in an error is a fault of ours: its work is taken up again, and shown.

Steps try again by themselves for a minute; what gets here is a bug, or a database that was away
for longer.
"""

from datetime import datetime, timedelta

import structlog
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from workflows.ledger.events import Event
from workflows.tables import Case, HrDelivery, Part, Recheck
from workflows.tasks import Ask, open_task
from workflows.world import World

AGAIN_AFTER = timedelta(minutes=15)
LOOK_BACK = timedelta(days=1)

log = structlog.get_logger()


async def rescue(world: World) -> None:
    """Each piece of work whose workflow failed is due again later, under its next turn."""
    for workflow_id in await world.engine.failed(world.clock.now() - LOOK_BACK):
        async with world.store.write() as session:
            if await _take_up(world, session, workflow_id):
                log.error("workflow.failed", workflow=workflow_id)


async def _take_up(world: World, session: AsyncSession, workflow_id: str) -> bool:
    """Whether this was news. The id is the place of the work: what it is, and which turn."""
    *place, turn = workflow_id.split(":")
    again = world.clock.now() + AGAIN_AFTER
    match place:
        case [case_id, wave, system]:
            return await _part(world, session, (case_id, wave, system), int(turn), again)
        case [name] if name.startswith("rcpt_"):
            return await _delivery(world, session, name, int(turn), again)
        case [name] if name.startswith("check_"):
            return await _recheck(session, name, int(turn), again)
    return False  # a case that did not begin is begun again by the sweeper


async def _part(
    world: World, session: AsyncSession, place: tuple[str, str, str], turn: int, again: datetime
) -> bool:
    case_id, wave, system = place
    query = select(Part).where(
        Part.case_id == case_id,
        Part.wave == wave,
        Part.system == system,
        Part.turn == turn,
        Part.state == "running",
    )
    part = (await session.exec(query)).first()
    if part is None:
        return False
    part.state, part.due_at = "waiting", again
    case = await session.get_one(Case, case_id)
    await _say(world, session, f"{wave}:{system}", case_id)
    title = f"{system}: {wave.replace('_', ' ')} stopped on a fault of Exeunt"
    how = "It is tried again in 15 minutes. The log of the service says what happened."
    await open_task(world, session, case, Ask("fault", title, how, system))
    return True


async def _delivery(
    world: World, session: AsyncSession, name: str, turn: int, again: datetime
) -> bool:
    delivery = await session.get(HrDelivery, name)
    if delivery is None or delivery.turn != turn or delivery.state != "received":
        return False
    if delivery.due_at is not None:
        return False
    delivery.due_at = again
    await _say(world, session, name, None)
    return True


async def _recheck(session: AsyncSession, name: str, turn: int, again: datetime) -> bool:
    check = await session.get(Recheck, name)
    if check is None or check.turn != turn or check.state != "running":
        return False
    check.state, check.due_at = "due", again
    return True


async def _say(world: World, session: AsyncSession, what: str, case_id: str | None) -> None:
    await world.ledger.record(
        session, Event("workflow.failed", "alert", case_id, data={"place": what})
    )
