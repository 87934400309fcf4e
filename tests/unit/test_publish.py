"""Each head goes to those outside, and holds the operator to it, whoever holds the key."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel import col, select

from adapters.serving import served
from app import witness as witness_app
from app.config import read_config
from app.main import build_world, let_go
from app.settings import Settings
from tests.conftest import StillClock
from tests.trees import grow
from workflows.evidence.gather import signed_head
from workflows.ledger import proofs
from workflows.ledger import publish as publish_module
from workflows.ledger.events import Event
from workflows.ledger.keys import KeyFile
from workflows.ledger.note import COSIGNATURE, Signer
from workflows.ledger.outside import shipment, some_are_due_again
from workflows.ledger.publish import publish
from workflows.ledger.shown import stamp_is_due
from workflows.ledger.tables import Checkpoint, Leaf, LogKey, Outbox
from workflows.ledger.verify import (
    Key,
    Refused,
    check_checkpoint,
    check_consistency,
    parse_checkpoint,
)
from workflows.ledger.witnessed import Witness
from workflows.schema import migrate
from workflows.world import World

WITNESS_KEY = Ed25519PrivateKey.generate()
ORIGIN = "audit.acme.example/acme"
CONFIG = "systems:\n  badge: {adapter: manual, owner: facilities@acme.example}\n"


def world_of(folder: Path, audit: str = "") -> World:
    url = f"sqlite:///{folder / 'exeunt.db'}"
    migrate(url)
    text = f"{CONFIG}audit:\n  origin: {ORIGIN}\n{audit}"
    settings = Settings(database_url=url, audit_key=folder / "log.key")
    return build_world(settings, read_config(text, "exeunt.yaml", {}, folder), StillClock())


@asynccontextmanager
async def opened(folder: Path, audit: str = "") -> AsyncIterator[World]:
    world = world_of(folder, audit)
    assert world.notary
    await world.notary.open(may_create=True)
    yield world
    await let_go(world)


async def published(world: World) -> Checkpoint:
    assert world.notary
    await publish(world, world.notary)
    async with world.store.read() as session:
        newest = select(Checkpoint).order_by(col(Checkpoint.size).desc())
        head = (await session.exec(newest)).first()
    assert head
    return head


def log_keys(folder: Path) -> list[Key]:
    return [Key.parse(Signer(ORIGIN, KeyFile(folder / "log.key").load()).vkey)]


@asynccontextmanager
async def witnessing(folder: Path, port: int = 0) -> AsyncIterator[tuple[str, Key]]:
    """A witness that knows the log beside its folder; what the configuration says of it."""
    async with opened(folder.parent) as world, world.store.read() as session:
        logs = [Key.parse(vkey) for vkey in (await session.exec(select(LogKey.vkey))).all()]
    signer = Signer("witness.auditor.example", WITNESS_KEY, COSIGNATURE)
    witness = Witness(folder, signer, logs, StillClock())
    witness.open()
    async with served(witness_app.create_app(witness), port) as url:
        told = f"  witnesses:\n    auditor: {{url: '{url}', vkey: {signer.vkey}}}\n"
        yield told, Key.parse(signer.vkey)


async def test_a_head_is_cosigned_and_both_signatures_hold(tmp_path: Path) -> None:
    async with witnessing(tmp_path / "w") as (told, key), opened(tmp_path, told) as world:
        for begin in (0, 100, 300):
            await grow(world.store, 100, begin=begin)
            head = await published(world)
            note = head.note + head.cosignatures
            assert check_checkpoint(note, log_keys(tmp_path), [key], 1).size == head.size
        row = await shipment(world, "witness:auditor")
        assert (row.next_idx, row.failures) == (head.size, 0)


async def test_a_witness_that_is_away_holds_up_nothing_and_gets_the_next_head(
    tmp_path: Path,
) -> None:
    async with witnessing(tmp_path / "w") as (told, key):
        port = int(told.split("127.0.0.1:")[1].split("'")[0])
    async with opened(tmp_path, told) as world:
        head = await published(world)
        row = await shipment(world, "witness:auditor")
        assert (head.cosignatures, row.failures) == ("", 1)
        assert not await some_are_due_again(world, ["witness:auditor"])
        clock_of(world).advance(seconds=2)
        assert await some_are_due_again(world, ["witness:auditor"])
        async with witnessing(tmp_path / "w", port):
            head = await published(world)
        check_checkpoint(head.note + head.cosignatures, log_keys(tmp_path), [key], 1)
        assert (await shipment(world, "witness:auditor")).failures == 0


def clock_of(world: World) -> StillClock:
    assert isinstance(world.clock, StillClock)
    return world.clock


async def test_a_pack_waits_for_its_head_to_be_cosigned(tmp_path: Path) -> None:
    async with witnessing(tmp_path / "w") as (told, key), opened(tmp_path, told) as world:
        await grow(world.store, 5)
        head = await signed_head(world)
        assert check_checkpoint(head.note + head.cosignatures, log_keys(tmp_path), [key], 1)


async def test_a_head_that_somebody_asked_for_is_cosigned_though_nothing_new_comes(
    tmp_path: Path,
) -> None:
    async with witnessing(tmp_path / "w") as (told, key), opened(tmp_path, told) as world:
        assert world.notary
        await published(world)
        await grow(world.store, 5)
        await world.notary.checkpoint()  # as an export does, or GET /audit/checkpoint
        assert await publish_module._is_due(world)
        head = await published(world)
        assert check_checkpoint(head.note + head.cosignatures, log_keys(tmp_path), [key], 1)
        assert not await publish_module._is_due(world)


async def test_what_must_not_be_signed_is_tried_again_with_pauses(tmp_path: Path) -> None:
    """Each try is an error in the service's log, and somebody is on their way already."""
    async with opened(tmp_path) as world:
        (tmp_path / "log.key").rename(tmp_path / "lost")
        await grow(world.store, 5)
        assert world.notary
        tries = 0
        for _ in range(600):
            if await publish_module._is_due(world):
                await publish(world, world.notary)
                tries += 1
            clock_of(world).advance(seconds=1)
        assert 10 <= tries <= 20
        (tmp_path / "lost").rename(tmp_path / "log.key")
        clock_of(world).advance(seconds=60)
        assert await publish_module._is_due(world)
        assert (await published(world)).size == 6
        assert (await shipment(world, "signature")).failures == 0


