"""Migrations: whole, on both databases; a newer database is refused; the log only grows."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlmodel import SQLModel

from app.cli.common import ready_database
from app.settings import Settings
from workflows.schema import SchemaMismatch, engine_for_migrations, migrate, require_current


def test_the_migrations_make_exactly_the_tables_that_the_code_has(url: str) -> None:
    migrate(url)
    with engine_for_migrations(url).connect() as connection:
        context = MigrationContext.configure(connection)
        differences = compare_metadata(context, SQLModel.metadata)
    # DBOS's own tables are not ours to compare; here it has made none.
    assert differences == []


def test_migrating_twice_changes_nothing(url: str) -> None:
    _, first = migrate(url)
    assert migrate(url) == (first, first)


def test_a_new_embedded_database_is_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "exeunt.db"
    migrate(f"sqlite:///{file}")
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o640)
    migrate(f"sqlite:///{file}")
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_database_that_is_newer_than_the_code_is_refused_with_the_next_step(url: str) -> None:
    migrate(url)
    with engine_for_migrations(url).begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    for refuse in (migrate, require_current):
        with pytest.raises(SchemaMismatch, match=r"9999.*Install that version"):
            refuse(url)


def test_an_old_database_asks_for_migrate(url: str) -> None:
    with pytest.raises(SchemaMismatch, match="exeunt migrate"):
        require_current(url)


@pytest.mark.parametrize("attack", ["DELETE FROM leaf", "UPDATE leaf SET type = 'x'"])
def test_the_database_itself_refuses_to_change_the_log(url: str, attack: str) -> None:
    migrate(url)
    leaf = "INSERT INTO leaf (idx, id, d, lh, time, type) VALUES (0, 'a', :b, :b, :t, 'x')"
    with engine_for_migrations(url).begin() as connection:
        connection.execute(sa.text(leaf), {"b": b"d", "t": "2026-09-01 12:00:00+00:00"})
    with (
        pytest.raises(sa.exc.DatabaseError, match="only grows"),
        engine_for_migrations(url).begin() as connection,
    ):
        connection.execute(sa.text(attack))


def test_a_command_that_only_looks_brings_no_database_up_to_date(
    sqlite_url: str, tmp_path: Path
) -> None:
    settings = Settings(database_url=sqlite_url)
    ready_database(settings)  # there is none: it is made
    assert (tmp_path / "exeunt.db").stat().st_mode & 0o077 == 0
    with engine_for_migrations(sqlite_url).begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0004'"))
    with pytest.raises(SchemaMismatch, match="exeunt migrate"):
        ready_database(settings)
