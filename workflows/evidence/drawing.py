"""The way of a case as a picture: evenly spaced, because seconds and weeks stand side by side.

SVG without scripts and without a word of anybody's: labels are ours, times are the leaves'.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, HEIGHT, SIDE, LINE = 1000, 142, 58, 78
NARROW = 11
"""Letters in a line of a label."""


@dataclass(frozen=True)
class Point:
    """`shape`: done, key (what counts), bad, due (still to come)."""

    label: str
    day: str
    time: str
    shape: str = "done"
    gap: str = ""
    """How long since the point before."""


PRINT: Mapping[str, str] = {
    "ink": "#1d2733",
    "soft": "#66727f",
    "line": "#9aa5b1",
    "good": "#1b7f4b",
    "bad": "#b3261e",
    "paper": "#ffffff",
}
"""Colours of the PDF; a page in a browser gives its own."""
SCREEN: Mapping[str, str] = {name: f"var(--{name})" for name in PRINT}


def timeline(points: Sequence[Point], colours: Mapping[str, str] = PRINT) -> str:
    step = (WIDTH - 2 * SIDE) / max(1, len(points) - 1)
    parts = [_rail(points, step, colours)]
    parts += [_point(one, SIDE + n * step, colours) for n, one in enumerate(points)]
    font = "font-family='Libertinus Serif, Georgia, serif'"
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}' "
        f"width='{WIDTH}' height='{HEIGHT}' role='img' {font}>{''.join(parts)}</svg>"
    )


def _rail(points: Sequence[Point], step: float, colours: Mapping[str, str]) -> str:
    """Solid as far as it has come, dashed from there on; on it how long each stretch took."""
    parts = []
    for n, one in enumerate(points[1:], start=1):
        start, end = SIDE + (n - 1) * step, SIDE + n * step
        dash = "stroke-dasharray:5 5;" if one.shape == "due" else ""
        parts.append(
            f"<line x1='{start:.1f}' x2='{end:.1f}' y1='{LINE}' y2='{LINE}' "
            f"style='stroke:{colours['line']};stroke-width:2.5;{dash}'/>"
        )
        if one.gap:
            middle = (start + end) / 2
            parts.append(_text(middle, LINE - 10, f"+{one.gap}", 12.5, colours["soft"]))
    return "".join(parts)


def _point(one: Point, x: float, colours: Mapping[str, str]) -> str:
    label = _wrapped(one.label)
    top = LINE - 34 - 16 * (len(label) - 1)
    ink = colours["bad"] if one.shape == "bad" else colours["ink"]
    weight = "bold" if one.shape in ("key", "bad") else "normal"
    parts = [_mark(one.shape, x, colours)]
    parts += [_text(x, top + 16 * n, line, 15, ink, weight=weight) for n, line in enumerate(label)]
    parts.append(_text(x, LINE + 34, one.day, 13, colours["soft"]))
    parts.append(_text(x, LINE + 51, one.time, 13, colours["ink"]))
    return "".join(parts)


def _mark(shape: str, x: float, colours: Mapping[str, str]) -> str:
    """Shapes differ, not only colours: it must be read in grey, too."""
    good, bad, line, paper = (colours[c] for c in ("good", "bad", "line", "paper"))
    if shape == "key":
        tick = f"M{x - 5:.1f} {LINE} l4 4.5 l7 -9"
        return (
            f"<circle cx='{x:.1f}' cy='{LINE}' r='13' style='fill:{good}'/>"
            f"<path d='{tick}' style='fill:none;stroke:{paper};stroke-width:2.6'/>"
        )
    if shape == "bad":
        cross = f"M{x - 4.5:.1f} {LINE - 4.5} l9 9 m0 -9 l-9 9"
        return (
            f"<rect x='{x - 11:.1f}' y='{LINE - 11}' width='22' height='22' style='fill:{bad}'/>"
            f"<path d='{cross}' style='fill:none;stroke:{paper};stroke-width:2.6'/>"
        )
    fill = paper if shape == "due" else colours["ink"]
    dash = "stroke-dasharray:3 3;" if shape == "due" else ""
    edge = line if shape == "due" else colours["ink"]
    return (
        f"<circle cx='{x:.1f}' cy='{LINE}' r='7' "
        f"style='fill:{fill};stroke:{edge};stroke-width:2;{dash}'/>"
    )


def _text(
    x: float, y: float, text: str, size: float, colour: str, *, weight: str = "normal"
) -> str:
    return (
        f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='middle' font-size='{size}' "
        f"font-weight='{weight}' style='fill:{colour}'>{escape(text)}</text>"
    )


def _wrapped(label: str) -> list[str]:
    lines: list[str] = []
    for word in label.split():
        if lines and len(lines[-1]) + len(word) < NARROW:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines[:3]
