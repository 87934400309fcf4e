"""The log is the queue: every leaf arrives, in order, at least once, whatever the sink does."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.errors import (
    AdapterError,
    CredentialDenied,
    NeedsHuman,
    TargetDenied,
    TryAgain,
    Unrecognised,
)
from adapters.sinks.contract import Item, Parcel
from tests.house import eventually
from tests.logs import Log, Memory, log_at
from workflows.ledger.deliver import deliver_forever, deliver_once
from workflows.ledger.read import Filters, page
from workflows.ledger.shipments import LEASE, Delivery, replay
from workflows.schema import migrate


@pytest.fixture
async def log(url: str, tmp_path: Path) -> AsyncIterator[Log]:
    async with log_at(url, tmp_path) as made:
        yield made


async def failures(log: Log) -> list[dict[str, object]]:
    """What was recorded as not shipped."""
    await log.ledger.sequence()
    leaves = await page(log.store, Filters(type="export.failed"), 1000)
    return [json.loads(leaf.d)["data"] for leaf in leaves]


async def until_idle(parts: Delivery) -> None:
    for _ in range(1000):
        if not await deliver_once(parts):
            return
    raise AssertionError("it never came to an end")


async def test_what_is_signed_is_shipped_once_and_in_its_order(log: Log) -> None:
    sink = Memory()
    sink.parcel_events = 7  # type: ignore[misc] # of this one
    await log.grow(30)
    await until_idle(log.to(sink))
    assert sink.indexes == list(range(31))
    leaves = await page(log.store, Filters(), 100)
    assert [item.line for item in sink.items if item.leaf_hash] == [leaf.d for leaf in leaves]
    assert [item.leaf_hash for item in sink.items if item.leaf_hash] == [leaf.lh for leaf in leaves]
    assert (await log.row()).next_idx == 31


async def test_what_is_not_signed_yet_is_not_shipped(log: Log) -> None:
    sink = Memory()
    await log.grow(3)
    await log.grow(5, seal=False)
    await log.ledger.sequence()
    await until_idle(log.to(sink))
    assert sink.indexes == [0, 1, 2, 3]


async def test_every_signed_tree_head_goes_out_behind_the_last_leaf_that_it_covers(
    log: Log,
) -> None:
    sink = Memory()
    await log.grow(2)
    await log.grow(3)
    await until_idle(log.to(sink))
    kinds = [item.type == "log.checkpoint" for item in sink.items]
    assert kinds == [False, False, False, True, False, False, False, True]
    assert [head["size"] for head in sink.heads] == [3, 6]
    newest = await log.notary.checkpoint()
    assert newest
    assert sink.heads[-1]["root"] == newest.root.hex()
    assert sink.heads[-1]["note"] == newest.note


async def test_a_new_sink_may_begin_with_what_comes_from_now_on(log: Log) -> None:
    sink = Memory()
    await log.grow(3)
    parts = log.to(sink, since="now")
    await until_idle(parts)
    await log.grow(2)
    await until_idle(parts)
    assert sink.indexes == [4, 5]


async def test_a_parcel_is_no_larger_than_the_sink_takes_at_once(log: Log) -> None:
    sink = Memory()
    sink.parcel_bytes = 2000  # type: ignore[misc] # of this one
    await log.grow(12, text="x" * 500)
    await until_idle(log.to(sink))
    sizes = [sum(len(item.line) for item in parcel.items) for parcel in sink.parcels]
    assert max(sizes) <= 2000 + 700  # a tree head stays with its leaf
    assert sink.indexes == list(range(13))


async def test_a_sink_that_dies_after_taking_is_given_the_same_again(log: Log) -> None:
    class Killed(BaseException):
        """As a SIGKILL: nothing of ours runs after it."""

    def die(_parcel: Parcel) -> None:
        raise Killed

    sink = Memory()
    sink.after = die
    await log.grow(3)
    parts = log.to(sink)
    with pytest.raises(Killed):
        await deliver_once(parts)
    assert (await log.row()).next_idx == 0
    sink.after = lambda _: None
    await until_idle(parts)
    assert sink.indexes == [0, 1, 2, 3, 0, 1, 2, 3]


async def test_a_delivery_that_is_cancelled_is_made_again(log: Log) -> None:
    class Hanging(Memory):
        hangs = True

        async def deliver(self, parcel: Parcel) -> None:
            await super().deliver(parcel)
            if self.hangs:
                await asyncio.sleep(3600)

    sink = Hanging()
    await log.grow(1)
    parts = log.to(sink)
    task = asyncio.create_task(deliver_forever(parts))
    await eventually(sink.count, lambda count: count > 0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await log.row()).leased_by == ""
    sink.hangs = False
    await until_idle(parts)
    assert sink.indexes == [0, 1, 0, 1]


async def test_one_of_two_nodes_ships_and_the_other_follows_when_it_is_dead(log: Log) -> None:
    def down(_parcel: Parcel) -> None:
        raise KeyboardInterrupt

    await log.grow(2)
    dying, other = Memory(), Memory()
    dying.after = down
    with pytest.raises(KeyboardInterrupt):
        await deliver_once(log.to(dying, node="a"))
    assert await deliver_once(log.to(other, node="b")) == 0
    log.clock.advance(seconds=LEASE.total_seconds() + 1)
    assert await deliver_once(log.to(other, node="b")) == 3
    dying.after = lambda _: None
    await log.grow(1)
    assert await deliver_once(log.to(dying, node="a")) == 0


async def test_who_lost_the_lease_meanwhile_does_not_move_the_row(log: Log) -> None:
    await log.grow(2)
    slow, other = Memory(), Memory()
    taken = asyncio.Event()

    class Slow(Memory):
        async def deliver(self, parcel: Parcel) -> None:
            await super().deliver(parcel)
            log.clock.advance(seconds=LEASE.total_seconds() + 1)
            await deliver_once(log.to(other, node="b"))
            taken.set()

    slow = Slow()
    assert await deliver_once(log.to(slow, node="a")) == 0
    assert taken.is_set()
    row = await log.row()
    assert (row.leased_by, row.next_idx) == ("b", 3)


async def test_a_replay_that_comes_in_between_is_not_overrun(log: Log) -> None:
    class Asked(Memory):
        async def deliver(self, parcel: Parcel) -> None:
            await super().deliver(parcel)
            if len(self.parcels) == 2:
                async with log.store.write() as session:
                    assert await replay(session, "siem", 0)

    sink = Asked()
    parts = log.to(sink)
    await log.grow(2)
    await deliver_once(parts)
    await log.grow(2)
    assert await deliver_once(parts) == 0
    await until_idle(parts)
    assert sink.indexes == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("why", "pause"),
    [
        (TryAgain("away"), 1),
        (TryAgain("busy", 40), 40),
        (CredentialDenied("401"), 900),
        (TargetDenied("all of it"), 900),
        (Unrecognised("what"), 900),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, AdapterError) else str(value),
)
async def test_a_sink_that_fails_is_left_in_peace_and_nothing_is_passed_over(
    log: Log, why: AdapterError, pause: int
) -> None:
    def fail(_parcel: Parcel) -> None:
        raise why

    sink = Memory(fail)
    parts = log.to(sink)
    await log.grow(9)
    await until_idle(parts)
    row = await log.row()
    assert (row.next_idx, row.failures) == (0, 1)
    assert row.last_error == f"{type(why).__name__}: {why.message}"
    tried = len(sink.parcels)
    log.clock.advance(seconds=pause - 0.5)
    await until_idle(parts)
    assert len(sink.parcels) == tried
    sink.answers = lambda _: None
    log.clock.advance(seconds=1)
    await until_idle(parts)
    assert sink.indexes == list(range(10))
    assert ((await log.row()).failures, (await log.row()).last_error) == (0, "")
    assert await failures(log) == []


async def test_the_pauses_grow_up_to_five_minutes(log: Log) -> None:
    def fail(_parcel: Parcel) -> None:
        raise TryAgain("away")

    parts = log.to(Memory(fail))
    await log.grow(1)
    pauses = []
    for _ in range(12):
        await deliver_once(parts)
        row = await log.row()
        assert row.lease_until
        pauses.append((row.lease_until - log.clock.now()).total_seconds())
        log.clock.time = row.lease_until + timedelta(seconds=1)
    assert pauses[:4] == [1, 2, 4, 8]
    assert pauses[-1] == 150


async def test_a_sink_that_wants_no_more_is_not_asked_again_until_somebody_says_so(
    log: Log,
) -> None:
    def gone(_parcel: Parcel) -> None:
        raise NeedsHuman("410")

    sink = Memory(gone)
    parts = log.to(sink)
    await log.grow(1)
    await until_idle(parts)
    log.clock.advance(days=400)
    await until_idle(parts)
    assert len(sink.parcels) == 1
    sink.answers = lambda _: None
    async with log.store.write() as session:
        assert await replay(session, "siem", 1)
    await until_idle(parts)
    assert sink.indexes == [1]


def refusing(*bad: int) -> Memory:
    """Takes no parcel in which one of these leaves is."""

    def answer(parcel: Parcel) -> None:
        if any(item.leaf_hash and item.index in bad for item in parcel.items):
            raise TargetDenied("it does not like it")

    return Memory(answer)


@pytest.mark.parametrize("bad", [(0,), (5,), (4, 5), (10,), (0, 10), (9, 10), (2, 7)])
async def test_an_event_that_a_sink_refuses_is_recorded_and_the_others_are_shipped(
    log: Log, bad: tuple[int, ...]
) -> None:
    sink = refusing(*bad)
    await log.grow(10)
    await until_idle(log.to(sink))
    assert sink.indexes == [n for n in range(11) if n not in bad]
    assert [head["size"] for head in sink.heads] == [11]
    told = await failures(log)
    assert [one["index"] for one in told] == list(bad)
    assert {(one["sink"], one["why"]) for one in told} == {("siem", "it does not like it")}
    assert (await log.row()).next_idx == 11


async def test_a_sink_that_refuses_everything_is_at_fault_and_the_log_waits(log: Log) -> None:
    sink = refusing(*range(100))
    await log.grow(30)
    parts = log.to(sink)
    await until_idle(parts)
    assert (await log.row()).next_idx == 0
    assert len(sink.parcels) < 20
    assert await failures(log) == []


async def test_a_refused_event_at_the_very_end_waits_until_another_is_taken(log: Log) -> None:
    def answer(parcel: Parcel) -> None:
        if parcel.items[0].index == 0:
            raise TargetDenied("it does not like it")

    sink = Memory(answer)
    await log.seal()
    parts = log.to(sink)
    await until_idle(parts)
    assert (await log.row()).next_idx == 0
    await log.grow(1)
    log.clock.advance(seconds=901)
    await until_idle(parts)
    assert sink.indexes == [1]
    assert [one["index"] for one in await failures(log)] == [0]  # of the head behind it nothing


async def test_what_a_sink_can_never_take_is_not_even_sent(log: Log) -> None:
    class Small(Memory):
        def refuses(self, item: Item, _origin: str) -> str:
            return "too long" if len(item.line) > 2000 and item.leaf_hash else ""

    sink = Small()
    await log.grow(1)
    await log.grow(1, text="x" * 3000)
    await log.grow(1)
    await until_idle(log.to(sink))
    assert sink.indexes == [0, 1, 3]
    assert len(sink.parcels) == 1
    assert [(one["index"], one["why"]) for one in await failures(log)] == [(2, "too long")]
    assert [head["size"] for head in sink.heads] == [2, 3, 4]


async def test_a_dead_sink_does_not_hold_up_another(log: Log) -> None:
    class Dead(Memory):
        async def deliver(self, parcel: Parcel) -> None:
            await asyncio.sleep(3600)

    dead, well = Dead(), Memory()
    await log.grow(3)
    tasks = [
        asyncio.create_task(deliver_forever(log.to(sink, name=name)))
        for name, sink in (("dead", dead), ("well", well))
    ]
    await eventually(well.count, lambda count: count == 4)
    await log.grow(1)
    await eventually(well.count, lambda count: count == 5)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert well.indexes == [0, 1, 2, 3, 4]


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


@pytest.fixture
def migrated(tmp_path: Path) -> Path:
    file = tmp_path / "empty.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.mark.slow
@given(
    steps=st.lists(st.tuples(st.integers(0, 6), DEEDS), min_size=1, max_size=4),
    most=st.integers(1, 5),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_a_sink_does_every_leaf_arrives_in_order(
    tmp_path: Path, migrated: Path, steps: list[tuple[int, list[str]]], most: int
) -> None:
    folder = tmp_path / uuid4().hex
    folder.mkdir()
    shutil.copy(migrated, folder / "log.db")
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
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_nothing_that_was_not_refused_by_itself_is_passed_over(
    tmp_path: Path, migrated: Path, bad: set[int], most: int, each: int
) -> None:
    folder = tmp_path / uuid4().hex
    folder.mkdir()
    shutil.copy(migrated, folder / "log.db")
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
        assert recorded == sorted(bad & set(range(reached)))
