"""What is old enough loses its body, and nothing that anybody still needs; proofs stay."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from tests.conftest import NOON, StillClock
from tests.trees import all_leaves, log_of
from workflows.ledger import proofs
from workflows.ledger.events import Event
from workflows.ledger.record import Ledger
from workflows.ledger.retention import prune
from workflows.ledger.tables import Checkpoint, Disclosure, Head, Leaf, Outbox, Shipment
from workflows.ledger.verify import check_consistency, check_inclusion
from workflows.privacy.tables import LegalHold
from workflows.store import Store
from workflows.tables import Case, Worker

OLD, NEW = 700, 100
TILES = 512
"""The whole tiles in what is old."""
YEAR = timedelta(days=395)
NOW = NOON + timedelta(days=400)
BEFORE = NOW - YEAR


@dataclass
class Log:
    store: Store
    ledger: Ledger

    async def prune(self, *destinations: str, before: datetime = BEFORE) -> int:
        return await prune(self.store, self.ledger, before, destinations)

    async def add(self, *rows: object) -> None:
        async with self.store.write() as session:
            for row in rows:
                session.add(row)
                await session.flush()

    async def indexes(self) -> list[int]:
        return [leaf.idx for leaf in await all_leaves(self.store)]


@asynccontextmanager
async def old_log(url: str, *, signed: int = OLD + NEW) -> AsyncIterator[Log]:
    """700 leaves from long ago, 100 of today, each with a personal value."""
    async with log_of(url) as (store, _):
        clock = StillClock()
        ledger = Ledger(store, clock)
        for time, count in ((NOON, OLD), (NOW, NEW)):
            clock.time = time
            event = Event("test.leaf", personal={"who": "Ada"})
            async with store.write() as session:
                await ledger.record_all(session, [event] * count)
        await ledger.sequence()
        made = Log(store, ledger)
        if signed:
            await made.add(signed_at(signed))
        yield made


def signed_at(size: int) -> Checkpoint:
    return Checkpoint(origin="o", size=size, root=b"", signed_at=NOW, note="")


async def test_old_bodies_go_in_whole_tiles_and_every_proof_stays(url: str) -> None:
    async with old_log(url) as log:
        hashes = [leaf.lh for leaf in await all_leaves(log.store)]
        async with log.store.read() as session:
            roots = {size: await proofs.root_at(session, size) for size in (1, 300, 512, 800)}
        assert await log.prune() == TILES
        await log.ledger.sequence()
        assert await log.indexes() == list(range(TILES, OLD + NEW + 1))
        async with log.store.read() as session:
            size = await proofs.log_size(session)
            root = await proofs.root_at(session, size)
            for index in (0, 1, 255, 256, 511, 512, 700, 799):
                path = await proofs.inclusion(session, index, size)
                check_inclusion(index, size, hashes[index], path, root)
            for old, was in roots.items():
                path = await proofs.consistency(session, old, size)
                check_consistency(old, was, size, root, path)
            values = (await session.exec(select(sa.func.count(col(Disclosure.name))))).one()
        assert values == OLD + NEW - TILES


async def test_the_log_says_what_was_pruned_and_with_which_root(url: str) -> None:
    async with old_log(url) as log:
        await log.prune()
        await log.ledger.sequence()
        async with log.store.read() as session:
            root = await proofs.root_at(session, TILES)
            assert (await session.exec(select(Head.pruned))).one() == TILES
        last = (await all_leaves(log.store))[-1]
        said = last.d.decode()
        assert last.type == "log.pruned"
        assert f'"kept_from":{TILES}' in said
        assert base64.b64encode(root).decode() in said


async def test_pruning_again_finds_nothing_to_do(url: str) -> None:
    async with old_log(url) as log:
        assert await log.prune() == TILES
        assert await log.prune() == 0
        await log.ledger.sequence()
        assert [leaf.type for leaf in await all_leaves(log.store)].count("log.pruned") == 1


async def test_nothing_goes_that_was_not_signed(url: str) -> None:
    async with old_log(url, signed=0) as log:
        assert await log.prune() == 0
        await log.add(signed_at(300))
        assert await log.prune() == 256


async def test_nothing_goes_that_a_sink_does_not_have(url: str) -> None:
    async with old_log(url) as log:
        assert await log.prune("sink:siem") == 0
        await log.add(Shipment(destination="sink:siem", next_idx=400))
        assert await log.prune("sink:siem") == 256
        assert await log.prune() == 256


@pytest.mark.parametrize(
    ("status", "closed_at", "hold", "goes"),
    [
        ("waiting", None, False, 0),
        ("closed", NOW, False, 0),
        ("closed", NOON, True, 0),
        ("closed", NOON, False, TILES),
        ("cancelled", NOON, False, TILES),
    ],
)
async def test_nothing_goes_that_a_case_still_needs(
    sqlite_url: str, status: str, closed_at: datetime | None, hold: bool, goes: int
) -> None:
    async with old_log(sqlite_url) as log:
        who = Worker(id="worker_1", connection="people", source_worker_id="1", subject="s_1")
        case = Case(
            id="case_1",
            worker_id="worker_1",
            kind="other",
            status=status,
            containment="contained",
            effective_at=NOON,
            received_at=NOON,
            closed_at=closed_at,
        )
        await log.add(who, case)
        if hold:
            await log.add(
                LegalHold(worker_id="worker_1", reason="r", placed_by="p", placed_at=NOON)
            )
        await _lay_first_leaf_into_case(log)
        assert await log.prune() == goes


async def _lay_first_leaf_into_case(log: Log) -> None:
    """Into the log's own order, in which its guards let nothing be changed."""
    async with log.store.write() as session:
        connection = await session.connection()
        await connection.exec_driver_sql("DROP TRIGGER leaf_no_update")
        await connection.execute(sa.update(Leaf).where(col(Leaf.idx) == 3).values(case_id="case_1"))


async def test_killed_at_any_statement_all_is_as_before_and_the_next_time_it_is_done(
    sqlite_url: str,
) -> None:
    async with old_log(sqlite_url) as log:
        whole = await log.indexes()
        engine = log.store._engine.sync_engine
        for at in range(1, 100):
            left = at

            def _die(*_: object) -> None:
                nonlocal left
                left -= 1
                if left == 0:
                    raise KilledError

            sa.event.listen(engine, "before_cursor_execute", _die)
            try:
                await log.prune()
                break
            except KilledError:
                pass
            finally:
                sa.event.remove(engine, "before_cursor_execute", _die)
            assert await log.indexes() in (whole, whole[TILES:])
        assert at > 10
        assert await log.indexes() == whole[TILES:]
        await log.ledger.sequence()
        assert [leaf.type for leaf in await all_leaves(log.store)].count("log.pruned") == 1
        async with log.store.read() as session:
            assert (await session.exec(select(Outbox))).all() == []


class KilledError(Exception):
    pass
