"""The command: the capability matrix in the terminal, or the text of a document about it."""

from enum import StrEnum
from typing import Annotated

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from adapters.actions import Action
from adapters.contract import Adapter
from adapters.registry import ADAPTERS
from app.cli.adapters.permissions import permissions
from app.cli.adapters.scim import markdown as scim_vendors
from app.cli.adapters.table import markdown

MARKS = {
    "done": Text("○", "green"),
    "back": Text("●", "green"),
    "covered_by": Text("◐", "cyan"),
    "by_hand": Text("▲", "yellow"),
    "not_applicable": Text("·", "dim"),
}
LEGEND = "● done, can be given back  ○ done  ◐ covered by another  ▲ a person  · does not apply"


class Document(StrEnum):
    """What `make docs` writes."""

    ADAPTERS = "adapters"
    PERMISSIONS = "permissions"
    SCIM = "scim"


TEXTS = {
    Document.ADAPTERS: markdown,
    Document.PERMISSIONS: permissions,
    Document.SCIM: scim_vendors,
}


def adapters(
    document: Annotated[
        Document | None, typer.Option(help="Print this document instead, as Markdown.")
    ] = None,
) -> None:
    """What each kind of system can do, and what it leaves to people."""
    if document:
        typer.echo(TEXTS[document](), nl=False)
        return
    console = Console()
    console.print(_matrix())
    console.print(Text(LEGEND, "dim"))


def _matrix() -> Table:
    """Names stand upright: there are more kinds of systems than a terminal is wide."""
    kinds = sorted(ADAPTERS.items())
    table = Table(title="What each adapter does", title_justify="left", box=SIMPLE, padding=0)
    table.add_column("action", vertical="bottom", no_wrap=True)
    for name, _ in kinds:
        table.add_column("\n".join(name), no_wrap=True, vertical="bottom", justify="center")
    wave = None
    for verb in Action:
        if verb.wave != wave:
            wave = verb.wave
            table.add_section()
        table.add_row(verb.replace("_", " "), *(_mark(kind, verb) for _, kind in kinds))
    return table


def _mark(kind: type[Adapter], verb: Action) -> Text:
    if verb in kind.actions:
        return MARKS["back" if verb in kind.ways_back else "done"]
    return MARKS[kind.gaps[verb].kind]
