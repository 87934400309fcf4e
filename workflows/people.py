"""Workers as HR last described them: kept, found by what they are known by, never guessed."""

import base64
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from adapters.hr.contract import WorkerRecord, WorkerStatus
from adapters.matching import normal_address
from adapters.nouns import Match, Person, Rule
from workflows.tables import AccountLink, Worker, WorkerAddress
from workflows.world import World

MADE_HERE = "manual"
"""The connection of workers that HR never sent, such as contractors."""
GONE = (WorkerStatus.TERMINATED, WorkerStatus.DELETED)


async def known_worker(
    session: AsyncSession, connection: str, source_worker_id: str
) -> Worker | None:
    """The worker, with the row locked: two deliveries about one person take turns."""
    query = (
        select(Worker)
        .where(Worker.connection == connection, Worker.source_worker_id == source_worker_id)
        .with_for_update()
    )
    return (await session.exec(query)).first()


async def keep_worker(
    world: World,
    session: AsyncSession,
    connection: str,
    record: WorkerRecord,
    updated_at: datetime | None,
) -> Worker:
    """Store the record as the newest snapshot, and the addresses that it is found by."""
    worker = await known_worker(session, connection, record.source_worker_id)
    if worker is None:
        worker = Worker(
            id=world.clock.id("worker"),
            connection=connection,
            source_worker_id=record.source_worker_id,
            subject=_pseudonym(world.clock.token()),
            version=0,
        )
        session.add(worker)
    worker.record = record.model_dump(mode="json")
    # Who was made from a request to offboard them takes nobody's address.
    worker.active = record.status not in GONE and connection != MADE_HERE
    worker.source_updated_at = updated_at or worker.source_updated_at
    worker.seen_at = world.clock.now()
    worker.version += 1
    await session.flush()
    await _keep_addresses(session, worker.id, addresses_of(record))
    return worker


async def _keep_addresses(session: AsyncSession, worker_id: str, addresses: set[str]) -> None:
    await session.exec(sa.delete(WorkerAddress).where(col(WorkerAddress.worker_id) == worker_id))
    for address in sorted(addresses):
        session.add(WorkerAddress(worker_id=worker_id, address=address))


def record_of(worker: Worker) -> WorkerRecord:
    """The worker as HR last described them."""
    return WorkerRecord.model_validate(worker.record)


def addresses_of(record: WorkerRecord) -> set[str]:
    mails = (record.work_email, *record.other_emails)
    return {normal_address(mail) for mail in mails if mail and mail.strip()}


async def workers_by(
    session: AsyncSession,
    *,
    address: str | None = None,
    employee_number: str | None = None,
    source_worker_id: str | None = None,
) -> list[Worker]:
    """Everybody who is known by this; more than one is for the caller to refuse."""
    query = select(Worker)
    if address is not None:
        query = query.join(WorkerAddress, col(WorkerAddress.worker_id) == Worker.id).where(
            WorkerAddress.address == normal_address(address)
        )
    elif source_worker_id is not None:
        query = query.where(Worker.source_worker_id == source_worker_id)
    else:
        number = sa.type_coerce(col(Worker.record), sa.JSON)["employee_number"].as_string()
        query = query.where(number == employee_number)
    return list((await session.exec(query)).all())


async def person_of(
    session: AsyncSession, record: WorkerRecord, system: str, worker_id: str | None
) -> Person:
    """What this worker is looked for by in one system, stored links included.

    A link by a number that two people have counts for neither.
    """
    addresses = addresses_of(record)
    number = record.employee_number or ""
    if number and await _number_is_shared(session, number, worker_id):
        number = ""
    links = select(AccountLink.account).where(
        AccountLink.system == system,
        sa.or_(
            sa.and_(
                col(AccountLink.employee_number) != "",
                col(AccountLink.employee_number) == number,
            ),
            col(AccountLink.address).in_(addresses),
        ),
    )
    return Person(
        employee_number=record.employee_number,
        addresses=tuple(sorted(addresses)),
        links=tuple((await session.exec(links)).all()),
    )


async def claimed_by_others(
    session: AsyncSession, record: WorkerRecord, worker_id: str | None, matches: Sequence[Match]
) -> dict[str, str]:
    """Accounts that may be somebody else's who is still here: account id → why.

    Anybody's address that is on the account counts, not only the leaver's own; and a number that
    two HR connections gave to two people says nothing of either.
    """
    number = record.employee_number
    shared = number is not None and await _number_is_shared(session, number, worker_id)
    mine, claims = addresses_of(record), dict[str, str]()
    for hit in matches:
        account = hit.account
        theirs = {normal_address(name) for name in (*account.addresses, account.login) if name}
        if await _somebody_active_has(session, theirs, worker_id):
            claims[account.id] = "its address is also that of another worker who is still here"
        elif shared and hit.rule is Rule.EMPLOYEE_NUMBER and not theirs & mine:
            claims[account.id] = "another worker who is still here has this employee number too"
    return claims


async def _somebody_active_has(
    session: AsyncSession, addresses: set[str], worker_id: str | None
) -> bool:
    others = (
        select(WorkerAddress.worker_id)
        .join(Worker, col(Worker.id) == WorkerAddress.worker_id)
        .where(
            col(WorkerAddress.address).in_(addresses),
            WorkerAddress.worker_id != (worker_id or ""),
            col(Worker.active).is_(True),
        )
    )
    return (await session.exec(others.limit(1))).first() is not None


async def _number_is_shared(session: AsyncSession, number: str, worker_id: str | None) -> bool:
    held = sa.type_coerce(col(Worker.record), sa.JSON)["employee_number"].as_string()
    others = select(Worker.id).where(
        held == number, Worker.id != (worker_id or ""), col(Worker.active).is_(True)
    )
    return (await session.exec(others.limit(1))).first() is not None


def _pseudonym(randomness: bytes) -> str:
    """`s_` and 26 characters that say nothing about the person."""
    return "s_" + base64.b32encode(randomness).decode("ascii").rstrip("=").lower()
