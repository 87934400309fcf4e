"""Account links: kept on record with who said so, imported whole or not at all."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import col, select

from adapters.matching import normal_address
from workflows.caller import Caller
from workflows.errors import Invalid, NotFound
from workflows.ledger.events import Event
from workflows.tables import AccountLink
from workflows.world import World

COLUMNS = {"system", "account", "employee_number", "address"}
LARGEST_FILE = 100_000


@dataclass(frozen=True)
class LinkRow:
    system: str
    account: str
    employee_number: str = ""
    address: str = ""


async def import_csv(world: World, body: bytes, caller: Caller) -> tuple[int, int]:
    """Rows read, and rows that were new. Raises Invalid with the line that does not fit."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as why:
        raise Invalid(f"the file is not UTF-8 (byte {why.start})", "Save it as UTF-8.") from None
    # newline=None: the line ends of every system count, an old Mac's included.
    reader = csv.DictReader(io.StringIO(text, newline=None))
    if not {"system", "account"} <= set(reader.fieldnames or ()) <= COLUMNS:
        raise Invalid(
            "the first line must name the columns", f"Columns: {', '.join(sorted(COLUMNS))}."
        )
    try:
        rows = [_row(number, line) for number, line in enumerate(reader, start=2)]
    except csv.Error as why:
        raise Invalid(f"line {reader.line_num}: {why}", "Save it as plain CSV.") from None
    if len(rows) > LARGEST_FILE:
        raise Invalid(f"{len(rows)} lines are too many at once", f"Send {LARGEST_FILE} at most.")
    return len(rows), await store_links(world, rows, caller)


def _row(number: int, line: dict[str, str | None]) -> LinkRow:
    cells = {key: (value or "").strip() for key, value in line.items() if key in COLUMNS}
    row = LinkRow(**cells)
    if not row.system or not row.account or not (row.employee_number or row.address):
        raise Invalid(
            f"line {number} is not complete",
            "Each line needs system, account, and an employee_number or an address.",
        )
    return row


async def store_links(world: World, rows: Sequence[LinkRow], caller: Caller) -> int:
    """Store what is new; how many. Raises NotFound for a system that is not configured."""
    for row in rows:
        if row.system not in world.systems:
            names = ", ".join(sorted(world.systems))
            raise NotFound(f"there is no system {row.system!r}", f"Configured systems: {names}.")
    wanted = {_key(row): row for row in rows}
    async with world.store.write() as session:
        await world.store.alone(session, "account-links")
        mine = col(AccountLink.system).in_({row.system for row in rows})
        kept = (await session.exec(select(AccountLink).where(mine))).all()
        for link in kept:
            wanted.pop((link.system, link.account, link.employee_number, link.address), None)
        stored = len(wanted)
        session.add_all([_link(world, row, caller) for row in wanted.values()])
        await world.ledger.record(
            session,
            Event(
                "account_links.stored",
                data={"stored": stored, "systems": sorted({row.system for row in rows})},
                actor=caller.actor,
            ),
        )
    return stored


def _key(row: LinkRow) -> tuple[str, str, str, str]:
    return (row.system, row.account, row.employee_number, normal_address(row.address))


def _link(world: World, row: LinkRow, caller: Caller) -> AccountLink:
    return AccountLink(
        id=world.clock.id("link"),
        system=row.system,
        account=row.account,
        employee_number=row.employee_number,
        address=normal_address(row.address),
        created_by=caller.id,
        created_at=world.clock.now(),
    )
