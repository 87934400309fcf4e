"""What a practice organisation remembers, and the people of whom the tests and the demo tell."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from adapters.clock import Clock
from adapters.practice.base import PracticeVendor
from adapters.practice.github import answers

ORG = "acme"


@dataclass
class Repo:
    id: int
    name: str
    keys: list[dict[str, Any]] = field(default_factory=list)
    invited: dict[int, int] = field(default_factory=dict)
    """Number of the invitation to who is invited."""
    collaborators: dict[int, str] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        return f"{ORG}/{self.name}"


@dataclass
class Team:
    id: int
    slug: str
    kind: str = "organization"
    members: dict[int, str] = field(default_factory=dict)
    synced: bool = False
    """An identity provider writes it: the API changes nobody."""


@dataclass
class Member:
    role: str = "member"
    state: str = "active"
    direct: bool = True


class Memory(PracticeVendor):
    kind: ClassVar[str] = "github"
    token = "ghs_practice-token"  # noqa: S105 - it opens nothing but this imitation
    exempt = {
        "test_the_employee_number_is_a_stronger_rule_than_the_address": (
            "a personal account of GitHub has no field for an employee number"
        ),
        "test_an_address_with_another_employee_number_is_a_disagreement": (
            "a personal account of GitHub has no field for an employee number"
        ),
    }
    largest_page: ClassVar[int] = 3
    """Less than is asked for, so that no list of a handful is complete on its first page."""

    def __init__(self, clock: Clock | None = None, latency: float = 0.0) -> None:
        super().__init__(clock, latency)
        self.logins: dict[int, str] = {}
        self.mail: dict[int, str] = {}
        self.members: dict[int, Member] = {}
        self.forks: dict[int, list[str]] = {}
        """Private forks of private repositories: gone for good with the membership."""
        self.invitations: dict[int, str] = {}
        self.teams = {one.slug: one for one in (Team(7, "staff"), Team(8, "builders"))}
        self.repos = {one.name: one for one in (Repo(21, "site"), Repo(22, "tools"))}
        self.authorized: dict[int, tuple[int, str]] = {}
        self.fine_grained: dict[int, int] = {}
        self.asked: dict[int, int] = {}
        self.app_key: Any = None
        """The public key of a GitHub App, if one is installed."""
        self._last = 100

    def settings(self, base_url: str) -> dict[str, object]:
        """What to write under `systems:` to reach it."""
        return {
            "adapter": self.kind,
            "base_url": base_url,
            "organisation": ORG,
            "enterprise": ORG,
            "saml": True,
            "token": self.token,
        }

    def hire(
        self,
        address: str,
        *,
        employee_number: str | None = None,  # noqa: ARG002 - GitHub has no field for it
        login: str | None = None,
        created_at: datetime | None = None,  # noqa: ARG002 - the lists do not tell
    ) -> str:
        number = self.add_user(address, login)
        self.members[number] = Member()
        self.forks[number] = [f"{self.logins[number]}/site"]
        self.teams["staff"].members[number] = "member"
        self.teams["builders"].members[number] = "maintainer"
        for kind in ("SSH key", "personal access token"):
            self.authorized[self.next()] = (number, kind)
        self.fine_grained[self.next()] = number
        self.asked[self.next()] = number
        key = answers.deploy_key(self.next(), "pipeline", self.logins[number])
        self.repos["site"].keys.append(key)
        return str(number)

    def hire_owner(self, address: str) -> str:
        identifier = self.hire(address)
        self.members[int(identifier)].role = "admin"
        return identifier

    def engage(self, address: str, role: str = "write") -> str:
        """Somebody outside who may work in one repository, and is invited to another."""
        number = self.add_user(address, None)
        self.repos["tools"].collaborators[number] = role
        self.repos["site"].invited[self.next()] = number
        return str(number)

    def invite(self, address: str) -> str:
        number = self.next()
        self.invitations[number] = address
        return f"invitation:{number}"

    def add_user(self, address: str, login: str | None) -> int:
        number = self.next()
        self.logins[number] = login or re.sub(r"[^a-z0-9]+", "-", address.partition("@")[0])
        self.mail[number] = address
        return number

    def next(self) -> int:
        self._last += 1
        return self._last

    def enabled(self, account_id: str) -> bool | None:
        if not account_id.isdecimal() or int(account_id) not in self.logins:
            return None
        number = int(account_id)
        return number in self.members or number in self.outside()

    def remove(self, account_id: str) -> None:
        number = int(account_id)
        self.leave(number)
        self.logins.pop(number, None)
        self.mail.pop(number, None)
        self.authorized = {k: v for k, v in self.authorized.items() if v[0] != number}
        self.fine_grained = {k: v for k, v in self.fine_grained.items() if v != number}
        self.asked = {k: v for k, v in self.asked.items() if v != number}

    def leave(self, number: int) -> None:
        """What goes with a membership. Tokens and deploy keys are not of it."""
        self.members.pop(number, None)
        self.forks.pop(number, None)
        for team in self.teams.values():
            team.members.pop(number, None)

    def accept(self, account_id: str) -> None:
        """The person follows the invitation in the mail."""
        self.members[int(account_id)].state = "active"

    def outside(self) -> list[int]:
        found = {n for repo in self.repos.values() for n in repo.collaborators}
        return sorted(found - set(self.members))

    def number_of(self, login: str) -> int | None:
        same = (n for n, name in self.logins.items() if name.lower() == login.lower())
        return next(same, None)

    def who(self, number: int) -> dict[str, Any]:
        return answers.user(number, self.logins[number])

    def owners(self) -> Iterator[int]:
        for number, one in self.members.items():
            if (one.role, one.state) == ("admin", "active"):
                yield number
