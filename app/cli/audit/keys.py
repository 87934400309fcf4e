"""exeunt audit key, exeunt audit recover"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text
from sqlmodel import col, select

from app.cli.common import configured, resting
from app.settings import Settings
from workflows.ledger.events import Actor
from workflows.ledger.keys import KeyUnusable
from workflows.ledger.notary import CannotSign, Notary, unsigned
from workflows.ledger.tables import Head, LogKey

cli = typer.Typer(help="The key with which the log is signed.", no_args_is_help=True)
OPERATOR = Actor("person", "command-line")
Reason = Annotated[str, typer.Option(help="Why; it is kept in the log, and can be erased.")]


@cli.command()
def show() -> None:
    """The public keys: give them to the auditor when the engagement begins, by another way."""

    async def do(notary: Notary, console: Console) -> None:
        async with notary.store.read() as session:
            keys = (await session.exec(select(LogKey).order_by(col(LogKey.announced_at)))).all()
        if not keys:
            console.print("[yellow]No key was announced yet:[/] start the service once.")
        for key in keys:
            until = f" until {key.retired_at:%Y-%m-%d %H:%M}Z" if key.retired_at else ""
            console.print(Text(key.vkey, "bold"))
            console.print(f"  in use since {key.announced_at:%Y-%m-%d %H:%M}Z{until}")

    _with_notary(do)


@cli.command()
def create() -> None:
    """Make the key of a new log (an embedded database has one made at its first start)."""

    async def do(notary: Notary, console: Console) -> None:
        async with notary.store.read() as session:
            if (await session.exec(select(Head.origin))).one():
                raise CannotSign(
                    "this log has a key already",
                    f"Copy it to {notary.key.path}; if it is lost, `exeunt audit key replace`.",
                )
        try:
            notary.key.create()
        except KeyUnusable as why:
            raise CannotSign(str(why), "Rotate it with `exeunt audit key rotate`.") from None
        await notary.open()
        _say(console, notary, "A new key")
        await _announced(notary, console)

    _with_notary(do)


@cli.command()
def rotate() -> None:
    """Go over to a new key: the next head is signed by both, and the old one is deleted."""

    async def do(notary: Notary, console: Console) -> None:
        await notary.rotate(OPERATOR)
        _say(console, notary, "The log goes on with a new key")
        await _announced(notary, console)

    _with_notary(do)


@cli.command()
def replace(reason: Reason) -> None:
    """Go on with a new key where the old one is lost. Auditors must be told by another way."""

    async def do(notary: Notary, console: Console) -> None:
        vkey = await notary.replace(OPERATOR, reason)
        _say(console, notary, "The log goes on with a new key, for which the old one did not vouch")
        console.print(Text(vkey, "bold"))

    _with_notary(do)


def recover(reason: Reason) -> None:
    """Sign again after a backup was restored: under a new name, and the log says so."""

    async def do(notary: Notary, console: Console) -> None:
        name = await notary.recover(OPERATOR, reason)
        console.print(
            f"[green]The log goes on as [bold]{name}[/].[/] Tell the auditors and the witnesses: "
            "what was signed under the old name stays as it was."
        )
        await _announced(notary, console)

    _with_notary(do)


def _with_notary(do: Callable[[Notary, Console], Awaitable[None]]) -> None:
    settings = Settings()

    async def run() -> None:
        async with resting(settings, configured(settings)) as world:
            if world.notary is None:
                raise unsigned()
            await do(world.notary, Console())

    asyncio.run(run())


def _say(console: Console, notary: Notary, what: str) -> None:
    console.print(f"[green]{what}[/] ({notary.key.path}, for its owner alone). Keep a copy apart.")


async def _announced(notary: Notary, console: Console) -> None:
    async with notary.store.read() as session:
        active = select(LogKey.vkey).where(col(LogKey.retired_at).is_(None))
        for vkey in (await session.exec(active)).all():
            console.print(Text(vkey, "bold"), soft_wrap=True)
