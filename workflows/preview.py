"""The dry run: who would be found, what would be done, what it would call. Nothing is written."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from adapters.actions import Action
from adapters.errors import AdapterError
from adapters.hr.contract import WorkerRecord
from adapters.nouns import Match, Person
from workflows.cases import leaver_of
from workflows.identify import identify
from workflows.lookup import Sighting, known_account
from workflows.model import Leaver, Plan
from workflows.people import claimed_by_others, person_of
from workflows.plan import plan
from workflows.requests import Request, the_worker, unheard_of
from workflows.world import System, World


@dataclass(frozen=True)
class SystemPreview:
    """One system's answer to a dry run. `problem` is set where it could not answer."""

    system: str
    plan: Plan | None
    matches: tuple[Match, ...] = ()
    undecided: str = ""
    problem: str = ""
    fix: str = ""
    notes: tuple[str, ...] = ()
    """What to know before it is run, such as "privileged"."""
    lacks: Mapping[Action, str] = field(default_factory=dict)
    """Actions that will fail, each with the permission to grant."""


@dataclass(frozen=True)
class Sought:
    """Who is looked for: what HR says, our id if we know them, and by what, per system."""

    record: WorkerRecord
    worker_id: str | None
    person_in: dict[str, Person]


async def preview(
    world: World,
    leaver: Leaver,
    who: Sought,
    now: datetime,
) -> list[SystemPreview]:
    """Ask every system at once."""
    asked = [_one(world, name, system, leaver, who, now) for name, system in world.systems.items()]
    return list(await asyncio.gather(*asked))


async def _one(
    world: World,
    name: str,
    system: System,
    leaver: Leaver,
    who: Sought,
    now: datetime,
) -> SystemPreview:
    person = who.person_in[name]
    try:
        check = await system.adapter.check()
        matches = await system.adapter.find_accounts(person)
        async with world.store.read() as session:
            claimed = await claimed_by_others(session, who.record, who.worker_id, matches)
        identified = identify(person, matches, leaver.last_moment, claimed)
        sightings = [
            Sighting(hit, await system.adapter.observe(hit.account)) for hit in identified.accounts
        ]
    except AdapterError as why:
        return SystemPreview(name, None, problem=why.message, fix=getattr(why, "fix", ""))
    accounts = tuple(known_account(system, sighting) for sighting in sightings)
    made = plan(leaver, accounts, system.can, world.policy, now)
    undecided = identified.undecided.reason if identified.undecided else ""
    notes = tuple(dict.fromkeys(note for seen in sightings for note in seen.before.notes))
    planned = {item.action for item in made.items if item.gap is None}
    lacks = {verb: grant for verb, grant in check.missing.items() if verb in planned}
    return SystemPreview(name, made, identified.accounts, undecided, notes=notes, lacks=lacks)


async def preview_request(world: World, request: Request) -> list[SystemPreview]:
    """The dry run of a manual case. A worker whom HR never sent is looked for all the same.

    Raises Conflict if two workers match.
    """
    now = world.clock.now()
    async with world.store.read() as session:
        worker = await the_worker(session, request)
        record = WorkerRecord.model_validate(worker.record) if worker else unheard_of(request)
        worker_id = worker.id if worker else None
        people = {name: await person_of(session, record, name, worker_id) for name in world.systems}
    leaver = leaver_of(record, request.kind, request.effective_at or now)
    return await preview(world, leaver, Sought(record, worker_id, people), now)
