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
NEVER = {
    ("case_account", "account_id"),
    ("case_account", "login"),
    ("worker", "source_worker_id"),
}
"""Whom a row of somebody else is about: what their case cut must stay what it cut."""
SOMEBODY_ELSES = ("worker_address", "account_link", "api_token")
"""Tables in which the person's own rows were deleted or emptied, and the others are not theirs."""
OUR_WORDS = frozenset(
    {
        *("action", "basis", "connection", "containment", "destination", "digest", "gap", "kind"),
        *("label", "leased_by", "lookup", "outcome", "policy", "reached", "result", "role", "rule"),
        *("sha256", "state", "status", "subject", "system", "undo", "wave", "zone", "zone_source"),
    }
)
"""Columns that hold words of ours or of the configuration, and never what somebody is called."""


@dataclass(frozen=True)
class Trace:
    """One row that names the person."""

    table: str
    key: tuple[Any, ...]

    @property
    def label(self) -> str:
        return "/".join(map(str, self.key))


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


async def still(session: AsyncSession, traces: list[Trace], names: Names) -> list[Trace]:
    """Those that name them also as this transaction sees them."""
    return [trace for trace in traces if await _values(session, trace, names)]


async def take_out(session: AsyncSession, trace: Trace, names: Names) -> int:
    """Put the mark in the place of each name in one row; 1 if there was one."""
    values = await _values(session, trace, names, lock=True)
    if values:
        table = SQLModel.metadata.tables[trace.table]
        update = sa.update(table).where(*_is(table, trace)).values(values)
        await (await session.connection()).execute(update)
    return int(bool(values))


async def _values(
    session: AsyncSession, trace: Trace, names: Names, *, lock: bool = False
) -> dict[str, Any]:
    """What would have to change in this row."""
    table = SQLModel.metadata.tables[trace.table]
    query = sa.select(table).where(*_is(table, trace))
    connection = await session.connection()
    row = (await connection.execute(query.with_for_update() if lock else query)).first()
    return _changes(_told(table), row, names) if row else {}


def _is(table: sa.Table, trace: Trace) -> list[sa.ColumnElement[bool]]:
    return [column == value for column, value in zip(_pk(table), trace.key, strict=True)]


def _tables() -> Iterator[sa.Table]:
    for table in SQLModel.metadata.sorted_tables:
        left_alone = (*NOT_OURS_TO_CHANGE, *SOMEBODY_ELSES)
        if table.name not in left_alone and not table.name.startswith("audit_"):
            yield table


def _told(table: sa.Table, *, every: bool = False) -> list[sa.Column[Any]]:
    """Columns that may name somebody: not keys, which are ours."""
    return [
        column
        for column in table.columns
        if _holds_text(column)
        and column.name not in OUR_WORDS
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
    now = {column.name: _without(column, was[column], names) for column in columns}
    return {name: value for name, value in now.items() if value != told[name]}


def _without(column: sa.Column[Any], value: Any, names: Names) -> Any:
    """Of what HR said of somebody else, only their manager can be this person."""
    place = (column.table.name, column.name)
    if place == ("worker", "record"):
        return _managed(value, names)
    if place == ("hr_delivery", "events"):
        return [event | {"worker": _managed(event.get("worker"), names)} for event in value or ()]
    return names.without(value)


def _managed(record: dict[str, Any] | None, names: Names) -> dict[str, Any] | None:
    manager = (record or {}).get("manager")
    if record is None or names.without(manager) == manager:
        return record
    return {**record, "manager": None}


def _pk(table: sa.Table) -> list[sa.Column[Any]]:
    return list(table.primary_key.columns)


def _key(table: sa.Table, row: sa.Row[Any]) -> tuple[Any, ...]:
    return tuple(row._mapping[column] for column in _pk(table))  # noqa: SLF001 - likewise
