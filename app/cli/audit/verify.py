"""exeunt audit verify: verify.py, for those who have Exeunt at hand."""

import typer

from workflows.ledger.verify import main

TAKES_ALL = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def verify(context: typer.Context) -> None:
    """Check a pack, a whole log or a proof: the same as the verify.py in every pack."""
    raise typer.Exit(main(context.args, prog="exeunt audit verify"))
