"""What all tests share: a clock that stands still until it is told to go."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.clock import Clock

NOON = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)


class StillClock(Clock):
    """Time moves when the test says so; identifiers and salts stay as random as they are."""

    def __init__(self, now: datetime = NOON) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time

    def advance(self, **by: float) -> None:
        self.time += timedelta(**by)

    def jitter(self) -> float:
        return 0.0


@pytest.fixture
def clock() -> StillClock:
    return StillClock()
