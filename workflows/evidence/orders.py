"""Evidence as it is asked for: who takes what with them is on record before they have it."""

import asyncio
from collections.abc import Sequence

from workflows.evidence.gather import gather_case
from workflows.evidence.pack import Pack, case_pack
from workflows.evidence.period_pack import Asked, Progress, period_pack
from workflows.ledger.events import Actor, Event, stamp
from workflows.world import World

EXPORTED = "evidence.exported"


async def evidence_of_case(
    world: World, case_id: str, actor: Actor, *, names: bool = True, earlier: Sequence[int] = ()
) -> Pack:
    """Raises NotFound and CannotSign."""
    data = {"kind": "case", "of": case_id, "names": names}
    await _on_record(world, Event(EXPORTED, data=data, actor=actor))
    found = await gather_case(world, case_id, names=names, earlier=earlier)
    return await asyncio.to_thread(case_pack, case_id, found)


async def evidence_of_period(
    world: World, asked: Asked, actor: Actor, tell: Progress = lambda *_: None
) -> Pack:
    """Raises Conflict for a period that was not sealed, Invalid and CannotSign."""
    data = {
        "kind": "period",
        "from": stamp(asked.period.since),
        "to": stamp(asked.period.until),
        "names": asked.names,
        "sample": asked.size if asked.seed is not None else None,
    }
    # The auditor's word, as they gave it: it may be anything, so only its digest is in the leaf.
    event = Event(EXPORTED, data=data, personal={"seed": asked.seed}, actor=actor)
    await _on_record(world, event)
    return await period_pack(world, asked, tell)


async def _on_record(world: World, event: Event) -> None:
    """Of no case: a case that is closed stays closed, and counts as many events as it said."""
    async with world.store.write() as session:
        await world.ledger.record(session, event)
