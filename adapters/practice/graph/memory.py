"""What the practice tenant remembers: users, groups, links, and what hangs on a user."""

import copy
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from adapters.clock import Clock
from adapters.practice.base import PracticeVendor
from adapters.practice.graph.answers import Json, instant

STANDARD_SKU = "05e9a617-0261-4cee-bb44-138d3ef5d965"
GROUP_KIND, ROLE_KIND = "#microsoft.graph.group", "#microsoft.graph.directoryRole"


class Memory(PracticeVendor):
    """The tenant's state, and how a story puts things into it. `hung` is by user, then by list."""

    largest_page: int = 100

    def __init__(
        self, clock: Clock | None = None, latency: float = 0.0, lag: timedelta = timedelta(0)
    ) -> None:
        super().__init__(clock, latency)
        self.lag = lag
        """How long a read of a user still shows what a write has changed."""
        self.users: dict[str, Json] = {}
        self.deleted: dict[str, Json] = {}
        self.groups: dict[str, Json] = {}
        self.members: dict[str, set[str]] = defaultdict(set)
        """Members by the id of a group."""
        self.owners: dict[str, list[str]] = defaultdict(list)
        """Owners by the id of a group, an application or a service principal."""
        self.owned_kind: dict[str, str] = {}
        self.devices: dict[str, Json] = {}
        self.hung: dict[str, dict[str, list[Json]]] = defaultdict(lambda: defaultdict(list))
        self.names: dict[str, str] = {}
        """Of resources, by id."""
        self.privileged: set[str] = set()
        """Users whom the application may not change, whatever it is granted."""
        self.inner_throttles = 0
        """How many requests within batches are answered 429 from now on."""
        self.pim_denies = False
        """Whether PIM answers "does not exist" to a removal that it carries out all the same."""
        self.refuses = ""
        """A role that the application may not take from anybody."""
        self.premium = True
        """Whether the tenant has the licence that PIM takes (Microsoft Entra ID P2)."""
        self.slow_packages = False
        """Whether an access package is still there for a while after its removal was asked."""
        self.ending: list[str] = []
        """Access packages that are being removed."""
        self.slow_licences = False
        """Whether a licence outlives the membership that gave it, until it is processed."""
        self.lost: list[str] = []
        """Users whose mailbox was still their own when their last licence went."""
        self._before: dict[str, tuple[datetime, Json]] = {}
        self._last = 0
        self._found()

    def _found(self) -> None:
        """The groups that everybody belongs to."""
        self.security = self.add_group("Staff", securityEnabled=True)
        self.team = self.add_group("Projects", groupTypes=["Unified"], mailEnabled=True)
        self.dynamic = self.add_group(
            "Everybody", groupTypes=["DynamicMembership"], membershipRule="user.accountEnabled"
        )

    def hire(
        self,
        address: str,
        *,
        employee_number: str | None = None,
        login: str | None = None,
        created_at: datetime | None = None,
    ) -> str:
        identifier, born = self.new_id(), instant(created_at or self.clock.now())
        self.users[identifier] = {
            "id": identifier,
            "userPrincipalName": login or address,
            "displayName": address.partition("@")[0].replace(".", " ").title(),
            "mail": address,
            "proxyAddresses": [f"SMTP:{address}"],
            "otherMails": [],
            "employeeId": employee_number,
            "accountEnabled": True,
            "userType": "Member",
            "onPremisesSyncEnabled": None,
            "isManagementRestricted": None,
            "showInAddressList": True,
            "createdDateTime": born,
            "signInSessionsValidFromDateTime": born,
            "lastPasswordChangeDateTime": born,
            "licenseAssignmentStates": [licence(STANDARD_SKU)],
        }
        for group in (self.security, self.team, self.dynamic):
            self.members[group].add(identifier)
        return identifier

    def add_group(self, name: str, **properties: Any) -> str:
        identifier = self.new_id()
        self.groups[identifier] = {
            "@odata.type": GROUP_KIND,
            "id": identifier,
            "displayName": name,
            "groupTypes": [],
            "mailEnabled": False,
            "securityEnabled": False,
            "membershipRule": None,
            "isAssignableToRole": None,
            "onPremisesSyncEnabled": None,
            "isManagementRestricted": None,
            "assignedLicenses": [],
            "resourceProvisioningOptions": [],
        } | properties
        return identifier

    def give_role(self, user: str, name: str = "Global Administrator") -> str:
        """Make a user privileged; the application then gets 403 for changing it."""
        identifier = self.hang(
            user,
            "roles",
            {
                "principalId": user,
                "roleDefinitionId": name,
                "directoryScopeId": "/",
                "roleDefinition": {"id": name, "displayName": name},
            },
        )
        self.privileged.add(user)
        return identifier

    def license_by_group(self, user: str, group: str, sku: str) -> None:
        """A licence that comes by a group, and goes only with the membership."""
        self.groups[group]["assignedLicenses"] = [{"skuId": sku, "disabledPlans": []}]
        self.members[group].add(user)
        self.users[user]["licenseAssignmentStates"].append(licence(sku, group))

    def hang(self, user: str, where: str, thing: Json) -> str:
        """Put a thing into one of the user's lists; its id comes back."""
        made = {"id": self.new_id()} | thing
        self.hung[user][where].append(made)
        return str(made["id"])

    def own(self, user: str, thing: str, kind: str = "group") -> None:
        self.owners[thing].append(user)
        self.owned_kind[thing] = f"#microsoft.graph.{kind}"

    def add_device(self, user: str, name: str, system: str, *, enabled: bool = True) -> str:
        identifier = self.new_id()
        self.devices[identifier] = {
            "id": identifier,
            "displayName": name,
            "operatingSystem": system,
            "accountEnabled": enabled,
            "owner": user,
        }
        return identifier

    def give_mailbox(self, user: str) -> None:
        off = {"status": "disabled", "externalAudience": "none", "internalReplyMessage": ""}
        setting = off | {"externalReplyMessage": ""}
        self.hang(user, "mailbox", {"userPurpose": "user", "automaticRepliesSetting": setting})

    def convert_mailbox(self, user: str, purpose: str = "shared") -> None:
        """What Exchange does, beside Graph."""
        for box in self.hung[user]["mailbox"]:
            box["userPurpose"] = purpose

    def loses_mailbox(self, user: str) -> None:
        """Without a licence a mailbox that is somebody's own is lost; a shared one lives on."""
        boxes = self.hung[user]["mailbox"]
        own = any(box["userPurpose"] == "user" for box in boxes)
        if own and not self.users[user]["licenseAssignmentStates"]:
            boxes.clear()
            self.lost.append(user)

    def enabled(self, account_id: str) -> bool | None:
        user = self.users.get(account_id)
        return None if user is None else bool(user["accountEnabled"])

    def remove(self, account_id: str) -> None:
        self.users.pop(account_id, None)
        for members in self.members.values():
            members.discard(account_id)

    def remember(self, user: Json) -> None:
        if self.lag:
            self._before[user["id"]] = (self.clock.now() + self.lag, copy.deepcopy(user))

    def shown(self, identifier: str) -> Json | None:
        until, before = self._before.get(identifier, (None, None))
        if until and self.clock.now() < until and identifier in self.users:
            return before
        return self.users.get(identifier)

    def new_id(self) -> str:
        self._last += 1
        return f"{self._last:08x}-0000-4000-8000-00000e17ea00"


def licence(sku: str, group: str | None = None) -> Json:
    return {
        "skuId": sku,
        "assignedByGroup": group,
        "state": "Active",
        "error": "None",
        "disabledPlans": [],
    }
