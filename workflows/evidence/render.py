"""The same data as a page and as a PDF. What people wrote is data in both, never code.

The page is one file without scripts. The PDF is set by typst, with the fonts that are in it, so
that it looks the same wherever it is made; the data reaches the template as JSON.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import typst
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from workflows.evidence.report import Report
from workflows.evidence.words import visible

LONG_AGO = datetime(1980, 1, 1, tzinfo=UTC)
IN_THE_FONTS = re.compile(
    "[\t\n -~\u00a0-\u017f\u0192\u0218-\u021b\u0259\u02bc\u02c6\u02dc\u0300-\u0304\u0306-\u030c"
    "\u0327\u0328\u0370-\u0377\u037a-\u037e\u0384-\u038a\u038c\u038e-\u03a1\u03a3-\u03ff"
    "\u0400-\u04ff\u1e00-\u1eff\u2010-\u2015\u2018-\u201e\u2020-\u2022\u2026\u2030\u2032\u2033"
    "\u2039\u203a\u20ac\u2116\u2122\u2190-\u2193\u2212\u2260\u2264\u2265\u2713\u2717\u27e8\u27e9]"
)
"""Characters that Libertinus Serif or DejaVu Sans Mono have, as far as we looked."""


def html(report: Report) -> bytes:
    template = _pages().get_template(f"{report.document['kind']}.html.j2")
    told = _each(report.document, visible)
    drawn = {name: Markup(svg) for name, svg in report.screen.items()}  # noqa: S704 - our own SVG
    return template.render(d=told, drawn=drawn).encode()


def pdf(report: Report) -> bytes:
    """Raises typst.TypstError only for a fault of ours: data cannot reach the compiler as code."""
    folder = Path(str(files("workflows.evidence").joinpath("templates")))
    told = _each(report.document, printable) | report.print
    made = _compiler(folder, f"{report.document['kind']}.typ").compile(
        format="pdf", sys_inputs={"data": json.dumps(told)}, timestamp=int(LONG_AGO.timestamp())
    )
    return made if isinstance(made, bytes) else b""


def _compiler(folder: Path, name: str) -> typst.Compiler:
    return typst.Compiler(
        str(folder / name), root=str(folder), ignore_system_fonts=True, font_paths=[]
    )


def printable(text: str) -> str:
    """The PDF's fonts do not have every script: a missing letter is shown by its number."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(
        letter if IN_THE_FONTS.fullmatch(letter) else f"⟨U+{ord(letter):04X}⟩"
        for letter in composed
    )


def _each(value: Any, change: Any) -> Any:
    """Every text in it."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {name: _each(part, change) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_each(part, change) for part in value]
    return value


def _pages() -> Environment:
    return Environment(
        loader=PackageLoader("workflows.evidence"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
