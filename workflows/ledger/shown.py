"""Show a signed head to those outside: witnesses cosign it, an authority stamps the time on it.

How far each has come is a row beside those of the sinks. Whoever fails is asked again later, with
the newest head; none waits for another.
"""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta

import structlog
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from adapters.errors import AdapterError, NeedsHuman
from adapters.time_stamps import TimeStamps
from adapters.witness import Witness, WitnessAhead
from workflows.ledger import proofs
from workflows.ledger.outside import is_due_again, note_failure, note_success, shipment
from workflows.ledger.tables import Checkpoint, Leaf
from workflows.world import World

STAMP_EVERY = timedelta(hours=1)
"""Time stamps may cost money: one is taken this often, and when a case was closed."""
LONGEST_SECONDS = 60.0
"""For one of them: who answers drop by drop holds up no later head."""
TIME_STAMPS = "time_stamps"
NEVER = 2**63 - 1

log = structlog.get_logger()


def destination_of(witness: str) -> str:
    return f"witness:{witness}"


async def show(world: World, head: Checkpoint, *, stamp_now: bool = False) -> None:
    """To everybody who has not seen it. Never raises for what is theirs to mend."""
    asked = [
        _told(world, destination_of(name), _cosigned(world, name, witness, head))
        for name, witness in world.witnesses.items()
        if f"— {witness.name} " not in head.cosignatures
    ]
    if world.time_stamps and (stamp_now or await stamp_is_due(world, head)):
        asked.append(_told(world, TIME_STAMPS, _stamped(world, world.time_stamps, head)))
    await asyncio.gather(*asked)


async def _told(world: World, destination: str, work: Awaitable[int]) -> None:
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            size = await work
    except (AdapterError, TimeoutError) as why:
        slow = f"it took longer than {LONGEST_SECONDS:.0f} seconds"
        said = why.message if isinstance(why, AdapterError) else slow
        await note_failure(world, destination, said)
        log.warning("audit.not_shown", to=destination, error=said)
    else:
        await note_success(world, destination, size)


async def _cosigned(world: World, name: str, witness: Witness, head: Checkpoint) -> int:
    seen = (await shipment(world, destination_of(name))).next_idx
    try:
        lines = await _add(world, witness, min(seen, head.size), head)
    except WitnessAhead as ahead:
        if ahead.size > head.size:
            raise NeedsHuman(
                f"witness {witness.name} has seen {ahead.size} events of {head.origin}, this "
                f"database has {head.size}: it was rolled back",
                "docs/runbooks/audit-log.md",
            ) from None
        lines = await _add(world, witness, ahead.size, head)
    async with world.store.write() as session:
        kept = await session.get_one(Checkpoint, (head.origin, head.size), with_for_update=True)
        if f"— {witness.name} " not in kept.cosignatures:
            kept.cosignatures += lines
    return head.size


async def _add(world: World, witness: Witness, old: int, head: Checkpoint) -> str:
    async with world.store.read() as session:
        proof = await proofs.consistency(session, old, head.size) if old else []
    return await witness.add(old, proof, head.note)


async def _stamped(world: World, authority: TimeStamps, head: Checkpoint) -> int:
    token = await authority.stamp(head.note.encode())
    async with world.store.write() as session:
        kept = await session.get_one(Checkpoint, (head.origin, head.size))
        kept.time_stamp = kept.time_stamp or token
    return head.size


async def stamp_is_due(world: World, head: Checkpoint) -> bool:
    """An hour is over, or a case was closed that no stamp covers, whoever signed the head."""
    if head.time_stamp is not None:
        return False
    row = await shipment(world, TIME_STAMPS)
    if row.failures:  # one is owed: perhaps that of a case that was closed
        return is_due_again(world, row)
    stamped = select(Checkpoint.size, Checkpoint.signed_at).where(
        col(Checkpoint.time_stamp).is_not(None)
    )
    async with world.store.read() as session:
        newest = stamped.order_by(col(Checkpoint.signed_at).desc()).limit(1)
        last = (await session.exec(newest)).first()
        if last is None or abs(world.clock.now() - last[1]) >= STAMP_EVERY:
            return True
        return await case_closed_since(session, last[0], head.size)


async def case_closed_since(session: AsyncSession, size: int, until: int = NEVER) -> bool:
    """Whether a case was closed among the leaves from `size` to before `until`."""
    closed = select(Leaf.idx).where(
        col(Leaf.idx) >= size, col(Leaf.idx) < until, Leaf.type == "case.closed"
    )
    return (await session.exec(closed.limit(1))).first() is not None
