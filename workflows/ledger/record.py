"""Write events in the transaction of the state that they explain, and put them in order after."""

import json
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from adapters.clock import Clock
from workflows.ledger.events import Event, Sealed, leaf_hash, seal
from workflows.ledger.tables import Disclosure, Leaf, Outbox
from workflows.store import Store
from workflows.tables import Case

BATCH = 256
SEQUENCER_LOCK = 0x45_58_45_55_4E_54  # any number will do that no other lock of ours uses


class Ledger:
    """The append-only log of one tenant."""

    def __init__(self, store: Store, clock: Clock, tenant: str = "exeunt") -> None:
        self._store = store
        self._clock = clock
        self._tenant = tenant

    async def record(self, session: AsyncSession, event: Event) -> str:
        """Append to the caller's transaction. Returns the event's id."""
        event_id = self._clock.id("evt")
        case_seq, subject = await _next_in_case(session, event.case_id)
        sealed = seal(
            event,
            event_id=event_id,
            time=self._clock.now(),
            tenant=self._tenant,
            case_seq=case_seq,
            salts={name: self._clock.token() for name in event.personal},
        )
        session.add(Outbox(id=event_id, d=sealed.d))
        _keep_disclosures(session, event_id, event.subject or subject, sealed)
        return event_id

    async def sequence(self) -> int:
        """Move what is committed into its final order; how many events were moved.

        One at a time, whatever the number of nodes: SQLite has one writer, PostgreSQL a lock.
        """
        moved = 0
        while batch := await self._sequence_batch():
            moved += batch
            if batch < BATCH:
                break
        return moved

    async def _sequence_batch(self) -> int:
        if not await self._waiting():
            return 0
        async with self._store.write() as session:
            if not self._store.embedded:
                await session.exec(  # type: ignore[call-overload] # a plain statement
                    sa.select(sa.func.pg_advisory_xact_lock(SEQUENCER_LOCK))
                )
            rows = (await session.exec(select(Outbox).order_by(col(Outbox.seq)).limit(BATCH))).all()
            last = (await session.exec(select(sa.func.max(Leaf.idx)))).one()
            index = -1 if last is None else last
            for offset, row in enumerate(rows, start=1):
                session.add(_leaf(index + offset, row))
                await session.delete(row)
            return len(rows)

    async def _waiting(self) -> bool:
        async with self._store.read() as session:
            return (await session.exec(select(Outbox.seq).limit(1))).first() is not None


async def _next_in_case(session: AsyncSession, case_id: str | None) -> tuple[int | None, str]:
    """The event's number in its case, and whom the case is about.

    The row stays locked, so a case's events keep their order.
    """
    if case_id is None:
        return None, ""
    await session.flush()
    counted = await session.exec(
        sa.update(Case)
        .where(col(Case.id) == case_id)
        .values(last_seq=Case.last_seq + 1)
        .returning(col(Case.last_seq), col(Case.subject))
        .execution_options(synchronize_session="auto")
    )
    number, subject = counted.one()
    return number, subject


def _keep_disclosures(session: AsyncSession, event_id: str, subject: str, sealed: Sealed) -> None:
    for name, disclosure in sealed.disclosures.items():
        session.add(
            Disclosure(event_id=event_id, name=name, subject=subject, disclosure=disclosure)
        )


def _leaf(index: int, row: Outbox) -> Leaf:
    event = json.loads(row.d)
    return Leaf(
        idx=index,
        id=row.id,
        d=row.d,
        lh=leaf_hash(row.d),
        time=datetime.fromisoformat(event["time"]),
        type=event["type"],
        case_id=event.get("case"),
    )
