"""exeunt evidence"""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from app.cli.common import configured, resting
from app.settings import Settings
from workflows.evidence.first_page import verdict
from workflows.evidence.orders import evidence_of_case, evidence_of_period
from workflows.evidence.pack import Pack
from workflows.evidence.period_pack import Asked
from workflows.evidence.population import Period
from workflows.evidence.sealing import seal as seal_period
from workflows.evidence.words import counted
from workflows.ledger.events import Actor
from workflows.ledger.verify import Refused, parse_checkpoint

cli = typer.Typer(help="Packs that an auditor checks without us.", no_args_is_help=True)
SOMEBODY = Actor("person", "command-line")

From = Annotated[datetime, typer.Option("--from", help="From this instant on (UTC).")]
To = Annotated[datetime, typer.Option("--to", help="Before this instant (UTC).")]
Out = Annotated[Path | None, typer.Option(help="The file; else one beside you.")]
WithoutNames = Annotated[
    bool, typer.Option("--without-names", help="Leave every personal value out.")
]
Earlier = Annotated[
    list[Path] | None,
    typer.Option(help="A checkpoint that the auditor kept: show that the log only grew since."),
]


@cli.command()
def case(
    case_id: Annotated[str, typer.Argument(metavar="CASE_ID")],
    out: Out = None,
    earlier: Earlier = None,
    *,
    without_names: WithoutNames = False,
) -> None:
    """Everything that is recorded of one case: events, proofs, report, verifier."""
    console = Console(stderr=True)
    sizes = _sizes(earlier)

    async def made() -> Pack:
        settings = Settings()
        async with resting(settings, configured(settings)) as world:
            return await evidence_of_case(
                world, case_id, SOMEBODY, names=not without_names, earlier=sizes
            )

    with console.status("reading the log, proving every event, setting the report …"):
        pack = asyncio.run(made())
    if pack.story:
        said = verdict(pack.story)
        style = {"good": "bold green", "bad": "bold red"}.get(said["tone"], "bold yellow")
        console.print(f"{said['mark']} {said['headline']}", style=style, markup=False)
        console.print(said["sentence"], markup=False, highlight=False)
        if not pack.story.final:
            console.print("The case is open: this pack is INTERIM.", style="yellow")
    _keep(console, pack, out)


@cli.command()
def period(
    since: From,
    until: To,
    seed: Annotated[
        str | None, typer.Option(help="The auditor's word, given after the sealing.")
    ] = None,
    size: Annotated[int, typer.Option("--sample", min=1, max=500, help="How many to draw.")] = 25,
    out: Out = None,
    earlier: Earlier = None,
    *,
    without_names: WithoutNames = False,
) -> None:
    """The leavers of a sealed period: population, sample, clocks, exceptions."""
    console = Console(stderr=True)
    asked = Asked(
        Period(_utc(since), _utc(until)),
        seed,
        size,
        names=not without_names,
        earlier=tuple(_sizes(earlier)),
    )
    columns = (SpinnerColumn(), TextColumn("{task.description:<22}"), BarColumn(36))
    with Progress(*columns, MofNCompleteColumn(), console=console, transient=True) as bar:
        line = bar.add_task("signing the log", total=None)

        def tell(what: str, done: int, of: int) -> None:
            bar.update(line, description=what, completed=done, total=of)

        async def made() -> Pack:
            settings = Settings()
            async with resting(settings, configured(settings)) as world:
                return await evidence_of_period(world, asked, SOMEBODY, tell)

        pack = asyncio.run(made())
    _keep(console, pack, out)


@cli.command()
def seal(since: From, until: To) -> None:
    """Fix who belongs to a period, before anybody knows who will be looked at."""
    console = Console(stderr=True)

    async def sealed() -> tuple[int, int, datetime]:
        settings = Settings()
        async with resting(settings, configured(settings)) as world:
            done = await seal_period(world, Period(_utc(since), _utc(until)), SOMEBODY)
            return len(done.cases), done.leaf.idx, done.leaf.time

    cases, leaf, at = asyncio.run(sealed())
    console.print(
        f"[green]Sealed:[/] {counted(cases, 'case')}, as event #{leaf} of the log, at "
        f"{at:%Y-%m-%d %H:%M} UTC.\nGive the auditor the checkpoint of now (GET "
        "/api/v1/audit/checkpoint, or the one that `exeunt audit export` puts beside the log). "
        "Then ask for a seed, and make the pack: "
        f"[cyan]exeunt evidence period --from {_asked(since)} --to {_asked(until)} --seed …[/]",
        highlight=False,
    )


def _asked(at: datetime) -> str:
    """As it is typed: the seal holds for these very instants."""
    return f"{at:%Y-%m-%d}" if at == at.replace(hour=0, minute=0, second=0) else f"{at:%FT%T}"


def _keep(console: Console, pack: Pack, out: Path | None) -> None:
    """Written beside and then renamed: a file of this name is always a whole pack."""
    path = out or Path(pack.name)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(pack.content)
    partial.replace(path)
    console.print(f"[green]{path}[/]: {len(pack.content):,} bytes", highlight=False)
    console.print(
        f"Check it: [cyan]unzip -p {path} verify.py > verify.py && "
        f"python3 -I verify.py pack {path} --key …[/]",
        highlight=False,
        soft_wrap=True,
    )


def _sizes(earlier: list[Path] | None) -> list[int]:
    sizes = []
    for path in earlier or ():
        try:
            sizes.append(parse_checkpoint(path.read_text("utf-8")).size)
        except (Refused, UnicodeDecodeError) as why:
            raise typer.BadParameter(f"{path} is no checkpoint: {why}") from None
    return sizes


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
