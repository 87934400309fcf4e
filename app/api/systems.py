"""What each system can do, what it leaves to people, and whether its credential works."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from adapters.errors import AdapterError
from app.deps import Operator, Reader, WorldDep
from workflows.health import check_system
from workflows.tables import SystemHealth
from workflows.world import System

router = APIRouter(prefix="/systems", tags=["Systems"])


class VerbOut(BaseModel):
    permissions: tuple[str, ...] = Field(examples=[["User.RevokeSessions.All"]])
    calls: str = Field(examples=["POST /users/{id}/revokeSignInSessions"])
    undo: str = Field(examples=["reversible"])


class GapOut(BaseModel):
    kind: str = Field(examples=["by_hand"])
    detail: str


class HealthOut(BaseModel):
    paused: bool = Field(
        default=False, description="true: nobody calls it until its credential is proved"
    )
    summary: str = "not checked yet"
    permission: str = ""
    fix: str = ""
    checked_at: datetime | None = None


class SystemOut(BaseModel):
    id: str = Field(examples=["directory"])
    adapter: str = Field(examples=["scim"])
    mode: str = Field(examples=["enforce"])
    contain: tuple[str, ...] = Field(examples=[["block_sign_in", "revoke_sessions"]])
    actions: dict[str, VerbOut]
    gaps: dict[str, GapOut]
    token_lifetime_seconds: float
    health: HealthOut


class SystemList(BaseModel):
    items: list[SystemOut]
    next_cursor: None = None


class CheckOut(BaseModel):
    ok: bool
    summary: str
    missing: dict[str, str] = Field(default_factory=dict)
    needless: tuple[str, ...] = ()
    permission: str = ""
    fix: str = ""


@router.get("")
async def list_systems(world: WorldDep, _caller: Reader) -> SystemList:
    async with world.store.read() as session:
        return SystemList(
            items=[
                _out(name, system, await session.get(SystemHealth, name))
                for name, system in sorted(world.systems.items())
            ]
        )


def _out(name: str, system: System, health: SystemHealth | None) -> SystemOut:
    can = system.can
    return SystemOut(
        id=name,
        adapter=can.adapter,
        mode=can.mode,
        contain=can.contain,
        actions={
            verb: VerbOut(permissions=facts.permissions, calls=facts.calls, undo=facts.undo)
            for verb, facts in can.actions.items()
        },
        gaps={verb: GapOut(kind=gap.kind, detail=gap.detail) for verb, gap in can.gaps.items()},
        token_lifetime_seconds=system.adapter.token_lifetime.total_seconds(),
        health=HealthOut(**health.model_dump(exclude={"system"})) if health else HealthOut(),
    )


@router.post("/{system}/check")
async def check(system: str, world: WorldDep, caller: Operator) -> CheckOut:
    """Prove the credential now. A paused system goes on as soon as it is proved."""
    try:
        found = await check_system(world, system, caller)
    except AdapterError as why:
        return CheckOut(
            ok=False,
            summary=why.message,
            permission=getattr(why, "permission", ""),
            fix=getattr(why, "fix", ""),
        )
    missing = {str(verb): permission for verb, permission in found.missing.items()}
    return CheckOut(ok=not missing, summary=found.summary, missing=missing, needless=found.needless)
