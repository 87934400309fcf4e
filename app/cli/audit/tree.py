"""exeunt audit check, exeunt audit mirror"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from adapters.clock import Clock
from app.cli.common import configured, opened, resting
from app.main import notary_of
from app.settings import Settings
from workflows.errors import Conflict
from workflows.ledger import proofs, selfcheck, tiles, verify
from workflows.ledger.keys import write_whole
from workflows.ledger.lag import log_stands
from workflows.ledger.notary import RolledBack, unsigned
from workflows.ledger.record import Ledger
from workflows.ledger.settings import AuditSettings
from workflows.ledger.tables import Checkpoint, Head
from workflows.store import Store
from workflows.world import World

BAD = 1
RUNBOOK = "docs/runbooks/audit-log.md"


def check() -> None:
    """Hash every event in the database again, and hold it against all that was signed."""
    console = Console(stderr=True)
    settings = Settings()

    async def run() -> tuple[selfcheck.Looked, int]:
        async with opened(settings) as store:
            with _bar(console) as progress:
                task = progress.add_task("events", total=None)
                looked = await selfcheck.look(
                    store,
                    lambda done, total: progress.update(task, completed=done, total=total),
                )
            return looked, await _not_signed(settings, store)

    try:
        looked, later = asyncio.run(run())
    except selfcheck.Changed as why:
        console.print(f"[bold red]The log was changed:[/] {why}. Keep this database as it is.")
        raise typer.Exit(BAD) from None
    except RolledBack as why:
        console.print(f"[bold red]Not what was signed last:[/] {why.message}. {why.next_step}")
        raise typer.Exit(BAD) from None
    console.print(
        f"[green]✓ {looked.leaves - later:,} events are what was signed[/] "
        f"({looked.heads:,} signed heads)."
    )
    if later:
        console.print(f"[yellow]{later:,} newer ones are not signed yet[/] ({RUNBOOK}).")


async def _not_signed(settings: Settings, store: Store) -> int:
    """How many of the newest events no head covers. Raises RolledBack.

    The head that lies beside the key is looked at, too: a database that was restored knows of none
    that was signed after its backup, and fits all that it knows of.
    """
    async with store.read() as session:
        log = await log_stands(session)
        origin = (await session.exec(select(Head.origin))).one()
    clock = Clock()
    ledger = Ledger(store, clock, settings.tenant)
    notary = notary_of(settings, AuditSettings(origin=origin or None), ledger, store, clock)
    if notary and origin:
        await notary.must_follow()
    return log.size - log.signed


def mirror(
    folder: Annotated[Path, typer.Argument(help="Where the files go; new ones are added.")],
) -> None:
    """Write the log as static files (C2SP tlog-tiles): for a web server, a bucket, an auditor."""
    settings, console = Settings(), Console(stderr=True)

    async def run() -> tuple[int, int]:
        async with resting(settings, configured(settings)) as world:
            return await _mirror(world, folder, console)

    size, written = asyncio.run(run())
    console.print(f"[green]{folder}[/]: a log of {size:,} events, {written:,} files are new.")


async def _mirror(world: World, folder: Path, console: Console) -> tuple[int, int]:
    await world.ledger.sequence()
    head = await world.notary.checkpoint() if world.notary else None
    if head is None:
        raise unsigned()
    with _bar(console) as progress:
        task = progress.add_task("tiles", total=None)
        written = await write_mirror(
            world.store,
            head,
            folder,
            lambda done, total: progress.update(task, completed=done, total=total),
        )
    return head.size, written


async def write_mirror(
    store: Store,
    head: Checkpoint,
    folder: Path,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> int:
    """How many files are new. Tiles come first and the head last: who reads meanwhile finds all.

    Raises Conflict for a folder that holds another log, or what this one was before a rollback.
    """
    async with store.read() as session:
        pruned = (await session.get_one(Head, 1)).pruned
        if was := _mirrored(folder):
            await _must_go_on(session, folder, was, head)
    places = list(tiles.tiles_of(head.size, pruned))
    written = 0
    for done, place in enumerate(places, start=1):
        path = folder / "tile" / place.path
        progress(done, len(places))
        if path.exists():
            continue
        async with store.read() as session:
            content = await tiles.tile(session, place)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)
        written += 1
    write_whole(folder / "checkpoint", (head.note + head.cosignatures).encode())
    return written


def _mirrored(folder: Path) -> verify.Checkpoint | None:
    """The head of what is there already."""
    path = folder / "checkpoint"
    return verify.parse_checkpoint(path.read_text("utf-8")) if path.exists() else None


async def _must_go_on(
    session: AsyncSession, folder: Path, was: verify.Checkpoint, head: Checkpoint
) -> None:
    """Files that are there are never written again, so they must be of this very history."""
    same = was.origin == head.origin and was.size <= head.size
    if not same or await proofs.root_at(session, was.size) != was.root:
        raise Conflict(
            f"{folder} holds {was.size} events of {was.origin}, which do not begin this log of "
            f"{head.size} events, {head.origin}",
            "Keep it as it is, for it shows what was signed; give another folder.",
        )


def _bar(console: Console) -> Progress:
    columns = (
        TextColumn("{task.description:<8}"),
        BarColumn(40),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
