"""The case as it happens: one line for each verb, from the events that the service records."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.console import Group
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from adapters.actions import Action
from workflows.sentences import BUSINESS

READ_BACK = {
    "confirmed": Text("✓ seen", "green"),
    "contradicted": Text("✗ not seen yet", "red"),
    "cannot_tell": Text("? cannot tell", "yellow"),
}
COLOURS = {
    "contained": "bold green",
    "blocked_until_expiry": "cyan",
    "partly": "yellow",
    "not": "bold red",
}


@dataclass
class Line:
    """One verb on one account."""

    system: str
    action: str
    begun: datetime
    ended: datetime | None = None
    outcome: str = ""
    read_back: str = ""
    calls: int = 0


def lines_of(events: list[dict[str, Any]]) -> list[Line]:
    """Fold the timeline: intent, result and read-back of an item become one line."""
    lines: dict[str, Line] = {}
    for event in events:
        data = event.get("data", {})
        action, _, step = event["type"].partition(".")
        if "item" not in data or action not in set(Action):
            continue
        time = datetime.fromisoformat(event["time"])
        if step in ("intent", "resumed"):
            lines.setdefault(data["item"], Line(data["system"], action, time))
            continue
        line = lines[data["item"]]
        if step == "result":
            line.ended, line.outcome = time, event["outcome"]
            line.calls += len(data.get("calls") or ())
        else:
            line.read_back = event["outcome"]
    return list(lines.values())


def picture(
    case: dict[str, Any] | None, events: list[dict[str, Any]], *, wide: bool = False
) -> Group:
    """What the terminal shows while it runs; `wide` has room for the business words."""
    if case is None:
        return Group(Spinner("dots", " waiting for the case"))
    begun = datetime.fromisoformat(case["timings"]["received_at"])
    lines = lines_of(events)
    return Group(_verbs(lines, begun, wide=wide), Text(), _headline(case), Text())


def _verbs(lines: list[Line], begun: datetime, *, wide: bool) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("at", justify="right", style="dim", no_wrap=True)
    table.add_column("system", style="bold", no_wrap=True)
    table.add_column("action", no_wrap=True)
    table.add_column("result", no_wrap=True)
    table.add_column("took", justify="right", no_wrap=True)
    table.add_column("read back", no_wrap=True)
    if wide:
        table.add_column("in business words", style="italic")
    for line in sorted(lines, key=lambda one: one.begun):
        took = f"{(line.ended - line.begun).total_seconds() * 1000:.0f} ms" if line.ended else "…"
        cells: list[str | Text] = [
            f"+{(line.begun - begun).total_seconds():.2f} s",
            line.system,
            line.action.replace("_", " "),
            Text(line.outcome or "calling", _colour(line.outcome)),
            took,
            READ_BACK.get(line.read_back, Text("")),
        ]
        table.add_row(*cells, *([BUSINESS[Action(line.action)]] if wide else []))
    return table


def _colour(outcome: str) -> str:
    return {"changed": "green", "already": "cyan", "absent": "cyan", "failure": "red"}.get(
        outcome, "dim"
    )


def _headline(case: dict[str, Any]) -> Text:
    if case["timings"]["restored_at"]:
        return Text("access is given back", "bold green")
    text = Text("case ", "dim")
    text.append(f"{case['containment'].replace('_', ' ')}  ", COLOURS.get(case["containment"], ""))
    for account in case["accounts"]:
        state = account["containment"]
        text.append(f" {account['system']}: ", "dim")
        text.append(state.replace("_", " "), COLOURS.get(state, ""))
    return text
