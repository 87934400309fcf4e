"""exeunt audit"""

import typer

from app.cli.audit import export

cli = typer.Typer(help="The log that cannot be changed.", no_args_is_help=True)
cli.command()(export.export)


@cli.callback()
def about() -> None:
    pass  # keeps a command a word of its own, however few there are
