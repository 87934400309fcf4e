"""How soon people were cut off, as a picture: the share that was still open, over time.

The axis of time is logarithmic, because a cut takes seconds and a forgotten account weeks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log10
from xml.sax.saxutils import escape

from workflows.evidence.drawing import PRINT
from workflows.evidence.statistics import Waited, survival
from workflows.evidence.words import lasted

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 1000, 250, 62, 24, 18, 40
TICKS = (0.1, 1, 10, 60, 600, 3600, 21_600, 86_400, 864_000)
SHARES = (0.0, 0.5, 1.0)


def cut_off_over_time(
    waits: Sequence[Waited], target: float | None, colours: Mapping[str, str] = PRINT
) -> str:
    """A stair that climbs as leavers are cut off, and the line of the target."""
    longest = max([one.seconds for one in waits] + [target or 0, 60.0])
    scale = Axis(0.1, max(longest * 1.5, 1.0), LEFT, WIDTH - RIGHT)
    parts = [*_grid(scale, colours), *_target(scale, target, colours)]
    parts.append(_stair(scale, waits, colours))
    parts += [
        f"<circle cx='{scale.x(one.seconds):.1f}' cy='{height_of(0.03):.1f}' r='4' "
        f"style='fill:none;stroke:{colours['bad']};stroke-width:2'/>"
        for one in waits
        if not one.ended
    ]
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}' width='{WIDTH}' "
        f"height='{HEIGHT}' role='img' font-family='Libertinus Serif, Georgia, serif'>"
        f"{''.join(parts)}</svg>"
    )


@dataclass(frozen=True)
class Axis:
    """Seconds on a logarithmic line, from one place to another."""

    least: float
    most: float
    left: float
    right: float

    def x(self, seconds: float) -> float:
        part = log10(max(seconds, self.least) / self.least) / log10(self.most / self.least)
        return self.left + part * (self.right - self.left)

    def shows(self, seconds: float) -> bool:
        return self.least <= seconds <= self.most


def height_of(share: float) -> float:
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def ticks(axis: Axis, floor: float, words: float, colours: Mapping[str, str]) -> list[str]:
    """Marks below the line at `floor`, and how long each is at the height `words`."""
    parts = []
    for tick in (tick for tick in TICKS if axis.shows(tick)):
        x = axis.x(tick)
        parts.append(line_of(x, floor, x, floor + 6, colours["line"], "stroke-width:1"))
        parts.append(text_at(x, words, lasted(tick), colours["soft"], "middle"))
    return parts


def _grid(scale: Axis, colours: Mapping[str, str]) -> list[str]:
    parts = []
    for share in SHARES:
        y = height_of(share)
        parts.append(line_of(LEFT, y, WIDTH - RIGHT, y, colours["line"], "stroke-width:0.8"))
        parts.append(text_at(LEFT - 8, y + 5, f"{share:.0%}", colours["soft"], "end"))
    return [*parts, *ticks(scale, height_of(0), HEIGHT - 14, colours)]


def _target(scale: Axis, target: float | None, colours: Mapping[str, str]) -> list[str]:
    if not target or not scale.shows(target):
        return []
    x = scale.x(target)
    dash = "stroke-width:1.6;stroke-dasharray:6 4"
    return [
        line_of(x, height_of(1), x, height_of(0), colours["bad"], dash),
        text_at(x - 7, height_of(1) + 15, f"target {lasted(target)}", colours["bad"], "end"),
    ]


def _stair(scale: Axis, waits: Sequence[Waited], colours: Mapping[str, str]) -> str:
    path, height = [f"M{scale.x(0):.1f} {height_of(0):.1f}"], 0.0
    for seconds, still_open in survival(waits):
        path.append(f"H{scale.x(seconds):.1f} V{height_of(1 - still_open):.1f}")
        height = 1 - still_open
    last = max([one.seconds for one in waits], default=0.0)
    path.append(f"H{scale.x(last):.1f}" if height < 1 else f"H{WIDTH - RIGHT}")
    style = f"fill:none;stroke:{colours['good']};stroke-width:3"
    return f"<path d='{' '.join(path)}' style='{style}'/>"


def line_of(x1: float, y1: float, x2: float, y2: float, colour: str, style: str) -> str:
    return (
        f"<line x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}' "
        f"style='stroke:{colour};{style}'/>"
    )


def text_at(x: float, y: float, text: str, colour: str, anchor: str) -> str:
    return (
        f"<text x='{x:.1f}' y='{y:.1f}' font-size='14' text-anchor='{anchor}' "
        f"style='fill:{colour}'>{escape(text)}</text>"
    )
