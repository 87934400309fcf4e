"""What would keep the log from being signed, shown or handed on, or let it grow for ever."""

import asyncio
import dataclasses
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from sqlmodel import select

from adapters.sinks.contract import Item
from adapters.sinks.syslog import Syslog, SyslogSettings, message
from app.cli.audit.tree import write_mirror
from tests.conftest import NOON
from tests.logs import Memory, log_at
from tests.trees import grow, log_of
from tests.unit.test_notary import key, notary_of, signed
from tests.unit.test_publish import _rewrite, clock_of, opened, published
from workflows.errors import Conflict
from workflows.ledger import proofs, selfcheck, shown
from workflows.ledger import publish as publish_module
from workflows.ledger.deliver import deliver_once
from workflows.ledger.events import EXEUNT
from workflows.ledger.keys import KeyFile
from workflows.ledger.notary import RolledBack
from workflows.ledger.outside import note_failure, shipment
from workflows.ledger.tables import Checkpoint
from workflows.schema import _config, engine_for_migrations, migrate
from workflows.store import Store

__all__ = ["key"]


async def test_a_clock_that_was_ahead_does_not_keep_the_log_from_being_signed(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as world:
        clock_of(world).advance(days=365)
        await grow(world.store, 3)
        await published(world)
        clock_of(world).advance(days=-365, seconds=60)
        await grow(world.store, 3, begin=3)
        assert await publish_module._is_time(world)


async def test_a_destination_that_is_not_configured_any_more_is_not_waited_for(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as world:
        await note_failure(world, "time_stamps", "the authority was away")
        clock_of(world).advance(hours=2)
        assert not await publish_module._some_wait(world)


class Slow:
    """A witness that takes the head and answers drop by drop, for ever."""

    name, vkey = "slow.example", ""

    async def add(self, *_: object) -> str:
        await asyncio.sleep(3600)
        return ""

    async def close(self) -> None:
        pass


async def test_a_witness_that_answers_drop_by_drop_holds_up_no_signature(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shown, "LONGEST_SECONDS", 0.1, raising=False)
    async with opened(tmp_path) as world:
        slow = dataclasses.replace(world, witnesses={"slow": Slow()})  # type: ignore[dict-item] # stands in
        async with asyncio.timeout(5):
            await published(slow)
        assert "seconds" in (await shipment(world, "witness:slow")).last_error


async def test_the_look_at_the_whole_log_stands_a_pruning_meanwhile(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selfcheck, "CHUNK", 100)
    async with log_of(sqlite_url, 1000) as (store, _):
        chunk = selfcheck._chunk

        async def pruned_meanwhile(store: Store, start: int, size: int) -> object:
            if start == 300:
                async with store.write() as session:
                    connection = await session.connection()
                    await connection.execute(sa.text("UPDATE audit_head SET pruned = 512"))
                    await connection.execute(sa.text("DELETE FROM leaf WHERE idx < 512"))
            return await chunk(store, start, size)

        monkeypatch.setattr(selfcheck, "_chunk", pruned_meanwhile)
        await selfcheck.look(store)


async def test_the_look_finds_a_leaf_that_is_missing_all_the_same(sqlite_url: str) -> None:
    async with log_of(sqlite_url, 1000) as (store, _):
        async with store.write() as session:
            connection = await session.connection()
            await connection.execute(sa.text("DROP TRIGGER leaf_no_delete"))
            await connection.execute(sa.text("DELETE FROM leaf WHERE idx = 700"))
        with pytest.raises(selfcheck.Changed, match="event 700 is missing"):
            await selfcheck.look(store)


async def test_a_log_that_was_recovered_after_a_rewrite_is_signed_again(
    tmp_path: Path, key: KeyFile
) -> None:
    """What was signed under the old name does not fit, and the recovery has said so."""
    async with opened(tmp_path) as world:
        assert world.notary
        await grow(world.store, 20)
        await published(world)
        async with world.store.read() as session:
            kept = (await session.exec(select(Checkpoint))).all()
    await _rewrite(tmp_path, without=7)
    async with opened(tmp_path) as world:
        async with world.store.write() as session:
            session.add_all([Checkpoint(**one.model_dump()) for one in kept])
        assert world.notary
        with pytest.raises(RolledBack):
            await world.notary.checkpoint()
        await world.notary.recover(EXEUNT, "somebody was in the database")
        await selfcheck.look(world.store)


class Choosy(Memory):
    """As a syslog receiver with a small `largest`: too long is the head, and the complaint."""

    def refuses(self, item: Item, _origin: str) -> str:
        return "too long" if item.type in {"log.checkpoint", "export.failed"} else ""


async def test_a_log_that_nobody_uses_does_not_grow_by_complaining_of_itself(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with log_at(sqlite_url, tmp_path) as log:
        parts, sizes = log.to(Choosy()), []
        await log.grow(3)
        for _ in range(10):
            await log.seal()
            await deliver_once(parts)
            async with log.store.read() as session:
                sizes.append(await proofs.log_size(session))
        assert sizes[-1] == sizes[3]


def test_what_is_sent_is_no_longer_than_what_was_measured() -> None:
    """`largest` is where the receiver cuts off, so the log's name counts as well."""
    told = SyslogSettings(sink="syslog", host="siem.example", largest=2048)
    origin = f"audit.{'very-' * 10}long.example/exeunt"
    sink = Syslog("siem", told)
    for size in range(1500, 2048, 7):
        item = Item(7, "evt_1", "x.done", NOON, 1, "case_1", b"h" * 32, b"x" * size)
        if not sink.refuses(item, origin):
            assert len(message(item, origin, told)) <= told.largest


def test_a_log_that_was_pruned_cannot_be_downgraded_into_one_that_never_grows_again(
    url: str,
) -> None:
    migrate(url)
    engine = engine_for_migrations(url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE audit_head SET size = 600, pruned = 512"))
    config = _config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        with pytest.raises(RuntimeError, match="pruned"):
            command.downgrade(config, "0004")
    engine.dispose()


async def test_the_leaf_that_was_changed_is_named(sqlite_url: str) -> None:
    async with log_of(sqlite_url, 1000) as (store, _):
        async with store.write() as session:
            connection = await session.connection()
            await connection.execute(sa.text("DROP TRIGGER leaf_no_update"))
            await connection.execute(sa.text("UPDATE leaf SET d = x'7b7d' WHERE idx = 700"))
        with pytest.raises(selfcheck.Changed, match="event 700 was changed"):
            await selfcheck.look(store)


async def test_a_mirror_is_never_made_of_two_histories(tmp_path: Path, key: KeyFile) -> None:
    """Tiles that are there are not written again: those of before the rollback would stay."""
    file, copy, mirror = tmp_path / "exeunt.db", tmp_path / "backup.db", tmp_path / "mirror"
    url = f"sqlite:///{file}"
    async with notary_of(url, key, 200) as notary:
        await signed(notary)
    shutil.copy(file, copy)
    async with notary_of(url, key) as notary:
        await grow(notary.store, 200, begin=200)
        await write_mirror(notary.store, await signed(notary), mirror)
    shutil.copy(copy, file)
    async with notary_of(url, key) as notary:
        await grow(notary.store, 300, begin=1000)
        await notary.recover(EXEUNT, "disk died")
        with pytest.raises(Conflict, match="another folder"):
            await write_mirror(notary.store, await signed(notary), mirror)
        assert await write_mirror(notary.store, await signed(notary), tmp_path / "new")
