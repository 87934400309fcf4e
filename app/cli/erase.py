"""exeunt erase, exeunt hold"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from rich.console import Console

from adapters.clock import Clock
from app.cli.common import opened
from app.settings import Settings
from workflows.ledger.events import Actor
from workflows.ledger.record import Ledger
from workflows.privacy import asked
from workflows.privacy.erase import Erased, erase, survey
from workflows.privacy.wipe import Wiped, wipe
from workflows.tables import Worker

OPERATOR = Actor("person", "command-line")
NOT_WIPED = 3
"""Exit code: erased, but deleted bytes may still lie on the disk."""

Email = Annotated[str | None, typer.Option(help="The worker, by e-mail address.")]
Number = Annotated[str | None, typer.Option(help="… or by this.")]
Source = Annotated[str | None, typer.Option(help="… or by HR's own id.")]
Subject = Annotated[str | None, typer.Option(help="… or by their pseudonym in the log.")]

T = TypeVar("T")


def erase_command(
    basis: Annotated[str, typer.Option(help="A rule or a ticket; kept for ever, so no names.")],
    email: Email = None,
    employee_number: Number = None,
    source_worker_id: Source = None,
    subject: Subject = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase a leaver's personal data. Every proof of the log stays valid."""
    keys = {
        "email": email,
        "employee_number": employee_number,
        "source_worker_id": source_worker_id,
        "subject": subject,
    }
    console = Console(stderr=True, highlight=False)

    async def look(office: asked.Office) -> tuple[str, Erased]:
        worker_id = await _worker(office, keys)
        return worker_id, await survey(office.store, worker_id)

    worker_id, looked = _with_office(look)
    if not looked.already:
        _show_survey(console, looked)
        if not yes and not typer.confirm("Erase this for good?", err=True):
            raise typer.Exit(1)

    async def do(office: asked.Office) -> tuple[Erased, Wiped]:
        store, ledger, clock = office.store, office.ledger, office.clock
        done = await erase(store, ledger, clock, worker_id, basis, OPERATOR)
        return done, await wipe(store)

    _show(console, *_with_office(do))


def hold(
    reason: Annotated[str, typer.Option(help="Who wants it kept or let go, and why.")],
    email: Email = None,
    employee_number: Number = None,
    source_worker_id: Source = None,
    subject: Subject = None,
    *,
    lift: Annotated[bool, typer.Option("--lift", help="Let go of the hold.")] = False,
) -> None:
    """Keep all data of a worker, whatever retention says: a dispute, an authority."""
    keys = {
        "email": email,
        "employee_number": employee_number,
        "source_worker_id": source_worker_id,
        "subject": subject,
    }

    async def do(office: asked.Office) -> None:
        act = asked.lift if lift else asked.hold
        await act(office, await _worker(office, keys), reason, OPERATOR)

    _with_office(do)
    said = "is lifted" if lift else "is in place; retention and `exeunt erase` leave them alone"
    Console(stderr=True).print(f"The hold {said}.")


async def _worker(office: asked.Office, keys: dict[str, str | None]) -> str:
    async with office.store.read() as session:
        worker: Worker = await asked.the_worker(session, keys)
        return worker.id


def _with_office(do: Callable[[asked.Office], Awaitable[T]]) -> T:
    async def run() -> T:
        settings, clock = Settings(), Clock()
        async with opened(settings) as store:
            return await do(asked.Office(store, Ledger(store, clock, settings.tenant), clock))

    return asyncio.run(run())


def _show_survey(console: Console, looked: Erased) -> None:
    console.print(f"[bold]{looked.subject}[/]: what goes, and does not come back")
    console.print(f"  {looked.disclosures:>6} personal values of events in the log")
    console.print(f"  {looked.cases:>6} cases: reasons, accounts, states before, tasks, notes")
    console.print(f"  {looked.elsewhere:>6} rows about other people that name them")
    console.print("The events themselves stay, under the pseudonym, and so does every proof.")


def _show(console: Console, done: Erased, wiped: Wiped) -> None:
    if done.already:
        console.print(f"[green]{done.subject} was erased already.[/]")
    else:
        console.print(
            f"[green]{done.subject} is erased:[/] {done.disclosures} values, {done.elsewhere} rows "
            "elsewhere. Backups and what was handed out are yours to see to (docs/privacy.md)."
        )
    for place in done.left:
        console.print(f"[yellow]Their name is still in {place}.[/]")
    if not wiped.done:
        console.print(
            f"[yellow]Deleted bytes may still lie in {wiped.where}.[/] It is tried again every "
            "day; or run the same command again when nothing else reads the database."
        )
        raise typer.Exit(NOT_WIPED)
