"""A person's own rows: what is deleted, and what is emptied and stays for the record."""

import json
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from adapters.hr.contract import WorkerRecord, WorkerStatus
from adapters.matching import normal_address
from workflows.ledger.events import opened
from workflows.ledger.tables import Disclosure
from workflows.people import addresses_of, record_of
from workflows.privacy.tables import ErasureRequest, LegalHold
from workflows.tables import (
    AccountLink,
    ApiToken,
    Approval,
    Attempt,
    Case,
    CaseAccount,
    HrDelivery,
    Item,
    Part,
    RequestKey,
    Task,
    Worker,
    WorkerAddress,
)

GONE = "erased"
ITEM: dict[str, Any] = {
    **dict.fromkeys(("message", "fix", "permission", "gap_detail", "given_to"), ""),
    "taken": sa.null(),
    "things": [],
}
TASK: dict[str, Any] = {"title": GONE, "how_to": "", "candidates": [], "note": ""}


async def cases_of(session: AsyncSession, worker: Worker) -> list[Case]:
    return list((await session.exec(select(Case).where(Case.worker_id == worker.id))).all())


async def addresses(session: AsyncSession, worker: Worker) -> set[str]:
    """Every one that they are or were known by to us."""
    kept = select(WorkerAddress.address).where(WorkerAddress.worker_id == worker.id)
    return addresses_of(record_of(worker)) | set((await session.exec(kept)).all())


async def values_of(session: AsyncSession, worker: Worker) -> set[str | None]:
    """What they alone are called, by HR and by the systems.

    An address or a name that somebody else has, too, says nothing of them any more.
    """
    return {
        value
        for value in await said_of(session, worker)
        if value and not await _is_also_somebody_elses(session, worker, value)
    }


async def said_of(session: AsyncSession, worker: Worker) -> set[str | None]:
    """What they are called, by HR and by the systems, whoever else is called so."""
    record = record_of(worker)
    told = {record.source_worker_id, record.employee_number, record.display_name}
    mine = select(CaseAccount.account_id, CaseAccount.login).join(
        Case, col(Case.id) == CaseAccount.case_id
    )
    accounts = (await session.exec(mine.where(Case.worker_id == worker.id))).all()
    return told | await addresses(session, worker) | {one for row in accounts for one in row}


async def _is_also_somebody_elses(session: AsyncSession, worker: Worker, value: str) -> bool:
    said = sa.type_coerce(col(Worker.record), sa.JSON)
    theirs = select(WorkerAddress.worker_id).where(WorkerAddress.address == normal_address(value))
    others = select(Worker.id).where(
        Worker.id != worker.id,
        sa.or_(
            col(Worker.id).in_(theirs),
            col(Worker.source_worker_id) == value,
            said["employee_number"].as_string() == value,
            said["display_name"].as_string() == value,
        ),
    )
    return (await session.exec(others.limit(1))).first() is not None


async def deliveries_about(session: AsyncSession, worker: Worker) -> list[HrDelivery]:
    """What HR sent that speaks of them."""
    written = sa.cast(col(HrDelivery.events), sa.Text)
    likely = select(HrDelivery).where(
        HrDelivery.connection == worker.connection,
        written.contains(json.dumps(worker.source_worker_id), autoescape=True),
    )
    rows = (await session.exec(likely)).all()
    return [row for row in rows if any(_is_about(event, worker) for event in row.events)]


def _is_about(event: dict[str, Any], worker: Worker) -> bool:
    return bool(event.get("source_worker_id") == worker.source_worker_id)


async def questions_about(session: AsyncSession, worker: Worker) -> list[Task]:
    """Tasks outside of a case that name them, as workflows/consider.py writes them."""
    named = f" {worker.connection}/{worker.source_worker_id}:"
    query = select(Task).where(
        col(Task.case_id).is_(None), col(Task.title).contains(named, autoescape=True)
    )
    return list((await session.exec(query)).all())


async def tokens_of(session: AsyncSession, worker: Worker) -> list[ApiToken]:
    theirs = await addresses(session, worker)
    tokens = (await session.exec(select(ApiToken).where(ApiToken.address != ""))).all()
    return [token for token in tokens if normal_address(token.address) in theirs]


