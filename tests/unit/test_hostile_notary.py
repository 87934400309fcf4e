"""Attacks on the log's key, and accidents around it: each was tried before it was mended."""

import shutil
from pathlib import Path

import pytest
from sqlmodel import select

from app.cli.audit import keys as keys_cli
from tests.conftest import StillClock
from tests.trees import grow, log_of
from tests.unit.test_notary import key, keys_of, notary_of, signed, signers_of
from tests.unit.test_publish import CONFIG
from workflows.ledger import keys
from workflows.ledger.events import EXEUNT
from workflows.ledger.keys import KeyFile
from workflows.ledger.notary import CannotSign, Notary, RolledBack
from workflows.ledger.record import Ledger
from workflows.ledger.tables import Checkpoint
from workflows.ledger.verify import (
    parse_checkpoint,
)

__all__ = ["key"]


class Died(BaseException):
    """A SIGKILL, as far as a test in the same process can have one."""


def die(*_: object, **__: object) -> None:
    raise Died


async def test_a_key_that_was_retired_signs_nothing_any_more(sqlite_url: str, key: KeyFile) -> None:
    """On another node that has its own copy of the file, or put back by whoever stole it."""
    async with notary_of(sqlite_url, key, 3) as notary:
        stolen = key.path.read_bytes()
        await signed(notary)
        await notary.rotate(EXEUNT)
        await signed(notary)
        key.path.write_bytes(stolen)
        await grow(notary.store, 2, begin=3)
        with pytest.raises(CannotSign, match="retired"):
            await notary.checkpoint()


async def test_a_key_that_was_lost_in_a_rotation_is_replaced_for_good(
    sqlite_url: str, key: KeyFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with notary_of(sqlite_url, key, 3) as notary:
        await signed(notary)
        with monkeypatch.context() as patch:
            patch.setattr(Ledger, "sequence", die)
            with pytest.raises(Died):
                await notary.rotate(EXEUNT)
        key.path.unlink()
        vkey = await notary.replace(EXEUNT, "the disk died in the middle of a rotation")
        for begin in (3, 5):
            await grow(notary.store, 2, begin=begin)
            head = await signed(notary)
            known = [row.vkey for row in await keys_of(notary.store)]
            assert signers_of(head, known) == [vkey]
        await notary.rotate(EXEUNT)
        await grow(notary.store, 2, begin=9)
        [active] = [r.vkey for r in await keys_of(notary.store) if r.retired_at is None]
        assert active != vkey
        assert signers_of(await signed(notary), [active]) == [active]


async def test_a_backup_that_is_restored_twice_is_noticed_twice(
    tmp_path: Path, key: KeyFile
) -> None:
    """Recovered on the command line, then restored again before anything was signed anew."""
    file, copy = tmp_path / "exeunt.db", tmp_path / "backup.db"
    url = f"sqlite:///{file}"
    async with notary_of(url, key, 10) as notary:
        await signed(notary)
    shutil.copy(file, copy)
    async with notary_of(url, key) as notary:
        await grow(notary.store, 5, begin=10)
        await signed(notary)
    shutil.copy(copy, file)
    async with notary_of(url, key) as notary:
        await notary.recover(EXEUNT, "disk died")
    shutil.copy(copy, file)
    async with notary_of(url, key) as notary:
        await grow(notary.store, 9, begin=50)
        with pytest.raises(RolledBack):
            await notary.checkpoint()


async def test_a_recovery_that_was_cut_short_is_signed_under_its_one_new_name(
    tmp_path: Path, key: KeyFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, copy = tmp_path / "exeunt.db", tmp_path / "backup.db"
    url = f"sqlite:///{file}"
    async with notary_of(url, key, 10) as notary:
        await signed(notary)
    shutil.copy(file, copy)
    async with notary_of(url, key) as notary:
        await grow(notary.store, 5, begin=10)
        await signed(notary)
    shutil.copy(copy, file)
    async with notary_of(url, key) as notary:
        with monkeypatch.context() as patch:
            patch.setattr(Ledger, "sequence", die)
            with pytest.raises(Died):
                await notary.recover(EXEUNT, "disk died")
        await notary.ledger.sequence()
        assert parse_checkpoint((await signed(notary)).note).origin.endswith("/2")


async def test_a_head_is_remembered_before_anybody_can_see_it(
    tmp_path: Path, key: KeyFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'exeunt.db'}"
    async with notary_of(url, key, 10) as notary:
        with monkeypatch.context() as patch:
            patch.setattr(KeyFile, "remember_head", die)
            with pytest.raises(Died):
                await notary.checkpoint()
        async with notary.store.read() as session:
            seen = (await session.exec(select(Checkpoint.note))).all()
        assert seen == [] or seen == [key.last_head()]


async def test_a_disk_that_is_full_is_a_reason_not_to_sign(
    sqlite_url: str, key: KeyFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    async with notary_of(sqlite_url, key, 10) as notary:
        monkeypatch.setattr(keys, "write_whole", full)
        with pytest.raises(CannotSign, match="No space left"):
            await notary.checkpoint()


def test_a_log_that_has_a_key_gets_no_other_by_create(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in {"DATABASE_URL": f"sqlite:///{tmp_path}/x.db", "CONFIG": "x.yaml"}.items():
        monkeypatch.setenv(f"EXEUNT_{name}", value)
    (tmp_path / "x.yaml").write_text(CONFIG)
    keys_cli.create()
    monkeypatch.setenv("EXEUNT_AUDIT_KEY", str(tmp_path / "of-another-node"))
    with pytest.raises(CannotSign, match="has a key already"):
        keys_cli.create()
    assert not (tmp_path / "of-another-node").exists()


@pytest.mark.parametrize("what", ["no folder", "a folder", "no text", "a head that is a folder"])
async def test_a_key_that_cannot_be_used_is_a_reason_not_to_sign_and_none_not_to_start(
    sqlite_url: str, tmp_path: Path, what: str
) -> None:
    """The service starts and cuts all the same: it waits for CannotSign, and for nothing else."""
    key = KeyFile(tmp_path / ("missing/log.key" if what == "no folder" else "log.key"))
    if what == "a folder":
        key.path.mkdir(mode=0o700)
    elif what == "no text":
        key.head.write_bytes(b"\xff\xfe")
    elif what == "a head that is a folder":
        key.head.mkdir()
    async with log_of(sqlite_url, 3) as (store, ledger):
        notary = Notary(store, ledger, StillClock(), "audit.acme.example/acme", key)
        try:
            await notary.open(may_create=True)
            await notary.checkpoint()
        except CannotSign:
            return
        pytest.fail("it was signed")
