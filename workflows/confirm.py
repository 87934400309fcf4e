"""Ask HR once more, right before a scheduled cut."""

from adapters.errors import AdapterError
from adapters.hr.contract import EventType, HrEvent, WorkerRecord
from workflows.consider import consider
from workflows.ledger.events import Event
from workflows.model import CaseStatus
from workflows.tables import Case, Worker
from workflows.world import World


async def confirm_with_hr(world: World, case_id: str) -> bool:
    """True: cut. If HR cannot be reached, the last confirmed plan runs, and says that it did.

    Only what is reversible runs on that; what is destroyed waits for its own approval anyway.
    """
    async with world.store.read() as session:
        case = await session.get_one(Case, case_id)
        worker = await session.get_one(Worker, case.worker_id)
    connection = world.hr.get(worker.connection)
    if connection is None or not connection.source.can_read:
        return True
    if case.revoke_now or case.by_person:
        return True
    try:
        record = await connection.source.read_worker(worker.source_worker_id)
    except AdapterError as why:
        await _unconfirmed(world, case_id, why)
        return True
    return await _still_due(world, case_id, worker, record)


async def _unconfirmed(world: World, case_id: str, why: AdapterError) -> None:
    async with world.store.write() as session:
        case = await session.get_one(Case, case_id)
        case.unconfirmed = True
        await world.ledger.record(
            session,
            Event("case.unconfirmed", "alert", case.id, data={"error": type(why).__name__}),
        )


async def _still_due(
    world: World, case_id: str, worker: Worker, record: WorkerRecord | None
) -> bool:
    """Take in what HR says now, by the rules of a delivery, and see what is left of the case."""
    hint = HrEvent(EventType.HINT, worker.source_worker_id, worker=None)
    async with world.store.write() as session:
        await consider(world, session, worker.connection, hint, record, None)
        await session.flush()
        case = await session.get_one(Case, case_id)
        due = case.effective_at <= world.clock.now()
        return case.status == CaseStatus.SCHEDULED and due
