"""exeunt token"""

import asyncio
from datetime import timedelta
from typing import Annotated

import typer

from adapters.clock import Clock
from adapters.durations import duration
from app.cli.common import opened
from app.security.tokens import Role, create_token
from app.settings import Settings
from workflows.ledger.record import Ledger

cli = typer.Typer(help="Tokens of people and services that call the REST interface.")


@cli.callback()
def about() -> None:
    pass  # keeps `create` a command of its own


@cli.command()
def create(
    role: Annotated[Role, typer.Option(help="What it may do.")],
    name: Annotated[str, typer.Option(help="Whose it is.")] = "",
    address: Annotated[
        str, typer.Option(help="E-mail of the holder, so that nobody decides their own case.")
    ] = "",
    expires: Annotated[str, typer.Option(help="After how long it ends, such as 90d.")] = "",
    *,
    service: Annotated[
        bool, typer.Option("--service", help="For a program: it cannot approve.")
    ] = False,
) -> None:
    """Make a token and print it, alone. It is shown this once and stored as a hash."""
    try:
        lifetime = duration(expires) if expires else None
    except ValueError as why:
        raise typer.BadParameter(str(why), param_hint="--expires") from None
    print(asyncio.run(_create(role, name or role, address, lifetime, person=not service)))


async def _create(role: Role, name: str, address: str, lifetime: object, *, person: bool) -> str:
    settings, clock = Settings(), Clock()
    async with opened(settings) as store:
        ends = clock.now() + lifetime if isinstance(lifetime, timedelta) else None
        return await create_token(
            store,
            Ledger(store, clock, settings.tenant),
            clock,
            role=role,
            name=name,
            address=address,
            person=person,
            expires_at=ends,
        )
