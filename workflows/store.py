"""The database: one place to open it, and the only way to begin a transaction."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from workflows.turns import Turns

BUSY_MILLISECONDS = 30_000
WRITES = ("INSERT", "UPDATE", "DELETE", "REPLAC")


class Instant(sa.types.TypeDecorator[datetime]):
    """An aware instant. SQLite keeps no zone, so UTC goes in and UTC comes out."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: sa.Dialect) -> datetime | None:
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, _dialect: sa.Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


class Store:
    """Sessions on one database: embedded SQLite, or PostgreSQL when there is more than one node.

    `url` is `sqlite:///file.db` or `postgresql://…`; the driver is chosen here.
    """

    def __init__(self, url: str) -> None:
        self.url = sa.engine.make_url(url)
        self.embedded = self.url.get_backend_name() == "sqlite"
        self._engine = self._open()
        self.turns = Turns() if self.embedded else None

    def _open(self) -> AsyncEngine:
        if not self.embedded:
            return create_async_engine(
                self.url.set(drivername="postgresql+psycopg"),
                pool_size=20,
                pool_pre_ping=True,
                hide_parameters=True,
            )
        engine = create_async_engine(
            self.url.set(drivername="sqlite+aiosqlite"),
            pool_size=10,
            max_overflow=0,
            hide_parameters=True,
        )
        tune_sqlite(engine.sync_engine)
        return engine

    @property
    def file(self) -> Path | None:
        """The database file, None on PostgreSQL."""
        return Path(self.url.database) if self.embedded and self.url.database else None

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed at the end, rolled back on any error."""
        async with (
            self.turns.turn() if self.turns else nullcontext(),
            AsyncSession(self._engine, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """One snapshot that never waits for a writer. What is changed in it is thrown away."""
        reader = self._engine.execution_options(exeunt_reads=True)
        async with AsyncSession(reader, expire_on_commit=False) as session:
            yield session

    async def alone(self, session: AsyncSession, key: str) -> None:
        """Until the transaction ends, nobody else is past this line with the same key.

        For rows that may not exist yet. SQLite has one writer anyway.
        """
        if not self.embedded:
            number = sa.func.hashtextextended(key, 0)
            locked = sa.select(sa.func.pg_advisory_xact_lock(number))
            await session.exec(locked)  # type: ignore[call-overload] # a plain statement

    async def close(self) -> None:
        await self._engine.dispose()


def tune_sqlite(engine: sa.Engine) -> None:
    """Durable on every commit, readers beside the writer, and no upgrade from read to write.

    What is deleted is overwritten with zeros, not only forgotten (workflows/privacy/wipe.py).

    A transaction that begins with a read and then writes fails at once if another has written in
    between; BEGIN IMMEDIATE takes the write lock first. Reads say so and begin deferred.
    """

    _on_connect(engine, None)  # we begin; the driver must not

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        reads = connection.get_execution_options().get("exeunt_reads")
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _on_connect(engine: sa.Engine, isolation: str | None) -> None:
    pragmas = (
        "secure_delete=ON",
        "journal_mode=WAL",
        "synchronous=FULL",
        f"busy_timeout={BUSY_MILLISECONDS}",
        "foreign_keys=ON",
    )

    @sa.event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = isolation
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()


def engine_for_dbos(store: Store) -> sa.Engine:
    """A synchronous engine on the same database. DBOS begins SQLite transactions by itself."""
    url = store.url
    if store.turns is None:
        return sa.create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_size=20,
            pool_pre_ping=True,
            hide_parameters=True,
        )
    engine = sa.create_engine(url.set(drivername="sqlite"), pool_size=20, hide_parameters=True)
    _on_connect(engine, "IMMEDIATE")
    _write_in_turn(engine, store.turns)
    return engine


def _write_in_turn(engine: sa.Engine, turns: Turns) -> None:
    """From a connection's first write until it is handed back, after the commit."""

    @sa.event.listens_for(engine, "before_cursor_execute")
    def _take(conn: sa.Connection, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip()[:6].upper() in WRITES and not conn.info.get("turn"):
            conn.info["turn"] = turns.take()

    @sa.event.listens_for(engine, "checkin")
    def _give(_connection: Any, record: Any) -> None:
        if record.info.pop("turn", None):
            turns.give()
