"""For machines that watch: alive, ready, and in numbers."""

from datetime import timedelta

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy import func
from sqlmodel import col, select

from app.api.audit_metrics import add_log
from app.deps import WorldDep
from workflows.model import CaseStatus
from workflows.tables import Case, HrDelivery, Part, SystemHealth, Task
from workflows.world import World

LATE_AFTER = timedelta(minutes=5)

router = APIRouter(tags=["Health"])


@router.get("/healthz")
async def alive() -> dict[str, str]:
    return {"status": "alive"}


@router.get("/readyz")
async def ready(world: WorldDep) -> JSONResponse:
    """503 if the database is away, or if work that is due is not taken up by anybody."""
    late = await _late(world)
    body = {"status": "not ready" if late else "ready", "late": late}
    return JSONResponse(body, 503 if late else 200)


async def _late(world: World) -> int:
    """Work that is due for so long that nobody can be at it."""
    then = world.clock.now() - LATE_AFTER
    late = (
        select(Part.id).where(col(Part.state).in_(["due", "waiting"]), col(Part.due_at) < then),
        select(Case.id).where(Case.status == CaseStatus.SCHEDULED, col(Case.effective_at) < then),
        select(HrDelivery.id).where(
            HrDelivery.state == "received",
            func.coalesce(HrDelivery.due_at, HrDelivery.received_at) < then,
        ),
    )
    async with world.store.read() as session:
        counts = [select(func.count()).select_from(query.subquery()) for query in late]
        return sum([(await session.exec(count)).one() for count in counts])


@router.get("/metrics")
async def metrics(world: WorldDep) -> Response:
    registry = CollectorRegistry()
    cases = Gauge("exeunt_cases", "Cases", ["status", "containment"], registry=registry)
    tasks = Gauge("exeunt_open_tasks", "Open tasks", ["kind"], registry=registry)
    paused = Gauge("exeunt_system_paused", "1: paused", ["system"], registry=registry)
    async with world.store.read() as session:
        by_state = select(Case.status, Case.containment, func.count()).group_by(
            Case.status, Case.containment
        )
        for status, containment, count in (await session.exec(by_state)).all():
            cases.labels(status, containment).set(count)
        by_kind = select(Task.kind, func.count()).where(Task.state == "open").group_by(Task.kind)
        for kind, count in (await session.exec(by_kind)).all():
            tasks.labels(kind).set(count)
        for health in (await session.exec(select(SystemHealth))).all():
            paused.labels(health.system).set(int(health.paused))
        await add_log(registry, session, sorted(world.outlets), world.clock.now())
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