async def _of_nobody(session: AsyncSession, worker: Worker) -> set[str]:
    """Events that knew no worker: who holds a token, and a question that HR asked early on."""
    theirs = await addresses(session, worker)
    named = f" {worker.connection}/{worker.source_worker_id}:"
    rows = (await session.exec(select(Disclosure).where(Disclosure.subject == ""))).all()
    events = set()
    for row in rows:
        name, value = opened(row.disclosure)
        is_theirs = name == "address" and normal_address(value) in theirs
        if is_theirs or (name == "title" and named in value):
            events.add(row.event_id)
    return events


async def _forget_disclosures(session: AsyncSession, worker: Worker) -> int:
    """Every personal value of theirs that some event commits to; how many there were."""
    about = [worker.subject, *(row.id for row in await deliveries_about(session, worker))]
    unnamed = col(Disclosure.event_id).in_(await _of_nobody(session, worker))
    theirs = col(Disclosure.subject).in_(about) | ((col(Disclosure.subject) == "") & unnamed)
    return (await session.exec(sa.delete(Disclosure).where(theirs))).rowcount


async def forget(session: AsyncSession, worker: Worker) -> int:
    """Delete and empty all of it in the caller's transaction; how many disclosures there were."""
    disclosures = await _forget_disclosures(session, worker)
    await _forget_deliveries(session, worker)
    await _forget_cases(session, [case.id for case in await cases_of(session, worker)])
    for task in await questions_about(session, worker):
        await _set(session, Task, col(Task.id) == task.id, TASK)
    for token in await tokens_of(session, worker):
        blank = {"name": GONE, "address": f"{GONE}:{worker.subject}"}
        await _set(session, ApiToken, col(ApiToken.id) == token.id, blank)
    await _forget_links(session, worker)
    for table in (WorkerAddress, ErasureRequest, LegalHold):
        await session.exec(sa.delete(table).where(col(table.worker_id) == worker.id))
    nobody = WorkerRecord(source_worker_id=f"{GONE}:{worker.id}", status=WorkerStatus.DELETED)
    worker.source_worker_id, worker.record = nobody.source_worker_id, nobody.model_dump(mode="json")
    worker.active, worker.seen_at, worker.source_updated_at = False, None, None
    return disclosures


async def _forget_deliveries(session: AsyncSession, worker: Worker) -> None:
    for row in await deliveries_about(session, worker):
        row.events = [event for event in row.events if not _is_about(event, worker)]
        # Bare hashes over what they said; and a key that may have been made from it.
        row.body_sha256, row.dedupe_key, row.note = "", f"{GONE}:{row.id}", ""


async def _forget_links(session: AsyncSession, worker: Worker) -> None:
    theirs, number = await addresses(session, worker), record_of(worker).employee_number
    by_address = col(AccountLink.address).in_(theirs)
    by_number = sa.and_(
        col(AccountLink.employee_number) != "", col(AccountLink.employee_number) == (number or "")
    )
    await session.exec(sa.delete(AccountLink).where(by_address | by_number))


async def _forget_cases(session: AsyncSession, cases: list[str]) -> None:
    items = sa.select(col(Item.id)).where(col(Item.case_id).in_(cases))
    empty = sa.null()
    own_id = col(CaseAccount.id)
    account = {"account_id": sa.literal(f"{GONE}:") + own_id, "login": GONE}
    states = {"before": empty, "after": empty, "earlier": []}
    digest = {"digest": sa.literal(f"{GONE}:") + col(Approval.id)}
    await session.exec(sa.delete(RequestKey).where(col(RequestKey.case_id).in_(cases)))
    await _set(session, Attempt, col(Attempt.item_id).in_(items), {"baseline": empty})
    await _set(session, Case, col(Case.id).in_(cases), {"reason": "", "reference": ""})
    await _set(session, CaseAccount, col(CaseAccount.case_id).in_(cases), account | states)
    await _set(session, Item, col(Item.case_id).in_(cases), ITEM)
    await _set(session, Task, col(Task.case_id).in_(cases), TASK)
    await _set(session, Part, col(Part.case_id).in_(cases), {"lookup_note": ""})
    await _set(session, Approval, col(Approval.case_id).in_(cases), digest)


async def _set(
    session: AsyncSession,
    model: type[SQLModel],
    where: sa.ColumnElement[bool],
    values: dict[str, Any],
) -> None:
    update = sa.update(model).where(where).values(values)
    await session.exec(update.execution_options(synchronize_session=False))
