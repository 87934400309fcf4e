"""The command: one leaver is shown verb by verb, many as a bar."""

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from adapters.clock import Clock
from app.cli.demo import everywhere, microsoft365, proving, summary
from app.cli.demo.calls import all_cases, export, send
from app.cli.demo.cast import Leaver, hire, leavers
from app.cli.demo.live import over, watched
from app.cli.demo.stage import EXTRA, Stage, practice_vendors, staged
from app.logs import set_up_logs

PATIENCE_SECONDS = 120
AT_ONCE = 16
LEAVINGS = (
    *(f"exeunt.db{end}" for end in ("", "-wal", "-shm", ".lock", ".audit-key", ".audit-key.head")),
    *("exeunt.yaml", "policy.yaml", "audit.jsonl", "audit.csv", "verify.py"),
)
PACKS = "evidence-case_*.zip"


class Scene(StrEnum):
    """What is played."""

    LEAVER = "leaver"
    MICROSOFT365 = "microsoft365"
    EVERYWHERE = "everywhere"


def demo(
    count: Annotated[int, typer.Option("--leavers", min=1, max=1000, help="How many leave.")] = 1,
    scene: Annotated[
        Scene,
        typer.Option(
            help="Or microsoft365: everything that can hang on one leaver there. Or everywhere: "
            "every kind of system at once, with one throttled, one denied and one down."
        ),
    ] = Scene.LEAVER,
    folder: Annotated[
        Path, typer.Option(help="Where the database and the log are left to look at.")
    ] = Path("demo"),
    svg: Annotated[
        Path | None, typer.Option("--picture", help="Also save what is shown as an SVG.")
    ] = None,
) -> None:
    """Three practice systems, a signed HR webhook, the cut, the read-backs, the log."""
    set_up_logs("ERROR")
    _tidy(folder)
    console = Console(record=svg is not None)
    if scene is Scene.MICROSOFT365:
        done = asyncio.run(microsoft365.play(console, folder))
    elif scene is Scene.EVERYWHERE:
        done = asyncio.run(everywhere.play(console, folder))
    else:
        done = asyncio.run(_play(console, folder, leavers(count)))
    if svg:
        console.save_svg(str(svg), title=f"exeunt demo --scene {scene}")
    if not done:
        raise typer.Exit(1)


def _tidy(folder: Path) -> None:
    """Take away what an earlier demo left in the folder, and nothing that it did not make."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in (*(folder / name for name in LEAVINGS), *folder.glob(PACKS)):
        path.unlink(missing_ok=True)


async def _play(console: Console, folder: Path, people: list[Leaver]) -> bool:
    clock = Clock()
    vendors = practice_vendors(clock)
    hire(vendors, people)
    async with staged(folder, clock, vendors, EXTRA) as stage:
        console.print(
            f"[bold]Exeunt[/] listens on {stage.url}, with "
            f"{', '.join(stage.vendors)} as practice systems on loopback."
        )
        if len(people) == 1:
            cases = [await _one(console, stage, people[0])]
        else:
            cases = await _many(console, stage, people)
        log = folder / "audit.jsonl"
        events = await export(stage, log)
        checked = [await proving.take_evidence(stage, case["id"], folder) for case in cases[:1]]
    if len(people) == 1:
        summary.one_leaver(console, cases[0], log, events, *checked)
    else:
        summary.many_leavers(console, cases, len(people), log, events, *checked)
    contained = [case for case in cases if case["containment"] == "contained"]
    return len(contained) == len(people) and all(one.good for one in checked)


async def _one(console: Console, stage: Stage, person: Leaver) -> dict[str, Any]:
    console.print(
        f"HR sends a signed webhook: [bold]worker.access_revoke_now[/] for {person.name} …\n"
    )
    await send(stage, person)
    return await watched(console, stage, over)


async def _many(console: Console, stage: Stage, people: list[Leaver]) -> list[dict[str, Any]]:
    columns = (
        TextColumn("{task.description:<28}"),
        BarColumn(40),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    cases: list[dict[str, Any]] = []
    with Progress(*columns, console=console) as progress:
        sent = progress.add_task("signed webhooks from HR", total=len(people))
        cut = progress.add_task("[green]contained and read back", total=len(people))
        turns = asyncio.Semaphore(AT_ONCE)

        async def tell(person: Leaver) -> None:
            async with turns:
                await send(stage, person)
                progress.advance(sent)

        sending = asyncio.gather(*map(tell, people))
        for _ in range(PATIENCE_SECONDS):
            await asyncio.sleep(0.5)
            cases = await all_cases(stage)
            contained = sum(case["containment"] == "contained" for case in cases)
            progress.update(cut, completed=contained)
            if contained == len(people):
                break
        await sending
    return cases
