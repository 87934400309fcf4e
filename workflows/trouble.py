"""What a failure means for the part or the item that it struck, and for nobody else."""

from datetime import datetime, timedelta

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from adapters.calls import Call
from adapters.errors import (
    AdapterError,
    CredentialDenied,
    NeedsHuman,
    TargetDenied,
    TryAgain,
    Unrecognised,
)
from workflows.ledger.events import Event
from workflows.tables import Case, Item, Part, SystemHealth
from workflows.tasks import Ask, open_task
from workflows.world import World

FIRST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=15)
MOST_BELIEVED = timedelta(days=1)
"""A Retry-After beyond this is a mistake of the vendor's, or an attack."""


def wait(tries: int, asked: float | None, jitter: float) -> timedelta:
    """How long until the next try: doubling, capped, never shorter than the vendor asked, spread.

    `tries` counts from 1; `asked` is Retry-After in seconds; `jitter` is in [0, 1).
    """
    doubled = min(FIRST_WAIT * 2.0 ** min(tries - 1, 20), LONGEST_WAIT)
    asked_for = timedelta(seconds=min(asked or 0.0, MOST_BELIEVED.total_seconds()))
    return max(doubled, asked_for) * (1 + 0.2 * jitter)


async def part_in_trouble(world: World, part_id: str, why: AdapterError, calls: list[Call]) -> None:
    """The lookup failed: try later, pause the system, or ask a person."""
    async with world.store.write() as session:
        part = await session.get_one(Part, part_id)
        case = await session.get_one(Case, part.case_id)
        part.lookup_note = f"{type(why).__name__}: {why.message}"
        await world.ledger.record(
            session,
            Event(
                "lookup.failed",
                "failure",
                case.id,
                data={
                    "system": part.system,
                    "error": type(why).__name__,
                    "statuses": [call.status for call in calls[-20:]],
                },
                personal={"message": why.message},
            ),
        )
        match why:
            case TryAgain():
                part.due_at = world.clock.now() + _next(world, part.turn, why)
            case CredentialDenied():
                await pause(world, session, case, part.system, why)
            case _:
                part.lookup = "undecided"
                await open_task(world, session, case, _ask_for(part.system, None, why))


async def item_in_trouble(
    world: World, session: AsyncSession, case: Case, item: Item, why: AdapterError
) -> None:
    """One try failed: say so on the item, and do what its kind asks for."""
    item.error, item.message = type(why).__name__, why.message
    match why:
        case TryAgain():
            item.state = "waiting"
            item.due_at = world.clock.now() + _next(world, item.attempts, why)
        case CredentialDenied():
            item.state, item.due_at = "waiting", None
            item.permission, item.fix = why.permission, why.fix
            await pause(world, session, case, item.system, why)
        case NeedsHuman():
            item.state, item.gap_detail = "task", why.runbook
            task = await open_task(world, session, case, _ask_for(item.system, item, why))
            item.task_id = task.id
        case TargetDenied():
            item.state, item.permission, item.fix = "failed", why.permission, why.fix
            await open_task(world, session, case, _ask_for(item.system, item, why))
        case Unrecognised() | _:
            item.state = "failed"
            await open_task(world, session, case, _ask_for(item.system, item, why))


def _next(world: World, tries: int, why: TryAgain) -> timedelta:
    return wait(max(tries, 1), why.retry_after, world.clock.jitter())


def _ask_for(system: str, item: Item | None, why: AdapterError) -> Ask:
    what = item.action.replace("_", " ") if item else "find the account"
    fix = getattr(why, "fix", "") or getattr(why, "runbook", "")
    permission = getattr(why, "permission", "")
    how = f"{fix} Permission: {permission}." if permission else fix
    return Ask(
        "failed", f"{system}: {what} failed. {why.message}", how, system, item.id if item else None
    )


async def pause(
    world: World, session: AsyncSession, case: Case, system: str, why: CredentialDenied
) -> None:
    """Nobody calls this system until its credential is mended: more tries could lock it out."""
    health = await session.get(SystemHealth, system) or SystemHealth(system=system)
    health.paused, health.checked_at = True, world.clock.now()
    health.summary, health.permission, health.fix = why.message, why.permission, why.fix
    session.add(health)
    await world.ledger.record(
        session,
        Event(
            "system.paused",
            "alert",
            case.id,
            data={"system": system, "permission": why.permission, "fix": why.fix},
        ),
    )
    how = f"{why.fix}. Then prove it: POST /api/v1/systems/{system}/check."
    await open_task(
        world,
        session,
        case,
        Ask("credential", f"{system} refuses our credential: {why.message}", how, system),
    )


async def is_paused(session: AsyncSession, system: str) -> bool:
    paused = select(SystemHealth.paused).where(SystemHealth.system == system)
    return bool((await session.exec(paused)).first())


def gave_up(case: Case, part: Part, now: datetime) -> bool:
    """Whether trying again has gone on for longer than the policy allows."""
    began = part.first_try_at or now
    return now - began > timedelta(seconds=case.give_up_seconds)
