"""exeunt erase: it shows what goes, asks, says what was done, and can be repeated."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from adapters.clock import Clock
from adapters.hr.contract import WorkerRecord, WorkerStatus
from app.cli import cli
from app.cli.erase import NOT_WIPED
from tests.unmistakable import ADDRESS, NAME, NUMBER, found_in
from workflows.errors import Conflict, NotFound
from workflows.ledger.events import Event
from workflows.ledger.record import Ledger
from workflows.privacy import wipe as wiping
from workflows.schema import migrate
from workflows.store import Store
from workflows.tables import Worker, WorkerAddress

SUBJECT = "s_abcdefghijklmnopqrstuvwxyz"
RECORD = WorkerRecord(
    source_worker_id=NUMBER,
    employee_number=NUMBER,
    work_email=ADDRESS,
    display_name=NAME,
    status=WorkerStatus.TERMINATED,
)


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Somebody who left."""
    file = tmp_path / "exeunt.db"
    url = f"sqlite:///{file}"
    migrate(url)
    monkeypatch.setenv("EXEUNT_DATABASE_URL", url)
    asyncio.run(_left(url))
    return file


async def _left(url: str) -> None:
    store = Store(url)
    worker = Worker(
        id="worker_1",
        connection="people",
        source_worker_id=NUMBER,
        subject=SUBJECT,
        record=RECORD.model_dump(mode="json"),
        active=False,
        seen_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    async with store.write() as session:
        session.add(worker)
        await session.flush()
        session.add(WorkerAddress(worker_id="worker_1", address=ADDRESS))
        event = Event("test.event", subject=SUBJECT, personal={"name": NAME, "email": ADDRESS})
        await Ledger(store, Clock()).record(session, event)
    await store.close()


def run(*words: str, said: str = "") -> Result:
    return CliRunner().invoke(cli, [*words], input=said)


def erase(*words: str, said: str = "") -> Result:
    return run("erase", "--basis", "Art. 17 GDPR", *words, said=said)


def test_it_shows_what_goes_asks_and_erases(database: Path) -> None:
    result = erase("--email", ADDRESS, said="y\n")
    assert (result.exit_code, result.exception) == (0, None), result.output
    assert "2 personal values" in " ".join(result.output.split())
    assert f"{SUBJECT} is erased" in result.output
    assert NAME not in result.output
    for file in database.parent.glob("exeunt.db*"):
        assert found_in(file.read_bytes(), (ADDRESS, NAME, NUMBER)) == set()


def test_who_says_no_changes_nothing(database: Path) -> None:
    assert erase("--employee-number", NUMBER, said="n\n").exit_code == 1
    assert found_in(database.read_bytes() + _wal(database), (NAME,))


def _wal(database: Path) -> bytes:
    file = database.with_name("exeunt.db-wal")
    return file.read_bytes() if file.exists() else b""


@pytest.mark.usefixtures("database")
def test_a_second_time_it_says_that_it_is_done_already() -> None:
    assert erase("--subject", SUBJECT, "--yes").exit_code == 0
    again = erase("--subject", SUBJECT, "--yes")
    assert again.exit_code == 0
    assert "already" in again.output
    assert isinstance(erase("--email", ADDRESS, "--yes").exception, NotFound)


@pytest.mark.usefixtures("database")
def test_a_hold_keeps_them_until_it_is_lifted() -> None:
    assert run("hold", "--subject", SUBJECT, "--reason", "4 Ca 118/26").exit_code == 0
    assert isinstance(erase("--subject", SUBJECT, "--yes").exception, Conflict)
    assert run("hold", "--lift", "--subject", SUBJECT, "--reason", "over").exit_code == 0
    assert erase("--subject", SUBJECT, "--yes").exit_code == 0


def test_while_somebody_reads_an_older_state_it_says_where_the_bytes_still_are(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiping, "TRIES", 1)
    with closing(sqlite3.connect(database)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT record FROM worker").fetchone()
        result = erase("--subject", SUBJECT, "--yes")
        assert result.exit_code == NOT_WIPED, result.output
        assert "exeunt.db-wal" in result.output
    assert erase("--subject", SUBJECT, "--yes").exit_code == 0
    for file in database.parent.glob("exeunt.db*"):
        assert found_in(file.read_bytes(), (ADDRESS, NAME, NUMBER)) == set()
