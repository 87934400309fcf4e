"""What people ask of a case: open it, cancel it, try its failed items again."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from adapters.actions import Wave
from adapters.hr.contract import WorkerRecord, WorkerStatus
from workflows.caller import Caller, not_the_subject
from workflows.cases import Opening, cancel_case, latest_case, move_case, open_case
from workflows.errors import Conflict, Invalid, NotFound
from workflows.ledger.events import Event
from workflows.model import Basis, CaseKind, CaseStatus, LastMoment
from workflows.people import keep_worker, workers_by
from workflows.tables import Case, Item, Part, Worker
from workflows.world import World

MADE_HERE = "manual"
"""The connection of workers that HR never sent, such as contractors."""


@dataclass(frozen=True)
class Request:
    """A manual offboarding. `effective_at` None means now. Exactly one of the three keys is set."""

    kind: CaseKind
    email: str | None = None
    employee_number: str | None = None
    source_worker_id: str | None = None
    display_name: str | None = None
    effective_at: datetime | None = None
    reason: str = ""
    reference: str = ""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(repr(self).encode()).hexdigest()


async def ask_for_case(
    world: World, request: Request, caller: Caller, idempotency_key: str | None
) -> tuple[Case, bool]:
    """Open a case, or find the one that is open already. True if it is new.

    Raises Conflict for a key that was used for another request, or for two matching workers.
    """
    async with world.store.write() as session:
        await world.store.alone(session, f"request:{idempotency_key or request.sha256}")
        if idempotency_key and (known := await _by_key(session, idempotency_key)):
            if known.request_sha256 != request.sha256:
                raise Conflict(
                    "this Idempotency-Key was used for another request",
                    "Send a new key with a new request, and the same key only with a repeat.",
                )
            return known, False
        worker = await the_worker(session, request) or await keep_worker(
            world, session, MADE_HERE, unheard_of(request), None
        )
        await world.store.alone(session, f"worker:{worker.connection}:{worker.source_worker_id}")
        case = await latest_case(session, worker.id)
        if case and case.status != CaseStatus.CLOSED:
            await _bring_forward(world, session, case, request, caller)
            return case, False
        opening = _opening(world, request, caller, idempotency_key)
        return await open_case(world, session, worker, opening), True


async def _by_key(session: AsyncSession, key: str) -> Case | None:
    return (await session.exec(select(Case).where(Case.idempotency_key == key))).first()


async def the_worker(session: AsyncSession, request: Request) -> Worker | None:
    """The one whom the request names; None if nobody is known by it. Raises Conflict for two."""
    found = await workers_by(
        session,
        address=request.email,
        employee_number=request.employee_number,
        source_worker_id=request.source_worker_id,
    )
    if len(found) > 1:
        places = ", ".join(sorted(f"{w.connection}/{w.source_worker_id}" for w in found))
        raise Conflict(
            f"{len(found)} workers match: {places}",
            "Name one of them by source_worker_id, or by the key that only this worker has.",
        )
    return found[0] if found else None


def unheard_of(request: Request) -> WorkerRecord:
    """A worker that HR never sent is made from the request, so that contractors can be cut too."""
    key = request.email or request.employee_number or request.source_worker_id
    if not key:
        raise Invalid(
            "no worker is named", "Give one of worker.email, employee_number, source_worker_id."
        )
    return WorkerRecord(
        source_worker_id=key,
        employee_number=request.employee_number,
        work_email=request.email,
        display_name=request.display_name,
        status=WorkerStatus.NOTICE,
    )


async def _bring_forward(
    world: World, session: AsyncSession, case: Case, request: Request, caller: Caller
) -> None:
    """An open case only ever gets earlier here: to postpone it, somebody has to cancel it."""
    at = request.effective_at or world.clock.now()
    if case.status == CaseStatus.SCHEDULED and at < case.effective_at:
        moment = LastMoment(at, Basis.IMMEDIATE, "UTC", "request")
        await move_case(world, session, case, moment, caller.actor)


def _opening(
    world: World, request: Request, caller: Caller, idempotency_key: str | None
) -> Opening:
    now = world.clock.now()
    return Opening(
        kind=request.kind,
        moment=LastMoment(request.effective_at or now, Basis.IMMEDIATE, "UTC", "request"),
        actor=caller.actor,
        requested_by=caller.id,
        received_at=now,
        revoke_now=request.effective_at is None,
        reason=request.reason,
        reference=request.reference,
        idempotency_key=idempotency_key,
        request_sha256=request.sha256,
    )


async def get_case(session: AsyncSession, case_id: str) -> Case:
    case = await session.get(Case, case_id, with_for_update=True)
    if case is None:
        raise NotFound(f"there is no case {case_id}", "List them with GET /api/v1/cases.")
    return case


async def cancel(world: World, case_id: str, caller: Caller, reason: str) -> None:
    """Take back a case before its last moment. Raises Conflict after it."""
    async with world.store.write() as session:
        case = await get_case(session, case_id)
        if case.status != CaseStatus.SCHEDULED:
            raise Conflict(
                f"the case is {case.status}: what has begun cannot be cancelled",
                "Give access back in the systems by hand; what was done is in the timeline.",
            )
        not_the_subject(caller, await session.get_one(Worker, case.worker_id))
        await cancel_case(world, session, case, caller.actor, reason)


async def retry(world: World, case_id: str, caller: Caller) -> int:
    """Try now what failed, waits or could not be decided; how many parts were started again."""
    async with world.store.write() as session:
        case = await get_case(session, case_id)
        if case.status in (CaseStatus.SCHEDULED, CaseStatus.CANCELLED):
            raise Conflict(
                f"the case is {case.status}: there is nothing to try again",
                "A scheduled case begins by itself at its effective_at.",
            )
        again = [p for p in await _parts(session, case_id) if await _reopen(session, p)]
        now = world.clock.now()
        for part in again:
            part.state, part.due_at, part.first_try_at = "waiting", now, now
        if again:
            case.closed_at = None
        await world.ledger.record(
            session,
            Event(
                "case.retried",
                case_id=case_id,
                data={"parts": [f"{p.wave}:{p.system}" for p in again]},
                actor=caller.actor,
            ),
        )
        return len(again)


async def _parts(session: AsyncSession, case_id: str) -> list[Part]:
    parts = select(Part).where(
        Part.case_id == case_id, col(Part.state).in_(["waiting", "paused", "done"])
    )
    return list((await session.exec(parts)).all())


async def _reopen(session: AsyncSession, part: Part) -> bool:
    """Whether anything in this part is worth another try; failed items become planned again."""
    failed = select(Item).where(Item.part_id == part.id, col(Item.state).in_(["failed", "waiting"]))
    items = (await session.exec(failed)).all()
    for item in items:
        item.state, item.due_at = "planned", None
    unanswered = part.wave == Wave.CONTAIN and part.lookup in ("undecided", "unanswered", "none")
    if unanswered:
        part.lookup = "unanswered"
    return bool(items) or unanswered
