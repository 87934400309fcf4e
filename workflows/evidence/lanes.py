"""How the cut went, system by system, as a picture: a lane for each, on one axis of time.

The axis is logarithmic: one system is cut in a second, another answers after an hour.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from xml.sax.saxutils import escape

from workflows.evidence.chart import Axis, line_of, text_at, ticks
from workflows.evidence.clocks import PROMISE
from workflows.evidence.drawing import PRINT, WIDTH
from workflows.evidence.leaves import instant
from workflows.evidence.shapes import Story, System
from workflows.evidence.words import lasted, visible

LEFT, RIGHT, ROW, TOP, BOTTOM = 178, 96, 26, 8, 34
MOST = 16
"""Lanes in one picture: the slowest of them."""
LONGEST_NAME = 22


@dataclass(frozen=True)
class Lane:
    """Seconds after the promise began to run. `ended` None: it is not known to be cut off."""

    system: str
    asked: float | None
    blocked: float | None
    ended: float | None
    open_until: float
    quiet: bool = False
    """Nobody was found there."""


def lanes_of(story: Story) -> list[Lane]:
    """The slowest first, and before them what is still open."""
    clock = next(one for one in story.clocks if one.name == PROMISE)
    began = instant(clock.start.value)
    if began is None or not story.begun:
        return []
    now = (datetime.fromisoformat(story.as_of) - began).total_seconds()
    found = [_lane(system, began, now) for system in story.systems]
    return sorted(found, key=lambda one: (one.quiet, -(one.ended or now), one.system))[:MOST]


def _lane(system: System, began: datetime, now: float) -> Lane:
    asked = [one.at.value for one in system.lookups[:1]]
    return Lane(
        system.name,
        _latest(asked, began),
        _latest([account.blocked_at.value for account in system.accounts], began),
        _latest([account.contained_at.value for account in system.accounts], began)
        if system.containment == "contained"
        else None,
        max(0.0, now),
        quiet=system.containment == "none_found",
    )


def _latest(times: Sequence[str | None], began: datetime) -> float | None:
    if not times or not all(times):
        return None
    last = max(datetime.fromisoformat(str(one)) for one in times)
    return max(0.0, (last - began).total_seconds())


def picture(lanes: Sequence[Lane], colours: Mapping[str, str] = PRINT) -> str:
    """Empty for a case without lanes."""
    if not lanes:
        return ""
    longest = max(lane.open_until if lane.ended is None else lane.ended for lane in lanes)
    height = TOP + ROW * len(lanes) + BOTTOM
    axis = Axis(0.1, max(longest * 1.4, 2.0), LEFT, WIDTH - RIGHT)
    floor = height - BOTTOM
    parts = ticks(axis, floor, height - 12, colours)
    for n, lane in enumerate(lanes):
        parts += _drawn(lane, axis, TOP + ROW * n + ROW / 2, colours)
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height}' width='{WIDTH}' "
        f"height='{height}' role='img' font-family='Libertinus Serif, Georgia, serif'>"
        f"{''.join(parts)}</svg>"
    )


def _drawn(lane: Lane, axis: Axis, y: float, colours: Mapping[str, str]) -> list[str]:
    name = visible(lane.system)
    short = name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"
    parts = [
        text_at(LEFT - 10, y + 5, escape(short), colours["ink"], "end"),
    ]
    if lane.quiet:
        return [*parts, text_at(LEFT + 8, y - 3, "no account found", colours["soft"], "start")]
    start = axis.x(lane.asked or 0.0)
    end = axis.x(lane.open_until if lane.ended is None else lane.ended)
    colour = colours["bad" if lane.ended is None else "good"]
    dash = "stroke-dasharray:5 4;" if lane.ended is None else ""
    parts.append(line_of(LEFT, y, start, y, colours["line"], "stroke-width:0.6"))
    parts.append(line_of(start, y, end, y, colour, f"{dash}stroke-width:6;stroke-opacity:0.55"))
    if lane.blocked is not None:
        at = axis.x(lane.blocked)
        parts.append(
            f"<path d='M{at:.1f} {y - 8:.1f} l8 8 l-8 8 l-8 -8 z' "
            f"style='fill:{colours['ink']};stroke:{colours['paper']}'/>"
        )
    words = "still open" if lane.ended is None else lasted(lane.ended)
    parts.append(text_at(end + 12, y + 5, words, colour, "start"))
    return parts
