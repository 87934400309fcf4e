"""A case is opened, moved, begun and cancelled here, each in the caller's transaction."""

from datetime import datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from adapters.actions import CUTS_ACCESS, Wave
from adapters.hr.contract import WorkerRecord
from workflows.again import order_again
from workflows.engine import CUT
from workflows.ledger.events import EXEUNT, Actor, Event, stamp
from workflows.model import Basis, CaseKind, CaseStatus, Containment, LastMoment, Leaver, Terms
from workflows.openings import Opening, begun, opened
from workflows.policy.resolve import resolve
from workflows.tables import Approval, Case, CaseAccount, HrDelivery, Item, Part, Worker
from workflows.world import World

BEGIN_AGAIN_AFTER = timedelta(minutes=5)
"""A case that did not begin, by HR's word or by a fault, is looked at again after this."""


async def open_case(world: World, session: AsyncSession, worker: Worker, opening: Opening) -> Case:
    """Open a case, and begin it at once if its last moment is here."""
    case, terms = _new_case(world, worker, opening)
    session.add(case)
    await session.flush()
    delivery = await session.get(HrDelivery, case.delivery_id) if case.delivery_id else None
    await world.ledger.record(session, opened(world, worker, opening, case, terms, delivery))
    if case.effective_at <= world.clock.now():
        await begin_case(world, session, case)
    return case


def _new_case(world: World, worker: Worker, opening: Opening) -> tuple[Case, Terms]:
    record = WorkerRecord.model_validate(worker.record)
    leaver = leaver_of(record, opening.kind, opening.moment.at)
    terms = resolve(world.policy, leaver, privileged=False)
    case = Case(
        id=world.clock.id("case"),
        worker_id=worker.id,
        kind=opening.kind,
        status=CaseStatus.SCHEDULED,
        containment=Containment.NOT,
        reason=opening.reason,
        reference=opening.reference,
        requested_by=opening.requested_by,
        delivery_id=opening.delivery_id,
        revoke_now=opening.revoke_now,
        basis=opening.moment.basis,
        zone=opening.moment.zone,
        zone_source=opening.moment.zone_source,
        hr_entered_at=opening.hr_entered_at,
        effective_at=opening.moment.at,
        received_at=opening.received_at,
        policy=world.policy.identity,
        owner=terms.owner,
        task_due_seconds=int(terms.task_due.total_seconds()),
        give_up_seconds=int(terms.give_up_after.total_seconds()),
        by_person=opening.by_person,
        subject=worker.subject,
    )
    return case, terms


def leaver_of(record: WorkerRecord, kind: CaseKind, last_moment: datetime) -> Leaver:
    """What the policy looks at, from what HR said."""
    return Leaver(kind, last_moment, record.department, record.worker_type, record.country)


async def begin_case(world: World, session: AsyncSession, case: Case) -> None:
    """Cut now: every system gets its own workflow, in this very transaction, all at once."""
    if case.status != CaseStatus.SCHEDULED:
        return
    now = world.clock.now()
    case.status, case.started_at, case.containment = CaseStatus.RUNNING, now, Containment.UNKNOWN
    await world.ledger.record(session, begun(world, case))
    for system in world.systems:
        part = Part(
            id=world.clock.id("part"),
            case_id=case.id,
            wave=Wave.CONTAIN,
            system=system,
            state="running",
            turn=1,
            first_try_at=now,
        )
        session.add(part)
        await start_part(world, session, part)


