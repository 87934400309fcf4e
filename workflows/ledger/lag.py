"""How far the log is outside: what was signed, who has it, and what nobody has yet."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from workflows.ledger.outlets import published_size
from workflows.ledger.shipments import destination_of
from workflows.ledger.tables import Checkpoint, Head, Leaf, Shipment


@dataclass(frozen=True)
class SinkStands:
    """One sink. `next_idx` is the first leaf that it does not have, `oldest` the time of it."""

    name: str
    next_idx: int
    behind: int
    oldest: datetime | None
    failures: int = 0
    last_error: str = ""
    taken_at: datetime | None = None

    @property
    def stopped(self) -> bool:
        """It refuses us: more tries alone mend nothing."""
        return bool(self.failures) and not self.last_error.startswith("TryAgain")


@dataclass(frozen=True)
class LogStands:
    """The log itself: how many leaves, and how many of them the newest tree head covers."""

    size: int
    signed: int
    signed_at: datetime | None
    passed_over: int
    """Events that some sink was not given, each recorded as `export.failed`."""


async def log_stands(session: AsyncSession) -> LogStands:
    head = (await session.exec(select(Head))).one()
    signed_at = select(func.max(Checkpoint.signed_at)).where(Checkpoint.origin == head.origin)
    failed = select(func.count()).select_from(Leaf).where(Leaf.type == "export.failed")
    return LogStands(
        head.size,
        await published_size(session),
        (await session.exec(signed_at)).one(),
        (await session.exec(failed)).one(),
    )


async def sinks_stand(session: AsyncSession, names: Iterable[str]) -> list[SinkStands]:
    """Of these sinks; one that has not begun has everything still before it."""
    head = (await session.exec(select(Head))).one()
    found = []
    for name in names:
        row = await session.get(Shipment, destination_of(name)) or Shipment(
            destination=name, next_idx=head.pruned
        )
        first = select(Leaf.time).where(col(Leaf.idx) == row.next_idx)
        found.append(
            SinkStands(
                name,
                row.next_idx,
                max(0, head.size - row.next_idx),
                (await session.exec(first)).first(),
                row.failures,
                row.last_error,
                row.taken_at,
            )
        )
    return found
