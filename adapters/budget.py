"""A vendor's published rate, kept on our side: waiting is cheaper than being refused.

While a vendor throttles, most count the refused calls too, so a caller that keeps asking keeps
itself out. A share of every rate is kept back for what is urgent: a cut never queues behind a
clean-up.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from adapters.clock import Clock
from adapters.errors import TryAgain

RESERVED = 0.2
"""The share of a rate that only urgent calls may use."""
MOMENT = 1e-6
"""Seconds. A clock does not tell less, and rounding must not keep anybody waiting for ever."""
MOST_BELIEVED_SECONDS = 86_400.0
"""No vendor throttles for longer than a day: what says more is broken, and asked again then."""
PATIENCE_SECONDS = 5.0
"""What would have to wait longer at the door is tried again later instead."""

_urgent: ContextVar[bool] = ContextVar("urgent", default=False)


@contextmanager
def urgently() -> Iterator[None]:
    """Calls that are made inside cut access, and may use what is kept back for that."""
    token = _urgent.set(True)
    try:
        yield
    finally:
        _urgent.reset(token)


def is_urgent() -> bool:
    return _urgent.get()


@dataclass(frozen=True)
class Rate:
    """So many units in so many seconds, as a vendor publishes it. `writes`: only writes count."""

    units: float
    seconds: float
    writes: bool = False

    def __str__(self) -> str:
        what = "writes" if self.writes else "units"
        return f"{self.units:g} {what} in {self.seconds:g} s"


class _Bucket:
    """Full at first; filled evenly. What urgent calls take may leave it in debt."""

    def __init__(self, rate: Rate, now: float) -> None:
        self.rate = rate
        self._level, self._at = rate.units, now

    def lacks(self, units: float, now: float, *, urgent: bool) -> float:
        """Seconds until so many units may be taken."""
        kept = 0.0 if urgent else self.rate.units * RESERVED
        missing = min(units, self.rate.units - kept) + kept - self._filled(now)
        return max(0.0, missing * self.rate.seconds / self.rate.units)

    def take(self, units: float, now: float) -> None:
        self._level, self._at = self._filled(now) - units, now

    def _filled(self, now: float) -> float:
        gained = (now - self._at) * self.rate.units / self.rate.seconds
        return min(self.rate.units, self._level + gained)


class Budget:
    """What one credential may spend at one vendor. One for each door; nodes do not share it."""

    def __init__(self, rates: Sequence[Rate], clock: Clock) -> None:
        self._clock = clock
        self._buckets = [_Bucket(rate, clock.seconds()) for rate in rates]
        self._closed_until = 0.0

    async def take(self, units: float = 1.0, *, writes: bool = False) -> None:
        """Wait for one's turn. Raises TryAgain if that is further off than patience reaches."""
        while (wait := self._wait(units, writes=writes)) > MOMENT:
            if wait > PATIENCE_SECONDS:
                raise TryAgain("the vendor's rate is used up: held back at our own door", wait)
            await self._clock.sleep(wait)
        now = self._clock.seconds()
        for bucket in self._counting(writes=writes):
            bucket.take(1.0 if bucket.rate.writes else units, now)

    def close_for(self, seconds: float) -> None:
        """The vendor throttles: nobody asks before then, but for a cut, which asks all the same.

        What is throttled may be another part of the vendor, and a cut waits for nobody else.
        """
        believed = min(seconds, MOST_BELIEVED_SECONDS)
        self._closed_until = max(self._closed_until, self._clock.seconds() + believed)

    def _wait(self, units: float, *, writes: bool) -> float:
        now, urgent = self._clock.seconds(), is_urgent()
        closed = 0.0 if urgent else self._closed_until - now
        lacking = (
            bucket.lacks(1.0 if bucket.rate.writes else units, now, urgent=urgent)
            for bucket in self._counting(writes=writes)
        )
        return max(0.0, closed, *lacking)

    def _counting(self, *, writes: bool) -> list[_Bucket]:
        return [one for one in self._buckets if writes or not one.rate.writes]
