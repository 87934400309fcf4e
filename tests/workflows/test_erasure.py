"""A person is erased: nobody finds them in any file again, and every proof is as good as before."""

from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlmodel import col, select

from adapters.nouns import HOLDERS, Held, State
from app.security.tokens import Role
from tests.house import eventually, leaves
from tests.unmistakable import (
    ADDRESS,
    NAME,
    SOURCE,
    VALUES,
    Telling,
    found_in,
    record,
    telling_house,
)
from workflows.errors import Conflict
from workflows.ledger import proofs
from workflows.ledger.events import Actor
from workflows.ledger.export import export
from workflows.ledger.formats import FORMATS, format_named
from workflows.ledger.read import Filters
from workflows.ledger.tables import Disclosure, Leaf
from workflows.ledger.verify import check_consistency, check_inclusion
from workflows.lookup import STATE
from workflows.privacy.erase import Erased, erase, survey
from workflows.privacy.wipe import Wiped, wipe
from workflows.tables import Approval, Case, CaseAccount, Worker

COLLEAGUE, COLLEAGUE_ID = "gustav.colleague@acme.example", "WID-31415926"
OFFICER = Actor("person", "tok_officer")
BASIS = "Art. 17(1)(a) GDPR"


@pytest.fixture
async def telling(url: str, tmp_path: Path) -> AsyncIterator[Telling]:
    async with AsyncExitStack() as stack:
        yield await stack.enter_async_context(telling_house(url, tmp_path))


async def kept_by(telling: Telling) -> list[bytes]:
    """What the database keeps, byte by byte. PostgreSQL's write-ahead log is another matter.

    PostgreSQL compresses long values, so its rows are also read as text, the engine's included.
    """
    store = telling.exeunt.world.store
    if store.file:
        return [path.read_bytes() for path in store.file.parent.glob(store.file.name + "*")]
    url = store.url.set(drivername="postgresql").render_as_string(hide_password=False)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute("CHECKPOINT")
        told = await connection.execute(
            "SELECT current_setting('data_directory'), oid FROM pg_database "
            "WHERE datname = current_database()"
        )
        [folder, number] = await told.fetchone() or ("", 0)
        files = [path for path in Path(folder).glob(f"base/{number}/*") if path.is_file()]
        return [path.read_bytes() for path in files] + await _rows(connection)


async def _rows(connection: psycopg.AsyncConnection[Any]) -> list[bytes]:
    tables = await connection.execute(
        "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables "
        "WHERE table_type = 'BASE TABLE' AND table_schema <> 'information_schema'"
    )
    rows = []
    for (table,) in await tables.fetchall():
        texts = await connection.execute(f"SELECT t::text FROM {table} t".encode())
        rows += [text.encode() for (text,) in await texts.fetchall()]
    return [b"\n".join(rows)]


async def seen(telling: Telling, values: Iterable[str]) -> set[str]:
    return {word for data in await kept_by(telling) for word, _ in found_in(data, values)}


async def erased(telling: Telling) -> Erased:
    world = telling.exeunt.world
    return await erase(
        world.store, world.ledger, world.clock, await worker_id(telling), BASIS, OFFICER
    )


async def worker_id(telling: Telling) -> str:
    async with telling.exeunt.world.store.read() as session:
        query = select(Worker.id).where(Worker.source_worker_id == SOURCE)
        found: str = (await session.exec(query)).one()
        return found


async def colleague(telling: Telling) -> None:
    """Whose manager they were, whose hand-over they agreed to, whose mailbox they could read."""
    for n in range(9):
        telling.directory.hire(f"nobody{n}@acme.example")  # so that ids are told apart in base64
    telling.directory.hire(COLLEAGUE)
    manager = {"source_worker_id": SOURCE, "work_email": ADDRESS}
    who = {"source_worker_id": COLLEAGUE_ID, "work_email": COLLEAGUE, "employee_number": None}
    await telling.exeunt.hr_says(leaves(worker=who | {"manager": manager}))
    await telling.exeunt.until(lambda c: c["containment"] == "partly", COLLEAGUE_ID)
    store = telling.exeunt.world.store
    shared = Held("m1", f"Mailbox of {NAME}", details={HOLDERS: [ADDRESS.upper(), COLLEAGUE]})
    async with store.write() as session:
        case = (
            await session.exec(
                select(Case)
                .join(Worker, col(Worker.id) == Case.worker_id)
                .where(Worker.source_worker_id == COLLEAGUE_ID)
            )
        ).one()
        [account] = (
            await session.exec(select(CaseAccount).where(CaseAccount.case_id == case.id))
        ).all()
        account.before = STATE.dump_python(State(mailbox=shared), mode="json")
        session.add(
            Approval(
                id="appr_theirs",
                case_id=case.id,
                wave="hand_over",
                digest="d",
                principal=ADDRESS,
                given_at=telling.clock.now(),
            )
        )


