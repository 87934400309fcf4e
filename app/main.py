"""The composition root: settings and configuration in, a running service out."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from importlib.metadata import version

import structlog
from fastapi import FastAPI

from adapters.clock import Clock
from adapters.registry import ADAPTERS, HR_SOURCES
from app import errors
from app.api import (
    account_links,
    audit,
    audit_tree,
    cases,
    health,
    hr_events,
    plans,
    systems,
    tasks,
)
from app.body_limit import BodyLimit
from app.config import Config
from app.settings import Settings
from workflows import offboard as _workflows  # registers them with the engine
from workflows.engine import Engine
from workflows.ledger.events import Event
from workflows.ledger.keys import KeyFile
from workflows.ledger.notary import CannotSign, Notary
from workflows.ledger.publish import publish_forever
from workflows.ledger.record import Ledger
from workflows.ledger.settings import AuditSettings
from workflows.lock import only_one
from workflows.model import Capabilities
from workflows.store import Store
from workflows.sweeper import sweep_forever
from workflows.world import HrConnection, System, World, wire

log = structlog.get_logger()

DESCRIPTION = """Cut a leaver's access in every system at once, read it back, and prove it.

Done means that the system itself says so: `containment` is judged from read-backs only."""


def build_world(settings: Settings, config: Config, clock: Clock) -> World:
    """Everything that the workflows work with. No call is made and nothing is started yet."""
    store = Store(settings.database_url)
    ledger = Ledger(store, clock, settings.tenant)
    return World(
        clock=clock,
        store=store,
        ledger=ledger,
        engine=Engine(store, settings.node),
        policy=config.policy,
        systems=systems_of(config, clock),
        hr=hr_of(config, clock),
        notary=notary_of(settings, config.audit, ledger, store, clock),
        witness_keys={name: told.vkey for name, told in config.audit.witnesses.items()},
    )


def notary_of(
    settings: Settings, audit: AuditSettings, ledger: Ledger, store: Store, clock: Clock
) -> Notary | None:
    """Who signs the log. An embedded database has its key beside it unless another is named."""
    path = settings.audit_key
    if path is None and store.file is not None:
        path = store.file.with_name(store.file.name + ".audit-key")
    if path is None:
        return None
    origin = audit.origin or f"exeunt.local/{settings.tenant}"
    return Notary(store, ledger, clock, origin, KeyFile(path))


def systems_of(config: Config, clock: Clock) -> dict[str, System]:
    """Every configured system with its adapter. No call is made yet."""
    found = {}
    for name, told in config.systems.items():
        adapter = ADAPTERS[told.adapter].connect(name, told, clock)
        can = Capabilities.of(adapter, told.adapter, told.mode, told.owner, told.mastered_by)
        found[name] = System(adapter, can)
    return found


def hr_of(config: Config, clock: Clock) -> dict[str, HrConnection]:
    """Every configured HR connection with its source. No call is made yet."""
    return {
        name: HrConnection(HR_SOURCES[told.source].connect(name, told, clock), told.time_zone)
        for name, told in config.hr.items()
    }


@asynccontextmanager
async def running(world: World, node: str, patience: int = 0) -> AsyncIterator[None]:
    """The engine and the sweeper, from taking the node's lock until all is let go.

    `patience` is how many seconds running steps get to end.
    """
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(only_one(world.store, node))
        await _record_start(world, node)
        await _open_log(world)
        wire(world)
        await world.engine.launch()
        stack.push_async_callback(world.engine.stop, patience)
        for work in (sweep_forever, publish_forever):
            task = asyncio.create_task(_keep_at(work, world))
            stack.push_async_callback(_stopped, task)
        yield
    await _let_go(world)


async def _record_start(world: World, node: str) -> None:
    """With which policy and in which modes: what weakens a cut must be found in the log."""
    async with world.store.write() as session:
        await world.ledger.record(
            session,
            Event(
                "service.started",
                data={
                    "node": node,
                    "version": version("exeunt"),
                    "policy": world.policy.identity,
                    "systems": {name: str(s.can.mode) for name, s in world.systems.items()},
                    "hr": sorted(world.hr),
                },
            ),
        )


async def _open_log(world: World) -> None:
    """A new log announces its key. One that cannot be signed is kept all the same."""
    if world.notary is None:
        return
    try:
        await world.notary.open(may_create=world.store.embedded)
    except CannotSign as why:
        log.error("audit.not_signed", error=why.message, fix=why.next_step)  # noqa: TRY400 - said whole


async def _keep_at(work: Callable[[World], Awaitable[None]], world: World) -> None:
    """Whatever happens: scheduled cuts hang on it. What it trips over is logged, and it goes on."""
    while True:
        try:
            await work(world)
        except Exception:
            log.exception("background.failed", work=work.__name__)
            await asyncio.sleep(1)
        else:
            return


async def _stopped(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _let_go(world: World) -> None:
    for system in world.systems.values():
        await system.adapter.close()
    for hr in world.hr.values():
        await hr.source.close()
    await world.store.close()


def create_app(world: World) -> FastAPI:
    """The HTTP service over a world that is `running`."""
    app = FastAPI(title="Exeunt", version=version("exeunt"), description=DESCRIPTION)
    app.state.world = world
    errors.install(app)
    app.add_middleware(BodyLimit)
    for router in (hr_events, cases, plans, systems, tasks, account_links, audit, audit_tree):
        app.include_router(router.router, prefix="/api/v1")
    app.include_router(health.router)
    return app


__all__ = ["_workflows", "build_world", "create_app", "running"]
