"""exeunt audit"""

import typer

from app.cli.audit import export, keys, sinks, tree, verify

cli = typer.Typer(help="The log that cannot be changed.", no_args_is_help=True)
cli.command()(export.export)
cli.command()(tree.check)
cli.command()(tree.mirror)
cli.command(context_settings=verify.TAKES_ALL)(verify.verify)
cli.command()(keys.recover)
cli.command()(sinks.sinks)
cli.command()(sinks.replay)
cli.add_typer(keys.cli, name="key")
