"""What makes the ledger checkable by others: signed heads, keys, proofs, tiles."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import PlainTextResponse, Response
from pydantic import BaseModel, Field
from sqlmodel import col, select

from app.deps import Auditor, Reader, WorldDep
from workflows.errors import NotFound
from workflows.ledger import proofs, tiles
from workflows.ledger.notary import Notary, unsigned
from workflows.ledger.note import hash_lines, proof_text
from workflows.ledger.tables import Checkpoint, Leaf, LogKey
from workflows.ledger.verify import NUMBER
from workflows.world import World

router = APIRouter(prefix="/audit", tags=["Audit"])
Size = Annotated[int | None, Query(ge=1, le=2**63 - 1, description="of a head that was signed")]


class KeyOut(BaseModel):
    vkey: str = Field(examples=["audit.acme.example/exeunt+a6ea74e3+AQOhB7…"])
    announced_at: datetime
    retired_at: datetime | None = None


class WitnessOut(BaseModel):
    name: str
    vkey: str


class KeysOut(BaseModel):
    """Whom to believe. Whoever checks should have these by another way than from here."""

    origin: str = Field(examples=["audit.acme.example/exeunt"])
    keys: list[KeyOut]
    witnesses: list[WitnessOut]


@router.get("/key")
async def key(world: WorldDep, _caller: Reader) -> KeysOut:
    """The public keys under which this log was ever signed, and its witnesses'."""
    async with world.store.read() as session:
        rows = (await session.exec(select(LogKey).order_by(col(LogKey.announced_at)))).all()
    return KeysOut(
        origin=_notary(world).origin,
        keys=[KeyOut.model_validate(row, from_attributes=True) for row in rows],
        witnesses=[WitnessOut(name=name, vkey=w.vkey) for name, w in world.witnesses.items()],
    )


@router.get("/checkpoint", response_class=PlainTextResponse)
async def checkpoint(
    world: WorldDep, _caller: Auditor, size: Size = None, *, witnessed: bool = False
) -> PlainTextResponse:
    """The signed tree head (C2SP tlog-checkpoint) with the cosignatures that it has by now.

    Signed now over all that is recorded; with `size`, one that was signed before; with `witnessed`,
    the newest that a witness has cosigned.
    """
    return PlainTextResponse(whole(await _head(world, size, witnessed=witnessed)))


@router.get("/checkpoint/time-stamp")
async def time_stamp(world: WorldDep, _caller: Auditor, size: Size = None) -> Response:
    """The RFC 3161 token over the newest head that has one, or over the head of this size."""
    async with world.store.read() as session:
        stamped = select(Checkpoint).where(col(Checkpoint.time_stamp).is_not(None))
        if size:
            stamped = stamped.where(Checkpoint.size == size)
        found = (await session.exec(stamped.order_by(col(Checkpoint.size).desc()).limit(1))).first()
    if found is None:
        raise NotFound("no such head has a time stamp", "Configure audit.time_stamps.")
    headers = {"Exeunt-Log-Size": str(found.size)}
    return Response(found.time_stamp, 200, headers, "application/timestamp-reply")


@router.get("/consistency", response_class=PlainTextResponse)
async def consistency(
    world: WorldDep,
    _caller: Auditor,
    old: Annotated[int, Query(alias="from", ge=1)],
    new: Annotated[int, Query(alias="to", ge=1)],
) -> PlainTextResponse:
    """That the tree of `from` leaves is the beginning of that of `to`: hashes, one on each line."""
    async with world.store.read() as session:
        return PlainTextResponse(hash_lines(await proofs.consistency(session, old, new)))


@router.get("/events/{event_id}/proof", response_class=PlainTextResponse)
async def inclusion(
    world: WorldDep,
    _caller: Auditor,
    event_id: Annotated[str, Path(description="evt_…, or the index of its leaf")],
    size: Size = None,
) -> PlainTextResponse:
    """That an event is in the log, checkable offline by anybody (C2SP tlog-proof)."""
    head = await _head(world, size)
    async with world.store.read() as session:
        leaf = select(Leaf.idx).where(Leaf.id == event_id)
        index = (await session.exec(leaf)).first()
        if index is None and NUMBER.fullmatch(event_id):
            index = int(event_id)
        if index is None:
            raise NotFound("there is no such event", "GET /api/v1/audit/events lists them.")
        hashes = await proofs.inclusion(session, index, head.size)
    return PlainTextResponse(proof_text(index, hashes, whole(head)))


@router.get("/tile/{path:path}")
async def tile(path: str, world: WorldDep, _caller: Auditor) -> Response:
    """C2SP tlog-tiles: `<level>/<n>`, `entries/<n>`, with `.p/<width>` while incomplete."""
    place = tiles.place_of(path)
    async with world.store.read() as session:
        content = await tiles.tile(session, place)
    return Response(content, media_type="application/octet-stream")


def whole(head: Checkpoint) -> str:
    """The note with all its signatures."""
    return head.note + head.cosignatures


async def _head(world: World, size: int | None = None, *, witnessed: bool = False) -> Checkpoint:
    if size is None and not witnessed:
        await world.ledger.sequence()
        signed = await _notary(world).checkpoint()
        if signed is None:
            raise unsigned()
        return signed
    asked = select(Checkpoint).order_by(col(Checkpoint.signed_at).desc())
    if size is not None:
        asked = asked.where(Checkpoint.size == size)
    if witnessed:
        asked = asked.where(Checkpoint.cosignatures != "")
    async with world.store.read() as session:
        found = (await session.exec(asked.limit(1))).first()
    if found is None:
        raise NotFound("no such head was signed", "Ask without `size` and `witnessed`.")
    return found


def _notary(world: World) -> Notary:
    if world.notary is None:
        raise unsigned()
    return world.notary
