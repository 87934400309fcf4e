"""Write events in the transaction of the state that they explain; their order is given later."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from adapters.clock import Clock
from workflows.ledger.events import Event, seal
from workflows.ledger.sequence import sequence
from workflows.ledger.tables import Disclosure, Outbox
from workflows.store import Store
from workflows.tables import Case


class Ledger:
    """The append-only log of one tenant."""

    def __init__(self, store: Store, clock: Clock, tenant: str = "exeunt") -> None:
        self._store = store
        self._clock = clock
        self._tenant = tenant

    async def record(self, session: AsyncSession, event: Event) -> str:
        """Append to the caller's transaction. Returns the event's id."""
        [event_id] = await self.record_all(session, [event])
        return event_id

    async def record_all(self, session: AsyncSession, events: Sequence[Event]) -> list[str]:
        """Append several at once, in their order. Returns their ids."""
        cases = await _numbers(session, events)
        waiting: list[dict[str, Any]] = []
        values: list[dict[str, Any]] = []
        for event in events:
            event_id, now = self._clock.id("evt"), self._clock.now()
            case = cases.get(event.case_id or "")
            sealed = seal(
                event,
                event_id=event_id,
                time=now,
                tenant=self._tenant,
                case_seq=next(case.numbers) if case else None,
                salts={name: self._clock.token() for name in event.personal},
            )
            waiting.append(
                {
                    "id": event_id,
                    "d": sealed.d,
                    "time": now,
                    "type": event.type,
                    "case_id": event.case_id,
                }
            )
            subject = event.subject or (case.subject if case else event.about)
            values += [
                {"event_id": event_id, "name": name, "subject": subject, "disclosure": disclosure}
                for name, disclosure in sealed.disclosures.items()
            ]
        connection = await session.connection()
        await connection.execute(sa.insert(Outbox), waiting)
        if values:
            await connection.execute(sa.insert(Disclosure), values)
        return [row["id"] for row in waiting]

    async def sequence(self) -> int:
        """Move what is committed into its final order; how many events were moved."""
        return await sequence(self._store)


class _Case:
    """The next numbers of a case's events, and whom the case is about."""

    def __init__(self, numbers: Iterator[int], subject: str) -> None:
        self.numbers = numbers
        self.subject = subject


async def _numbers(session: AsyncSession, events: Sequence[Event]) -> dict[str, _Case]:
    """The rows of the cases stay locked, so that a case's events keep their order."""
    counts = Counter(event.case_id for event in events if event.case_id is not None)
    found = {}
    if counts:
        await session.flush()
    for case_id, count in counts.items():
        counted = await session.exec(
            sa.update(Case)
            .where(col(Case.id) == case_id)
            .values(last_seq=Case.last_seq + count)
            .returning(col(Case.last_seq), col(Case.subject))
            .execution_options(synchronize_session="auto")
        )
        last, subject = counted.one()
        found[case_id] = _Case(iter(range(last - count + 1, last + 1)), subject)
    return found
