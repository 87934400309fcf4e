"""Prove a system's credential, and let its cases go on once it is mended."""

from sqlmodel import select

from adapters.contract import Check
from adapters.errors import AdapterError, CredentialDenied
from workflows.caller import Caller
from workflows.errors import NotFound
from workflows.ledger.events import EXEUNT, Event
from workflows.tables import Part, SystemHealth, Task
from workflows.tasks import close_task
from workflows.world import World


async def check_system(world: World, system: str, caller: Caller | None = None) -> Check:
    """Ask the system whether our credential may do its work, and remember the answer.

    Raises NotFound for a name that is not configured, AdapterError with what is wrong.
    """
    if system not in world.systems:
        names = ", ".join(sorted(world.systems)) or "none"
        raise NotFound(f"there is no system {system!r}", f"Configured systems: {names}.")
    try:
        check = await world.systems[system].adapter.check()
    except AdapterError as why:
        await _remember_failure(world, system, why)
        raise
    await _remember_success(world, system, check, caller)
    return check


async def _remember_failure(world: World, system: str, why: AdapterError) -> None:
    async with world.store.write() as session:
        health = await session.get(SystemHealth, system) or SystemHealth(system=system)
        health.checked_at, health.summary = world.clock.now(), why.message
        health.permission = getattr(why, "permission", "")
        health.fix = getattr(why, "fix", "")
        if isinstance(why, CredentialDenied):
            health.paused = True
        session.add(health)


async def _remember_success(world: World, system: str, check: Check, caller: Caller | None) -> None:
    async with world.store.write() as session:
        now = world.clock.now()
        health = await session.get(SystemHealth, system) or SystemHealth(system=system)
        resumed, health.paused = health.paused, False
        health.checked_at, health.summary, health.fix, health.permission = (
            now,
            check.summary,
            "",
            "",
        )
        session.add(health)
        paused = select(Part).where(Part.system == system, Part.state == "paused")
        for part in (await session.exec(paused.with_for_update())).all():
            # The time of the pause does not count against the patience of the policy.
            part.state, part.due_at, part.first_try_at = "waiting", now, now
        if not resumed:
            return
        actor = caller.actor if caller else EXEUNT
        asked = select(Task).where(
            Task.system == system, Task.kind == "credential", Task.state == "open"
        )
        for task in (await session.exec(asked)).all():
            await close_task(world, session, task, actor, "the credential was proved again")
        await world.ledger.record(
            session, Event("system.resumed", data={"system": system}, actor=actor)
        )
