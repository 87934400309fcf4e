"""The dry run: what would be done to whom, system by system, before anybody decides."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.api.cases import CaseIn
from app.deps import Operator, WorldDep
from workflows.preview import SystemPreview, preview_request
from workflows.sentences import BUSINESS

router = APIRouter(tags=["Plans"])


class PlannedOut(BaseModel):
    account_id: str | None
    wave: str = Field(examples=["contain"])
    action: str = Field(examples=["block_sign_in"])
    due_at: datetime
    calls: str = Field(examples=["PATCH /users/{id}"])
    permissions: tuple[str, ...] = Field(examples=[["User.EnableDisableAccount.All"]])
    undo: str = Field(examples=["reversible"])
    gap: str | None = None
    gap_detail: str = ""
    observe_only: bool = False
    approvals: int = 0
    owner: str = ""
    business: str = Field(examples=["They can no longer sign in."])
    lacks: str = Field("", description="what to grant first: without it this will fail")


class AccountFound(BaseModel):
    account_id: str
    login: str
    rule: str
    confidence: float


class SystemPlan(BaseModel):
    system: str = Field(examples=["directory"])
    digest: str | None = None
    rules: tuple[str, ...] = ()
    accounts: list[AccountFound] = []
    items: list[PlannedOut] = []
    undecided: str = ""
    problem: str = ""
    fix: str = ""
    notes: tuple[str, ...] = Field((), description="what to know before it is run")


class PlanOut(BaseModel):
    policy: str
    systems: list[SystemPlan]


@router.post("/plans")
async def make_plan(body: CaseIn, world: WorldDep, _caller: Operator) -> PlanOut:
    """Look everywhere, write nowhere: the plan, and what it would call."""
    previews = await preview_request(world, body.request())
    return PlanOut(policy=world.policy.identity, systems=[system_plan(one) for one in previews])


def system_plan(one: SystemPreview) -> SystemPlan:
    items = one.plan.items if one.plan else ()
    return SystemPlan(
        system=one.system,
        digest=one.plan.digest if one.plan else None,
        rules=one.plan.rules if one.plan else (),
        accounts=[
            AccountFound(
                account_id=hit.account.id,
                login=hit.account.login,
                rule=hit.rule,
                confidence=hit.confidence,
            )
            for hit in one.matches
        ],
        items=[
            PlannedOut(
                account_id=item.account_id,
                wave=item.wave,
                action=item.action,
                due_at=item.due_at,
                calls=item.calls,
                permissions=item.permissions,
                undo=item.undo,
                gap=item.gap.kind if item.gap else None,
                gap_detail=item.gap.detail if item.gap else "",
                observe_only=item.observe_only,
                approvals=item.approvals,
                owner=item.owner,
                business=BUSINESS[item.action],
                lacks=one.lacks.get(item.action, ""),
            )
            for item in items
        ],
        undecided=one.undecided,
        problem=one.problem,
        fix=one.fix,
        notes=one.notes,
    )
