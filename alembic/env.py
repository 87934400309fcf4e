"""Alembic's entry: our tables only, on the database that the environment or the caller names."""

import os
from typing import Any

from alembic import context
from sqlalchemy import Connection, DateTime
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

from workflows import tables as _tables  # noqa: F401 - fills the metadata
from workflows.ledger import tables as _ledger  # noqa: F401 - likewise
from workflows.privacy import tables as _privacy  # noqa: F401 - likewise
from workflows.schema import engine_for_migrations
from workflows.store import Instant


def ours(_object: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:
    """DBOS keeps its own tables in the same database and migrates them itself."""
    return kind != "table" or name in SQLModel.metadata.tables


def render(kind: str, item: Any, _context: Any) -> str | bool:
    """A migration names plain types: it must still run when ours have moved on."""
    if kind == "type" and isinstance(item, Instant):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, AutoString):
        return "sa.String()"
    return False


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        include_object=ours,
        render_item=render,
        render_as_batch=connection.dialect.name == "sqlite",
        transaction_per_migration=True,
        compare_type=lambda _c, _i, _m, _it, mt: (
            False if isinstance(mt, (Instant, DateTime)) else None
        ),
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with engine_for_migrations(os.environ["EXEUNT_DATABASE_URL"]).connect() as opened:
        run(opened)
