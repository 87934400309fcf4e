"""A sink that is away is waited for; what it refuses is recorded; nothing is passed over."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from adapters.errors import (
    AdapterError,
    CredentialDenied,
    NeedsHuman,
    TargetDenied,
    TryAgain,
    Unrecognised,
)
from adapters.sinks.contract import Item, Parcel
from tests.logs import Log, Memory, failures, log_at, refusing, until_idle
from workflows.ledger.deliver import deliver_once
from workflows.ledger.shipments import replay
from workflows.ledger.tables import Head, Leaf


@pytest.fixture
async def log(url: str, tmp_path: Path) -> AsyncIterator[Log]:
    async with log_at(url, tmp_path) as made:
        yield made


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


async def test_what_retention_took_before_a_sink_came_back_is_recorded(log: Log) -> None:
    sink = Memory()
    parts = log.to(sink)
    await log.grow(2)
    await until_idle(parts)
    await log.grow(6)
    async with log.store.write() as session:
        head = (await session.exec(select(Head))).one()
        head.pruned = 5
        session.add(head)
        await session.flush()
        await (await session.connection()).execute(sa.delete(Leaf).where(col(Leaf.idx) < 5))
    await until_idle(parts)
    assert sink.indexes == [0, 1, 2, 5, 6, 7, 8]
    gone = {"sink": "siem", "index": 3, "before": 5, "why": "retention"}
    assert await failures(log) == [gone]
    late = Memory()
    await until_idle(log.to(late, name="late"))
    assert late.indexes[0] == 5
    assert await failures(log) == [gone]
