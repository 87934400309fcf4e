"""Two numbers that do not flatter: open cases count, and few cases prove little. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

Z95 = 1.959963984540054
"""The two-sided 95 % point of the normal distribution."""


@dataclass(frozen=True)
class Waited:
    """How long, and whether it ended: what is still open has waited at least so long."""

    seconds: float
    ended: bool


def survival(waits: Sequence[Waited]) -> list[tuple[float, float]]:
    """Kaplan and Meier 1958: after each time at which something ended, the share still open."""
    left, share, curve = len(waits), 1.0, []
    for time in sorted({one.seconds for one in waits}):
        here = [one for one in waits if one.seconds == time]
        ended = sum(one.ended for one in here)
        if ended:
            share *= 1 - ended / left
            curve.append((time, share))
        left -= len(here)
    return curve


def quantile(waits: Sequence[Waited], part: float) -> float | None:
    """The time by which this part has ended; None if too many are open to say."""
    # A sum of shares may miss a round number by less than this.
    return next((time for time, open_ in survival(waits) if open_ <= 1 - part + 1e-12), None)


def wilson(good: int, all_: int, z: float = Z95) -> tuple[float, float]:
    """Wilson 1927: between what the true share lies, 95 times of 100. (0, 1) for nothing at all."""
    if not 0 <= good <= all_:
        raise ValueError(f"{good} of {all_} is no share")
    if all_ == 0:
        return 0.0, 1.0
    share, square = good / all_, z * z
    middle = (share + square / (2 * all_)) / (1 + square / all_)
    half = z / (1 + square / all_) * sqrt(share * (1 - share) / all_ + square / (4 * all_ * all_))
    return max(0.0, middle - half), min(1.0, middle + half)
