"""The end of the demo, for a manager: what is proved, what is left, where the evidence lies."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from app.cli.demo.proving import Checked, tell

FEW = 2


def one_leaver(
    console: Console, case: dict[str, Any], log: Path, events: int, *checked: Checked
) -> None:
    name = case["worker"]["display_name"] or "The leaver"
    accounts = case["accounts"]
    contained = [a for a in accounts if a["containment"] == "contained"]
    whole = case["containment"] == "contained"
    said = Text()
    if whole:
        systems = len({account["system"] for account in accounts})
        said.append(f"{name} can no longer get into any of the {systems} systems.\n", "bold green")
    else:
        said.append(f"{name} is NOT cut everywhere: {case['containment']}.\n", "bold red")
    said.append(
        f"{len(contained)} of {len(accounts)} accounts were read back as contained: not because a "
        "call was accepted, but because each system itself says so afterwards.\n"
    )
    if whole:
        said.append(
            f"From HR's message until the last old session was dead: "
            f"{case['timings']['seconds_to_contain']:.1f} s."
        )
    body = Group(said, Text(), _accounts(accounts), *_left(case))
    console.print(Panel(body, title="For your manager", title_align="left", border_style="blue"))
    _evidence(console, log, events, checked)


def _accounts(accounts: list[dict[str, Any]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("system", "account", "known by", "containment", "after"):
        table.add_column(column, header_style="dim")
    for account in accounts:
        seconds = account["seconds_to_contain"]
        state = account["containment"]
        table.add_row(
            account["system"],
            Text(account["login"] or "–"),
            (account["rule"] or "–").replace("_", " "),
            Text(state.replace("_", " "), "green" if state == "contained" else "red"),
            f"{seconds:.1f} s" if seconds is not None else "–",
        )
    return table


def _left(case: dict[str, Any]) -> list[Text]:
    """What the business still has to do, so that nobody takes "contained" for "finished"."""
    tasks = [task for task in case["tasks"] if task["state"] == "open"]
    waves = [a["wave"].replace("_", " ") for a in case["approvals"]]
    lines = []
    if tasks:
        owners = ", ".join(sorted({task["owner"] for task in tasks}))
        lines.append(Text(f"\n{len(tasks)} tasks are left to people ({owners}):", "yellow"))
        lines += [Text(f"  • {task['title']}", "yellow") for task in tasks[:4]]
        if len(tasks) > len(lines) - 1:
            lines.append(Text("  • …", "yellow"))
    if waves:
        lines.append(Text(f"\nWaiting for approval: {', '.join(waves)}.", "yellow"))
    return lines


def many_leavers(
    console: Console,
    cases: list[dict[str, Any]],
    asked: int,
    log: Path,
    events: int,
    *checked: Checked,
) -> None:
    contained = [case for case in cases if case["containment"] == "contained"]
    seconds = [case["timings"]["seconds_to_contain"] for case in contained]
    said = Text()
    style = "bold green" if len(contained) == asked else "bold red"
    said.append(
        f"{len(contained)} of {asked} leavers can no longer get into any system here.\n", style
    )
    if len(seconds) >= FEW:
        said.append(
            f"From HR's message until contained: half within {median(seconds):.1f} s, "
            f"95 of 100 within {quantiles(seconds, n=20)[-1]:.1f} s."
        )
    for case in [case for case in cases if case not in contained][:5]:
        said.append(f"\n  {case['id']}: {case['containment']}", "red")
    console.print(Panel(said, title="For your manager", title_align="left", border_style="blue"))
    _evidence(console, log, events, checked)


def _evidence(console: Console, log: Path, events: int, checked: Sequence[Checked]) -> None:
    console.print(
        f"\n[bold]The log:[/] {events:,} events, no personal data in clear: "
        f"[cyan]{log}[/] and [cyan]{log.with_suffix('.csv')}[/]",
        highlight=False,
    )
    for one in checked:
        tell(console, one)
    steps = {
        f"copy {log.with_name('exeunt.yaml')} to exeunt.yaml": "and put your own systems in",
        ".venv/bin/exeunt doctor": "proves every credential and every permission",
        ".venv/bin/exeunt plan --email …": "looks everywhere, writes nowhere",
        ".venv/bin/exeunt serve": "takes HR's webhooks; README.md says the rest",
    }
    console.print("\n[bold]Go on with real systems:[/]")
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 2))
    for step, why in steps.items():
        table.add_row(Text(step, "cyan"), why)
    console.print(table)
