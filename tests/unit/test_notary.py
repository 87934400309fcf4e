"""What is signed follows from what was signed: else nothing is, and it is said what to do."""

import base64
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlmodel import select

from adapters.clock import Clock
from tests.conftest import StillClock
from tests.trees import all_leaves, grow, log_of, root_of
from workflows.ledger.events import EXEUNT
from workflows.ledger.keys import KeyFile, KeyUnusable
from workflows.ledger.notary import CannotSign, Notary, RolledBack
from workflows.ledger.record import Ledger
from workflows.ledger.tables import Checkpoint, LogKey
from workflows.ledger.verify import parse_checkpoint
from workflows.store import Store

ORIGIN = "audit.acme.example/acme"


@asynccontextmanager
async def notary_of(url: str, key: KeyFile, leaves: int = 0) -> AsyncIterator[Notary]:
    async with log_of(url, leaves) as (store, ledger):
        notary = Notary(store, ledger, StillClock(), ORIGIN, key)
        await notary.open(may_create=True)
        yield notary


@pytest.fixture
def key(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "log.key")


async def signed(notary: Notary) -> Checkpoint:
    made = await notary.checkpoint()
    assert made is not None
    return made


def signers_of(checkpoint: Checkpoint, keys: list[str]) -> list[str]:
    """The vkeys of those whose signature is under the note and holds."""
    body, _, lines = checkpoint.note.partition("\n\n")
    found = []
    for line in lines.splitlines():
        _, name, payload = line.split(" ")
        raw = base64.b64decode(payload)
        [vkey] = [k for k in keys if k.startswith(f"{name}+{raw[:4].hex()}+")]
        public = base64.b64decode(vkey.split("+", 2)[2])[1:]
        Ed25519PublicKey.from_public_bytes(public).verify(raw[4:], (body + "\n").encode())
        found.append(vkey)
    return found


async def keys_of(store: Store) -> list[LogKey]:
    async with store.read() as session:
        return list((await session.exec(select(LogKey))).all())


async def test_the_first_event_of_a_log_names_its_key_and_the_head_covers_it(
    url: str, key: KeyFile
) -> None:
    async with notary_of(url, key) as notary:
        made = await signed(notary)
        [first] = await all_leaves(notary.store)
        [known] = await keys_of(notary.store)
        assert first.type == "log.key.announced"
        assert known.vkey.encode() in first.d
        said = parse_checkpoint(made.note)
        assert (said.origin, said.size, said.root) == (ORIGIN, 1, root_of([first.d]))
        assert signers_of(made, [known.vkey]) == [known.vkey]
        assert key.path.stat().st_mode & 0o777 == 0o600
        assert key.last_head() == made.note


async def test_the_same_log_is_signed_once_and_a_longer_one_anew(url: str, key: KeyFile) -> None:
    async with notary_of(url, key, 300) as notary:
        first = await signed(notary)
        assert (await signed(notary)).note == first.note
        await grow(notary.store, 7, begin=300)
        second = await signed(notary)
        assert (first.size, second.size) == (301, 308)
        async with notary.store.read() as session:
            assert len((await session.exec(select(Checkpoint))).all()) == 2


async def test_a_database_that_was_rolled_back_is_not_signed_until_somebody_says_so(
    tmp_path: Path, key: KeyFile
) -> None:
    file, copy = tmp_path / "exeunt.db", tmp_path / "backup.db"
    url = f"sqlite:///{file}"
    async with notary_of(url, key, 10) as notary:
        await signed(notary)
    shutil.copy(file, copy)
    async with notary_of(url, key) as notary:
        await grow(notary.store, 5, begin=10)
        out = await signed(notary)
    shutil.copy(copy, file)
    async with notary_of(url, key) as notary:
        for look in (notary.must_follow, notary.checkpoint):
            with pytest.raises(RolledBack, match="restored from a backup"):
                await look()
        await grow(notary.store, 9, begin=100)  # cutting and recording go on
        with pytest.raises(RolledBack):  # … and length alone does not make it the same log
            await notary.checkpoint()
        assert await notary.recover(EXEUNT, "disk died") == f"{ORIGIN}/2"
        again = await signed(notary)
        recovered = (await all_leaves(notary.store))[-1]
    assert parse_checkpoint(again.note).origin == f"{ORIGIN}/2"
    assert recovered.type == "log.recovered"
    assert f'"signed":{{"root":"{out.root.hex()}","size":16}}'.encode() in recovered.d
    assert b"disk died" not in recovered.d
    async with notary_of(url, key) as notary:
        assert (await signed(notary)).note == again.note
        with pytest.raises(CannotSign, match="follows from what was signed"):
            await notary.recover(EXEUNT, "once more")


