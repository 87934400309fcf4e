"""What HR said of one worker, weighed against what is known, and acted on: one transaction."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from adapters.hr.contract import HrEvent, WorkerRecord
from workflows.cases import (
    begin_case,
    cancel_case,
    cut_again,
    latest_case,
    move_case,
    open_case,
)
from workflows.decide import Decision, DecisionKind, Known, OpenCase, decide
from workflows.ledger.events import Actor, Event, stamp
from workflows.model import Basis, CaseKind, CaseStatus, LastMoment
from workflows.moments import last_moment
from workflows.openings import Opening
from workflows.people import keep_worker, known_worker
from workflows.tables import Case, HrDelivery, Worker
from workflows.tasks import Ask, open_task
from workflows.world import World


async def consider(
    world: World,
    session: AsyncSession,
    connection: str,
    event: HrEvent,
    record: WorkerRecord | None,
    delivery: HrDelivery | None,
) -> None:
    """Store the snapshot, decide, act. `record` None: HR says that nobody has this id."""
    # "At once" means when we were told, so that our own delay counts against us.
    told_at = delivery.received_at if delivery else world.clock.now()
    await world.store.alone(session, f"worker:{connection}:{event.source_worker_id}")
    worker = await known_worker(session, connection, event.source_worker_id)
    case = await latest_case(session, worker.id) if worker else None
    if case and delivery and case.delivery_id == delivery.id:
        return  # this very delivery opened the case before the process died: it is acted on
    moment = _moment(world, connection, record)
    known = _known(worker, case)
    decision = decide(event, record, known, moment, told_at)
    if record is not None and not decision.outdated:
        # A clock that runs ahead must not silence what comes after.
        said_at = min(event.occurred_at, told_at) if event.occurred_at else None
        worker = await keep_worker(world, session, connection, record, said_at)
    await _record(world, session, connection, event, decision, worker, delivery)
    if worker is not None:
        await _act(world, session, worker, case, decision, delivery)


def _moment(world: World, connection: str, record: WorkerRecord | None) -> LastMoment | None:
    hr = world.hr.get(connection)
    zone = hr.time_zone if hr else None
    return last_moment(record, world.policy.basis, zone) if record else None


def _known(worker: Worker | None, case: Case | None) -> Known | None:
    if worker is None:
        return None
    return Known(
        record=WorkerRecord.model_validate(worker.record),
        updated_at=worker.source_updated_at,
        case=OpenCase(
            kind=CaseKind(case.kind),
            effective_at=case.effective_at,
            started=case.status != CaseStatus.SCHEDULED,
            closed=case.status == CaseStatus.CLOSED,
            revoke_now=case.revoke_now,
            by_person=case.by_person,
        )
        if case
        else None,
    )


async def _record(
    world: World,
    session: AsyncSession,
    connection: str,
    event: HrEvent,
    decision: Decision,
    worker: Worker | None,
    delivery: HrDelivery | None,
) -> None:
    moment = decision.last_moment
    await world.ledger.record(
        session,
        Event(
            "hr.decision",
            decision.kind,
            subject=worker.subject if worker else None,
            data={
                "connection": connection,
                "delivery": delivery.id if delivery else None,
                "said": event.type,
                "reason": decision.reason,
                "changed": list(decision.changed),
                "effective_at": stamp(moment.at) if moment else None,
            },
            personal={"source_worker_id": event.source_worker_id},
            about=delivery.id if delivery else "",
            actor=Actor("hr", connection),
        ),
    )


async def _act(
    world: World,
    session: AsyncSession,
    worker: Worker,
    case: Case | None,
    decision: Decision,
    delivery: HrDelivery | None,
) -> None:
    match decision.kind:
        case DecisionKind.SCHEDULED | DecisionKind.EFFECTIVE | DecisionKind.REVOKE_NOW:
            await _cut(world, session, worker, case, decision, delivery)
        case DecisionKind.CHANGED if case and decision.last_moment:
            if decision.case_kind is CaseKind.INVOLUNTARY:
                case.kind = decision.case_kind
            await move_case(world, session, case, decision.last_moment)
        case DecisionKind.RESCINDED if case:
            actor = Actor("hr", worker.connection)
            await cancel_case(world, session, case, actor, decision.reason)
        case DecisionKind.NEEDS_PERSON:
            who = f"{worker.connection}/{worker.source_worker_id}"
            title = f"HR says something that a person has to decide about {who}: {decision.reason}"
            how = "Ask HR. To take a case back before its time: POST /api/v1/cases/{id}/cancel."
            ask = Ask("confirm", title, how, subject=worker.subject)
            await open_task(world, session, case, ask)


async def _cut(
    world: World,
    session: AsyncSession,
    worker: Worker,
    case: Case | None,
    decision: Decision,
    delivery: HrDelivery | None,
) -> None:
    now = world.clock.now()
    moment = decision.last_moment or LastMoment(now, Basis.IMMEDIATE, "UTC", "receipt")
    if case is None or case.status == CaseStatus.CLOSED:
        await open_case(world, session, worker, _opening(decision, moment, worker, delivery, now))
        return
    if case.status != CaseStatus.SCHEDULED:
        if decision.kind is DecisionKind.REVOKE_NOW:
            await cut_again(world, session, case)
        return
    case.revoke_now = case.revoke_now or decision.kind is DecisionKind.REVOKE_NOW
    case.kind = decision.case_kind
    if moment.at < case.effective_at:
        await move_case(world, session, case, moment)
    elif case.revoke_now:
        await begin_case(world, session, case)


def _opening(
    decision: Decision,
    moment: LastMoment,
    worker: Worker,
    delivery: HrDelivery | None,
    now: datetime,
) -> Opening:
    return Opening(
        kind=decision.case_kind,
        moment=moment,
        actor=Actor("hr", worker.connection),
        requested_by=worker.connection,
        received_at=delivery.received_at if delivery else now,
        hr_entered_at=worker.source_updated_at,
        delivery_id=delivery.id if delivery else None,
        revoke_now=decision.kind is DecisionKind.REVOKE_NOW,
    )
