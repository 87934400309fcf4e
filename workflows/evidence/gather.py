"""Fetch what a pack is made of: leaves, disclosures, proofs, and the signed head above them."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from workflows.errors import Invalid, NotFound
from workflows.evidence.head import Earlier, Head
from workflows.evidence.leaves import Read, instant, read_leaf
from workflows.ledger import proofs
from workflows.ledger.notary import unsigned
from workflows.ledger.read import disclosures
from workflows.ledger.shown import show
from workflows.ledger.tables import Checkpoint, Leaf, LogKey
from workflows.ledger.verify import Key, parse_note
from workflows.world import World

AT_ONCE = 500
NEAR = 200
"""Leaves before the one that acted on HR's word, among which that word is looked for."""
NOT_NEEDED = frozenset({"email"})
"""Personal values that an auditor can do without: HR's lists have the number of the record."""


@dataclass(frozen=True)
class Gathered:
    """Everything that `pack.py` needs. `opened` are disclosures by event and name."""

    leaves: tuple[Read, ...]
    opened: Mapping[str, Mapping[str, str]]
    paths: Mapping[int, list[bytes]]
    head: Head
    earlier: tuple[Earlier, ...] = ()


PATIENCE_SECONDS = 10.0
"""How long a pack waits for witnesses and for the time; it says who has not seen its head."""


async def signed_head(world: World) -> Head:
    """The log as it stands, signed, and cosigned and stamped by those who answer in time.

    Raises CannotSign, and unsigned() where nobody signs.
    """
    if world.notary is None:
        raise unsigned()
    await world.ledger.sequence()
    row = await world.notary.checkpoint()
    if row is None:
        raise NotFound("the log is empty", "There is nothing to prove yet.")
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_SECONDS):
            await show(world, row, stamp_now=row.time_stamp is None)
    async with world.store.read() as session:
        row = await session.get_one(Checkpoint, (row.origin, row.size))
    return await head_of(world, row)


async def head_of(world: World, row: Checkpoint) -> Head:
    async with world.store.read() as session:
        ours = await _who_signed(session, [row.note])
    return Head(
        origin=row.origin,
        size=row.size,
        root=row.root,
        signed_at=row.signed_at,
        note=row.note,
        cosignatures=row.cosignatures,
        time_stamp=row.time_stamp,
        log_keys=ours,
        witness_keys={name: witness.vkey for name, witness in world.witnesses.items()},
    )


async def gather_case(
    world: World, case_id: str, *, names: bool = True, earlier: Sequence[int] = ()
) -> Gathered:
    """A case as the log tells it now. `earlier` are the sizes of heads that the auditor kept.

    Raises NotFound for a case that the log does not know, CannotSign if it cannot be proved.
    """
    head = await signed_head(world)
    async with world.store.read() as session:
        mine = await of_case(session, case_id, head.size)
        if not mine:
            raise NotFound(f"there is no case {case_id}", "List them with GET /api/v1/cases.")
        rows = mine + await _led_to_it(session, mine)
    return await gathered(world, head, rows, names=names, earlier=earlier)


async def gathered(
    world: World,
    head: Head,
    rows: Iterable[Leaf],
    *,
    names: bool = True,
    earlier: Sequence[int] = (),
) -> Gathered:
    """These leaves, with all that proves them."""
    leaves = sorted({row.idx: row for row in rows}.values(), key=lambda row: row.idx)
    opened = await _opened(world, [row.id for row in leaves]) if names else {}
    async with world.store.read() as session:
        paths = await proofs.inclusions(session, [row.idx for row in leaves], head.size)
        before = [await _earlier(session, head, size) for size in earlier]
        keys = await _who_signed(session, [one.note for one in before if one.note])
    read = tuple(read_leaf(row.idx, row.d, opened.get(row.id, {})) for row in leaves)
    head = replace(head, earlier_keys=tuple(key for key in keys if key not in head.log_keys))
    return Gathered(read, opened, paths, head, tuple(before))


async def _who_signed(session: AsyncSession, notes: Iterable[str]) -> tuple[str, ...]:
    """Of the keys that this log ever announced."""
    known = {
        (key.name, key.key_id): vkey
        for vkey in (await session.exec(select(LogKey.vkey))).all()
        for key in [Key.parse(vkey)]
    }
    signed = {(name, payload[:4]) for note in notes for name, payload in parse_note(note)[1]}
    return tuple(sorted(known[one] for one in signed & known.keys()))


