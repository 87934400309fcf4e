"""Evidence packs: what an auditor takes along, to check without us."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from adapters.texts import SaneInstant
from app.deps import Auditor, WorldDep
from app.errors import Problem
from workflows.evidence.orders import evidence_of_case, evidence_of_period
from workflows.evidence.pack import Pack
from workflows.evidence.period_pack import Asked
from workflows.evidence.population import Period

router = APIRouter(tags=["Evidence"])
ZIP: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/zip": {}}, "description": "the pack"}
}


class AskedCase(BaseModel):
    without_names: bool = Field(
        default=False, description="Leave every personal value out: pseudonyms only."
    )
    earlier: list[Annotated[int, Field(ge=1, le=2**63 - 1)]] = Field(
        default_factory=list,
        max_length=20,
        description="Sizes of checkpoints that you kept: the pack shows that the log only grew.",
    )


class AskedPeriod(AskedCase):
    since: SaneInstant
    until: SaneInstant
    seed: str | None = Field(
        None, min_length=1, max_length=200, description="Yours, given after the sealing."
    )
    sample: int = Field(25, ge=1, le=500)


@router.get(
    "/cases/{case_id}/evidence",
    response_class=Response,
    responses={**ZIP, 404: {"model": Problem}, 409: {"model": Problem}},
)
async def of_case(
    case_id: str, asked: Annotated[AskedCase, Query()], world: WorldDep, caller: Auditor
) -> Response:
    """Everything that is recorded of one case, with proofs, a report and the verifier."""
    return _zip(
        await evidence_of_case(
            world, case_id, caller.actor, names=not asked.without_names, earlier=asked.earlier
        )
    )


@router.get(
    "/audit/evidence",
    response_class=Response,
    responses={**ZIP, 409: {"model": Problem}},
)
async def of_period(
    asked: Annotated[AskedPeriod, Query()], world: WorldDep, caller: Auditor
) -> Response:
    """A sealed period: its population, the sample that your seed draws, and what stands out."""
    want = Asked(
        Period(asked.since, asked.until),
        asked.seed,
        asked.sample,
        names=not asked.without_names,
        earlier=tuple(asked.earlier),
    )
    return _zip(await evidence_of_period(world, want, caller.actor))


def _zip(pack: Pack) -> Response:
    told = {
        "Content-Disposition": f'attachment; filename="{pack.name}"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(pack.content, media_type="application/zip", headers=told)
