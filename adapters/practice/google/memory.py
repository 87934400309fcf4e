"""What the practice Workspace knows, beside any API."""

from datetime import datetime, timedelta
from typing import ClassVar

from adapters.clock import Clock
from adapters.matching import normal_address
from adapters.practice.base import PracticeVendor
from adapters.practice.google.answers import Json, instant

EPOCH = "1970-01-01T00:00:00.000Z"
SUPER = "1001"
HELP_DESK = "1002"


class Memory(PracticeVendor):
    kind: ClassVar[str] = "google_workspace"

    def __init__(
        self,
        clock: Clock | None = None,
        latency: float = 0.0,
        transfers_take: timedelta = timedelta(0),
    ) -> None:
        super().__init__(clock, latency)
        self.transfers_take = transfers_take
        self.users: dict[str, Json] = {}
        self.deleted: dict[str, Json] = {}
        self.passwords: dict[str, str] = {}
        self.tokens: dict[str, list[Json]] = {}
        self.asps: dict[str, list[Json]] = {}
        self.codes: dict[str, list[str]] = {}
        self.signed_out: list[str] = []
        self.groups: dict[str, Json] = {}
        self.members: dict[str, dict[str, Json]] = {}
        self.dynamic: set[str] = set()
        self.assignments: dict[str, Json] = {}
        self.transfers: dict[str, Json] = {}
        self.licences: dict[str, set[str]] = {}
        """By product and SKU, the addresses that have it."""
        self.gmail: dict[str, Json] = {}
        self.device_users: dict[str, Json] = {}
        self.devices: dict[str, Json] = {}
        self.chromebooks: dict[str, Json] = {}
        self._last = 0
        self.staff = self.add_group("Staff")

    def settings(self, base_url: str) -> dict[str, object]:
        return {"adapter": self.kind, "base_url": base_url, "token": self.token}

    def hire(
        self,
        address: str,
        *,
        employee_number: str | None = None,
        login: str | None = None,
        created_at: datetime | None = None,
    ) -> str:
        """Somebody without Gmail (Cloud Identity Free): a token, a backup code, a group."""
        identifier = self.new_id()
        number = {"value": employee_number, "type": "organization"}
        self.users[identifier] = {
            "kind": "admin#directory#user",
            "id": identifier,
            "primaryEmail": login or address,
            "aliases": [address] if login else [],
            "name": {"givenName": "Practice", "familyName": "Person"},
            "externalIds": [number] if employee_number else [],
            "suspended": False,
            "archived": False,
            "isAdmin": False,
            "isDelegatedAdmin": False,
            "isEnrolledIn2Sv": True,
            "isMailboxSetup": False,
            "includeInGlobalAddressList": True,
            "creationTime": instant(created_at or self.clock.now()),
            "lastLoginTime": EPOCH,
            "orgUnitPath": "/",
        }
        self.tokens[identifier] = [self.token_of(identifier, "1234.apps.example", "Calendar App")]
        self.asps[identifier] = []
        self.codes[identifier] = ["12345678"]
        self.join(self.staff, identifier)
        return identifier

    def enabled(self, account_id: str) -> bool | None:
        user = self.users.get(account_id)
        return None if user is None else not user["suspended"]

    def remove(self, account_id: str) -> None:
        user = self.users.pop(account_id, None)
        if user is not None:
            self.deleted[account_id] = user

    def new_id(self) -> str:
        self._last += 1
        return f"{100_000_000_000_000_000_000 + self._last}"

    def find(self, key: str) -> Json | None:
        """By id, address or alias. Of several, the first: Google has only one."""
        if key in self.users:
            return self.users[key]
        wanted = normal_address(key)
        return next((u for u in self.users.values() if wanted in addresses(u)), None)

    def token_of(self, user: str, client: str, name: str, *scopes: str) -> Json:
        return {
            "kind": "admin#directory#token",
            "clientId": client,
            "displayText": name,
            "scopes": list(scopes) or ["https://www.googleapis.com/auth/calendar"],
            "userKey": user,
            "anonymous": not client,
            "nativeApp": False,
        }

    def add_group(self, name: str) -> str:
        identifier = f"g{self.new_id()}"
        self.groups[identifier] = {
            "kind": "admin#directory#group",
            "id": identifier,
            "email": f"{name.lower().replace(' ', '-')}@acme.example",
            "name": name,
        }
        self.members[identifier] = {}
        return identifier

    def join(self, group: str, user: str, role: str = "MEMBER") -> None:
        self.members[group][user] = {
            "kind": "admin#directory#member",
            "id": user,
            "email": self.users[user]["primaryEmail"],
            "role": role,
            "type": "USER",
            "status": "ACTIVE",
            "delivery_settings": "ALL_MAIL",
        }

    def assign(self, assignee: str, role: str, kind: str = "user") -> str:
        identifier = self.new_id()
        self.assignments[identifier] = {
            "kind": "admin#directory#roleAssignment",
            "roleAssignmentId": identifier,
            "roleId": role,
            "assignedTo": assignee,
            "assigneeType": kind,
            "scopeType": "CUSTOMER",
        }
        return identifier


def addresses(user: Json) -> set[str]:
    return {normal_address(name) for name in (user["primaryEmail"], *user["aliases"])}
