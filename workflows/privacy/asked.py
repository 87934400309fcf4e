"""What people ask: erase somebody, which takes two of them; keep somebody, until it is lifted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from adapters.clock import Clock
from workflows.caller import Caller, not_the_subject
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.ledger.events import Actor, Event
from workflows.ledger.record import Ledger
from workflows.people import workers_by
from workflows.privacy.erase import Erased, erase, refuse_if_needed, refuse_names
from workflows.privacy.tables import ErasureRequest, LegalHold
from workflows.store import Store
from workflows.tables import Worker

GOOD_FOR = timedelta(days=7)
"""So long one person's word waits for another's."""


@dataclass(frozen=True)
class Office:
    """What it takes to act on somebody's data."""

    store: Store
    ledger: Ledger
    clock: Clock


async def the_worker(session: AsyncSession, keys: Mapping[str, str | None]) -> Worker:
    """By exactly one of email, employee_number, source_worker_id, subject.

    Raises Invalid, NotFound, or Conflict if two are known by it.
    """
    given = {name: value for name, value in keys.items() if value}
    if len(given) != 1:
        raise Invalid("say who, by one key", f"Give exactly one of: {', '.join(keys)}.")
    [(name, value)] = given.items()
    if name == "subject":
        query = select(Worker).where(Worker.subject == value)
        found = list((await session.exec(query)).all())
    else:
        key = "address" if name == "email" else name
        found = await workers_by(session, **{key: value})
    if not found:
        raise NotFound(
            f"nobody is known by this {name.replace('_', ' ')}",
            "They were never here, or were erased: then only their pseudonym finds them (subject).",
        )
    if len(found) > 1:
        raise Conflict(
            f"{len(found)} workers are known by this {name.replace('_', ' ')}",
            f"Name one by subject: {', '.join(worker.subject for worker in found)}.",
        )
    return found[0]


async def ask_to_erase(office: Office, worker_id: str, basis: str, caller: Caller) -> Erased | None:
    """Erase, if another person asked for the same before; else None, and this word waits.

    Raises Forbidden for a service and for the person themselves, Conflict as `erase` does.
    """
    if not caller.person:
        raise Forbidden("a service cannot have people erased", "Use the token of a person.")
    async with office.store.write() as session:
        worker = await session.get(Worker, worker_id, with_for_update=True)
        if worker is None:
            raise NotFound(f"there is no worker {worker_id}", "Find them with GET /api/v1/workers.")
        if not worker.erased_at:
            not_the_subject(caller, worker)
            await refuse_if_needed(session, worker)
            await refuse_names(session, worker, basis)
            if not await _is_second(office, session, worker, basis, caller):
                return None
    return await erase(office.store, office.ledger, office.clock, worker_id, basis, caller.actor)


async def _is_second(
    office: Office, session: AsyncSession, worker: Worker, basis: str, caller: Caller
) -> bool:
    now = office.clock.now()
    first = await session.get(ErasureRequest, worker.id)
    if first and first.basis == basis and now - first.asked_at < GOOD_FOR:
        return first.asked_by != caller.identity
    request = first or ErasureRequest(
        worker_id=worker.id, basis=basis, asked_by=caller.identity, asked_at=now
    )
    request.basis, request.asked_by, request.asked_at = basis, caller.identity, now
    session.add(request)
    event = Event(
        "privacy.erasure_requested",
        "pending",
        subject=worker.subject,
        personal={"basis": basis},
        actor=caller.actor,
    )
    await office.ledger.record(session, event)
    return False


async def hold(office: Office, worker_id: str, reason: str, actor: Actor) -> None:
    """From now on nothing of this worker is erased. A second hold replaces the reason."""
    async with office.store.write() as session:
        worker = await _kept(session, worker_id)
        row = await session.get(LegalHold, worker_id) or LegalHold(
            worker_id=worker_id, reason=reason, placed_by=actor.id, placed_at=office.clock.now()
        )
        row.reason, row.placed_by = reason, actor.id
        session.add(row)
        await office.ledger.record(session, _event("privacy.held", worker, reason, actor))


async def lift(office: Office, worker_id: str, reason: str, actor: Actor) -> None:
    """Let go of a hold. Raises NotFound if there is none."""
    async with office.store.write() as session:
        worker = await _kept(session, worker_id)
        row = await session.get(LegalHold, worker_id)
        if row is None:
            raise NotFound("there is no hold on this worker", "Nothing is to be lifted.")
        await session.delete(row)
        await office.ledger.record(session, _event("privacy.released", worker, reason, actor))


async def _kept(session: AsyncSession, worker_id: str) -> Worker:
    worker = await session.get(Worker, worker_id, with_for_update=True)
    if worker is None:
        raise NotFound(f"there is no worker {worker_id}", "Find them with GET /api/v1/workers.")
    if worker.erased_at:
        raise Conflict("this worker was erased already", "There is nothing left to keep.")
    return worker


def _event(kind: str, worker: Worker, reason: str, actor: Actor) -> Event:
    return Event(kind, subject=worker.subject, personal={"reason": reason}, actor=actor)
