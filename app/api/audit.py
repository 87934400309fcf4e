"""The ledger, page by page or as a file."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from adapters.texts import SaneInstant
from app.deps import Auditor, WorldDep
from workflows.ledger.events import Event
from workflows.ledger.export import Part, export, gzipped
from workflows.ledger.formats import format_named
from workflows.ledger.read import Filters, extent, index_of, rows
from workflows.world import World

router = APIRouter(prefix="/audit", tags=["Audit"])


class EventPage(BaseModel):
    items: list[dict[str, Any]] = Field(
        examples=[[{"index": 12, "type": "block_sign_in.result", "outcome": "changed"}]]
    )
    next_cursor: str | None


class Asked(BaseModel):
    """Filters of the ledger. They stand in it for ever (`audit.exported`): no free text."""

    since: SaneInstant | None = None
    until: SaneInstant | None = None
    case: str | None = Field(None, pattern=r"^[A-Za-z0-9_-]{1,64}$")
    type: str | None = Field(None, pattern=r"^[a-z0-9_.-]{1,64}$", examples=["case.closed"])
    cursor: str = Field(
        "-1",
        pattern=r"^(-1|[0-9]{1,18}|evt_[0-9A-Za-z]{1,40})$",
        description="The last event that you have: its index in the log, or its id.",
        examples=["12", "evt_01JDKAT0000000000000000001"],
    )

    async def filters(self, world: World) -> Filters:
        cursor = await index_of(world.store, self.cursor)
        return Filters(self.since, self.until, self.case, self.type, cursor)


class AskedPage(Asked):
    limit: int = Field(100, ge=1, le=1000)


class AskedFile(Asked):
    format: Literal["jsonl", "csv", "ocsf", "cef"] = "jsonl"


@router.get("/events", response_model=EventPage)
async def events(
    asked: Annotated[AskedPage, Query()], world: WorldDep, _caller: Auditor
) -> Response:
    """In the order of the log. Personal values are only there as digests."""
    await world.ledger.sequence()
    filters = await asked.filters(world)
    found: list[tuple[int, bytes, bytes]] = []
    # A page of the database may be filled by fewer leaves, if they are long.
    while len(found) <= asked.limit and (
        part := await rows(world.store, filters, asked.limit + 1 - len(found))
    ):
        found += part
        filters = replace(filters, cursor=part[-1][0])
    items = found[: asked.limit]
    more = f'"{items[-1][0]}"'.encode() if len(found) > asked.limit else b"null"
    # The index is put into the leaf's own bytes: no thousand objects are made to be written again.
    told = b",".join([b'{"index":%d,%b' % (idx, d[1:]) for idx, d, _ in items])
    body = b'{"items":[%b],"next_cursor":%b}' % (told, more)
    return Response(body, media_type="application/json")


@router.get("/export")
async def export_log(
    asked: Annotated[AskedFile, Query()],
    world: WorldDep,
    caller: Auditor,
    accept_encoding: Annotated[str, Header()] = "",
) -> StreamingResponse:
    """The log as it stands now: `Exeunt-Log-Size` events, whatever is appended meanwhile.

    JSON lines are the stored bytes, verbatim; CSV is a reading copy that is safe to open in a
    spreadsheet; OCSF and CEF are for SIEMs. With a `cursor` there is no header line, so that the
    answer can be put behind what you have.
    """
    filters = await asked.filters(world)
    async with world.store.write() as session:
        told = asked.model_dump(mode="json", exclude_none=True)
        # Words of the caller's own: whatever they are, they do not stay for ever.
        words: dict[str, str | None] = {n: told.pop(n) for n in ("case", "type") if n in told}
        event = Event("audit.exported", data=told, personal=words, actor=caller.actor)
        await world.ledger.record(session, event)
    await world.ledger.sequence()
    log = await extent(world.store)
    form = format_named(asked.format, log_name=log.origin)
    parts = export(world.store, form, replace(filters, end=log.size))
    headers = {
        "Content-Disposition": f'attachment; filename="exeunt-audit.{ENDINGS[asked.format]}"',
        "Exeunt-Log-Size": str(log.size),
        "Exeunt-Log-Pruned": str(log.pruned),
        "Vary": "Accept-Encoding",
    }
    if takes_gzip(accept_encoding):
        headers["Content-Encoding"] = "gzip"
        return StreamingResponse(gzipped(parts), media_type=form.media_type, headers=headers)
    return StreamingResponse(_bytes(parts), media_type=form.media_type, headers=headers)


ENDINGS = {"jsonl": "jsonl", "csv": "csv", "ocsf": "ocsf.jsonl", "cef": "cef"}


async def _bytes(parts: AsyncIterator[Part]) -> AsyncIterator[bytes]:
    async for part in parts:
        yield part.data


def takes_gzip(accepted: str) -> bool:
    """RFC 9110 section 12.5.3: named, and not with a weight of nought."""
    for one in accepted.split(","):
        coding, _, weight = one.partition(";")
        if coding.strip().lower() == "gzip":
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
