"""The command: one leaver is shown verb by verb, many as a bar."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app.cli.demo import summary
from app.cli.demo.cast import Leaver, hire, leavers, says_revoke_now, signed
from app.cli.demo.stage import CONNECTION, Stage, staged
from app.cli.demo.watch import picture
from app.logs import set_up_logs

LOOK_EVERY_SECONDS = 0.1
PATIENCE_SECONDS = 120
AT_ONCE = 16
ACCEPTED = 202
LEAVINGS = (
    *(f"exeunt.db{end}" for end in ("", "-wal", "-shm", ".lock")),
    *("exeunt.yaml", "policy.yaml", "audit.jsonl", "audit.csv"),
)
WIDE = 115
"""Columns of a terminal that has room for the business words."""


def demo(
    count: Annotated[int, typer.Option("--leavers", min=1, max=1000, help="How many leave.")] = 1,
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
    done = asyncio.run(_play(console, folder, leavers(count)))
    if svg:
        console.save_svg(str(svg), title="make demo")
    if not done:
        raise typer.Exit(1)


def _tidy(folder: Path) -> None:
    """Take away what an earlier demo left in the folder, and nothing that it did not make."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in LEAVINGS:
        (folder / name).unlink(missing_ok=True)


async def _play(console: Console, folder: Path, people: list[Leaver]) -> bool:
    async with staged(folder) as stage:
        hire(stage.vendors, people)
        console.print(
            f"[bold]Exeunt[/] listens on {stage.url}, with "
            f"{', '.join(stage.vendors)} as practice systems on loopback."
        )
        if len(people) == 1:
            cases = [await _one(console, stage, people[0])]
        else:
            cases = await _many(console, stage, people)
        log = folder / "audit.jsonl"
        events = await _export(stage, log)
    if len(people) == 1:
        summary.one_leaver(console, cases[0], log, events)
    else:
        summary.many_leavers(console, cases, len(people), log, events)
    contained = [case for case in cases if case["containment"] == "contained"]
    return len(contained) == len(people)


async def _one(console: Console, stage: Stage, person: Leaver) -> dict[str, Any]:
    console.print(
        f"HR sends a signed webhook: [bold]worker.access_revoke_now[/] for {person.name} …\n"
    )
    await _send(stage, person)
    case: dict[str, Any] | None = None
    with Live(picture(None, []), console=console, refresh_per_second=12) as live:
        for _ in range(int(PATIENCE_SECONDS / LOOK_EVERY_SECONDS)):
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            if case is None:
                page = await _get(stage, "/cases")
                if not page["items"]:
                    continue
                case = page["items"][0]
            case = await _get(stage, f"/cases/{case['id']}")
            timeline = await _get(stage, f"/cases/{case['id']}/timeline")
            live.update(picture(case, timeline["items"], wide=console.width >= WIDE))
            if _over(case):
                break
    return case or {}


def _over(case: dict[str, Any]) -> bool:
    """Contained, and nothing that is due now is still to be done."""
    open_items = [item for item in case["items"] if item["state"] in ("planned", "waiting")]
    busy = any(_due(item, case) for item in open_items)
    return case["containment"] == "contained" and case["status"] != "running" and not busy


def _due(item: dict[str, Any], case: dict[str, Any]) -> bool:
    gated = {approval["wave"] for approval in case["approvals"]}
    due_at = item["due_at"] or ""
    return item["wave"] not in gated and due_at <= (case["timings"]["contained_at"] or "")


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

        async def send(person: Leaver) -> None:
            async with turns:
                await _send(stage, person)
                progress.advance(sent)

        sending = asyncio.gather(*map(send, people))
        for _ in range(PATIENCE_SECONDS):
            await asyncio.sleep(0.5)
            cases = await _all_cases(stage)
            contained = sum(case["containment"] == "contained" for case in cases)
            progress.update(cut, completed=contained)
            if contained == len(people):
                break
        await sending
    return cases


async def _send(stage: Stage, person: Leaver) -> None:
    now = stage.clock.now()
    body = says_revoke_now(person, now)
    headers = signed(stage.secret, stage.clock.id("msg"), now, body)
    answer = await stage.client.post(
        f"/hr/{CONNECTION}/events", content=body.encode(), headers=headers
    )
    if answer.status_code != ACCEPTED:
        raise RuntimeError(f"the webhook was refused: {answer.status_code} {answer.text}")


async def _get(stage: Stage, path: str, **params: str) -> dict[str, Any]:
    answer = await stage.client.get(path, params=params)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


async def _all_cases(stage: Stage) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = await _get(stage, "/cases", limit="200", **cursor)
        cases += page["items"]
        if page["next_cursor"] is None:
            return cases
        cursor = {"cursor": page["next_cursor"]}


async def _export(stage: Stage, log: Path) -> int:
    """Fetch the log as an auditor would, verbatim and for a spreadsheet; how many events it has."""
    events = 0
    for path in (log.with_suffix(".csv"), log):
        answer = await stage.client.get(
            "/audit/export", params={"format": path.suffix.removeprefix(".")}
        )
        answer.raise_for_status()
        await asyncio.to_thread(path.write_bytes, answer.content)
        events = answer.content.count(b"\n")
    return events
