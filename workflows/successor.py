"""Who takes over in one system: the first of the policy's chain who still works here."""

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from adapters.matching import normal_address
from adapters.nouns import Account, Kind, Person
from workflows.model import CaseStatus
from workflows.people import person_of, record_of, workers_by
from workflows.tables import Case, Worker
from workflows.world import World

MANAGER = "manager"
BEGUN = (CaseStatus.RUNNING, CaseStatus.WAITING, CaseStatus.CLOSED)


async def successor_of(world: World, case_id: str, system: str) -> Account | None:
    """An enabled account of a person, found by exact match; None if the chain has nobody.

    Raises AdapterError if the system cannot be asked. Two accounts are nobody: a person decides.
    """
    async with world.store.read() as session:
        case = await session.get_one(Case, case_id)
        leaver = await session.get_one(Worker, case.worker_id)
        people = [await _person(session, name, leaver, system) for name in world.policy.successor]
    for person in people:
        if person is None:
            continue
        found = await world.adapter(system).find_accounts(person)
        # An address that is somebody else's by now must not hand them what the leaver had.
        sure = [hit.account for hit in found if hit.disagreement is None]
        able = [one for one in sure if one.enabled and one.kind is Kind.PERSON]
        if len(able) == 1:
            return able[0]
    return None


async def _person(session: AsyncSession, name: str, leaver: Worker, system: str) -> Person | None:
    """The person behind one link of the chain; None if they leave too, or are not known."""
    if name != MANAGER:
        return Person(addresses=(normal_address(name),))
    manager = record_of(leaver).manager
    if manager is None:
        return None
    worker = await _worker(session, leaver.connection, manager.source_worker_id)
    if worker is None and manager.work_email:
        known = await workers_by(session, address=manager.work_email)
        worker = known[0] if len(known) == 1 else None
    if worker is None:
        mail = manager.work_email
        return Person(addresses=(normal_address(mail),)) if mail else None
    if not worker.active or await _leaves(session, worker):
        return None
    return await person_of(session, record_of(worker), system, worker.id)


async def _worker(session: AsyncSession, connection: str, identifier: str | None) -> Worker | None:
    query = select(Worker).where(
        Worker.connection == connection, Worker.source_worker_id == (identifier or "")
    )
    return (await session.exec(query)).first()


async def _leaves(session: AsyncSession, worker: Worker) -> bool:
    query = select(Case.id).where(
        Case.worker_id == worker.id,
        col(Case.status).in_([*BEGUN, CaseStatus.SCHEDULED, CaseStatus.HELD]),
        col(Case.restored_at).is_(None),
    )
    return (await session.exec(query.limit(1))).first() is not None
