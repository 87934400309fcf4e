"""What the commands share: settings, configuration, a database that fits."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.clock import Clock
from app.config import Config, load_config
from app.main import build_world, let_go
from app.settings import Settings
from workflows.schema import is_new, migrate, require_current
from workflows.store import Store
from workflows.world import World


def configured(settings: Settings) -> Config:
    return load_config(settings.config, os.environ)


def ready_database(settings: Settings, *, upgrade: bool = False) -> None:
    """An embedded database is made if there is none; a server's is only compared.

    `upgrade` brings an embedded one that is there up to date, too: a command that only looks must
    not do that behind a service's back, and without a backup. Raises SchemaMismatch.
    """
    embedded = settings.database_url.startswith("sqlite")
    if embedded and (upgrade or is_new(settings.database_url)):
        migrate(settings.database_url)
    else:
        require_current(settings.database_url)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Store]:
    """The database alone, for commands that call no system."""
    ready_database(settings)
    store = Store(settings.database_url)
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def resting(settings: Settings, config: Config) -> AsyncIterator[World]:
    """The world without its engine: what is asked can look, but starts nothing."""
    ready_database(settings)
    world = build_world(settings, config, Clock())
    try:
        yield world
    finally:
        await let_go(world)
