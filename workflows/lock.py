"""One process per node name and database, held from before the engine starts until it has ended.

DBOS takes up the unfinished work of its own name at start. Two processes of one name would both
work on it.
"""

import fcntl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from workflows.store import Store


class NodeTaken(Exception):
    """Another process runs under this name. The message says what to do."""


@asynccontextmanager
async def only_one(store: Store, node: str) -> AsyncIterator[None]:
    """Raises NodeTaken at once instead of waiting."""
    if store.file is not None:
        path = store.file.with_name(store.file.name + ".lock")
        with path.open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise NodeTaken(
                    f"another Exeunt runs on {store.file}. Stop it first; more than one process "
                    "needs PostgreSQL (EXEUNT_DATABASE_URL)."
                ) from None
            yield
        return
    # Session-level, so on a connection of its own and never through transaction pooling.
    engine = create_async_engine(
        store.url.set(drivername="postgresql+psycopg"), poolclass=sa.NullPool
    )
    try:
        async with engine.connect() as connection:
            key = sa.func.hashtextextended(f"exeunt:{node}", 0)
            if not (
                await connection.execute(sa.select(sa.func.pg_try_advisory_lock(key)))
            ).scalar():
                raise NodeTaken(
                    f"another Exeunt runs as node {node!r} on this database. Give each its own "
                    "EXEUNT_NODE."
                )
            await connection.commit()
            yield
    finally:
        await engine.dispose()
