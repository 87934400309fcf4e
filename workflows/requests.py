"""What people ask of a case: open it, cancel it, try its failed items again."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from adapters.actions import Wave
from adapters.hr.contract import WorkerRecord, WorkerStatus
from adapters.matching import normal_address
from workflows.again import order_again
from workflows.caller import Caller, not_the_subject
from workflows.cases import (
    cancel_case,
    cut_again,
    latest_case,
    move_case,
    open_case,
)
from workflows.errors import Conflict, Invalid, NotFound
from workflows.ledger.events import Event
from workflows.model import Basis, CaseKind, CaseStatus, LastMoment
from workflows.openings import Opening
from workflows.people import MADE_HERE, keep_worker, workers_by
from workflows.tables import Case, Item, Part, RequestKey, Worker
from workflows.world import World


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
    def worker_key(self) -> str:
        """What names the worker, however it was written."""
        key = self.source_worker_id or self.employee_number or self.email or ""
        return normal_address(key)

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
        # One key that may not be there yet after the other, and always in this order.
        await world.store.alone(session, f"request:{idempotency_key or request.sha256}")
        if idempotency_key and (known := await session.get(RequestKey, idempotency_key)):
            if known.sha256 != request.sha256:
                raise Conflict(
                    "this Idempotency-Key was used for another request",
                    "Send a new key with a new request, and the same key only with a repeat.",
                )
            return await session.get_one(Case, known.case_id), False
        await world.store.alone(session, f"worker-key:{request.worker_key}")
        worker = await the_worker(session, request) or await keep_worker(
            world, session, MADE_HERE, unheard_of(request), None
        )
        await world.store.alone(session, f"worker:{worker.connection}:{worker.source_worker_id}")
        case = await latest_case(session, worker.id)
        new = case is None or case.status == CaseStatus.CLOSED
        if case is None or new:
            case = await open_case(world, session, worker, _opening(world, request, caller))
        else:
            await _cut_earlier(world, session, case, request, caller)
        if idempotency_key:
            session.add(RequestKey(key=idempotency_key, sha256=request.sha256, case_id=case.id))
        return case, new


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


async def _cut_earlier(
    world: World, session: AsyncSession, case: Case, request: Request, caller: Caller
) -> None:
    """An open case only ever gets earlier and firmer here: to postpone it, it is cancelled.

    "Now" for one that has begun means: look and cut once more.
    """
    at, now = request.effective_at or world.clock.now(), world.clock.now()
    case.by_person = True
    if request.kind is CaseKind.INVOLUNTARY:
        case.kind = request.kind
    if case.status != CaseStatus.SCHEDULED and at <= now:
        await cut_again(world, session, case)
    elif case.status == CaseStatus.SCHEDULED and at < case.effective_at:
        case.revoke_now = case.revoke_now or request.effective_at is None
        moment = LastMoment(at, Basis.IMMEDIATE, "UTC", "request")
        await move_case(world, session, case, moment, caller.actor)


def _opening(world: World, request: Request, caller: Caller) -> Opening:
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
        by_person=True,
    )


async def get_case(session: AsyncSession, case_id: str) -> Case:
    case = await session.get(Case, case_id, with_for_update=True)
    if case is None:
        raise NotFound(f"there is no case {case_id}", "List them with GET /api/v1/cases.")
    if (await session.get_one(Worker, case.worker_id)).erased_at:
        raise Conflict(
            "the person of this case was erased, and with them what would be needed for this",
            "Open a new case: POST /api/v1/cases.",
        )
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
    """Try now what failed, waits or could not be decided; how many parts were started again.

    Of a restored case that is the way back, and nothing else: people agreed to it.
    """
    async with world.store.write() as session:
        case = await get_case(session, case_id)
        if case.status in (CaseStatus.SCHEDULED, CaseStatus.CANCELLED):
            raise Conflict(
                f"the case is {case.status}: there is nothing to try again",
                "A scheduled case begins by itself at its effective_at.",
            )
        parts = await _parts(session, case_id)
        if case.restored_at:
            parts = [part for part in parts if part.wave == Wave.RESTORE]
        again = [part for part in parts if await _reopen(session, part)]
        now = world.clock.now()
        for part in again:
            part.state, part.due_at, part.first_try_at = "waiting", now, now
        if case.restored_at is None:
            again += await cut_again(world, session, case)
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
    """Whether anything in this part failed or waits; failed items become planned again."""
    failed = select(Item).where(Item.part_id == part.id, col(Item.state).in_(["failed", "waiting"]))
    items = (await session.exec(failed)).all()
    for item in items:
        if item.state == "failed":
            order_again(item)
        item.state, item.due_at = "planned", None
    return bool(items) and part.wave != Wave.CONTAIN
