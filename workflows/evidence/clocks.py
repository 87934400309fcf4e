"""From when to when: the clock of the promise, and those that show what it does not."""

from datetime import datetime, timedelta

from workflows.evidence.leaves import NOT_RECORDED, Fact, instant
from workflows.evidence.shapes import Clock

PROMISE = "promise"
"""From the later of the last moment and the instant at which we were told."""
MOMENT = "last moment"
"""From the last moment alone, whenever we were told: late HR is not hidden."""
ENTRY = "HR entry"
"""From the instant at which HR wrote it down."""
LATE = "late HR"
A_MOMENT = timedelta(minutes=1)
"""Told so soon after the last moment is told in time."""


def clocks_of(
    effective: Fact, received: Fact, entered: Fact, contained: Fact, target: Fact, as_of: datetime
) -> tuple[Clock, ...]:
    """The three of them; one whose start was not recorded has no seconds."""
    later = max((one for one in (effective, received) if one), key=_at, default=NOT_RECORDED)
    starts = {PROMISE: later, MOMENT: effective, ENTRY: entered}
    # HR may write down today who leaves in a month: from there on no target can run.
    targets = {PROMISE: target.value, MOMENT: target.value, ENTRY: None}
    return tuple(
        _clock(name, start, contained, targets[name], as_of) for name, start in starts.items()
    )


def late_of(effective: Fact, received: Fact) -> Clock | None:
    """How long after the last moment we were told; None if it was in time or is not known."""
    began, told = instant(effective.value), instant(received.value)
    if began is None or told is None or told - began < A_MOMENT:
        return None
    return Clock(LATE, effective, received, (told - began).total_seconds(), None, None)


def _clock(
    name: str, start: Fact, stop: Fact, target_seconds: int | None, as_of: datetime
) -> Clock:
    began, ended = instant(start.value), instant(stop.value)
    if began is None:
        return Clock(name, start, stop, None, target_seconds, None)
    seconds = None if ended is None else max(0.0, (ended - began).total_seconds())
    return Clock(
        name, start, stop, seconds, target_seconds, met(began, ended, target_seconds, as_of)
    )


def met(
    began: datetime, ended: datetime | None, target_seconds: int | None, as_of: datetime
) -> bool | None:
    """True or False once it is certain; what is still open misses its target as time goes by."""
    if target_seconds is None:
        return None
    over = (ended or as_of) - began > timedelta(seconds=target_seconds)
    if over:
        return False
    return True if ended else None


def _at(fact: Fact) -> datetime:
    return datetime.fromisoformat(str(fact.value))