async def test_a_log_that_was_rewritten_is_not_signed(tmp_path: Path, key: KeyFile) -> None:
    """The database says that nobody may, so whoever owns it takes the guard away first."""
    async with notary_of(f"sqlite:///{tmp_path / 'exeunt.db'}", key, 10) as notary:
        await signed(notary)
        async with notary.store.write() as session:
            connection = await session.connection()
            await connection.execute(sa.text("DROP TRIGGER leaf_no_update"))
            await connection.execute(sa.text("UPDATE leaf SET lh = zeroblob(32) WHERE idx = 3"))
        with pytest.raises(RolledBack, match="not those that were signed"):
            await notary.checkpoint()


async def test_a_new_key_signs_beside_the_old_one_once(url: str, key: KeyFile) -> None:
    async with notary_of(url, key, 3) as notary:
        first = await signed(notary)
        await notary.rotate(EXEUNT)
        keys = await keys_of(notary.store)
        [new] = [row.vkey for row in keys if row.retired_at is None]
        [old] = [row.vkey for row in keys if row.retired_at is not None]
        both = await signed(notary)
        await grow(notary.store, 1, begin=3)
        alone = await signed(notary)
        told = (await all_leaves(notary.store))[4]
    assert signers_of(first, [old]) == [old]
    assert signers_of(both, [old, new]) == [old, new]
    assert signers_of(alone, [new]) == [new]
    assert told.type == "log.key.rotated"
    assert not key.next.exists()


@pytest.mark.parametrize("dies_after", ["making", "announcing", "signing"])
async def test_a_rotation_that_was_cut_short_goes_on(
    url: str, key: KeyFile, dies_after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        pass

    def die(*_: object) -> None:
        raise Died

    async with notary_of(url, key, 3) as notary:
        await signed(notary)
        with monkeypatch.context() as patch:
            if dies_after == "making":
                patch.setattr(Notary, "_retire", die)
            elif dies_after == "announcing":
                patch.setattr(Ledger, "sequence", die)
            else:
                patch.setattr(KeyFile, "take_next", die)
            with pytest.raises(Died):
                await notary.rotate(EXEUNT)
        await notary.rotate(EXEUNT) if dies_after == "making" else await notary.ledger.sequence()
        both = await signed(notary)
        keys = [row.vkey for row in await keys_of(notary.store)]
        assert sorted(signers_of(both, keys)) == sorted(keys)
        assert not key.next.exists()
        kinds = [leaf.type for leaf in await all_leaves(notary.store)]
    assert kinds.count("log.key.rotated") == 1


async def test_a_strange_key_signs_nothing_and_a_lost_one_is_replaced_in_the_open(
    url: str, key: KeyFile, tmp_path: Path
) -> None:
    async with notary_of(url, key, 3) as notary:
        await signed(notary)
        with pytest.raises(CannotSign, match="is there"):
            await notary.replace(EXEUNT, "no reason")
        key.path.unlink()
        with pytest.raises(CannotSign, match="no key file"):
            await notary.checkpoint()
        KeyFile(key.path).create()
        with pytest.raises(CannotSign, match="never announced"):
            await notary.checkpoint()
        key.path.unlink()
        vkey = await notary.replace(EXEUNT, "the old server burnt down")
        made = await signed(notary)
        assert signers_of(made, [vkey]) == [vkey]
        assert (await all_leaves(notary.store))[-1].type == "log.key.replaced"


async def test_a_log_does_not_change_its_name(url: str, key: KeyFile) -> None:
    async with notary_of(url, key, 3) as notary:
        other = Notary(notary.store, notary.ledger, Clock(), "audit.acme.example/other", key)
        for ask in (other.open(), other.checkpoint()):
            with pytest.raises(CannotSign, match="is signed as"):
                await ask


def test_a_key_that_others_can_read_is_not_used(key: KeyFile) -> None:
    key.create()
    key.path.chmod(0o640)
    with pytest.raises(KeyUnusable, match="chmod 600"):
        key.load()


@pytest.mark.parametrize("content", [b"", b"garbage", b"-----BEGIN PRIVATE KEY-----\n"])
def test_what_is_no_key_is_not_used_and_not_overwritten(key: KeyFile, content: bytes) -> None:
    key.path.write_bytes(content)
    key.path.chmod(0o600)
    with pytest.raises(KeyUnusable, match="PEM"):
        key.load()
    with pytest.raises(KeyUnusable, match="never overwritten"):
        key.create()
    assert key.path.read_bytes() == content
