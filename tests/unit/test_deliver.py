"""The log is the queue of its sinks: in order, at least once, by one node at a time."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.sinks.contract import Parcel
from tests.house import eventually
from tests.logs import ORIGIN, Log, Memory, log_at, until_idle
from tests.ocsf_schema import complaints
from workflows.ledger.deliver import deliver_forever, deliver_once
from workflows.ledger.read import Filters, page
from workflows.ledger.shipments import LEASE, replay


@pytest.fixture
async def log(url: str, tmp_path: Path) -> AsyncIterator[Log]:
    async with log_at(url, tmp_path) as made:
        yield made


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


async def test_in_ocsf_what_is_shipped_is_valid_and_so_are_the_tree_heads(log: Log) -> None:
    sink = Memory()
    await log.grow(2)
    await until_idle(log.to(sink, form="ocsf"))
    lines = [json.loads(item.line) for item in sink.items]
    assert [complaints(line) for line in lines] == [[], [], [], []]
    assert ORIGIN in json.dumps(lines[-1])
