"""exeunt token"""

import asyncio
from datetime import timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from adapters.clock import Clock
from adapters.durations import duration
from app.cli.common import opened
from app.security.tokens import Role, create_token, list_tokens, revoke_token
from app.settings import Settings
from workflows.ledger.record import Ledger
from workflows.tables import ApiToken

cli = typer.Typer(help="Tokens of people and services that call the REST interface.")


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


@cli.command(name="list")
def list_() -> None:
    """Who holds a token, and which still open something."""
    table = Table(box=None)
    table.add_column("id", min_width=30, no_wrap=True)
    for column in ("role", "name", "made", "ends", "state"):
        table.add_column(column)
    for row in asyncio.run(_list()):
        over = row.expires_at is not None and row.expires_at <= Clock().now()
        state = "revoked" if row.revoked_at else "past its time" if over else "valid"
        ends = f"{row.expires_at:%Y-%m-%d}" if row.expires_at else "never"
        made = f"{row.created_at:%Y-%m-%d}"
        table.add_row(row.id, row.role, Text(row.name), made, ends, state)
    Console().print(table)


async def _list() -> list[ApiToken]:
    async with opened(Settings()) as store:
        return await list_tokens(store)


@cli.command()
def revoke(
    token_id: Annotated[str, typer.Argument(help="Its id, from `exeunt token list`.")],
) -> None:
    """From now on this token opens nothing."""
    asyncio.run(_revoke(token_id))
    Console(stderr=True).print(f"[green]{token_id} is revoked.[/]")


async def _revoke(token_id: str) -> None:
    settings, clock = Settings(), Clock()
    async with opened(settings) as store:
        await revoke_token(store, Ledger(store, clock, settings.tenant), clock, token_id)
