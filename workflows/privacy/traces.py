"""A person in rows that are about others: as a manager, a successor, an approver, a delegate.

Every text and JSON column of ours is searched, so that a column that is added later is, too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from workflows.privacy.names import Names

NOT_OURS_TO_CHANGE = ("leaf", "disclosure")
"""A leaf holds nobody's name; disclosures are deleted, never rewritten."""
NEVER = {("case_account", "account_id"), ("case_account", "login")}
"""Whom a case of somebody else is about: what it cut must stay what it cut."""


@dataclass(frozen=True)
class Trace:
    """One row that names the person."""

    table: str
    key: tuple[Any, ...]


async def find(session: AsyncSession, names: Names, *, every: bool = False) -> list[Trace]:
    """Each row that names them and can be changed; with `every`, also those that cannot."""
    found: list[Trace] = []
    connection = await session.connection()
    for table in _tables() if names.words else ():
        columns = _told(table, every=every)
        if columns:
            rows = await connection.execute(_mentions(table, columns, names))
            hits = [row for row in rows if _changes(columns, row, names)]
            found += [Trace(table.name, _key(table, row)) for row in hits]
    return found


async def take_out(session: AsyncSession, traces: list[Trace], names: Names) -> int:
    """Put the mark in the place of each name; how many rows were changed."""
    connection = await session.connection()
    changed = 0
    for trace in traces:
        table = SQLModel.metadata.tables[trace.table]
        here = [column == value for column, value in zip(_pk(table), trace.key, strict=True)]
        row = (await connection.execute(sa.select(table).where(*here).with_for_update())).first()
        values = _changes(_told(table), row, names) if row else {}
        if values:
            await connection.execute(sa.update(table).where(*here).values(values))
            changed += 1
    return changed


def _tables() -> Iterator[sa.Table]:
    for table in SQLModel.metadata.sorted_tables:
        if table.name not in NOT_OURS_TO_CHANGE and not table.name.startswith("audit_"):
            yield table


def _told(table: sa.Table, *, every: bool = False) -> list[sa.Column[Any]]:
    """Columns that may name somebody: not keys, which are ours."""
    return [
        column
        for column in table.columns
        if _holds_text(column)
        and not column.foreign_keys
        and not (column.primary_key and column.name == "id")
        and (every or (table.name, column.name) not in NEVER)
    ]


def _holds_text(column: sa.Column[Any]) -> bool:
    kind = getattr(column.type, "impl", column.type)  # SQLModel wraps its strings
    return isinstance(kind, (sa.String, sa.JSON))


def _mentions(table: sa.Table, columns: list[sa.Column[Any]], names: Names) -> sa.Select[Any]:
    likes = [
        sa.func.lower(sa.cast(column, sa.Text)).like(pattern, escape="!")
        for column in columns
        for pattern in names.likes
    ]
    return sa.select(table).where(sa.or_(*likes))


def _changes(columns: list[sa.Column[Any]], row: sa.Row[Any], names: Names) -> dict[str, Any]:
    was = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
    told = {column.name: was[column] for column in columns}
    now = {name: names.without(value) for name, value in told.items()}
    return {name: value for name, value in now.items() if value != told[name]}


def _pk(table: sa.Table) -> list[sa.Column[Any]]:
    return list(table.primary_key.columns)


def _key(table: sa.Table, row: sa.Row[Any]) -> tuple[Any, ...]:
    return tuple(row._mapping[column] for column in _pk(table))  # noqa: SLF001 - likewise
