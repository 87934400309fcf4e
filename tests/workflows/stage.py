"""A tenant and a directory, each with the leaver's account, and Exeunt before them."""

from typing import Any

import httpx

from adapters.actions import Wave
from adapters.practice.graph import PracticeTenant
from adapters.practice.scim import PracticeDirectory
from app.security.tokens import Role
from tests.house import ADDRESS, NUMBER, House, eventually, leaves


class Stage:
    """A tenant and a directory, each with the leaver's account."""

    def __init__(self) -> None:
        self.tenant, self.directory = PracticeTenant(), PracticeDirectory()
        self.in_tenant = self.tenant.hire(ADDRESS, employee_number=NUMBER)
        self.in_directory = self.directory.hire(ADDRESS, employee_number=NUMBER)
        self.exeunt: House

    @property
    def vendors(self) -> dict[str, Any]:
        return {"tenant": self.tenant, "directory": self.directory}


def account(case: dict[str, Any], system: str) -> dict[str, Any]:
    found: dict[str, Any] = next(a for a in case["accounts"] if a["system"] == system)
    return found


def item(case: dict[str, Any], system: str, action: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        i for i in case["items"] if (i["system"], i["action"]) == (system, action)
    )
    return found


async def contained(stage: Stage, **more: Any) -> dict[str, Any]:
    """The case, at rest behind its cut."""
    await stage.exeunt.hr_says(leaves(**more))
    return await stage.exeunt.until(
        lambda c: c["containment"] == "contained" and c["status"] == "waiting"
    )


async def approve(stage: Stage, wave: Wave, who: str = "approver@acme.example") -> dict[str, Any]:
    """Say yes to a wave as it is; once more if another wave was running just then."""
    client = await stage.exeunt.client(Role.APPROVER, address=who)

    async def say_yes() -> httpx.Response:
        case = await stage.exeunt.until(lambda c: any(a["wave"] == wave for a in c["approvals"]))
        digest = next(a["digest"] for a in case["approvals"] if a["wave"] == wave)
        yes = {"wave": wave, "digest": digest}
        return await client.post(f"/cases/{case['id']}/approve", json=yes)

    answer = await eventually(say_yes, lambda answer: answer.status_code != httpx.codes.CONFLICT)
    assert answer.status_code == httpx.codes.OK, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def given_back(stage: Stage, **more: Any) -> dict[str, Any]:
    """Asked for by one person, agreed to by another, and done."""
    case = await stage.exeunt.until(lambda c: c["status"] == "waiting")
    operator = await stage.exeunt.client(Role.OPERATOR, address="operator@acme.example")
    asked = {"reason": "HR named the wrong person"} | more
    answer = await operator.post(f"/cases/{case['id']}/restore", json=asked)
    assert answer.status_code == 202, answer.text
    await approve(stage, Wave.RESTORE)
    return await stage.exeunt.until(lambda c: wave_is_over(c, Wave.RESTORE))


def wave_is_over(case: dict[str, Any], wave: Wave) -> bool:
    states = {i["state"] for i in case["items"] if i["wave"] == wave}
    return bool(states) and not states & {"planned", "waiting"}
