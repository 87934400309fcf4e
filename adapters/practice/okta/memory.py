"""What the practice org remembers, and how a test furnishes it."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from adapters.clock import Clock
from adapters.practice.base import PracticeVendor
from adapters.practice.okta.answers import Json, instant

BLOCKED = frozenset({"SUSPENDED", "DEPROVISIONED", "STAGED"})
EVERYONE = "00gEveryone"
STAFF = "00gStaff"
WIKI = "0oaWiki"


class Memory(PracticeVendor):
    largest_page = 3

    def __init__(self, clock: Clock | None = None, latency: float = 0.0) -> None:
        super().__init__(clock, latency)
        self.users: dict[str, Json] = {}
        self.groups: dict[str, Json] = {}
        self.members: dict[str, set[str]] = defaultdict(set)
        self.rules: set[str] = set()
        """Groups that a rule fills again whenever somebody is taken out."""
        self.apps: dict[str, Json] = {}
        self.app_groups: dict[str, set[str]] = defaultdict(set)
        self.app_users: dict[str, dict[str, Json]] = defaultdict(dict)
        self.downstream: dict[str, set[str]] = defaultdict(set)
        """Who is active in an application itself. What is lost here does not come back."""
        self.roles: dict[str, list[Json]] = defaultdict(list)
        self.factors: dict[str, list[Json]] = defaultdict(list)
        self.clients: dict[str, dict[str, Json]] = defaultdict(dict)
        self.consents: dict[str, list[Json]] = defaultdict(list)
        self.api_tokens: dict[str, Json] = {}
        self.devices: dict[str, list[Json]] = defaultdict(list)
        self.signed_in: set[str] = set()
        self.tokens_ended: set[str] = set()
        """Whose OAuth tokens ended with their sessions."""
        self.passwords: dict[str, str] = {}
        self.index_lag = timedelta(0)
        """How long a search does not know somebody who is new."""
        self.password_activates = True
        """Whether a password set by an administrator makes a user ACTIVE: Okta does not say."""
        self.resets_suspended = True
        """Whether factors of a suspended user are reset in one call: Okta does not say."""
        self.slow_deactivation = False
        self.names_groups = True
        """Whether an assignment says which group gives it."""
        self.mapped: set[str] = set()
        """Attributes that a mapping fills, and that nobody else may set in an assignment."""
        self._last = 0
        self.add_group("Everyone", "BUILT_IN", EVERYONE)
        self.add_group("Staff", "OKTA_GROUP", STAFF)
        self.add_app("Wiki", identifier=WIKI)

    def hire(
        self,
        address: str,
        *,
        employee_number: str | None = None,
        login: str | None = None,
        created_at: datetime | None = None,
    ) -> str:
        identifier = self.new_id("00u")
        now = instant(self.clock.now())
        number = {"employeeNumber": employee_number} if employee_number else {}
        self.users[identifier] = {
            "id": identifier,
            "status": "ACTIVE",
            "created": instant(created_at or self.clock.now()),
            "activated": now,
            "statusChanged": now,
            "lastLogin": None,
            "lastUpdated": now,
            "passwordChanged": now,
            "type": {"id": "otyDefault"},
            "profile": {
                "firstName": "Ada",
                "lastName": "Practice",
                "login": login or address,
                "email": address,
                **number,
            },
            "credentials": {"password": {}, "provider": {"type": "OKTA", "name": "OKTA"}},
        }
        self.members[EVERYONE].add(identifier)
        self.members[STAFF].add(identifier)
        self.assign(WIKI, identifier, {"team": "core"})
        self.add_factor(identifier, "push")
        self.consent(identifier, "Notes", "okta.myAccount.profile.read")
        self.signed_in.add(identifier)
        return identifier

    def enabled(self, account_id: str) -> bool | None:
        user = self.users.get(account_id)
        return None if user is None else user["status"] not in BLOCKED

    def remove(self, account_id: str) -> None:
        self.users.pop(account_id, None)
        for members in self.members.values():
            members.discard(account_id)
        for assigned in self.app_users.values():
            assigned.pop(account_id, None)

    def new_id(self, prefix: str) -> str:
        self._last += 1
        return f"{prefix}{self._last:05}"

    def set_status(self, user: str, status: str) -> None:
        self.users[user] |= {"status": status, "statusChanged": instant(self.clock.now())}

    def add_group(self, name: str, kind: str = "OKTA_GROUP", identifier: str | None = None) -> str:
        group = identifier or self.new_id("00g")
        now = instant(self.clock.now())
        self.groups[group] = {
            "id": group,
            "created": now,
            "lastUpdated": now,
            "lastMembershipUpdated": now,
            "objectClass": ["okta:user_group"],
            "type": kind,
            "profile": {"name": name},
        }
        return group

    def add_app(self, label: str, *features: str, identifier: str | None = None) -> str:
        app = identifier or self.new_id("0oa")
        self.apps[app] = {
            "id": app,
            "label": label,
            "status": "ACTIVE",
            "signOnMode": "SAML_2_0",
            "features": list(features),
        }
        return app

    def assign(self, app: str, user: str, profile: Json) -> None:
        """Directly. Who is assigned is active there."""
        login = self.users[user]["profile"]["login"]
        self.app_users[app][user] = {
            "id": user,
            "scope": "USER",
            "status": "ACTIVE",
            "credentials": {"userName": login},
            "profile": profile,
        }
        self.downstream[app].add(user)

    def assign_group(self, app: str, group: str) -> None:
        self.app_groups[app].add(group)
        self.downstream[app] |= self.members[group]

    def assignment(self, app: str, user: str) -> Json | None:
        if user in self.app_users[app]:
            return self.app_users[app][user]
        for group in sorted(self.app_groups[app]):
            if user in self.members[group]:
                link = {"href": f"https://acme.okta.example/api/v1/groups/{group}"}
                given = {"id": user, "scope": "GROUP", "status": "ACTIVE", "profile": {}}
                return given | ({"_links": {"group": link}} if self.names_groups else {})
        return None

    def settle(self) -> None:
        """Applications that follow: whoever is not assigned any more is deactivated there."""
        for app, body in self.apps.items():
            if "PUSH_USER_DEACTIVATION" in body["features"]:
                kept = {user for user in self.downstream[app] if self.assignment(app, user)}
                self.downstream[app] = kept

    def add_role(self, user: str, kind: str, *, by: str = "USER", **more: Any) -> str:
        role = self.new_id("ra1")
        self.roles[user].append(
            {
                "id": role,
                "type": kind,
                "label": kind.replace("_", " ").title(),
                "status": "ACTIVE",
                "assignmentType": by,
                **more,
            }
        )
        return role

    def add_factor(self, user: str, kind: str, provider: str = "OKTA") -> str:
        factor = self.new_id("opf")
        self.factors[user].append(
            {"id": factor, "factorType": kind, "provider": provider, "status": "ACTIVE"}
        )
        return factor

    def consent(self, user: str, client: str, scope: str) -> None:
        """An application that holds refresh tokens of the user, and what it was allowed."""
        identifier = self.new_id("0oc")
        self.clients[user][identifier] = {"client_id": identifier, "client_name": client}
        self.consents[user].append(
            {
                "id": self.new_id("oag"),
                "status": "ACTIVE",
                "issuer": "https://acme.okta.example",
                "clientId": identifier,
                "userId": user,
                "scopeId": scope,
                "source": "END_USER",
            }
        )

    def add_api_token(self, user: str, name: str) -> str:
        token = self.new_id("00T")
        self.api_tokens[token] = {"id": token, "name": name, "userId": user}
        return token

    def add_device(self, user: str, name: str) -> str:
        device = self.new_id("guo")
        profile = {"displayName": name, "platform": "MACOS", "registered": True}
        self.devices[user].append({"id": device, "status": "ACTIVE", "profile": profile})
        return device
