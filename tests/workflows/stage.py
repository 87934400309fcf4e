"""A tenant and a directory, each with the leaver's account, and Exeunt before them."""

from typing import Any

from adapters.practice.graph import PracticeTenant
from adapters.practice.scim import PracticeDirectory
from tests.house import ADDRESS, NUMBER, House


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
