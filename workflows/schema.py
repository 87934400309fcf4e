"""Which revision the database is at, which one this code needs, and how to get there."""

import os
from contextlib import suppress
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from workflows.store import tune_sqlite

ROOT = Path(__file__).resolve().parents[1]


class SchemaMismatch(Exception):
    """The database and the code do not fit. The message says which is behind, and what to do."""


def engine_for_migrations(url: str) -> sa.Engine:
    """On SQLite with transactional DDL: a migration that dies leaves nothing half done."""
    parsed = sa.engine.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database and not parsed.database.startswith((":", "file:")):
            _for_its_owner_alone(Path(parsed.database))
        engine = sa.create_engine(parsed.set(drivername="sqlite"), poolclass=sa.NullPool)
        tune_sqlite(engine)
        return engine
    return sa.create_engine(parsed.set(drivername="postgresql+psycopg"), poolclass=sa.NullPool)


def _for_its_owner_alone(file: Path) -> None:
    """A new database, and what SQLite puts beside it: names and hashes of tokens are in there.

    One that is there keeps its mode: somebody may have chosen it.
    """
    with suppress(FileExistsError, FileNotFoundError):  # SQLite says what is wrong with the folder
        os.close(os.open(file, os.O_CREAT | os.O_EXCL, 0o600))


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "alembic"))
    return config


def migrate(url: str) -> tuple[str | None, str]:
    """Bring the database to this code's revision; the revisions before and after.

    Raises SchemaMismatch if the database is newer than the code.
    """
    engine = engine_for_migrations(url)
    with engine.connect() as connection:
        before = _current(connection)
        _refuse_newer(before)
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
    engine.dispose()
    return before, head()


def is_new(url: str) -> bool:
    """Whether nothing was made in it yet. A file that is not there is made by the looking."""
    engine = engine_for_migrations(url)
    with engine.connect() as connection:
        current = _current(connection)
    engine.dispose()
    return current is None


def require_current(url: str) -> None:
    """Raises SchemaMismatch unless the database is at exactly this code's revision."""
    engine = engine_for_migrations(url)
    with engine.connect() as connection:
        current = _current(connection)
    engine.dispose()
    _refuse_newer(current)
    if current != head():
        raise SchemaMismatch(
            f"the database is at revision {current or 'none'}, this code needs {head()}. "
            "Make a backup, then run `exeunt migrate`."
        )


def head() -> str:
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    if revision is None:
        raise SchemaMismatch("this installation has no migrations: install Exeunt again")
    return revision


def _current(connection: sa.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _refuse_newer(current: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if current is not None and current not in known:
        raise SchemaMismatch(
            f"the database is at revision {current}, which this version of Exeunt does not know: "
            "it was written by a newer one. Install that version, or restore the backup that was "
            "made before the upgrade."
        )
