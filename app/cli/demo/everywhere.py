"""The scene across everything: one is throttled, one refuses us, one is down; nobody waits."""

from pathlib import Path
from typing import Any

from rich.console import Console

from adapters.clock import Clock
from adapters.practice.active_directory import PracticeDomain
from adapters.practice.aws import PracticeCenter, PracticeIam
from adapters.practice.base import Fault, Practice
from adapters.practice.github import PracticeGithub, PracticeGithubManaged
from adapters.practice.google import PracticeWorkspace
from adapters.practice.microsoft365 import microsoft365
from adapters.practice.okta import PracticeOkta
from adapters.practice.scim import PracticeCrm, PracticeDirectory
from adapters.practice.slack import PracticeSlack
from app.cli.demo.calls import export, get, post, send
from app.cli.demo.cast import Leaver
from app.cli.demo.lanes import Lane, lanes, lanes_of
from app.cli.demo.live import watched
from app.cli.demo.stage import Stage, bearer, staged
from app.security.tokens import Role

MARA = Leaver("1207", "Mara Okafor", "mara.okafor@acme.example", "Finance", "boss@acme.example")
LATENCY = 0.05
THROTTLED, DENIED, DOWN = "slack", "crm", "directory"
SHORT = {"token_lifetime": "1s"}
RETRY_AFTER = Fault(429, headers={"Retry-After": "4"})
OUTAGE = Fault(503)
REFUSALS, OUTAGES = 2, 12
SETTLING_SECONDS = 3


async def play(console: Console, folder: Path) -> bool:
    """True if every healthy system was cut without waiting for the others, and then all were."""
    clock = Clock()
    vendors = _vendors(clock)
    extra: dict[str, dict[str, object]] = {name: dict(SHORT) for name in vendors}
    extra["microsoft365"] |= {"exchange": "mailboxes"}
    async with staged(folder, clock, vendors, extra) as stage:
        _trouble(vendors)
        console.print(
            f"{len(vendors)} systems: [yellow]{THROTTLED}[/] throttles us, [red]{DENIED}[/] "
            f"refuses our credential, [red]{DOWN}[/] is down. HR sends one webhook.\n"
        )
        await send(stage, MARA)
        case = await watched(console, stage, _the_others_are_cut)
        seen = lanes_of(case, await _timeline(stage, case))
        console.print(lanes(seen, {THROTTLED: "throttled", DENIED: "denied", DOWN: "down"}))
        console.print(f"\nThe operator mends the credential of {DENIED}; {DOWN} comes back.\n")
        await _mend(stage, vendors)
        await watched(console, stage, _all_are_cut)
        await clock.sleep(SETTLING_SECONDS)  # what comes at once after the cut
        case = await watched(console, stage, _all_are_cut)
        console.print(lanes(lanes_of(case, await _timeline(stage, case)), {}))
        events = await export(stage, folder / "audit.jsonl")
    console.print(f"\n[bold]The log:[/] {events:,} events in [cyan]{folder / 'audit.jsonl'}[/]")
    return _undelayed(console, seen) and _all_are_cut(case)


def _vendors(clock: Clock) -> dict[str, Practice]:
    practice = microsoft365(MARA.address, MARA.number, MARA.manager or "", clock, LATENCY)
    others: dict[str, Practice] = {
        "google": PracticeWorkspace(clock, LATENCY),
        "okta": PracticeOkta(clock, LATENCY),
        "slack": PracticeSlack(clock, LATENCY),
        "github": PracticeGithub(clock, LATENCY),
        "github_enterprise": PracticeGithubManaged(clock, LATENCY),
        "aws": PracticeIam(clock, LATENCY),
        "aws_sso": PracticeCenter(clock, LATENCY),
        "domain": PracticeDomain(clock, LATENCY),
        "directory": PracticeDirectory(clock, LATENCY),
        "crm": PracticeCrm(clock, LATENCY),
    }
    for vendor in others.values():
        vendor.hire(MARA.address, employee_number=MARA.number)
    return {"microsoft365": practice.tenant, "mailboxes": practice.exchange, **others}


def _trouble(vendors: dict[str, Practice]) -> None:
    vendors[THROTTLED].faults.extend([RETRY_AFTER] * REFUSALS)
    vendors[DENIED].token = "renewed-meanwhile"  # noqa: S105 - nobody told us
    vendors[DOWN].faults.extend([OUTAGE] * OUTAGES)


async def _mend(stage: Stage, vendors: dict[str, Practice]) -> None:
    vendors[DENIED].token = Practice.token
    vendors[DOWN].faults.clear()
    operator = await bearer(stage, Role.OPERATOR, "operator@acme.example")
    await post(stage, f"/systems/{DENIED}/check", {}, operator)


async def _timeline(stage: Stage, case: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await get(stage, f"/cases/{case['id']}/timeline"))["items"]
    return found


def _the_others_are_cut(case: dict[str, Any]) -> bool:
    found = {a["system"]: a["containment"] for a in case["accounts"]}
    return all(found.get(name) == "contained" for name in found if name not in (DENIED, DOWN))


def _all_are_cut(case: dict[str, Any]) -> bool:
    at_rest = case["status"] != "running"
    return at_rest and {a["containment"] for a in case["accounts"]} == {"contained"}


def _undelayed(console: Console, seen: list[Lane]) -> bool:
    """Each healthy system was called while the others still made us wait."""
    healthy = [one for one in seen if one.system not in (THROTTLED, DENIED, DOWN)]
    slowest = max(one.calls[0][0] for one in healthy)
    throttled = next(one for one in seen if one.system == THROTTLED)
    heard = throttled.calls[0][0]
    console.print(
        f"\nEvery healthy system was being cut after [bold]{slowest:.1f} s[/]; "
        f"{THROTTLED} let us in after {heard:.1f} s, and nobody waited for it."
    )
    return slowest < heard
