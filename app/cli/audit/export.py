"""exeunt audit export"""

import asyncio
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
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task
from rich.text import Text

from adapters.clock import Clock
from app.cli.audit.head import SignedHead, checkpoint_of, put_head, signed_head
from app.cli.audit.partial import Kept, whole_part
from app.cli.common import opened
from app.settings import Settings
from workflows.errors import Conflict
from workflows.ledger.export import export as parts_of
from workflows.ledger.formats import Format, format_named
from workflows.ledger.notary import CannotSign
from workflows.ledger.read import Extent, Filters, extent, index_of
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
        asyncio.run(_to(sys.stdout.buffer, form, filters, Kept()))
        return
    _to_file(out, form, filters, resume=resume)


def _to_file(out: Path, form: Form, filters: Filters, *, resume: bool) -> None:
    """Written beside and then renamed: a file of this name is always a whole export."""
    partial = out.with_name(f"{out.name}.partial")
    kept = whole_part(partial, form) if resume and partial.exists() else Kept()
    with partial.open("r+b" if kept.size else "wb") as file:
        file.truncate(kept.size)
        file.seek(kept.size)
        done, head = asyncio.run(_to(file, form, filters, kept))
        file.flush()
        os.fsync(file.fileno())
    partial.replace(out)
    put_head(out, head)
    _tell(out, done, head, kept.cursor)


async def _to(
    file: BinaryIO, form: Form, filters: Filters, kept: Kept
) -> tuple[Done, SignedHead | None]:
    settings = Settings()
    async with opened(settings) as store:
        await Ledger(store, Clock(), settings.tenant).sequence()
        log = await extent(store)
        cursor = await index_of(store, kept.cursor)
        first = max(cursor + 1, log.pruned)
        proves = form is Form.JSONL and filters.whole
        head = await _head(store, settings, log, first - kept.lines) if proves else None
        filters = replace(filters, cursor=cursor, end=head.size if head else log.size)
        encoder = format_named(form, log_name=log.origin)
        done = await _write(store, file, encoder, filters)
    if filters.whole and done.events != max(0, done.size - first):
        raise Conflict("leaves went past their retention meanwhile", "Export again.")
    return done, head


async def _head(store: Store, settings: Settings, log: Extent, start: int) -> SignedHead | None:
    """Exporting does not hang on signing: what cannot be signed is said, and written unsigned."""
    try:
        return await signed_head(store, settings, log.origin, start)
    except CannotSign as why:
        console = Console(stderr=True)
        console.print(f"[yellow]not signed:[/] {escape(f'{why.message}. {why.next_step}')}")
        return None


async def _write(store: Store, file: BinaryIO, form: Format, filters: Filters) -> Done:
    begun, events, size = perf_counter(), 0, filters.end or 0
    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), _Rate())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        left = size - filters.cursor - 1 if filters.whole else None
        task = progress.add_task("", total=left)
        async for part in parts_of(store, form, filters):
            file.write(part.data)
            events += part.events
            progress.update(task, completed=events)
    return Done(events, size, perf_counter() - begun)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0:,.0f} events/s")


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
        console.print(f"[green]{checkpoint_of(out)}[/]: what it is checked against")


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment
