"""Everything that happened in one case, once or as it happens."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from app.deps import Reader, WorldDep
from workflows.errors import NotFound
from workflows.ledger.read import Filters, disclosures, page
from workflows.model import CaseStatus
from workflows.tables import Case
from workflows.world import World

AT_ONCE = 1000
LOOK_EVERY_SECONDS = 0.2
KEEP_ALIVE_EVERY = 75
"""Looks between two comments that keep proxies from closing a quiet stream."""

router = APIRouter()


@router.get("/{case_id}/timeline", response_model=None)
async def timeline(
    case_id: str,
    request: Request,
    world: WorldDep,
    _caller: Reader,
    last_event_id: Annotated[int, Header(ge=-1, le=2**63 - 1)] = -1,
) -> Response:
    """Every event of a case. `Accept: text/event-stream` streams until the case is over."""
    async with world.store.read() as session:
        if await session.get(Case, case_id) is None:
            raise NotFound(f"there is no case {case_id}", "List them with GET /api/v1/cases.")
    if "text/event-stream" in request.headers.get("accept", ""):
        live = _live(world, request, case_id, last_event_id)
        return StreamingResponse(live, media_type="text/event-stream")
    await world.ledger.sequence()
    items: list[dict[str, Any]] = []
    cursor = -1
    while chunk := await _events(world, case_id, cursor):
        items += chunk
        cursor = chunk[-1]["index"]
    return JSONResponse({"items": items, "next_cursor": None})


async def _events(world: World, case_id: str, cursor: int) -> list[dict[str, Any]]:
    leaves = await page(world.store, Filters(case_id=case_id, cursor=cursor), AT_ONCE)
    opened = await disclosures(world.store, [leaf.id for leaf in leaves])
    return [
        {
            "index": leaf.idx,
            **json.loads(leaf.d),
            "disclosed": {name: _value(text) for name, text in opened.get(leaf.id, {}).items()},
        }
        for leaf in leaves
    ]


def _value(disclosure: str) -> str:
    padded = disclosure + "=" * (-len(disclosure) % 4)
    value: str = json.loads(base64.urlsafe_b64decode(padded))[2]
    return value


async def _is_over(world: World, case_id: str) -> bool:
    """Nothing more is to come. Events of the last transaction are put in order first."""
    await world.ledger.sequence()
    async with world.store.read() as session:
        case = await session.get_one(Case, case_id)
        return case.status in (CaseStatus.CLOSED, CaseStatus.CANCELLED)


async def _live(world: World, request: Request, case_id: str, cursor: int) -> AsyncIterator[str]:
    over, looked = False, 0
    while not over and not await request.is_disconnected():
        looked += 1
        if looked % KEEP_ALIVE_EVERY == 0:
            yield ": still here\n\n"
        is_over = await _is_over(world, case_id)  # asked first: what comes after it is sent too
        events = await _events(world, case_id, cursor)
        over = is_over and not events
        for event in events:
            cursor = event["index"]
            yield f"id: {cursor}\nevent: {event['type']}\ndata: {json.dumps(event)}\n\n"
        await asyncio.sleep(LOOK_EVERY_SECONDS)
