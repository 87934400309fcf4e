"""A workflow that ended in an error is a fault of ours: its work is taken up again, and shown.

Steps try again by themselves for a minute; what gets here is a bug, or a database that was away
for longer.
"""

from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from workflows.cases import begin_place
from workflows.ledger.events import Event
from workflows.lock import NodeTaken, only_one
from workflows.model import CaseStatus
from workflows.tables import Case, HrDelivery, Part, Recheck
from workflows.tasks import Ask, open_task
from workflows.world import World

AGAIN_AFTER = timedelta(minutes=15)

log = structlog.get_logger()


async def rescue(world: World) -> None:
    """Each piece of work whose workflow failed is due again later, under its next turn.

    Asked from our rows, however old they are: what is under way here must be under way there.
    """
    for workflow_id in await world.engine.failed(await _under_way(world)):
        async with world.store.write() as session:
            if await _take_up(world, session, workflow_id):
                log.error("workflow.failed", workflow=workflow_id)


async def adopt(world: World) -> None:
    """Go on with what a dead node left. A node that lives holds its lock, and keeps its work."""
    for node, workflow_ids in (await world.engine.begun_elsewhere()).items():
        with suppress(NodeTaken):
            async with only_one(world.store, node):
                await world.engine.adopt(workflow_ids)
                log.warning("node.adopted", node=node, workflows=len(workflow_ids))


async def _under_way(world: World) -> list[str]:
    """Ids of the workflows that our rows say are running."""
    async with world.store.read() as session:
        parts = (await session.exec(select(Part).where(Part.state == "running"))).all()
        checks = (await session.exec(select(Recheck).where(Recheck.state == "running"))).all()
        inbox = select(HrDelivery).where(
            HrDelivery.state == "received", col(HrDelivery.due_at).is_(None)
        )
        deliveries = (await session.exec(inbox)).all()
        late = select(Case).where(
            Case.status == CaseStatus.SCHEDULED, col(Case.effective_at) <= world.clock.now()
        )
        cases = (await session.exec(late)).all()
    return [
        *(f"{p.case_id}:{p.wave}:{p.system}:{p.turn}" for p in parts),
        *(f"{c.id}:{c.turn}" for c in checks),
        *(f"{d.id}:{d.turn}" for d in deliveries),
        *(begin_place(case, world.clock.now()) for case in cases),
    ]


async def _take_up(world: World, session: AsyncSession, workflow_id: str) -> bool:
    """Whether this was news. The id is the place of the work: what it is, and which turn."""
    *place, turn = workflow_id.split(":")
    again = world.clock.now() + AGAIN_AFTER
    match place:
        case [case_id, "begin", _]:
            return await _beginning(world, session, case_id)
        case [case_id, wave, system]:
            return await _part(world, session, (case_id, wave, system), int(turn), again)
        case [name] if name.startswith("rcpt_"):
            return await _delivery(world, session, name, int(turn), again)
        case [name] if name.startswith("check_"):
            return await _recheck(session, name, int(turn), again)
    return False


async def _beginning(world: World, session: AsyncSession, case_id: str) -> bool:
    """The sweeper begins it again by itself; somebody must know that it did not begin on time."""
    case = await session.get_one(Case, case_id)
    title = "The cut did not begin on time: a fault of Exeunt"
    how = "It is tried every 5 minutes. The log of the service says what happened."
    await open_task(world, session, case, Ask("fault", title, how))
    return True


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
    title = f"A message of HR connection {delivery.connection} stopped on a fault of Exeunt"
    how = f"Receipt {name}. It is tried again in 15 minutes; the log says what happened."
    await open_task(world, session, None, Ask("fault", title, how))
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
