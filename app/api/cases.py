"""Cases: opened by hand, looked at, cancelled before their time, approved, tried again."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Response
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from sqlmodel import col, select

from adapters.texts import SaneInstant, plain_text
from app.api.case_out import CaseOut, CaseSummary
from app.api.case_view import summary, whole
from app.api.timeline import router as timeline_router
from app.deps import Approver, Operator, Reader, WorldDep
from app.errors import Problem
from workflows import approvals, requests, restore
from workflows.errors import NotFound
from workflows.model import CaseKind, CaseStatus, Containment
from workflows.tables import Case, Worker

router = APIRouter(prefix="/cases", tags=["Cases"], responses={404: {"model": Problem}})
router.include_router(timeline_router)


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    @field_validator("*")
    @classmethod
    def _storable(cls, value: object) -> object:
        return plain_text(value)


class WorkerKey(_Body):
    """Exactly one of the three; a display name helps where HR never sent the worker."""

    email: str | None = Field(None, max_length=320, examples=["mara.okafor@acme.example"])
    employee_number: str | None = Field(None, max_length=100)
    source_worker_id: str | None = Field(None, max_length=200)
    display_name: str | None = Field(None, max_length=300)

    @model_validator(mode="after")
    def _exactly_one(self) -> "WorkerKey":
        keys = [self.email, self.employee_number, self.source_worker_id]
        if sum(bool(key) for key in keys) != 1:
            raise ValueError("give exactly one of email, employee_number, source_worker_id")
        return self


class CaseIn(_Body):
    worker: WorkerKey
    kind: CaseKind = CaseKind.OTHER
    reason: str = Field("", max_length=500, examples=["resignation"])
    effective_at: SaneInstant | Literal["now"] = Field("now", examples=["now"])
    reference: str = Field("", max_length=200, examples=["HR-4711"])

    def request(self) -> requests.Request:
        at = None if self.effective_at == "now" else self.effective_at
        return requests.Request(
            kind=self.kind,
            **self.worker.model_dump(),
            effective_at=at if isinstance(at, datetime) else None,
            reason=self.reason,
            reference=self.reference,
        )


class CasePage(BaseModel):
    items: list[CaseSummary]
    next_cursor: str | None


class CancelIn(_Body):
    reason: str = Field("", max_length=500, examples=["resignation withdrawn"])


class ApproveIn(_Body):
    wave: str = Field(examples=["retire"])
    digest: str = Field(description="`approvals[].digest` of the case that you looked at")


class RestoreIn(_Body):
    reason: str = Field(min_length=1, max_length=500, examples=["HR named the wrong person"])
    privileged: list[str] = Field(
        default_factory=list,
        max_length=200,
        description="ids of the administrator rights to give back; without it none is",
    )


class Retried(BaseModel):
    parts_started: int


@router.post("", status_code=201, responses={409: {"model": Problem}, 200: {"model": CaseOut}})
async def open_case(
    body: CaseIn,
    world: WorldDep,
    caller: Operator,
    response: Response,
    idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
) -> CaseOut:
    """Offboard somebody now or at an instant. 200 instead of 201: this case was open already."""
    case, new = await requests.ask_for_case(world, body.request(), caller, idempotency_key or None)
    response.status_code = 201 if new else 200
    response.headers["Location"] = f"/api/v1/cases/{case.id}"
    async with world.store.read() as session:
        return await whole(session, await session.get_one(Case, case.id), world.systems)


@router.get("")
async def list_cases(
    world: WorldDep,
    _caller: Reader,
    status: CaseStatus | None = None,
    containment: Containment | None = None,
    worker: Annotated[str | None, Query(description="source_worker_id")] = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> CasePage:
    """Newest first."""
    query = select(Case, Worker).join(Worker, col(Worker.id) == Case.worker_id)
    if status:
        query = query.where(Case.status == status)
    if containment:
        query = query.where(Case.containment == containment)
    if worker:
        query = query.where(Worker.source_worker_id == worker)
    if cursor:
        query = query.where(col(Case.id) < cursor)
    async with world.store.read() as session:
        rows = (await session.exec(query.order_by(col(Case.id).desc()).limit(limit + 1))).all()
    page = [summary(case, person) for case, person in rows[:limit]]
    return CasePage(items=page, next_cursor=page[-1].id if len(rows) > limit else None)


@router.get("/{case_id}")
async def get_case(case_id: str, world: WorldDep, _caller: Reader) -> CaseOut:
    async with world.store.read() as session:
        case = await session.get(Case, case_id)
        if case is None:
            raise NotFound(f"there is no case {case_id}", "List them with GET /api/v1/cases.")
        return await whole(session, case, world.systems)


@router.post("/{case_id}/cancel", responses={409: {"model": Problem}})
async def cancel_case(
    case_id: str, world: WorldDep, caller: Operator, body: CancelIn | None = None
) -> CaseOut:
    """Take a case back before its last moment."""
    await requests.cancel(world, case_id, caller, body.reason if body else "")
    return await get_case(case_id, world, caller)


@router.post("/{case_id}/approve", responses={403: {"model": Problem}, 409: {"model": Problem}})
async def approve_wave(case_id: str, body: ApproveIn, world: WorldDep, caller: Approver) -> CaseOut:
    """One natural person's word on the gated items of a wave."""
    await approvals.approve(world, case_id, body.wave, body.digest, caller)
    return await get_case(case_id, world, caller)


@router.post(
    "/{case_id}/restore",
    status_code=202,
    responses={403: {"model": Problem}, 409: {"model": Problem}},
)
async def restore_case(case_id: str, body: RestoreIn, world: WorldDep, caller: Operator) -> CaseOut:
    """Plan to give back what this case took; it begins when others approve wave `restore`."""
    named = frozenset(body.privileged)
    await restore.ask_to_restore(world, case_id, caller, body.reason, named)
    return await get_case(case_id, world, caller)


@router.post("/{case_id}/retry", status_code=202, responses={409: {"model": Problem}})
async def retry_case(case_id: str, world: WorldDep, caller: Operator) -> Retried:
    """Try now what failed, waits or could not be decided."""
    return Retried(parts_started=await requests.retry(world, case_id, caller))