def begin_place(case: Case, now: datetime) -> str:
    """Where the beginning of a case is told apart: its moment, and which five minutes it is tried.

    A case that was moved begins at its new moment, not when the old one would be tried again.
    """
    turn = int(now.timestamp() // BEGIN_AGAIN_AFTER.total_seconds())
    return f"{case.id}:begin:{int(case.effective_at.timestamp())}:{turn}"


async def start_part(world: World, session: AsyncSession, part: Part) -> None:
    """One workflow for this turn of this part. Its id is its place, so it can only be one."""
    queue = CUT if part.wave == Wave.CONTAIN else "later"
    place = f"{part.case_id}:{part.wave}:{part.system}:{part.turn}"
    await world.engine.start(session, "offboard", place, part.id, part.turn, queue=queue)


async def move_case(
    world: World, session: AsyncSession, case: Case, moment: LastMoment, actor: Actor = EXEUNT
) -> None:
    """Another last moment for a case that has not begun, or that begins anew."""
    was, case.effective_at = case.effective_at, moment.at
    case.basis, case.zone, case.zone_source = moment.basis, moment.zone, moment.zone_source
    await world.ledger.record(
        session,
        Event(
            "case.moved",
            case_id=case.id,
            data={
                "was": stamp(was),
                "effective_at": stamp(moment.at),
                "basis": moment.basis,
                "zone": moment.zone,
                "zone_source": moment.zone_source,
            },
            actor=actor,
        ),
    )
    if case.effective_at <= world.clock.now():
        await begin_case(world, session, case)


async def cancel_case(
    world: World, session: AsyncSession, case: Case, actor: Actor, reason: str
) -> None:
    """Take back a case that has not begun. What has begun is given back by restoring, not here."""
    case.status, case.closed_at = CaseStatus.CANCELLED, world.clock.now()
    await world.ledger.record(
        session,
        Event("case.cancelled", case_id=case.id, personal={"reason": reason}, actor=actor),
    )


async def latest_case(session: AsyncSession, worker_id: str) -> Case | None:
    """The worker's newest case that was not cancelled, begun or not; the row is locked."""
    cases = (
        select(Case)
        .where(Case.worker_id == worker_id, Case.status != CaseStatus.CANCELLED)
        .order_by(col(Case.id).desc())
        .with_for_update()
    )
    return (await session.exec(cases)).first()


async def cut_again(world: World, session: AsyncSession, case: Case) -> list[Part]:
    """Look for the accounts once more and make every cut once more; the parts that are due again.

    A verb that finds its work done says so and writes nothing. A part that is running finds what
    is planned for it when its turn ends.
    """
    now = world.clock.now()
    restored = case.restored_at is not None
    if restored:
        await _forget_restore(world, session, case)
    contain = select(Part).where(Part.case_id == case.id, Part.wave == Wave.CONTAIN)
    parts = list((await session.exec(contain.with_for_update())).all())
    for part in parts:
        by_hand = part.lookup == "by_hand" and not restored
        part.lookup = "by_hand" if by_hand else "unanswered"
        await replan_cuts(session, part.id)
        if part.state != "running":
            part.state, part.due_at = "waiting", now
        part.first_try_at, part.first_turn = now, part.turn + 1
    case.closed_at = None
    return parts


async def _forget_restore(world: World, session: AsyncSession, case: Case) -> None:
    """The case begins anew, now: all is read and planned again, timed and agreed to again."""
    case.restored_at, case.restore_by, case.first_call_at = None, "", None
    moment = LastMoment(world.clock.now(), Basis.IMMEDIATE, case.zone, case.zone_source)
    await move_case(world, session, case, moment)
    for part in (await session.exec(select(Part).where(Part.case_id == case.id))).all():
        if part.wave == Wave.RESTORE:
            part.state = "cancelled"
        elif part.wave != Wave.CONTAIN:
            part.state, part.due_at, part.approvals, part.first_try_at = "blocked", None, 0, None
    items = select(Item).where(Item.case_id == case.id)
    for item in (await session.exec(items)).all():
        if item.wave != Wave.RESTORE or item.state in ("planned", "waiting"):
            item.state = "cancelled"  # the plan that is made now says which of them are due
    accounts = select(CaseAccount).where(CaseAccount.case_id == case.id)
    for account in (await session.exec(accounts)).all():
        account.earlier = [*account.earlier, *([account.before] if account.before else [])]
        account.before = account.before_at = None
        account.blocked_at = account.contained_at = account.last_possible_access = None
    # Their word was on the first cut and on its way back. The ledger keeps it.
    for approval in (await session.exec(select(Approval).where(Approval.case_id == case.id))).all():
        await session.delete(approval)


async def replan_cuts(session: AsyncSession, part_id: str, account_id: str | None = None) -> None:
    """What cuts access in this part is due once more."""
    cuts = select(Item).where(
        Item.part_id == part_id, Item.state == "done", col(Item.action).in_(list(CUTS_ACCESS))
    )
    if account_id is not None:
        cuts = cuts.where(Item.case_account_id == account_id)
    for item in (await session.exec(cuts)).all():
        if item.gap is None:
            order_again(item)
