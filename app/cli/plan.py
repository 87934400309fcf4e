"""exeunt plan"""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from app.cli.common import configured, resting
from app.settings import Settings
from workflows.model import CaseKind, PlannedItem
from workflows.preview import SystemPreview, preview_request
from workflows.requests import Request
from workflows.sentences import BUSINESS


def plan(
    email: Annotated[str | None, typer.Option(help="The worker, by e-mail address.")] = None,
    employee_number: Annotated[str | None, typer.Option(help="… or by this.")] = None,
    source_worker_id: Annotated[str | None, typer.Option(help="… or by HR's own id.")] = None,
    kind: Annotated[CaseKind, typer.Option(help="Why they leave.")] = CaseKind.OTHER,
    at: Annotated[datetime | None, typer.Option(help="The last moment (UTC); else now.")] = None,
) -> None:
    """The dry run: look everywhere, write nowhere, show what would be done."""
    if sum(map(bool, (email, employee_number, source_worker_id))) != 1:
        raise typer.BadParameter("give one of --email, --employee-number, --source-worker-id")
    request = Request(
        kind=kind,
        email=email,
        employee_number=employee_number,
        source_worker_id=source_worker_id,
        effective_at=at.replace(tzinfo=UTC) if at else None,
    )
    previews = asyncio.run(_preview(request))
    console = Console()
    for one in previews:
        console.print(tree_of(one))
    if any(one.problem for one in previews):
        raise typer.Exit(1)


async def _preview(request: Request) -> list[SystemPreview]:
    settings = Settings()
    async with resting(settings, configured(settings)) as world:
        return await preview_request(world, request)


def tree_of(one: SystemPreview) -> Tree:
    """One system's answer, as a picture."""
    tree = Tree(Text(one.system, "bold"))
    if one.problem:
        tree.add(Text(f"could not answer: {one.problem} {one.fix}", "red"))
    for hit in one.matches:
        tree.add(Text(f"{hit.account.login} ({hit.account.id}), known by {hit.rule}", "cyan"))
    if one.undecided:
        tree.add(Text(f"a person has to decide: {one.undecided}", "yellow"))
    if one.plan and not one.plan.items and not one.undecided:
        tree.add(Text("nobody is known here by this person's keys", "dim"))
    for note in one.notes:
        tree.add(Text(f"! {note}", "yellow"))
    for item in one.plan.items if one.plan else ():
        tree.add(_line(item, one.lacks.get(item.action)))
    return tree


def _line(item: PlannedItem, lacking: str | None) -> Text:
    what = f"{item.wave}: {item.action.replace('_', ' ')}"
    if item.gap:
        colour = "yellow" if item.gap.kind == "by_hand" else "dim"
        return Text(f"{what} — {item.gap.kind.replace('_', ' ')}: {item.gap.detail}", colour)
    if lacking:
        return Text(f"{what} — will fail: grant {lacking}", "red")
    extra = " (observed only)" if item.observe_only else ""
    if item.approvals:
        extra += f" (after {item.approvals} approvals)"
    return Text(f"{what}: {item.calls}{extra} — {BUSINESS[item.action]}", "green")
