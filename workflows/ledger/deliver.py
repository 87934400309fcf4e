"""Hand the log on to a sink, in its order and at least once: the log itself is the queue.

A row says how far the sink is. It moves only after the sink has taken a parcel, so whatever dies in
between sends again and loses nothing.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
import structlog

from adapters.errors import AdapterError, TargetDenied, TryAgain
from adapters.sinks.contract import Item, Parcel
from workflows.ledger.outlets import Batch, next_batch
from workflows.ledger.shipments import (
    Delivery,
    LeaseLost,
    Skipped,
    advance,
    failed,
    lease,
    let_go,
    may_be_due,
    try_at_once,
)

EVERY_SECONDS = 1.0
LONGEST_DELIVERY = 240.0
"""Seconds for one parcel; shorter than a lease."""
DOUBTFUL = 3
"""So many events in a row may be refused before it is the sink that is taken to be at fault."""

log = structlog.get_logger()


async def deliver_forever(parts: Delivery) -> None:
    """Run until cancelled. A database that is away is waited for; nothing is lost meanwhile."""
    await try_at_once(parts)
    try:
        while True:
            try:
                moved = await deliver_once(parts)
            except sa.exc.OperationalError as why:
                moved = 0
                log.warning("sink.database_unavailable", error=type(why.orig).__name__)
            if not moved:
                await asyncio.sleep(EVERY_SECONDS)
    finally:
        await let_go(parts)


async def deliver_once(parts: Delivery) -> int:
    """Hand over the next leaves; how many the sink is further. Its errors stand in its row.

    Raises what the database raises.
    """
    if not await may_be_due(parts):
        return 0
    start = await lease(parts)
    if start is None:
        return 0
    async with parts.store.read() as session:
        batch = await next_batch(session, parts.outlet, start)
    under_way = _UnderWay(parts, batch.origin, start)
    try:
        if loads := under_way.loads(batch):
            await under_way.hand_over(loads)
            await under_way.finish()
    except LeaseLost:
        log.info("sink.lease_lost", sink=parts.name)
    except AdapterError as why:
        await _note(parts, why)
    return under_way.at - start


async def _note(parts: Delivery, why: AdapterError) -> None:
    try:
        pause = await failed(parts, why)
    except LeaseLost:
        return
    seconds = round(pause.total_seconds()) if pause else None
    log.warning(
        "sink.failed",
        sink=parts.name,
        error=type(why).__name__,
        message=why.message,
        fix=getattr(why, "fix", "") or None,
        again_in_seconds=seconds,
    )


@dataclass(frozen=True)
class _Load:
    """What is sent together; `end` is the index that the sink has come to when it has it."""

    end: int
    items: tuple[Item, ...]


@dataclass
class _UnderWay:
    """One batch on its way. `at` is what the row says, `reached` what is dealt with.

    A refused event is passed over only if the sink takes others: one that refuses everything is not
    well, and then the log waits.
    """

    parts: Delivery
    origin: str
    at: int
    never: list[Skipped] = field(default_factory=list)
    refused: list[Skipped] = field(default_factory=list)
    """In a row, and nothing was taken since."""
    passed_over: list[Skipped] = field(default_factory=list)
    reached: int = 0
    took_some: bool = False

    def loads(self, batch: Batch) -> list[_Load]:
        """Without what the sink says beforehand that it can never be handed over."""
        found = []
        for unit in batch.units:
            reasons = {i: self.parts.outlet.sink.refuses(i, self.origin) for i in unit}
            self.never += [_skipped(item, why) for item, why in reasons.items() if why]
            going = tuple(item for item, why in reasons.items() if not why)
            found.append(_Load(unit[-1].index + 1, going))
        return found

    async def hand_over(self, loads: Sequence[_Load]) -> None:
        """All of it, in smaller parts where it is refused. Raises AdapterError, LeaseLost."""
        items = tuple(item for load in loads for item in load.items)
        try:
            if items:
                await self._send(items)
        except TargetDenied as why:
            await self._in_parts(loads, why)
            return
        if items:
            self.passed_over, self.refused = self.passed_over + self.refused, []
            self.took_some = True
        await self._move(loads[-1].end)

    async def _in_parts(self, loads: Sequence[_Load], why: TargetDenied) -> None:
        if len(loads) > 1:
            middle = len(loads) // 2
            await self.hand_over(loads[:middle])
            await self.hand_over(loads[middle:])
        elif len(loads[0].items) > 1:
            [one] = loads
            # Until the second is there too, the row stays before the first.
            await self.hand_over([_Load(one.end - 1, one.items[:1])])
            await self.hand_over([_Load(one.end, one.items[1:])])
        else:
            self.refused.append(_skipped(loads[0].items[0], why.message))
            if len(self.refused) >= DOUBTFUL:
                raise why
            await self._move(loads[0].end)

    async def _send(self, items: tuple[Item, ...]) -> None:
        try:
            async with asyncio.timeout(LONGEST_DELIVERY):
                await self.parts.outlet.sink.deliver(Parcel(self.origin, items))
        except TimeoutError:
            raise TryAgain(f"took longer than {LONGEST_DELIVERY:.0f} s") from None

    async def _move(self, to: int) -> None:
        """Unless it hangs on what comes next whether something may be passed over."""
        self.reached = max(self.reached, to)
        if self.refused or self.reached <= self.at:
            return
        gone = [one for one in self.never if one.index < self.reached]
        skipped = [*gone, *self.passed_over]
        await advance(self.parts, self.at, self.reached, skipped)
        for one in skipped:
            log.warning("sink.passed_over", sink=self.parts.name, id=one.event_id, why=one.why)
        self.at = self.reached
        self.never, self.passed_over = self.never[len(gone) :], []

    async def finish(self) -> None:
        """What was refused at the very end is passed over if others were taken before it."""
        if not self.refused:
            return
        if not self.took_some:
            raise TargetDenied(self.refused[0].why)
        self.passed_over, self.refused = self.passed_over + self.refused, []
        await self._move(self.reached)


def _skipped(item: Item, why: str) -> Skipped:
    return Skipped(item.index, item.id, why, item.type)
