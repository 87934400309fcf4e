"""The dry run: who would be found, what would be done, what it would call. Nothing is written."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from adapters.errors import AdapterError
from adapters.hr.contract import WorkerRecord
from adapters.nouns import Match, Person
from workflows.cases import leaver_of
from workflows.identify import identify
from workflows.model import KnownAccount, Leaver, Plan
from workflows.people import person_of, taken_addresses
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


async def preview(
    world: World,
    leaver: Leaver,
    person_in: dict[str, Person],
    taken: dict[str, str],
    now: datetime,
) -> list[SystemPreview]:
    """Ask every system at once. `person_in` is what the worker is looked for by, per system."""
    asked = [
        _one(world, name, system, leaver, person_in[name], taken, now)
        for name, system in world.systems.items()
    ]
    return list(await asyncio.gather(*asked))


async def _one(
    world: World,
    name: str,
    system: System,
    leaver: Leaver,
    person: Person,
    taken: dict[str, str],
    now: datetime,
) -> SystemPreview:
    try:
        matches = await system.adapter.find_accounts(person)
        identified = identify(person, matches, leaver.last_moment, taken)
        accounts = [
            KnownAccount(hit.account, bool((await system.adapter.observe(hit.account)).privileged))
            for hit in identified.accounts
        ]
    except AdapterError as why:
        return SystemPreview(name, None, problem=why.message, fix=getattr(why, "fix", ""))
    made = plan(leaver, tuple(accounts), system.can, world.policy, now)
    undecided = identified.undecided.reason if identified.undecided else ""
    return SystemPreview(name, made, identified.accounts, undecided)


async def preview_request(world: World, request: Request) -> list[SystemPreview]:
    """The dry run of a manual case. A worker whom HR never sent is looked for all the same.

    Raises Conflict if two workers match.
    """
    now = world.clock.now()
    async with world.store.read() as session:
        worker = await the_worker(session, request)
        record = WorkerRecord.model_validate(worker.record) if worker else unheard_of(request)
        people = {name: await person_of(session, record, name) for name in world.systems}
        taken = await taken_addresses(session, worker) if worker else {}
    leaver = leaver_of(record, request.kind, request.effective_at or now)
    return await preview(world, leaver, people, taken, now)
