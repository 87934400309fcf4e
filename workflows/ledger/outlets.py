"""What goes out next: leaves that a signed tree head covers, and the tree heads themselves."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from adapters.sinks.contract import INFORMATIONAL, Item, Sink, SinkSettings
from workflows.ledger.events import canonical, stamp
from workflows.ledger.formats import Format, Row
from workflows.ledger.formats.meaning import severity
from workflows.ledger.tables import Checkpoint, Head, Leaf
from workflows.ledger.verify import leaf_hash


@dataclass(frozen=True)
class Outlet:
    """One configured sink: who takes the log, in which format, and from where on."""

    sink: Sink
    form: Format
    since: str = "beginning"

    @classmethod
    def of(cls, sink: Sink, told: SinkSettings, form: Format) -> "Outlet":
        return cls(sink, form, told.since)


Unit = tuple[Item, ...]
"""A leaf, and the tree heads that end with it: what is taken or not taken together."""


@dataclass(frozen=True)
class Batch:
    """The next units, in the order of the log, with the name of the log."""

    origin: str
    units: tuple[Unit, ...]


async def published_size(session: AsyncSession) -> int:
    """How many leaves the newest signed tree head covers. What is not signed is not shipped."""
    found: int | None = await session.scalar(
        sa.select(sa.func.max(col(Checkpoint.size))).where(
            col(Checkpoint.origin) == sa.select(col(Head.origin)).scalar_subquery()
        )
    )
    return found or 0


async def next_batch(session: AsyncSession, outlet: Outlet, start: int) -> Batch:
    """From leaf `start` on as much as the sink takes at once; no units if there is nothing."""
    origin = str(await session.scalar(sa.select(col(Head.origin))))
    size = await published_size(session)
    leaves = sa.select(col(Leaf.idx), col(Leaf.d), col(Leaf.lh)).where(
        col(Leaf.idx) >= start, col(Leaf.idx) < size
    )
    limited = leaves.order_by(col(Leaf.idx)).limit(outlet.sink.parcel_events)
    rows = (await (await session.connection()).execute(limited)).all()
    if not rows:
        return Batch(origin, ())
    heads = sa.select(
        col(Checkpoint.size), col(Checkpoint.root), col(Checkpoint.signed_at), col(Checkpoint.note)
    ).where(
        col(Checkpoint.origin) == origin,
        col(Checkpoint.size) > rows[0].idx,
        col(Checkpoint.size) <= rows[-1].idx + 1,
    )
    signed = {head.size: head for head in (await (await session.connection()).execute(heads)).all()}
    return Batch(origin, tuple(_fitting(_units(outlet, origin, rows, signed), outlet.sink)))


def _units(
    outlet: Outlet, origin: str, rows: Sequence[Any], signed: Mapping[int, Any]
) -> Iterator[Unit]:
    for row in rows:
        leaf = _item(outlet, row.idx, row.d, row.lh)
        head = signed.get(row.idx + 1)
        yield (leaf, _head_item(outlet, origin, row.idx, head)) if head else (leaf,)


def _item(outlet: Outlet, idx: int, d: bytes, lh: bytes) -> Item:
    event = json.loads(d)
    return Item(
        index=idx,
        id=event["id"],
        type=event["type"],
        time=datetime.fromisoformat(event["time"]),
        severity=severity(event["outcome"]),
        case=event.get("case"),
        leaf_hash=lh,
        line=outlet.form.line(Row(idx, d, lh)),
    )


def _head_item(outlet: Outlet, origin: str, idx: int, head: Any) -> Item:
    """A signed tree head, written like an event: who keeps these can tell if the log changes."""
    d = canonical(
        {
            "v": 1,
            "type": "log.checkpoint",
            "id": f"{origin}@{head.size}",
            "time": stamp(head.signed_at),
            "tenant": origin.rpartition("/")[2],
            "actor": {"kind": "exeunt", "id": "exeunt"},
            "outcome": "success",
            "data": {
                "origin": origin,
                "size": head.size,
                "root": head.root.hex(),
                "note": head.note,
            },
        }
    )
    return Item(
        index=idx,
        id=f"{origin}@{head.size}",
        type="log.checkpoint",
        time=head.signed_at,
        severity=INFORMATIONAL,
        case=None,
        leaf_hash=None,
        line=outlet.form.line(Row(idx, d, leaf_hash(d))),
    )


def _fitting(units: Iterator[Unit], sink: Sink) -> Iterator[Unit]:
    """As many as make no more bytes than the sink takes at once; always one."""
    room = sink.parcel_bytes
    for n, unit in enumerate(units):
        room -= sum(len(item.line) for item in unit)
        if n and room < 0:
            return
        yield unit
