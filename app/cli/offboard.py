"""exeunt offboard"""

import os
from datetime import UTC, datetime
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console

from workflows.model import CaseKind

CREATED, REFUSED = 201, 400


def offboard(
    email: Annotated[str | None, typer.Option(help="The worker, by e-mail address.")] = None,
    employee_number: Annotated[str | None, typer.Option(help="… or by this.")] = None,
    source_worker_id: Annotated[str | None, typer.Option(help="… or by HR's own id.")] = None,
    kind: Annotated[CaseKind, typer.Option(help="Why they leave.")] = CaseKind.OTHER,
    at: Annotated[datetime | None, typer.Option(help="The last moment (UTC); else now.")] = None,
    reason: Annotated[str, typer.Option(help="For the record.")] = "",
    reference: Annotated[str, typer.Option(help="A ticket or a file number.")] = "",
    url: Annotated[str, typer.Option(envvar="EXEUNT_URL")] = "http://127.0.0.1:8800",
    key: Annotated[
        str | None, typer.Option("--idempotency-key", help="The same for every repeat.")
    ] = None,
) -> None:
    """Open a case in the running service. The token is read from EXEUNT_TOKEN."""
    token = os.environ.get("EXEUNT_TOKEN")
    if not token:
        raise typer.BadParameter(
            "set EXEUNT_TOKEN; make one with `exeunt token create --role operator`"
        )
    keys = {
        "email": email,
        "employee_number": employee_number,
        "source_worker_id": source_worker_id,
    }
    body = {
        "worker": {name: value for name, value in keys.items() if value},
        "kind": kind,
        "reason": reason,
        "reference": reference,
        "effective_at": at.replace(tzinfo=UTC).isoformat() if at else "now",
    }
    _show(_post(url, token, body, key))


def _post(url: str, token: str, body: dict[str, Any], key: str | None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} | ({"Idempotency-Key": key} if key else {})
    try:
        return httpx.post(f"{url}/api/v1/cases", json=body, headers=headers, timeout=30)
    except httpx.TransportError as why:
        Console(stderr=True).print(
            f"[bold red]exeunt:[/] {url} does not answer ({type(why).__name__}). "
            "Is `exeunt serve` running? Name another place with --url or EXEUNT_URL."
        )
        raise typer.Exit(1) from None


def _show(answer: httpx.Response) -> None:
    try:
        said = answer.json()
    except ValueError:
        Console(stderr=True).print(
            f"[bold red]exeunt:[/] {answer.url} answers {answer.status_code}, but not as Exeunt"
        )
        raise typer.Exit(1) from None
    if answer.status_code >= REFUSED:
        console = Console(stderr=True)
        console.print(f"[bold red]{said['title']}:[/] {said['detail']}", highlight=False)
        for error in said.get("errors", []):
            console.print(f"  {error['field']}: {error['problem']}", highlight=False)
        console.print(said.get("next_step", ""), highlight=False)
        raise typer.Exit(1)
    new = "opened" if answer.status_code == CREATED else "was open already"
    Console(stderr=True).print(
        f"Case [bold]{said['id']}[/] {new}: {said['status']}, {said['containment']}"
    )
    print(said["id"])
