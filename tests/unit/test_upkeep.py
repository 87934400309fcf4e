"""Once a day: who left a year ago is erased, who works here stays, and a crash is made up for."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from adapters.hr.contract import WorkerRecord
from tests.conftest import NOON, StillClock
from tests.trees import all_leaves, log_of
from workflows.ledger.events import Actor, Event
from workflows.ledger.record import Ledger
from workflows.ledger.tables import Disclosure
from workflows.privacy import upkeep as upkeeping
from workflows.privacy import wipe as wiping
from workflows.privacy.erase import erase
from workflows.privacy.tables import LegalHold
from workflows.privacy.upkeep import Kept, upkeep
from workflows.privacy.wipe import is_due, wipe
from workflows.store import Store
from workflows.tables import Case, CaseAccount, HrDelivery, Recheck, Worker, WorkerAddress

YEAR = timedelta(days=395)
LONG_AGO, LATELY = NOON - timedelta(days=400), NOON - timedelta(days=300)


@dataclass
class Firm:
    store: Store
    clock: StillClock = field(default_factory=StillClock)

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.store, self.clock)

    async def upkeep(self) -> Kept | None:
        return await upkeep(self.store, self.ledger, self.clock, YEAR)

    async def add(self, *rows: Any) -> None:
        async with self.store.write() as session:
            for row in rows:
                session.add(row)
                await session.flush()

    async def worker(self, name: str, *, active: bool, seen: datetime, **case: Any) -> None:
        """Somebody, with a case unless nothing is said of it, and one personal value in the log."""
        record = WorkerRecord(source_worker_id=name, work_email=f"{name}@acme.example")
        row = Worker(
            id=f"worker_{name}",
            connection="people",
            source_worker_id=name,
            subject=f"s_{name}",
            record=record.model_dump(mode="json"),
            active=active,
            seen_at=seen,
        )
        await self.add(row)
        if case:
            told: Any = {"kind": "other", "containment": "contained", "subject": f"s_{name}"}
            when: Any = {"effective_at": LONG_AGO, "received_at": LONG_AGO}
            await self.add(
                Case(id=f"case_{name}", worker_id=f"worker_{name}", **told, **when, **case)
            )
        async with self.store.write() as session:
            event = Event("test.event", subject=f"s_{name}", personal={"name": name})
            await self.ledger.record(session, event)

    async def erased(self) -> set[str]:
        async with self.store.read() as session:
            gone = select(Worker.id).where(col(Worker.erased_at).is_not(None))
            left = (await session.exec(select(Disclosure.subject))).all()
            names = set((await session.exec(gone)).all())
        gone_ids = {name.removeprefix("worker_") for name in names}
        assert not {f"s_{name}" for name in gone_ids} & set(left)
        return gone_ids


@asynccontextmanager
async def firm(url: str) -> AsyncIterator[Firm]:
    async with log_of(url) as (store, _):
        yield Firm(store)


CLOSED: Any = {"status": "closed", "closed_at": LONG_AGO}


async def test_who_left_long_enough_ago_is_erased_and_nobody_else(url: str) -> None:
    async with firm(url) as made:
        long_ago: Any = {"active": False, "seen": LONG_AGO}
        await made.worker("left_long_ago", **long_ago, **CLOSED)
        await made.worker("hr_never_said_so", active=True, seen=LONG_AGO, **CLOSED)
        await made.worker("gone_without_a_case", **long_ago)
        await made.worker("cancelled", **long_ago, status="cancelled", closed_at=LONG_AGO)
        await made.worker("left_lately", **long_ago, status="closed", closed_at=LATELY)
        await made.worker("waits", **long_ago, status="waiting")
        await made.worker("works_here", active=True, seen=LONG_AGO)
        await made.worker("came_back", active=True, seen=LATELY, **CLOSED)
        back: Any = CLOSED | {"restored_at": LONG_AGO}
        await made.worker("given_back", active=True, seen=LONG_AGO, **back)
        await made.worker("held", **long_ago, **CLOSED)
        await made.add(
            LegalHold(worker_id="worker_held", reason="r", placed_by="p", placed_at=NOON)
        )
        assert await made.upkeep() == Kept(erased=4, pruned=0, wiped=True)
        assert await made.erased() == {
            "left_long_ago",
            "hr_never_said_so",
            "gone_without_a_case",
            "cancelled",
        }
        await made.ledger.sequence()
        said = [leaf.d for leaf in await all_leaves(made.store) if leaf.type == "privacy.erased"]
        assert len(said) == 4
        assert all(b'"basis":"retention"' in d for d in said)


async def test_the_inbox_is_emptied_of_what_is_old_and_taken_in(url: str) -> None:
    async with firm(url) as made:
        for name, received, state in (
            ("old", LONG_AGO, "done"),
            ("new", LATELY, "done"),
            ("unread", LONG_AGO, "received"),
        ):
            said: Any = {"connection": "people", "dedupe_key": name, "body_sha256": "aa"}
            events = [{"source_worker_id": "7", "type": "worker.hint"}]
            await made.add(
                HrDelivery(id=name, received_at=received, state=state, events=events, **said)
            )
        await made.upkeep()
        async with made.store.read() as session:
            rows = (await session.exec(select(HrDelivery))).all()
        emptied = {row.id for row in rows if row.events == [] and row.body_sha256 == ""}
        assert emptied == {"old"}


async def test_it_is_done_once_a_day(sqlite_url: str) -> None:
    async with firm(sqlite_url) as made:
        assert await made.upkeep() == Kept(0, 0, wiped=True)
        made.clock.advance(hours=23)
        assert await made.upkeep() is None
        made.clock.advance(hours=1)
        assert await made.upkeep() is not None


async def test_what_died_in_between_is_done_an_hour_later(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with firm(sqlite_url) as made:
        await made.worker("first", active=False, seen=LONG_AGO)
        await made.worker("second", active=False, seen=LONG_AGO)
        real = erase

        async def _dies(store: Store, ledger: Ledger, clock: Any, who: str, *rest: Any) -> Any:
            if who == "worker_second":
                raise KilledError
            return await real(store, ledger, clock, who, *rest)

        monkeypatch.setattr(upkeeping, "erase", _dies)
        with pytest.raises(KilledError):
            await made.upkeep()
        monkeypatch.undo()
        assert await made.erased() == {"first"}
        assert await made.upkeep() is None
        made.clock.advance(hours=1)
        assert await made.upkeep() == Kept(erased=1, pruned=0, wiped=True)
        assert await made.erased() == {"first", "second"}


class KilledError(Exception):
    pass


async def test_whoever_is_still_needed_is_left_for_another_day(sqlite_url: str) -> None:
    async with firm(sqlite_url) as made:
        await made.worker("ada", active=False, seen=LONG_AGO, **CLOSED)
        account = CaseAccount(
            id="acct_1", case_id="case_ada", system="d", account_id="1", login="ada"
        )
        check = Recheck(
            id="check_1", case_id="case_ada", case_account_id="acct_1", label="7d", due_at=NOON
        )
        await made.add(account, check)
        assert await made.upkeep() == Kept(0, 0, wiped=True)
        assert await made.erased() == set()


async def test_the_database_is_not_rewritten_while_a_cut_is_near(sqlite_url: str) -> None:
    async with firm(sqlite_url) as made:
        await made.worker("ada", active=False, seen=LONG_AGO, **CLOSED)
        await made.worker("ben", active=True, seen=NOON, status="running")
        assert await made.upkeep() == Kept(erased=1, pruned=0, wiped=False)
        assert await is_due(made.store)
        async with made.store.write() as session:
            await session.exec(
                sa.update(Case).where(col(Case.id) == "case_ben").values(status="waiting")
            )
        made.clock.advance(days=1)
        assert await made.upkeep() == Kept(erased=0, pruned=0, wiped=True)
        assert not await is_due(made.store)


async def test_postgres_is_not_called_clean_while_an_older_transaction_is_open(
    postgres_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiping, "TRIES", 1)
    monkeypatch.setattr(wiping, "PAUSE_SECONDS", 0.0)
    async with firm(postgres_server.database()) as made:
        url = made.store.url.set(drivername="postgresql").render_as_string(hide_password=False)
        async with await psycopg.AsyncConnection.connect(url) as looking_back:
            await looking_back.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            await looking_back.execute("SELECT 1")
            await made.worker("ada", active=False, seen=LONG_AGO)
            wiped = await wipe(made.store)
            assert (wiped.done, "older" in wiped.where) == (False, True)
        assert (await wipe(made.store)).done


async def test_the_account_that_somebody_elses_case_cut_stays_and_is_named(url: str) -> None:
    async with firm(url) as made:
        await made.worker("ada", active=False, seen=LONG_AGO)
        await made.worker("ben", active=False, seen=LONG_AGO, status="waiting")
        theirs: Any = {"case_id": "case_ben", "system": "d", "account_id": "ada@acme.example"}
        await made.add(CaseAccount(id="acct_1", login="ADA@acme.example", **theirs))
        actor = Actor("person", "tok_1")
        done = await erase(made.store, made.ledger, made.clock, "worker_ada", "basis", actor)
        assert done.left == ("case_account acct_1",)
        async with made.store.read() as session:
            assert (await session.get_one(CaseAccount, "acct_1")).login == "ADA@acme.example"


async def test_whoever_is_called_the_same_keeps_their_name_and_their_address(url: str) -> None:
    async with firm(url) as made:
        await made.worker("ada", active=False, seen=LONG_AGO)
        await made.worker("new", active=True, seen=NOON)
        shared: Any = {"employee_number": "EN-120755", "display_name": "Ada Lovelace"}
        boss = {"source_worker_id": "ada", "work_email": "ada.l@acme.example"}
        async with made.store.write() as session:
            for name, facts in (
                ("ada", {"work_email": "ada.l@acme.example"}),
                ("new", {"work_email": "ada@acme.example", "manager": boss}),
            ):
                row = await session.get_one(Worker, f"worker_{name}")
                row.record = {**row.record, **shared, **facts}
            address = {"worker_id": "worker_new", "address": "ada@acme.example"}
            session.add(WorkerAddress(**address))
        actor = Actor("person", "tok_1")
        await erase(made.store, made.ledger, made.clock, "worker_ada", "basis", actor)
        async with made.store.read() as session:
            new = (await session.get_one(Worker, "worker_new")).record
        assert {key: new[key] for key in shared} == shared
        assert (new["work_email"], new["manager"]) == ("ada@acme.example", None)
