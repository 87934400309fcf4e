"""Erase one person: rows deleted and emptied, every proof as valid as before.

The ledger holds a pseudonym and salted digests. Without the disclosures nobody can say whose they
were, and the log itself is not touched (docs/decisions/0008).
"""

from contextlib import suppress
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from adapters.clock import Clock
from workflows.errors import Conflict, Invalid
from workflows.ledger.events import EXEUNT, Actor, Event
from workflows.ledger.record import Ledger
from workflows.model import CaseStatus
from workflows.privacy import own, traces
from workflows.privacy.names import Names, named_in
from workflows.privacy.tables import LegalHold, Upkeep
from workflows.store import Store
from workflows.tables import Case, HrDelivery, Recheck, Worker

OVER = (CaseStatus.CLOSED, CaseStatus.CANCELLED)


@dataclass(frozen=True)
class Erased:
    """What an erasure touches. `already`: it was done before, and nothing is new."""

    subject: str
    cases: int = 0
    disclosures: int = 0
    """Personal values that events of the ledger commit to."""
    elsewhere: int = 0
    """Rows about other people that named this one."""
    left: tuple[str, ...] = ()
    """Where a name could not be taken out, as table and row."""
    already: bool = False


class _OnlyLooking(Exception):
    """Rolls back what was done to see what would change."""


async def survey(store: Store, worker_id: str) -> Erased:
    """What `erase` would do. Raises Conflict as `erase` does."""
    looked, _ = await _look(store, worker_id)
    return looked


async def erase(
    store: Store, ledger: Ledger, clock: Clock, worker_id: str, basis: str, actor: Actor
) -> Erased:
    """Forget this worker; the leaf `privacy.erased` says under which basis, never whom.

    Raises Conflict while their data is still needed, and Invalid for a basis that names them. The
    bytes are wiped by `wipe` afterwards. If it dies in between, it can be done again.
    """
    looked, found = await _look(store, worker_id)
    if looked.already:
        return looked
    if actor != EXEUNT:  # our own word for it is one, whatever somebody's address is
        async with store.read() as session:
            await refuse_names(session, await session.get_one(Worker, worker_id), basis)
    elsewhere = 0
    for row in found.rows:
        # One by one: a cut of somebody else that holds some of these rows must not be crossed.
        async with store.write() as session:
            elsewhere += await traces.take_out(session, row, found.names)
    async with store.write() as session:
        done = replace(await _forget(store, session, worker_id), elsewhere=elsewhere)
        if done.already:
            return done
        worker = await session.get_one(Worker, worker_id)
        worker.erased_at = clock.now()
        await session.exec(sa.update(Upkeep).values(wipe=True))
        data = {"disclosures": done.disclosures, "basis": basis}
        event = Event("privacy.erased", subject=done.subject, data=data, actor=actor)
        await ledger.record(session, event)
    async with store.read() as session:
        left = await traces.find(session, found.names, every=True)
    return replace(done, left=tuple(sorted(f"{one.table} {one.label}" for one in left)))


@dataclass(frozen=True)
class _Found:
    """Rows about others, and what to look for in them."""

    names: Names
    rows: list[traces.Trace]


async def _look(store: Store, worker_id: str) -> tuple[Erased, _Found]:
    """What would be done, and which rows about others name them.

    The search comes first and without a lock, because it takes long. Then they are forgotten, it is
    seen which of the rows still name them, and all is taken back.
    """
    async with store.read() as session:
        worker = await session.get_one(Worker, worker_id)
        mark = f"{own.GONE}:{worker.subject}"
        names = Names.of(() if worker.erased_at else await own.values_of(session, worker), mark)
        rows = await traces.find(session, names)
    looked: list[tuple[Erased, _Found]] = []
    with suppress(_OnlyLooking):
        async with store.write() as session:
            done = await _forget(store, session, worker_id)
            others = await traces.still(session, rows, names)
            looked.append((replace(done, elsewhere=len(others)), _Found(names, others)))
            raise _OnlyLooking
    return looked[0]


async def _forget(store: Store, session: AsyncSession, worker_id: str) -> Erased:
    """Their own rows. The lock of HR's word on them comes before their row, as in consider.py."""
    worker = await session.get_one(Worker, worker_id)
    await store.alone(session, f"worker:{worker.connection}:{worker.source_worker_id}")
    await session.refresh(worker, with_for_update=True)
    if worker.erased_at:
        return Erased(worker.subject, already=True)
    await refuse_if_needed(session, worker)
    cases = len(await own.cases_of(session, worker))
    disclosures = await own.forget(session, worker)
    await session.flush()
    return Erased(worker.subject, cases, disclosures)


async def refuse_names(session: AsyncSession, worker: Worker, basis: str) -> None:
    """Raises Invalid if the basis tells who it is about."""
    if word := named_in(basis, await own.said_of(session, worker)):
        raise Invalid(
            f"the basis names the person ({word}), and it is kept for ever",
            "Name the rule or a ticket instead, in other words.",
        )


async def refuse_if_needed(session: AsyncSession, worker: Worker) -> None:
    """Raises Conflict, with what to do first, as long as somebody still needs the data."""
    hold = await session.get(LegalHold, worker.id)
    if hold:
        raise Conflict(
            f"a legal hold has been on this worker since {hold.placed_at:%Y-%m-%d}",
            f"Whoever may decide that lifts it: exeunt hold --lift --subject {worker.subject}",
        )
    cases = await own.cases_of(session, worker)
    for case in cases:
        if case.status not in OVER:
            raise Conflict(
                f"case {case.id} is {case.status}: what was cut could not be given back any more",
                "It closes when its last wave is done: close its tasks, approve what waits for it; "
                "or cancel it, if it has not begun. Then erase.",
            )
    if worker.active and not any(
        c.status == CaseStatus.CLOSED and not c.restored_at for c in cases
    ):
        raise Conflict(
            "this worker still works here, as HR says",
            "Erase after they left; HR would send the same data again tomorrow.",
        )
    await _refuse_unfinished(session, worker)


async def _refuse_unfinished(session: AsyncSession, worker: Worker) -> None:
    due = (
        select(Recheck.due_at)
        .join(Case, col(Case.id) == Recheck.case_id)
        .where(Case.worker_id == worker.id, Recheck.state != "done")
        .order_by(col(Recheck.due_at).desc())
    )
    if last := (await session.exec(due)).first():
        raise Conflict(
            f"their accounts are read back once more on {last:%Y-%m-%d %H:%M} UTC",
            "Erase after that: an account that comes back is only known by its owner.",
        )
    waiting = [d for d in await own.deliveries_about(session, worker) if _waits(d)]
    asked = [task for task in await own.questions_about(session, worker) if task.state == "open"]
    if waiting or asked:
        which = ", ".join([*(row.id for row in waiting), *(task.id for task in asked)])
        raise Conflict(f"HR's last word on them is not settled yet ({which})", "Settle it first.")
    if live := [t for t in await own.tokens_of(session, worker) if not t.revoked_at]:
        ids = " ".join(token.id for token in live)
        raise Conflict(
            f"they still hold {len(live)} API token{'s' * (len(live) > 1)} of Exeunt",
            f"Revoke first: exeunt token revoke {ids}",
        )


def _waits(delivery: HrDelivery) -> bool:
    return delivery.state == "received"
