"""The composition root: settings and configuration in, a running service out."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from importlib.metadata import version
from typing import TypeVar

import structlog
from fastapi import FastAPI

from adapters.clock import Clock
from adapters.registry import ADAPTERS, HR_SOURCES, SINKS
from adapters.time_stamps import TimeStamps
from adapters.witness import Witness
from app import errors
from app.api import (
    account_links,
    audit,
    audit_tree,
    cases,
    evidence,
    health,
    hr_events,
    plans,
    systems,
    tasks,
    workers,
)
from app.body_limit import BodyLimit
from app.config import Config
from app.settings import Settings
from workflows import offboard as _workflows  # registers them with the engine
from workflows.engine import Engine
from workflows.ledger.deliver import deliver_forever
from workflows.ledger.events import Event
from workflows.ledger.formats import format_named
from workflows.ledger.keys import KeyFile
from workflows.ledger.notary import CannotSign, Notary
from workflows.ledger.outlets import Outlet
from workflows.ledger.publish import publish_forever
from workflows.ledger.record import Ledger
from workflows.ledger.settings import AuditSettings
from workflows.ledger.shipments import Delivery
from workflows.lock import only_one
from workflows.model import Capabilities
from workflows.privacy.upkeep import upkeep_forever
from workflows.store import Store
from workflows.sweeper import sweep_forever
from workflows.world import HrConnection, System, World, wire

log = structlog.get_logger()
P = TypeVar("P")

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
        witnesses={name: Witness(w.url, w.vkey) for name, w in config.audit.witnesses.items()},
        time_stamps=time_stamps_of(config.audit),
        outlets=outlets_of(settings, config, clock),
        retention=config.audit.retention,
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
    return Notary(store, ledger, clock, _origin(settings, audit), KeyFile(path))


def _origin(settings: Settings, audit: AuditSettings) -> str:
    return audit.origin or f"exeunt.local/{settings.tenant}"


def outlets_of(settings: Settings, config: Config, clock: Clock) -> dict[str, Outlet]:
    """Every configured sink. No call is made yet."""
    found = {}
    name_of_log, version_of = _origin(settings, config.audit), config.audit.ocsf_version
    for name, told in config.sinks.items():
        form = format_named(told.format, ocsf_version=version_of, log_name=name_of_log)
        found[name] = Outlet.of(SINKS[told.sink].connect(name, told, clock), told, form)
    return found


def time_stamps_of(audit: AuditSettings) -> TimeStamps | None:
    told = audit.time_stamps
    return TimeStamps(told.url, told.ca_file) if told else None


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
    """The engine, the sweeper and who passes the log on: from taking the node's lock to the end.

    `patience` is how many seconds running steps get to end.
    """
    async with AsyncExitStack() as stack:
        stack.push_async_callback(let_go, world)  # at the very end, whatever ends it
        await stack.enter_async_context(only_one(world.store, node))
        await _record_start(world, node)
        await _open_log(world)
        wire(world)
        await world.engine.launch()
        stack.push_async_callback(world.engine.stop, patience)
        for work in (sweep_forever, publish_forever, upkeep_forever):
            task = asyncio.create_task(_keep_at(work, world))
            stack.push_async_callback(_stopped, task)
        for name, outlet in world.outlets.items():
            parts = Delivery(world.store, world.ledger, world.clock, node, name, outlet)
            task = asyncio.create_task(_keep_at(deliver_forever, parts))
            stack.push_async_callback(_stopped, task)
        yield


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
                    "sinks": sorted(world.outlets),
                },
            ),
        )


async def _open_log(world: World) -> None:
    """A new log announces its key. One that cannot be signed is kept all the same."""
    if world.notary is None:
        return
    file = world.store.file
    if file and file.resolve().parent == world.notary.key.head.resolve().parent:
        _warn_of_one_folder(world)
    try:
        await world.notary.open(may_create=world.store.embedded)
    except CannotSign as why:
        log.error("audit.not_signed", error=why.message, fix=why.next_step)  # noqa: TRY400 - said whole


def _warn_of_one_folder(world: World) -> None:
    """Who restores that folder takes back the log and the memory of it, and nothing tells."""
    if not world.witnesses:
        key = "EXEUNT_AUDIT_KEY on another disk"
        fix = f"configure audit.witnesses, or {key} (docs/runbooks/audit-log.md)"
        log.warning("audit.rollback_unnoticed", fix=fix)


async def _keep_at(work: Callable[[P], Awaitable[None]], parts: P) -> None:
    """Whatever happens: scheduled cuts hang on it. What it trips over is logged, and it goes on."""
    while True:
        try:
            await work(parts)
        except Exception:
            log.exception("background.failed", work=work.__name__)
            await asyncio.sleep(1)
        else:
            return


async def _stopped(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def let_go(world: World) -> None:
    for system in world.systems.values():
        await system.adapter.close()
    for hr in world.hr.values():
        await hr.source.close()
    for witness in world.witnesses.values():
        await witness.close()
    if world.time_stamps:
        await world.time_stamps.close()
    for outlet in world.outlets.values():
        await outlet.sink.close()
    await world.store.close()


def create_app(world: World) -> FastAPI:
    """The HTTP service over a world that is `running`."""
    app = FastAPI(title="Exeunt", version=version("exeunt"), description=DESCRIPTION)
    app.state.world = world
    errors.install(app)
    app.add_middleware(BodyLimit)
    nouns = (
        *(hr_events, cases, workers, plans, systems, tasks),
        *(account_links, audit, audit_tree, evidence),
    )
    for router in nouns:
        app.include_router(router.router, prefix="/api/v1")
    app.include_router(health.router)
    return app


__all__ = ["_workflows", "build_world", "create_app", "running"]
