"""Take deleted bytes off the disk, as far as a database lets us, and say what stays.

SQLite overwrites what it deletes (`secure_delete`), a VACUUM leaves no old page behind, and the
write-ahead log is cut to nothing. PostgreSQL rewrites the tables; its write-ahead log keeps old
pages until its segments are recycled, and archives and backups keep theirs.
"""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlmodel import SQLModel, select

from workflows.privacy.tables import Upkeep
from workflows.store import BUSY_MILLISECONDS, Store
from workflows.turns import PATIENCE_SECONDS

TRIES, PAUSE_SECONDS = 10, 0.5
LOCK_SECONDS = 5
"""How long a rewrite may wait for a table: whoever comes behind it in the queue waits as well."""
KEPT = ("leaf", "audit_tile", "audit_checkpoint", "audit_head", "audit_outbox", "audit_key")
"""Tables that never held a person's data."""


@dataclass(frozen=True)
class Wiped:
    """`done` False: deleted bytes may still lie in `where`, and wiping is tried again later."""

    done: bool
    where: str = ""


async def wipe(store: Store) -> Wiped:
    """Wipe, and remember whether that is still to be done."""
    wiped = await (_sqlite(store) if store.embedded else _postgres(store))
    if wiped.done:
        async with store.write() as session:
            await session.exec(sa.update(Upkeep).values(wipe=False))
    return wiped


async def is_due(store: Store) -> bool:
    async with store.read() as session:
        return bool((await session.exec(select(Upkeep.wipe))).first())


async def _sqlite(store: Store) -> Wiped:
    """In our own writers' turn, so that they queue behind it instead of running into its lock."""
    path = store.file
    if path is None or store.turns is None:
        return Wiped(done=True)
    async with store.turns.turn():
        problem = await asyncio.to_thread(_vacuum, path)
    for _ in range(TRIES):
        if problem is None:
            return Wiped(done=True)
        await asyncio.sleep(PAUSE_SECONDS)
        problem = await asyncio.to_thread(_cut_log, path)
    return Wiped(done=False, where=problem or "")


def _connected(path: Path, seconds: float) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=seconds, isolation_level=None)
    for pragma in ("secure_delete=ON", "journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _vacuum(path: Path) -> str | None:
    """What is in the way, None if nothing is."""
    seconds = min(BUSY_MILLISECONDS / 1000, PATIENCE_SECONDS)
    with closing(_connected(path, seconds)) as connection:
        try:
            connection.execute("VACUUM")
        except sqlite3.OperationalError as why:
            return f"free pages of {path.name} ({why})"
    return _cut_log(path)


def _cut_log(path: Path) -> str | None:
    """Copy the write-ahead log into the database and cut it; a reader of an old page prevents it.

    Each try waits a moment only: a checkpoint that waits holds up whoever writes.
    """
    with closing(_connected(path, PAUSE_SECONDS)) as connection:
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return f"{path.name}-wal: somebody reads an older state of the database" if busy else None


async def _postgres(store: Store) -> Wiped:
    """Rewrite the tables and their statistics, which hold samples of values."""
    url = store.url.set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await psycopg.AsyncConnection.connect(url, autocommit=True)
    async with connection:
        if not await _nobody_looks_back(connection):
            return Wiped(done=False, where="rows that an older, still open transaction could read")
        await connection.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'")
        stuck = [name for name in _rewritten() if not await _try(connection, _rewrite(name))]
        # Not every role may: then the server does it in its own time.
        for command in (
            "VACUUM (FULL) pg_catalog.pg_statistic",
            "SELECT pg_switch_wal()",
            "CHECKPOINT",
        ):
            await _try(connection, command)
    where = f"tables that somebody uses: {', '.join(stuck)}" if stuck else ""
    return Wiped(done=not stuck, where=where)


async def _nobody_looks_back(connection: psycopg.AsyncConnection[Any]) -> bool:
    """Whether every open snapshot is from after now: a rewrite keeps what an older one sees."""
    now = await (
        await connection.execute("SELECT (txid_current() % (2^32)::bigint)::text")
    ).fetchone()
    for _ in range(TRIES):
        older = await connection.execute(_OLDER_SNAPSHOTS, now)
        if await older.fetchone() == (0,):
            return True
        await asyncio.sleep(PAUSE_SECONDS)
    return False


def _rewrite(table: str) -> str:
    return f'VACUUM (FULL, ANALYZE) "{table}"'


def _rewritten() -> list[str]:
    return [table.name for table in SQLModel.metadata.sorted_tables if table.name not in KEPT]


_OLDER_SNAPSHOTS = """
SELECT count(*) FROM (
  SELECT backend_xmin AS xmin FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
  UNION ALL SELECT xmin FROM pg_replication_slots
  UNION ALL SELECT transaction FROM pg_prepared_xacts WHERE database = current_database()
) AS held WHERE held.xmin IS NOT NULL AND age(held.xmin) > age(%s::xid)
"""


async def _try(connection: psycopg.AsyncConnection[Any], command: str) -> bool:
    try:
        await connection.execute(command.encode())
    except (psycopg.errors.LockNotAvailable, psycopg.errors.InsufficientPrivilege):
        return False
    return True
