"""The ledger, page by page or as a file."""

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from adapters.texts import SaneInstant
from app.deps import Auditor, WorldDep
from workflows.ledger.events import Event
from workflows.ledger.export import EXPORTS
from workflows.ledger.read import Filters, page

router = APIRouter(prefix="/audit", tags=["Audit"])


class EventPage(BaseModel):
    items: list[dict[str, Any]] = Field(
        examples=[[{"index": 12, "type": "block_sign_in.result", "outcome": "changed"}]]
    )
    next_cursor: str | None


class Asked(BaseModel):
    """Filters of the ledger; `cursor` is the index of the last event that you have."""

    since: SaneInstant | None = None
    until: SaneInstant | None = None
    case: str | None = None
    type: str | None = None
    cursor: int = Field(-1, ge=-1, le=2**63 - 1)

    def filters(self) -> Filters:
        return Filters(self.since, self.until, self.case, self.type, self.cursor)


class AskedPage(Asked):
    limit: int = Field(100, ge=1, le=1000)


class AskedFile(Asked):
    format: Literal["jsonl", "csv"] = "jsonl"


@router.get("/events")
async def events(
    asked: Annotated[AskedPage, Query()], world: WorldDep, _caller: Auditor
) -> EventPage:
    """In the order of the log. Personal values are only there as digests."""
    await world.ledger.sequence()
    leaves = await page(world.store, asked.filters(), asked.limit + 1)
    items = [{"index": leaf.idx, **json.loads(leaf.d)} for leaf in leaves[: asked.limit]]
    more = len(leaves) > asked.limit
    return EventPage(items=items, next_cursor=str(items[-1]["index"]) if more else None)


@router.get("/export")
async def export(
    asked: Annotated[AskedFile, Query()], world: WorldDep, caller: Auditor
) -> StreamingResponse:
    """JSON lines are the stored bytes, verbatim; CSV is safe to open in a spreadsheet."""
    async with world.store.write() as session:
        told = asked.model_dump(mode="json", exclude_none=True)
        await world.ledger.record(session, Event("audit.exported", data=told, actor=caller.actor))
    await world.ledger.sequence()
    write, media_type = EXPORTS[asked.format]
    name = f'attachment; filename="exeunt-audit.{asked.format}"'
    return StreamingResponse(
        write(world.store, asked.filters()),
        media_type=media_type,
        headers={"Content-Disposition": name},
    )
