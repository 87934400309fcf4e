"""exeunt audit sinks, exeunt audit replay"""

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from adapters.clock import Clock
from app.cli.common import configured, opened
from app.settings import Settings
from workflows.errors import Conflict
from workflows.ledger.events import Actor, Event
from workflows.ledger.lag import LogStands, SinkStands, log_stands, sinks_stand
from workflows.ledger.record import Ledger
from workflows.ledger.shipments import replay as ship_again
from workflows.ledger.shipments import shipments
from workflows.ledger.tables import Shipment

OPERATOR = Actor("person", "command-line")


def sinks() -> None:
    """How far each sink, witness and time stamp is, and what keeps it."""
    settings = Settings()
    names = sorted(configured(settings).sinks)
    stands, log, others = asyncio.run(_sinks(settings, names))
    console = Console()
    console.print(
        f"{log.size:,} events in the log, {log.signed:,} of them signed and to be shipped"
    )
    if log.passed_over:
        told = f"{log.passed_over:,} were not taken by some sink: type export.failed in the log"
        console.print(f"[yellow]{told}[/]")
    if not stands:
        console.print("No sinks are configured (docs/siem.md).")
    for table in ([_table(stands)] if stands else []) + ([_seen(others)] if others else []):
        console.print(table)


async def _sinks(
    settings: Settings, names: list[str]
) -> tuple[list[SinkStands], LogStands, list[Shipment]]:
    async with opened(settings) as store, store.read() as session:
        rows = [row for row in await shipments(session) if not row.destination.startswith("sink:")]
        return await sinks_stand(session, names), await log_stands(session), rows


def _seen(rows: list[Shipment]) -> Table:
    """Our own signature, the witnesses, the time: up to which event each has seen the log."""
    table = Table("seen by", "events", "last seen", "trouble")
    for row in rows:
        trouble = f"{row.failures} × {row.last_error}" if row.failures else ""
        seen = f"{row.taken_at:%Y-%m-%d %H:%M:%S}Z" if row.taken_at else "never"
        table.add_row(row.destination, f"{row.next_idx}", seen, Text(trouble))
    return table


def _table(stands: list[SinkStands]) -> Table:
    table = Table("sink", "next index", "behind", "last taken", "trouble")
    for one in stands:
        trouble = f"{one.failures} × {one.last_error}" if one.failures else ""
        taken = f"{one.taken_at:%Y-%m-%d %H:%M:%S}Z" if one.taken_at else "never"
        table.add_row(one.name, f"{one.next_idx}", f"{one.behind}", taken, Text(trouble))
    return table


def replay(
    name: Annotated[str, typer.Argument(help="The sink.")],
    index: Annotated[int, typer.Option("--from", min=0, help="The first event to be shipped.")],
) -> None:
    """Ship again from one event on; also how a sink that was stopped is tried again at once."""
    settings = Settings()
    known = configured(settings).sinks
    if name not in known:
        told = ", ".join(sorted(known)) or "none"
        raise Conflict(f"there is no sink {name}", f"Configured are: {told}.")
    asyncio.run(_replay(settings, name, index))
    Console().print(f"{Text(name)}: from event {index} on; a running service goes on with it")


async def _replay(settings: Settings, name: str, index: int) -> None:
    clock = Clock()
    async with opened(settings) as store:
        ledger = Ledger(store, clock, settings.tenant)
        async with store.write() as session:
            size = (await log_stands(session)).size
            if index > size:
                raise Conflict(f"the log has {size} events", f"Give {size} to skip what there is.")
            if not await ship_again(session, name, index):
                raise Conflict(
                    f"{name} has taken nothing yet", "Start the service: it begins by itself."
                )
            data = {"sink": name, "index": index}
            await ledger.record(session, Event("export.replayed", data=data, actor=OPERATOR))