async def test_a_cosignature_that_was_not_kept_is_asked_for_again(tmp_path: Path) -> None:
    """We died between the witness's answer and our commit."""
    async with witnessing(tmp_path / "w") as (told, key), opened(tmp_path, told) as world:
        head = await published(world)
        async with world.store.write() as session:
            kept = await session.get_one(Checkpoint, (head.origin, head.size))
            kept.cosignatures = ""
            await (await session.connection()).execute(sa.text("DELETE FROM audit_shipment"))
        again = await published(world)
        check_checkpoint(again.note + again.cosignatures, log_keys(tmp_path), [key], 1)


async def test_a_closed_case_is_stamped_whoever_signed_the_head_above_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as world:
        first = await published(world)
        assert await stamp_is_due(world, first)
        async with world.store.write() as session:
            kept = await session.get_one(Checkpoint, (first.origin, first.size))
            kept.time_stamp = b"a token"
        await grow(world.store, 3)
        assert not await stamp_is_due(world, await published(world))
        async with world.store.write() as session:
            await world.ledger.record(session, Event("case.closed"))
        await world.ledger.sequence()
        assert await stamp_is_due(world, await published(world))


async def test_the_operator_with_the_key_cannot_take_an_event_out(tmp_path: Path) -> None:
    """They own the database, the key and what lies beside it, and sign a log without one event."""
    async with witnessing(tmp_path / "w") as (told, key):
        async with opened(tmp_path, told) as world:
            await grow(world.store, 20)
            given = await published(world)  # the auditor has this one
        await _rewrite(tmp_path, without=7)
        async with opened(tmp_path, told) as world:
            await grow(world.store, 30, begin=50)
            forged = await published(world)
            row = await shipment(world, "witness:auditor")
            async with world.store.read() as session:
                path = await proofs.consistency(session, given.size, forged.size)
    signed = parse_checkpoint(forged.note)
    assert check_checkpoint(forged.note, log_keys(tmp_path)) == signed  # the signature is good …
    with pytest.raises(Refused, match="REWRITTEN"):  # … the old head tells
        check_consistency(given.size, given.root, signed.size, signed.root, path)
    assert forged.cosignatures == ""  # … and the witness does not sign
    assert "REFUSES" in row.last_error
    with pytest.raises(Refused):
        check_checkpoint(forged.note, log_keys(tmp_path), [key], 1)


async def test_a_log_without_that_head_is_refused_even_if_nobody_ever_saw_one(
    tmp_path: Path,
) -> None:
    """Rolled back to a shorter log that is signed again: the witness has seen more."""
    async with witnessing(tmp_path / "w") as (told, _key):
        async with opened(tmp_path, told) as world:
            await grow(world.store, 20)
            await published(world)
        await _rewrite(tmp_path, without=19, keep=10)
        async with opened(tmp_path, told) as world:
            await published(world)
            row = await shipment(world, "witness:auditor")
    assert "rolled back" in row.last_error


async def _rewrite(folder: Path, without: int, keep: int = 10**6) -> None:
    """Take the guards away, build the log anew without one event, forget all that was signed."""
    world = world_of(folder)
    async with world.store.write() as session:
        connection = await session.connection()
        for table in ("leaf", "audit_tile", "audit_checkpoint"):
            await connection.execute(sa.text(f"DROP TRIGGER {table}_no_delete"))
        leaves = (await session.exec(select(Leaf).order_by(col(Leaf.idx)))).all()
        kept = [leaf for leaf in leaves if leaf.idx != without][:keep]
        for table in ("leaf", "audit_tile", "audit_checkpoint", "audit_shipment"):
            await connection.execute(sa.text(f"DELETE FROM {table}"))
        await connection.execute(sa.text("UPDATE audit_head SET size = 0, frontier = x''"))
        facts = [
            {"id": leaf.id, "d": leaf.d, "time": leaf.time, "type": leaf.type} for leaf in kept
        ]
        await connection.execute(sa.insert(Outbox), facts)
    (folder / "log.key.head").unlink()
    await world.ledger.sequence()
    await let_go(world)
