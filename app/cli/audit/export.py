"""exeunt audit export"""

import asyncio
import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.console import Console

from adapters.clock import Clock
from app.cli.common import opened
from app.settings import Settings
from workflows.ledger.export import EXPORTS
from workflows.ledger.read import Filters
from workflows.ledger.record import Ledger


class Format(StrEnum):
    JSONL = "jsonl"
    CSV = "csv"


def export(
    form: Annotated[
        Format, typer.Option("--format", help="jsonl: the stored bytes. csv: for spreadsheets.")
    ] = Format.JSONL,
    out: Annotated[Path | None, typer.Option(help="A file; else standard output.")] = None,
    since: Annotated[datetime | None, typer.Option(help="From this instant on (UTC).")] = None,
    until: Annotated[datetime | None, typer.Option(help="Before this instant (UTC).")] = None,
    case: Annotated[str | None, typer.Option(help="Of one case.")] = None,
    kind: Annotated[str | None, typer.Option("--type", help="Of one type.")] = None,
) -> None:
    """Write the log, in its order, to a file or to standard output."""
    filters = Filters(_utc(since), _utc(until), case, kind)
    if out is None:
        asyncio.run(_export(form, filters, sys.stdout.buffer))
        return
    # Written beside and then renamed: a file of this name is always a whole export.
    partial = out.with_name(out.name + ".partial")
    with partial.open("wb") as file:
        asyncio.run(_export(form, filters, file))
    size = partial.stat().st_size
    partial.replace(out)
    Console(stderr=True).print(f"[green]{out}[/]: {size:,} bytes")


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment


async def _export(form: Format, filters: Filters, file: BinaryIO) -> None:
    settings = Settings()
    write, _ = EXPORTS[form]
    async with opened(settings) as store:
        await Ledger(store, Clock(), settings.tenant).sequence()
        async for chunk in write(store, filters):
            file.write(chunk)
