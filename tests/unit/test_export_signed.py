"""An export of the whole log comes with what it is checked against, and stands the check."""

import asyncio
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from adapters.clock import Clock
from app.cli.audit import cli
from tests.trees import grow
from workflows.ledger import verify
from workflows.ledger.keys import KeyFile
from workflows.ledger.notary import Notary
from workflows.ledger.note import Signer
from workflows.ledger.record import Ledger
from workflows.schema import migrate
from workflows.store import Store

ORIGIN = "audit.example.com/acme"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A signed log of 300 events and the announcement of its key."""
    url = f"sqlite:///{tmp_path / 'exeunt.db'}"
    monkeypatch.setenv("EXEUNT_DATABASE_URL", url)
    migrate(url)

    async def begin() -> None:
        store = Store(url)
        ledger = Ledger(store, Clock())
        await Notary(store, ledger, Clock(), ORIGIN, key_of(tmp_path)).open(may_create=True)
        await grow(store, 300)
        await store.close()

    asyncio.run(begin())
    return tmp_path


def key_of(folder: Path) -> KeyFile:
    return KeyFile(folder / "exeunt.db.audit-key")


def exported(folder: Path, *options: str) -> Path:
    out = folder / "log.jsonl"
    done = CliRunner().invoke(cli, ["export", "--out", str(out), *options])
    assert done.exit_code == 0, done.output
    return out


def verified(folder: Path, out: Path, *options: str) -> int:
    vkey = Signer(ORIGIN, key_of(folder).load()).vkey
    checkpoint = f"{out}.checkpoint"
    return verify.main(["log", str(out), "--checkpoint", checkpoint, "--key", vkey, *options])


def prune(folder: Path, leaves: int) -> None:
    engine = sa.create_engine(f"sqlite:///{folder / 'exeunt.db'}")
    with engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE audit_head SET pruned = {leaves}")
        connection.exec_driver_sql(f"DELETE FROM leaf WHERE idx < {leaves}")
    engine.dispose()


def test_the_whole_log_stands_the_check_of_who_does_not_trust_us(folder: Path) -> None:
    out = exported(folder)
    assert verified(folder, out) == 0
    assert not (folder / "log.jsonl.frontier").exists()


def test_an_export_with_an_event_left_out_does_not(folder: Path) -> None:
    out = exported(folder)
    lines = out.read_bytes().splitlines(keepends=True)
    out.write_bytes(b"".join(lines[:100] + lines[101:]))
    assert verified(folder, out) != 0


def test_a_log_that_was_pruned_is_checked_from_its_frontier_on(folder: Path) -> None:
    prune(folder, 256)
    out = exported(folder)
    assert len(out.read_bytes().splitlines()) == 301 - 256
    assert verified(folder, out, "--frontier", f"{out}.frontier") == 0


def test_what_was_begun_before_the_pruning_is_checked_from_where_it_begins(folder: Path) -> None:
    whole = exported(folder).read_bytes()
    (folder / "log.jsonl.partial").write_bytes(b"".join(whole.splitlines(keepends=True)[:280]))
    prune(folder, 256)
    out = exported(folder, "--resume")
    assert out.read_bytes() == whole
    assert not (folder / "log.jsonl.frontier").exists()
    assert verified(folder, out) == 0


@pytest.mark.parametrize("options", [("--type", "test.leaf"), ("--since", "2020-01-01")])
def test_what_proves_nothing_bears_no_head_not_even_an_old_one(
    folder: Path, options: tuple[str, ...]
) -> None:
    exported(folder)
    assert (folder / "log.jsonl.checkpoint").exists()
    exported(folder, *options)
    assert not (folder / "log.jsonl.checkpoint").exists()


def test_without_its_key_the_log_is_exported_all_the_same_and_that_is_said(folder: Path) -> None:
    key_of(folder).path.unlink()
    out = folder / "log.jsonl"
    done = CliRunner().invoke(cli, ["export", "--out", str(out)])
    assert done.exit_code == 0
    assert "not signed" in done.stderr
    assert len(out.read_bytes().splitlines()) == 301
    assert not (folder / "log.jsonl.checkpoint").exists()


def test_the_check_says_what_is_not_signed_yet(folder: Path) -> None:
    exported(folder)  # which signs
    asyncio.run(_grown(folder, 7))
    done = CliRunner().invoke(cli, ["check"])
    assert done.exit_code == 0
    assert "✓ 301 events are what was signed" in done.output
    assert "7 newer ones are not signed yet" in done.output


def test_the_check_finds_a_database_that_was_put_back(folder: Path) -> None:
    """All that it knows to be signed fits: the head beside the key is what it does not know."""
    exported(folder)
    shutil.copy(folder / "exeunt.db", folder / "backup.db")
    asyncio.run(_grown(folder, 7))
    exported(folder)
    shutil.copy(folder / "backup.db", folder / "exeunt.db")
    done = CliRunner().invoke(cli, ["check"])
    assert done.exit_code == 1
    assert "308 events were signed" in " ".join(done.output.split())
    assert "exeunt audit recover" in " ".join(done.output.split())


async def _grown(folder: Path, leaves: int) -> None:
    store = Store(f"sqlite:///{folder / 'exeunt.db'}")
    await grow(store, leaves, begin=1000)
    await store.close()
