"""exeunt audit export"""

import asyncio
import json
import os
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from time import perf_counter
from typing import Annotated, BinaryIO

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task
from rich.text import Text

from adapters.clock import Clock
from app.cli.audit.head import SignedHead, signed_head
from app.cli.audit.partial import whole_part
from app.cli.common import opened
from app.settings import Settings
from workflows.ledger.export import export as parts_of
from workflows.ledger.formats import format_named
from workflows.ledger.read import Filters, extent, index_of
from workflows.ledger.record import Ledger
from workflows.store import Store


class Form(StrEnum):
    JSONL = "jsonl"
    CSV = "csv"
    OCSF = "ocsf"
    CEF = "cef"


@dataclass(frozen=True)
class Done:
    """What an export came to."""

    events: int
    last: int
    size: int
    seconds: float


def export(
    form: Annotated[
        Form,
        typer.Option(
            "--format",
            help="jsonl: the stored bytes, for proof. csv: a copy to read. ocsf, cef: for SIEMs.",
        ),
    ] = Form.JSONL,
    out: Annotated[Path | None, typer.Option(help="A file; else standard output.")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where the last --out was cut short.")
    ] = False,
    since: Annotated[datetime | None, typer.Option(help="From this instant on (UTC).")] = None,
    until: Annotated[datetime | None, typer.Option(help="Before this instant (UTC).")] = None,
    case: Annotated[str | None, typer.Option(help="Of one case.")] = None,
    kind: Annotated[str | None, typer.Option("--type", help="Of one type.")] = None,
) -> None:
    """Write the log, in its order and as it stands now, to a file or to standard output."""
    filters = Filters(_utc(since), _utc(until), case, kind)
    if out is None:
        if resume:
            raise typer.BadParameter("there is nothing to resume without --out")
        asyncio.run(_to(sys.stdout.buffer, form, filters, "-1"))
        return
    _to_file(out, form, filters, resume=resume)


def _to_file(out: Path, form: Form, filters: Filters, *, resume: bool) -> None:
    """Written beside and then renamed: a file of this name is always a whole export."""
    partial = _beside(out, "partial")
    keep, cursor = whole_part(partial, form) if resume and partial.exists() else (0, "-1")
    with partial.open("r+b" if keep else "wb") as file:
        file.truncate(keep)
        file.seek(keep)
        done, head = asyncio.run(_to(file, form, filters, cursor))
        file.flush()
        os.fsync(file.fileno())
    partial.replace(out)
    _put_head(out, head)
    _tell(out, done, head, cursor)


async def _to(
    file: BinaryIO, form: Form, filters: Filters, cursor: str
) -> tuple[Done, SignedHead | None]:
    settings = Settings()
    async with opened(settings) as store:
        await Ledger(store, Clock(), settings.tenant).sequence()
        proves = form is Form.JSONL and filters.whole
        head = await signed_head(store, settings) if proves else None
        size = head.size if head else (await extent(store))[0]
        filters = replace(filters, cursor=await index_of(store, cursor), end=size)
        return await _write(store, file, form, filters), head


async def _write(store: Store, file: BinaryIO, form: Form, filters: Filters) -> Done:
    begun, events, last = perf_counter(), 0, filters.cursor
    size = filters.end or 0
    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), _Rate())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        left = size - filters.cursor - 1 if filters.whole else None
        task = progress.add_task("", total=left)
        async for part in parts_of(store, format_named(form), filters):
            file.write(part.data)
            events, last = events + part.events, part.last
            progress.update(task, completed=events)
    return Done(events, last, size, perf_counter() - begun)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0:,.0f} events/s")


def _put_head(out: Path, head: SignedHead | None) -> None:
    """What the file is checked against, beside it; never that of an earlier export."""
    checkpoint, frontier = _beside(out, "checkpoint"), _beside(out, "frontier")
    checkpoint.unlink(missing_ok=True)
    frontier.unlink(missing_ok=True)
    if head:
        checkpoint.write_text(head.checkpoint, "utf-8", newline="")
        if head.pruned:
            roots = [root.hex() for root in head.roots]
            frontier.write_text(json.dumps({"size": head.pruned, "roots": roots}) + "\n", "utf-8")


def _tell(out: Path, done: Done, head: SignedHead | None, cursor: str) -> None:
    rate = done.events / done.seconds if done.seconds else 0
    resumed = f" after {cursor}" if cursor != "-1" else ""
    console = Console(stderr=True)
    console.print(
        f"[green]{out}[/]: {done.events:,} events{resumed} of a log of {done.size:,}, "
        f"{out.stat().st_size:,} bytes in {done.seconds:.1f} s ({rate:,.0f} events/s)",
        soft_wrap=True,
    )
    if head:
        console.print(f"[green]{_beside(out, 'checkpoint')}[/]: what it is checked against")


def _beside(out: Path, ending: str) -> Path:
    return out.with_name(f"{out.name}.{ending}")


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment
