"""The command: the capability matrix in the terminal, or the texts of the two documents."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from adapters.actions import Action
from adapters.contract import Adapter
from adapters.registry import ADAPTERS
from app.cli.adapters.scim import markdown as scim_markdown
from app.cli.adapters.table import markdown

MARKS = {
    "done": Text("● done", "green"),
    "back": Text("● done, can be given back", "green"),
    "covered_by": Text("◐ covered by another", "cyan"),
    "by_hand": Text("○ by hand", "yellow"),
    "not_applicable": Text("– does not apply", "dim"),
}


def adapters(
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="Print docs/adapters.md instead.")
    ] = False,
    scim: Annotated[
        bool, typer.Option("--scim", help="Print docs/scim-vendors.md instead.")
    ] = False,
) -> None:
    """What each kind of system can do, and what it leaves to people."""
    if scim:
        typer.echo(scim_markdown(), nl=False)
        return
    if as_markdown:
        typer.echo(markdown(), nl=False)
        return
    table = Table(title="What each adapter does", title_justify="left")
    table.add_column("action")
    for name in sorted(ADAPTERS):
        table.add_column(name, no_wrap=True)
    wave = None
    for verb in Action:
        if verb.wave != wave:
            wave = verb.wave
            table.add_section()
        marks = [_mark(kind, verb) for _, kind in sorted(ADAPTERS.items())]
        table.add_row(verb.replace("_", " "), *marks)
    Console().print(table)


def _mark(kind: type[Adapter], verb: Action) -> Text:
    if verb in kind.actions:
        return MARKS["back" if verb in kind.ways_back else "done"]
    return MARKS[kind.gaps[verb].kind]
