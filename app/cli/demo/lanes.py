"""A case as lanes, one for each system: when it was called, when it was read back as blocked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rich.table import Table
from rich.text import Text

WIDTH = 32
COLOURS = {"contained": "green", "blocked_until_expiry": "cyan", "partly": "yellow"}


@dataclass
class Lane:
    """Seconds since the case began."""

    system: str
    containment: str
    calls: list[tuple[float, float]] = field(default_factory=list)
    failures: list[float] = field(default_factory=list)
    blocked_at: float | None = None


def lanes_of(case: dict[str, Any], events: list[dict[str, Any]]) -> list[Lane]:
    begun = datetime.fromisoformat(case["timings"]["received_at"])
    found = {a["system"]: Lane(a["system"], a["containment"]) for a in case["accounts"]}
    started: dict[str, float] = {}
    for event in events:
        data = event.get("data", {})
        lane = found.get(data.get("system", ""))
        if lane is None:
            continue
        at = (datetime.fromisoformat(event["time"]) - begun).total_seconds()
        _put(lane, event, at, started)
    return list(found.values())


def _put(lane: Lane, event: dict[str, Any], at: float, started: dict[str, float]) -> None:
    verb, _, step = event["type"].partition(".")
    item = event["data"].get("item", verb)
    if step in ("intent", "resumed"):
        started[item] = at
    elif step == "result":
        lane.calls.append((started.get(item, at), at))
        if event["outcome"] == "failure":
            lane.failures.append(at)
    elif event["type"] == "lookup.failed":
        lane.failures.append(at)
    elif verb == "block_sign_in" and event["outcome"] == "confirmed":
        lane.blocked_at = at


def lanes(seen: list[Lane], trouble: Mapping[str, str]) -> Table:
    """`trouble` says of a system what is wrong with it."""
    last = max([end for lane in seen for _, end in lane.calls] + [1.0])
    table = Table(title=f"Who waited for whom (0 to {last:.1f} s)", title_justify="left", box=None)
    for column in ("", "█ called ✗ failed ◆ blocked", "after", ""):
        table.add_column(column, no_wrap=True, header_style="dim")
    for lane in seen:
        state = lane.containment.replace("_", " ")
        told = Text(state, COLOURS.get(lane.containment, "red"))
        if lane.system in trouble:
            told = Text(f"{trouble[lane.system]}: ", "yellow") + told
        blocked = f"{lane.blocked_at:.1f} s" if lane.blocked_at is not None else "–"
        table.add_row(Text(lane.system, "bold"), _bar(lane, last), blocked, told)
    return table


def _bar(lane: Lane, last: float) -> Text:
    marks = ["·"] * WIDTH
    for begin, end in lane.calls:
        for cell in range(_cell(begin, last), _cell(end, last) + 1):
            marks[cell] = "█"
    for at in lane.failures:
        marks[_cell(at, last)] = "✗"
    if lane.blocked_at is not None:
        marks[_cell(lane.blocked_at, last)] = "◆"
    colours = {"█": "blue", "✗": "red", "◆": "bold green", "·": "dim"}
    bar = Text()
    for mark in marks:
        bar.append(mark, colours[mark])
    return bar


def _cell(at: float, last: float) -> int:
    return min(WIDTH - 1, int(at / last * WIDTH))
