"""Whatever a sink does, every leaf arrives, in order, at least once."""

from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from adapters.errors import (
    CredentialDenied,
    TargetDenied,
    TryAgain,
)
from adapters.sinks.contract import Parcel
from tests.logs import Memory, failures, log_at, refusing, until_idle
from workflows.ledger.deliver import deliver_once
from workflows.ledger.tables import Leaf


class Crash(BaseException):
    """The end of the process."""


class Flaky(Memory):
    """Does what stands in `todo`, one for each parcel; then it takes all."""

    todo: list[str]

    async def deliver(self, parcel: Parcel) -> None:
        match self.todo.pop(0) if self.todo else "take":
            case "away":
                raise TryAgain("away")
            case "denied":
                raise CredentialDenied("401")
            case "refused":
                raise TargetDenied("no")
            case "killed before":
                raise Crash
            case "killed after":
                await super().deliver(parcel)
                raise Crash
            case "answer lost":
                await super().deliver(parcel)
                raise TryAgain("the answer got lost")
            case _:
                await super().deliver(parcel)


TROUBLE = ["away", "denied", "killed before", "killed after", "answer lost"]
DEEDS = st.lists(st.sampled_from(["take", "take", *TROUBLE]), max_size=12)


@pytest.mark.slow
@given(
    steps=st.lists(st.tuples(st.integers(0, 6), DEEDS), min_size=1, max_size=4),
    most=st.integers(1, 5),
)
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_a_sink_does_every_leaf_arrives_in_order(
    tmp_path: Path, steps: list[tuple[int, list[str]]], most: int
) -> None:
    folder = tmp_path / uuid4().hex
    folder.mkdir()
    async with log_at(f"sqlite:///{folder}/log.db", folder) as log:
        sink = Flaky()
        sink.parcel_events = most  # type: ignore[misc] # of this one
        parts = log.to(sink)
        for count, deeds in steps:
            sink.todo = deeds
            await log.grow(count)
            for _ in deeds:
                with suppress(Crash):
                    await deliver_once(parts)
                log.clock.advance(seconds=1000)
        sink.todo = []
        await until_idle(parts)
        assert in_order(sink.indexes)
        assert set(sink.indexes) == set(range(1 + sum(count for count, _ in steps)))
        assert await failures(log) == []


def in_order(indexes: list[int]) -> bool:
    """Repeats may come; a leaf never comes before all that are older have come."""
    newest = -1
    for index in indexes:
        if index > newest + 1:
            return False
        newest = max(newest, index)
    return True


@pytest.mark.slow
@given(bad=st.sets(st.integers(0, 40)), most=st.integers(1, 50), each=st.integers(1, 20))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_nothing_that_was_not_refused_by_itself_is_passed_over(
    tmp_path: Path, bad: set[int], most: int, each: int
) -> None:
    folder = tmp_path / uuid4().hex
    folder.mkdir()
    async with log_at(f"sqlite:///{folder}/log.db", folder) as log:
        sink = refusing(*bad)
        sink.parcel_events = most  # type: ignore[misc] # of this one
        parts = log.to(sink)
        for _ in range(40 // each):
            await log.grow(each)
            log.clock.advance(seconds=1000)
            await until_idle(parts)
        reached = (await log.row()).next_idx
        assert set(sink.indexes) >= {n for n in range(reached) if n not in bad}
        recorded = [one["index"] for one in await failures(log)]
        async with log.store.read() as session:
            complaints = select(Leaf.idx).where(Leaf.type == "export.failed")
            of_itself = set((await session.exec(complaints)).all())
        assert recorded == sorted(bad & set(range(reached)) - of_itself)
