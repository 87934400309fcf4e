"""The scene of one leaver who has everything in Microsoft 365: taken, handed over, given back."""

from pathlib import Path
from typing import Any

from rich.console import Console

from adapters.actions import Wave
from adapters.clock import Clock
from adapters.nouns import Account, State
from adapters.practice.microsoft365 import Microsoft365, microsoft365
from app.cli.demo.calls import export, get, post, send
from app.cli.demo.cast import Leaver
from app.cli.demo.comparing import Seen, differences, table
from app.cli.demo.live import watched
from app.cli.demo.ordering import order_of
from app.cli.demo.stage import EXTRA, Stage, bearer, staged
from app.security.tokens import Role

MARA = Leaver("1207", "Mara Okafor", "mara.okafor@acme.example", "Finance", "boss@acme.example")
LATENCY = 0.01
TENANT, MAILBOXES = "microsoft365", "mailboxes"
WHAT = """\
[bold]Mara[/] has two group licences, an eligible role and two active ones, three factors, a rule
that sends mail outside, a Team that nobody else owns, more than forty groups of all kinds, a
mailbox with delegates and lists, an application of her own, a phone number, meetings, files, and
two devices, registered and managed.
"""


async def play(console: Console, folder: Path) -> bool:
    """True if all was cut, handed over, cleaned up or explained, and given back exactly."""
    clock = Clock()
    practice = microsoft365(MARA.address, MARA.number, MARA.manager or "", clock, LATENCY)
    vendors = {TENANT: practice.tenant, MAILBOXES: practice.exchange}
    extra = {TENANT: EXTRA[TENANT] | {"exchange": MAILBOXES}}
    async with staged(folder, clock, vendors, extra) as stage:
        console.print(WHAT)
        before = await _look(stage, practice)
        case = await _leave(console, stage)
        after = await _look(stage, practice)
        timeline = (await get(stage, f"/cases/{case['id']}/timeline"))["items"]
        given_back = await _give_back(console, stage, case, before)
        again = await _look(stage, practice)
        events = await export(stage, folder / "audit.jsonl")
    seen = [Seen(name, before[name], after[name], again[name]) for name in before]
    console.print(order_of(timeline, lost=practice.tenant.lost))
    for one in seen:
        console.print(table(one))
    _left(console, given_back)
    wrong = [line for one in seen for line in differences(one)]
    for line in wrong:
        console.print(f"[bold red]not as before:[/] {line}")
    console.print(f"\n[bold]The log:[/] {events:,} events in [cyan]{folder / 'audit.jsonl'}[/]")
    return not wrong and not practice.tenant.lost


async def _look(stage: Stage, practice: Microsoft365) -> dict[str, State]:
    found = {}
    for system in (TENANT, MAILBOXES):
        account = Account(system, practice.leaver.id, MARA.address)
        found[system] = await stage.world.adapter(system).observe(account)
    return found


async def _leave(console: Console, stage: Stage) -> dict[str, Any]:
    console.print(f"HR: [bold]{MARA.name}[/] leaves, now. Containment asks nobody.\n")
    await send(stage, MARA)
    case = await watched(console, stage, _contained)
    console.print("A person approves the hand-over to the manager; the clean-up follows.\n")
    await _approve(stage, case, Wave.HAND_OVER)
    return await watched(console, stage, _all_done)


async def _give_back(
    console: Console, stage: Stage, case: dict[str, Any], before: dict[str, State]
) -> dict[str, Any]:
    console.print(
        "HR named the wrong person. An operator asks to give everything back, each administrator "
        "right by name; somebody else agrees.\n"
    )
    operator = await bearer(stage, Role.OPERATOR, "operator@acme.example")
    rights = [one.id for state in before.values() for one in state.roles or ()]
    body = {"reason": "HR named the wrong person", "privileged": rights}
    asked = await post(stage, f"/cases/{case['id']}/restore", body, operator)
    await _approve(stage, asked, Wave.RESTORE)
    return await watched(console, stage, _all_done)


def _contained(case: dict[str, Any]) -> bool:
    return case["containment"] == "contained" and Wave.CONTAIN not in _open_waves(case)


def _all_done(case: dict[str, Any]) -> bool:
    """What is left comes weeks later."""
    return case["status"] != "running" and _open_waves(case) <= {Wave.RETIRE}


def _open_waves(case: dict[str, Any]) -> set[str]:
    return {i["wave"] for i in case["items"] if i["state"] in ("planned", "waiting")}


async def _approve(stage: Stage, case: dict[str, Any], wave: Wave) -> None:
    """Exactly what was looked at: the digest names it."""
    approver = await bearer(stage, Role.APPROVER, "approver@acme.example")
    gates = {gate["wave"]: gate["digest"] for gate in case["approvals"]}
    body = {"wave": wave, "digest": gates[wave]}
    await post(stage, f"/cases/{case['id']}/approve", body, approver)


def _left(console: Console, case: dict[str, Any]) -> None:
    tasks = [task for task in case["tasks"] if task["state"] == "open"]
    if tasks:
        console.print("\n[yellow]Left to people, and said to be:[/]")
    for task in tasks:
        console.print(f"  [yellow]•[/] {task['title']}", highlight=False)