async def rooted(telling: Telling) -> tuple[int, bytes]:
    async with telling.exeunt.world.store.read() as session:
        size = await proofs.log_size(session)
        return size, await proofs.root_at(session, size)


@pytest.mark.slow
async def test_an_erased_person_is_in_no_file_any_more_and_every_proof_still_holds(
    telling: Telling,
) -> None:
    await telling.leave()
    await colleague(telling)
    world = telling.exeunt.world
    await world.ledger.sequence()
    old = await rooted(telling)
    assert await seen(telling, VALUES) == set(VALUES), "the search would find them"

    looked = await survey(world.store, await worker_id(telling))
    done = await erased(telling)
    assert (done.disclosures, done.elsewhere) == (looked.disclosures, looked.elsewhere)
    assert (done.left, done.already) == ((), False)
    assert done.disclosures > 20
    assert done.elsewhere >= 4  # the colleague's record, its delivery, the mailbox, the approval
    assert await wipe(world.store) == Wiped(done=True)
    await world.ledger.sequence()

    assert await seen(telling, telling.values) == set()
    for name in FORMATS:
        parts = export(world.store, format_named(name), Filters())
        text = b"".join([part.data async for part in parts])
        assert found_in(text, telling.values) == set(), name
    await _proofs_hold(telling, old)
    [event] = await telling.exeunt.events(type="privacy.erased")
    assert event["subject"] == done.subject
    assert event["data"] == {"basis": BASIS, "disclosures": done.disclosures}
    async with world.store.read() as session:
        theirs = select(Disclosure).where(Disclosure.subject == done.subject)
        assert (await session.exec(theirs)).all() == []


async def _proofs_hold(telling: Telling, old: tuple[int, bytes]) -> None:
    old_size, old_root = old
    size, root = await rooted(telling)
    async with telling.exeunt.world.store.read() as session:
        assert await proofs.root_at(session, old_size) == old_root
        for leaf in (await session.exec(select(Leaf))).all():
            path = await proofs.inclusion(session, leaf.idx, size)
            check_inclusion(leaf.idx, size, leaf.lh, path, root)
        path = await proofs.consistency(session, old_size, size)
        check_consistency(old_size, old_root, size, root, path)


async def test_of_an_erased_person_no_case_can_be_taken_up_again(telling: Telling) -> None:
    case = await telling.leave()
    await erased(telling)
    for what, body in (
        ("retry", None),
        ("restore", {"reason": "wrong person"}),
        ("cancel", None),
    ):
        operator = await telling.exeunt.client(Role.OPERATOR)
        answer = await operator.post(f"/cases/{case['id']}/{what}", json=body)
        assert answer.status_code == 409, what
        assert "new case" in answer.json()["next_step"]
    shown = await (await telling.exeunt.client()).get(f"/cases/{case['id']}")
    assert shown.status_code == 200
    assert found_in(shown.content, telling.values) == set()


async def test_hr_sends_them_again_and_they_are_somebody_new(telling: Telling) -> None:
    await telling.leave()
    before = await erased(telling)
    await telling.exeunt.hr_says(leaves("worker.hired", worker=record(), termination=None))

    async def known() -> list[str]:
        async with telling.exeunt.world.store.read() as session:
            query = select(Worker.subject).where(Worker.source_worker_id == SOURCE)
            return list((await session.exec(query)).all())

    [subject] = await eventually(known, bool)
    assert subject != before.subject


async def test_while_a_case_is_open_nobody_is_erased(telling: Telling) -> None:
    await telling.exeunt.hr_says(leaves("worker.access_revoke_now", worker=record()))
    await telling.exeunt.until(lambda c: bool(c["accounts"]), SOURCE)
    with pytest.raises(Conflict, match="given back"):
        await erased(telling)
