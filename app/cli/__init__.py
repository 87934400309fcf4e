"""exeunt: one command for each thing that a person does."""

import sys
from importlib.metadata import version
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from app.cli import (
    adapters,
    audit,
    database,
    demo,
    doctor,
    erase,
    evidence,
    offboard,
    plan,
    serve,
    token,
    witness,
)
from app.config import ConfigMissing
from workflows.errors import Refused
from workflows.lock import NodeTaken
from workflows.schema import SchemaMismatch
from workflows.yaml_lines import BadYaml

cli = typer.Typer(
    name="exeunt",
    help="Cut a leaver's access in every system at once, read it back, and prove it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
cli.command()(serve.serve)
cli.command()(demo.demo)
cli.command()(doctor.doctor)
cli.command()(plan.plan)
cli.command()(offboard.offboard)
cli.command(name="erase")(erase.erase_command)
cli.command()(erase.hold)
cli.command()(database.migrate)
cli.command()(adapters.adapters)
cli.add_typer(audit.cli, name="audit")
cli.add_typer(evidence.cli, name="evidence")
cli.add_typer(token.cli, name="token")
cli.add_typer(witness.cli, name="witness")


@cli.callback(invoke_without_command=True)
def about(
    *, show_version: Annotated[bool, typer.Option("--version", help="The version.")] = False
) -> None:
    if show_version:
        print(version("exeunt"))
        raise typer.Exit


WRONG_INPUT = 2


def main() -> None:
    """What a person can mend is said in plain words; anything else is a bug and shows itself."""
    try:
        cli()
    except (BadYaml, ConfigMissing, SchemaMismatch, NodeTaken) as why:
        _complain(str(why))
    except Refused as why:
        _complain(f"{why.message}\n{why.next_step}")
    except SQLAlchemyError as why:
        _complain(
            f"the database cannot be used ({type(why).__name__}): look at EXEUNT_DATABASE_URL"
        )
    except OSError as why:
        _complain(f"{why.filename or 'the system'}: {why.strerror or type(why).__name__}")
    except ValidationError as why:
        _complain("\n".join(_setting(dict(error)) for error in why.errors(include_input=False)))


def _setting(error: dict[str, object]) -> str:
    place = error["loc"]
    name = "_".join(map(str, place)) if isinstance(place, tuple) else ""
    return f"EXEUNT_{name.upper()}: {error['msg']}"


def _complain(message: str) -> None:
    Console(stderr=True).print(
        f"[bold red]exeunt:[/] {_escaped(message)}", highlight=False, soft_wrap=True
    )
    sys.exit(WRONG_INPUT)


def _escaped(message: str) -> str:
    return message.replace("[", r"\[")
