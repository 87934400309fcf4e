"""Workers: found by what they are known by, kept under a hold, erased by two people."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from adapters.texts import plain_text
from app.api.case_out import WorkerOut
from app.api.case_view import worker_out
from app.deps import Admin, Reader, WorldDep
from app.errors import Problem
from workflows.errors import NotFound
from workflows.people import workers_by
from workflows.privacy import asked
from workflows.privacy.tables import LegalHold
from workflows.privacy.wipe import wipe
from workflows.tables import Worker
from workflows.world import World

router = APIRouter(prefix="/workers", tags=["Workers"], responses={404: {"model": Problem}})


class WorkerFound(WorkerOut):
    subject: str = Field(description="stands for them in the ledger")
    connection: str
    active: bool
    erased_at: datetime | None
    held_since: datetime | None = Field(description="of a legal hold")


class WorkerPage(BaseModel):
    items: list[WorkerFound]
    next_cursor: str | None


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    @field_validator("*")
    @classmethod
    def _storable(cls, value: object) -> object:
        return plain_text(value)


class EraseIn(_Body):
    basis: str = Field(
        min_length=1,
        max_length=200,
        examples=["Art. 17(1)(a) GDPR"],
        description="kept in the log for ever: name a rule or a ticket, never the person",
    )


class EraseOut(BaseModel):
    state: str = Field(examples=["erased"], description="erased, or awaiting_another_person")
    subject: str
    cases: int = 0
    disclosures: int = 0
    elsewhere: int = Field(0, description="rows about others that named them")
    left: tuple[str, ...] = Field((), description="where a name could not be taken out")
    already: bool = False
    wiped: bool = Field(default=False, description="the deleted bytes are off the disk, too")
    still_in: str = Field("", description="where they may still lie; wiped at the daily upkeep")


class HoldIn(_Body):
    reason: str = Field(min_length=1, max_length=500, examples=["Labour court, case 4 Ca 118/26"])


class Key(BaseModel):
    """At most one of them."""

    email: str | None = Field(None, max_length=320)
    employee_number: str | None = Field(None, max_length=100)
    source_worker_id: str | None = Field(None, max_length=200)


@router.get("")
async def list_workers(
    world: WorldDep,
    _caller: Reader,
    key: Annotated[Key, Query()],
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> WorkerPage:
    """All of them, or those who are known by a key, exactly."""
    async with world.store.read() as session:
        if key.email:
            rows = await workers_by(session, address=key.email)
        elif key.employee_number:
            rows = await workers_by(session, employee_number=key.employee_number)
        elif key.source_worker_id:
            rows = await workers_by(session, source_worker_id=key.source_worker_id)
        else:
            query = select(Worker).where(col(Worker.id) > (cursor or ""))
            page = query.order_by(col(Worker.id)).limit(limit + 1)
            rows = list((await session.exec(page)).all())
        items = [await _found(session, row) for row in rows[:limit]]
    return WorkerPage(items=items, next_cursor=items[-1].id if len(rows) > limit else None)


@router.get("/{worker_id}")
async def get_worker(worker_id: str, world: WorldDep, _caller: Reader) -> WorkerFound:
    async with world.store.read() as session:
        row = await session.get(Worker, worker_id)
        if row is None:
            raise NotFound(f"there is no worker {worker_id}", "Find them with GET /api/v1/workers.")
        return await _found(session, row)


async def _found(session: AsyncSession, row: Worker) -> WorkerFound:
    held = await session.get(LegalHold, row.id)
    return WorkerFound(
        **worker_out(row).model_dump(),
        subject=row.subject,
        connection=row.connection,
        active=row.active,
        erased_at=row.erased_at,
        held_since=held.placed_at if held else None,
    )


@router.post(
    "/{worker_id}/erase",
    responses={202: {"model": EraseOut}, 403: {"model": Problem}, 409: {"model": Problem}},
)
async def erase_worker(
    worker_id: str, body: EraseIn, world: WorldDep, caller: Admin, response: Response
) -> EraseOut:
    """Erase a leaver's personal data. It takes two admins who ask for the same within a week.

    202: yours was the first word. 200: it is done; every proof of the ledger stays valid.
    """
    done = await asked.ask_to_erase(_office(world), worker_id, body.basis, caller)
    if done is None:
        response.status_code = 202
        found = await get_worker(worker_id, world, caller)
        return EraseOut(state="awaiting_another_person", subject=found.subject)
    wiped = await wipe(world.store)
    return EraseOut(
        state="erased",
        subject=done.subject,
        cases=done.cases,
        disclosures=done.disclosures,
        elsewhere=done.elsewhere,
        left=done.left,
        already=done.already,
        wiped=wiped.done,
        still_in=wiped.where,
    )


@router.put("/{worker_id}/hold", responses={409: {"model": Problem}})
async def hold_worker(worker_id: str, body: HoldIn, world: WorldDep, caller: Admin) -> WorkerFound:
    """Keep all of this worker's data, whatever retention says, until it is lifted."""
    await asked.hold(_office(world), worker_id, body.reason, caller.actor)
    return await get_worker(worker_id, world, caller)


@router.post("/{worker_id}/hold/lift", responses={409: {"model": Problem}})
async def lift_hold(worker_id: str, body: HoldIn, world: WorldDep, caller: Admin) -> WorkerFound:
    await asked.lift(_office(world), worker_id, body.reason, caller.actor)
    return await get_worker(worker_id, world, caller)


def _office(world: World) -> asked.Office:
    return asked.Office(world.store, world.ledger, world.clock)