async def of_case(session: AsyncSession, case_id: str, size: int) -> list[Leaf]:
    """The leaves of a case among the first `size` of the log."""
    query = select(Leaf).where(Leaf.case_id == case_id, col(Leaf.idx) < size)
    return list((await session.exec(query.order_by(col(Leaf.idx)))).all())


async def _led_to_it(session: AsyncSession, mine: Sequence[Leaf]) -> list[Leaf]:
    """What the case rests on and is not of the case: HR's word, the service's start, the callers.

    Rows only help to find these leaves; what is told of them stands in the leaves.
    """
    read = [read_leaf(row.idx, row.d, {}) for row in mine]
    opened = next((leaf for leaf in read if leaf.type == "case.opened"), None)
    if opened is None:
        return []
    came = instant(opened.data.get("received_at"))
    found = await _delivery(session, opened, came) if came else []
    for leaf in read:
        if leaf.type in ("case.opened", "case.moved", "case.cancelled"):
            found += await _decision(session, leaf, str(opened.event.get("subject")))
    found += await _last_start(session, opened.index)
    found += await _erased(session, str(opened.event.get("subject")))
    actors = {leaf.actor[1] for leaf in read if leaf.actor[0] in ("person", "service")}
    return found + await _tokens(session, actors)


async def _delivery(session: AsyncSession, opened: Read, came: datetime) -> list[Leaf]:
    query = select(Leaf).where(
        Leaf.type == "hr.delivery_received",
        col(Leaf.time) >= came,
        col(Leaf.idx) < opened.index,
    )
    rows = (await session.exec(query.order_by(col(Leaf.idx)).limit(AT_ONCE))).all()
    wanted = opened.data.get("delivery")
    read = [(row, read_leaf(row.idx, row.d, {})) for row in rows]
    return [row for row, leaf in read if wanted and leaf.data.get("delivery") == wanted]


async def _decision(session: AsyncSession, leaf: Read, subject: str) -> list[Leaf]:
    """HR's word on this worker is recorded right before what was done about it."""
    query = select(Leaf).where(
        Leaf.type == "hr.decision",
        col(Leaf.idx) < leaf.index,
        col(Leaf.idx) >= leaf.index - NEAR,
    )
    rows = (await session.exec(query.order_by(col(Leaf.idx).desc()))).all()
    about = (r for r in rows if read_leaf(r.idx, r.d, {}).event.get("subject") == subject)
    first = next(about, None)
    return [first] if first else []


async def _last_start(session: AsyncSession, before: int) -> list[Leaf]:
    query = select(Leaf).where(Leaf.type == "service.started", col(Leaf.idx) < before)
    row = (await session.exec(query.order_by(col(Leaf.idx).desc()).limit(1))).first()
    return [row] if row else []


async def _erased(session: AsyncSession, subject: str) -> list[Leaf]:
    rows = (await session.exec(select(Leaf).where(Leaf.type == "privacy.erased"))).all()
    return [r for r in rows if read_leaf(r.idx, r.d, {}).event.get("subject") == subject]


async def _tokens(session: AsyncSession, ids: set[str]) -> list[Leaf]:
    if not ids:
        return []
    rows = (await session.exec(select(Leaf).where(Leaf.type == "token.created"))).all()
    return [row for row in rows if read_leaf(row.idx, row.d, {}).data.get("token") in ids]


async def _opened(world: World, ids: Sequence[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for start in range(0, len(ids), AT_ONCE):
        found |= await disclosures(world.store, list(ids[start : start + AT_ONCE]))
    needed = {
        event: {name: text for name, text in told.items() if name not in NOT_NEEDED}
        for event, told in found.items()
    }
    return {event: told for event, told in needed.items() if told}


async def _earlier(session: AsyncSession, head: Head, size: int) -> Earlier:
    """Raises Invalid for a size that this log never had."""
    if not 0 < size <= head.size:
        raise Invalid(
            f"there is no earlier head of {size} events: {head.origin} has {head.size}",
            "Give the size that stands in the checkpoint that you kept of this very log.",
        )
    root = await proofs.root_at(session, size)
    # Under the name of before a recovery too: what is here of it is the same log.
    heads = select(Checkpoint).where(Checkpoint.size == size, Checkpoint.root == root)
    row = (await session.exec(heads.order_by(col(Checkpoint.signed_at).desc()).limit(1))).first()
    path = await proofs.consistency(session, size, head.size)
    return Earlier(size, row.note if row else None, path)
