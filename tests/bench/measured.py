"""One measurement beside a floor that was measured in the same run."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import perf_counter


@dataclass(frozen=True)
class Measured:
    """`value` and `floor` in the same unit; `goal` in words, of the design."""

    what: str
    value: float
    unit: str
    floor: float | None
    floor_is: str
    ratio: float | None
    goal: str


async def seconds(work: Callable[[], Awaitable[object]]) -> float:
    begun = perf_counter()
    await work()
    return perf_counter() - begun


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
