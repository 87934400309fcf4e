"""What is read from Okta, and how each thing is said as a Held (okta-management-openapi-spec)."""

from enum import StrEnum
from typing import Any, ClassVar

from pydantic import AliasPath, AwareDatetime, Field

from adapters.nouns import NEXT, NO_WAY_BACK, Held
from adapters.reading import Answer


class Status(StrEnum):
    """Where in its life a user is."""

    STAGED = "STAGED"
    PROVISIONED = "PROVISIONED"
    ACTIVE = "ACTIVE"
    RECOVERY = "RECOVERY"
    PASSWORD_EXPIRED = "PASSWORD_EXPIRED"  # noqa: S105 - a status
    LOCKED_OUT = "LOCKED_OUT"
    SUSPENDED = "SUSPENDED"
    DEPROVISIONED = "DEPROVISIONED"


GETS_IN = {
    Status.ACTIVE: True,
    Status.PROVISIONED: True,  # who has the activation link sets a password and is in
    Status.RECOVERY: True,  # likewise with the link of a password reset
    Status.PASSWORD_EXPIRED: True,  # whoever knows the old one sets a new one
    Status.LOCKED_OUT: True,  # a lock ends by itself or by self-service
    Status.STAGED: False,  # until an administrator activates it
    Status.SUSPENDED: False,
    Status.DEPROVISIONED: False,
}
SETS_A_PASSWORD = frozenset({Status.PASSWORD_EXPIRED, Status.RECOVERY, Status.LOCKED_OUT})
"""Not ACTIVE, so that suspending is refused, but with a password that an administrator can set."""
DIRECTORIES = {"ACTIVE_DIRECTORY": "Active Directory", "LDAP": "an LDAP directory"}
ELSEWHERE = DIRECTORIES | {"FEDERATION": "a federated IdP", "SOCIAL": "a social IdP"}
"""Who checks the password, if it is not Okta."""
MASTERS = "PROFILE_MASTERING"
DEACTIVATES = "PUSH_USER_DEACTIVATION"
"""Okta: deactivates the account in the app when it is unassigned there, or deactivated."""


class Page(Answer):
    """A list in an envelope."""

    value: tuple[dict[str, Any], ...]
    following: str | None = Field(None, validation_alias=AliasPath("_links", "next", "href"))


class User(Answer):
    id: str = Field(min_length=1)
    status: str
    created_at: AwareDatetime | None = Field(None, alias="created")
    password_changed_at: AwareDatetime | None = Field(None, alias="passwordChanged")
    becomes: str | None = Field(None, alias="transitioningToStatus")
    profile: dict[str, Any]
    provider: str | None = Field(
        None, validation_alias=AliasPath("credentials", "provider", "type")
    )

    @property
    def login(self) -> str:
        return str(self.profile.get("login") or "")

    @property
    def addresses(self) -> tuple[str, ...]:
        """`secondEmail` is left out: it is a private address, for recovery."""
        return tuple(
            dict.fromkeys(t for t in (self.profile.get("email"), self.profile.get("login")) if t)
        )

    @property
    def enabled(self) -> bool | None:
        """None for a status that we do not know. What is under way has not happened yet, unless
        it lets somebody in.
        """
        now = GETS_IN.get(Status(self.status)) if self.status in set(Status) else None
        if now is False and self.becomes in ("ACTIVE", "PROVISIONED"):
            return True
        return now

    @property
    def deactivated(self) -> bool:
        return self.status == Status.DEPROVISIONED

    @property
    def notes(self) -> tuple[str, ...]:
        said = {
            f"the password is checked by {ELSEWHERE.get(self.provider or '')}: block the account "
            "there too (docs/runbooks/mastered-elsewhere.md)": self.provider in ELSEWHERE,
            "an identity provider may be set to lift a suspension at sign-in: look at its "
            "just-in-time settings": self.provider in ("FEDERATION", "SOCIAL"),
            "deactivated: its applications were taken away, and it has no factors to remove": (
                self.deactivated
            ),
            "being changed by Okta right now": bool(self.becomes),
        }
        return tuple(note for note, true in said.items() if true)


class Group(Answer):
    id: str = Field(min_length=1)
    type: str
    profile: dict[str, Any] = Field(default_factory=dict)

    OBSTACLES: ClassVar[dict[str, str]] = {
        "APP_GROUP": "imported from a directory or an application: change it there",
        "BUILT_IN": "built in: Okta decides who belongs",
    }

    def held(self, deactivating: str | None) -> Held:
        """`deactivating` is an application that the group assigns, and that deactivates."""
        obstacle = self.OBSTACLES.get(self.type)
        if obstacle is None and deactivating:
            obstacle = f"assigns {deactivating}, which deactivates the account there: {ASK}"
        return Held(self.id, str(self.profile.get("name") or self.id), "group", obstacle)


ASK = "connect that system, or set `deprovision`"


class Application(Answer):
    """An application with the leaver's assignment in it."""

    id: str = Field(min_length=1)
    label: str
    features: tuple[str, ...] = ()
    status: str | None = None
    assignment: dict[str, Any] = Field(validation_alias=AliasPath("_embedded", "user"))

    @property
    def deactivates(self) -> bool:
        return DEACTIVATES in self.features

    @property
    def direct(self) -> bool:
        return self.assignment.get("scope") == "USER"

    @property
    def group(self) -> str | None:
        """The group that gives it; empty if Okta names none, None if it is no group."""
        if self.direct:
            return None
        href = ((self.assignment.get("_links") or {}).get("group") or {}).get("href")
        return str(href).rstrip("/").rpartition("/")[2] if href else ""

    def held(self, *, deprovision: bool) -> Held:
        """Its profile and user name are kept: Okta forgets them with the assignment."""
        obstacle = None
        if not self.direct:
            obstacle = "assigned by a group: it goes with it"
        elif self.deactivates and not deprovision:
            obstacle = f"taking it deactivates the account there: {ASK}"
        credentials = self.assignment.get("credentials") or {}
        kept = {
            "profile": self.assignment.get("profile") or {},
            "user_name": credentials.get("userName"),
        }
        return Held(self.id, self.label, "application", obstacle, kept)


class Role(Answer):
    """An administrator role, of Okta's own kinds or a custom one on a set of resources."""

    id: str = Field(min_length=1)
    type: str
    label: str | None = None
    given_to: str | None = Field(None, alias="assignmentType")
    role: str | None = None
    resources: str | None = Field(None, alias="resource-set")
    embedded: dict[str, Any] = Field(default_factory=dict, alias="_embedded")

    LIMITED: ClassVar[dict[str, str]] = {
        "APP_ADMIN": "targets/catalog/apps",
        "USER_ADMIN": "targets/groups",
        "HELP_DESK_ADMIN": "targets/groups",
        "GROUP_MEMBERSHIP_ADMIN": "targets/groups",
    }
    """Roles that may be limited to some applications or groups, and how that is asked for."""

    @property
    def targets(self) -> bool:
        found = self.embedded.get("targets") or {}
        return bool(found.get("groups") or (found.get("catalog") or {}).get("apps"))

    def held(self, *, limited: bool) -> Held:
        obstacle = "given by a group: it goes with it" if self.given_to == "GROUP" else None
        details: dict[str, Any] = {
            "again": ":".join((self.type, self.role or "", self.resources or "")),
            "type": self.type,
            "role": self.role,
            "resources": self.resources,
        }
        if limited:
            details[NO_WAY_BACK] = "it was limited to some groups or applications: assign it anew"
        return Held(self.id, self.label or self.type, "role", obstacle, details)


class Factor(Answer):
    id: str = Field(min_length=1)
    type: str = Field(alias="factorType")
    provider: str | None = None
    status: str | None = None

    def held(self, *, deactivated: bool) -> Held | None:
        if self.status == "NOT_SETUP":
            return None
        obstacle = "Okta removes no factor of a deactivated user" if deactivated else None
        return Held(self.id, f"{self.type} ({self.provider or 'Okta'})", "factor", obstacle)


class Client(Answer):
    """An application that holds refresh tokens or consents of the user."""

    id: str = Field(alias="client_id", min_length=1)
    name: str | None = Field(None, alias="client_name")

    @property
    def held(self) -> Held:
        return Held(self.id, self.name or self.id, "client")


class Consent(Answer):
    id: str = Field(min_length=1)
    client: str | None = Field(None, alias="clientId")
    scope: str = Field(alias="scopeId")
    status: str | None = None

    @property
    def held(self) -> Held | None:
        if self.status == "REVOKED":
            return None
        return Held(self.id, f"{self.client or 'a client'}: {self.scope}", "consent")


class ApiToken(Answer):
    id: str = Field(min_length=1)
    name: str
    user: str | None = Field(None, alias="userId")

    @property
    def held(self) -> Held:
        return Held(self.id, self.name, "API token")


class Device(Answer):
    id: str = Field(min_length=1)
    status: str | None = None
    profile: dict[str, Any] = Field(default_factory=dict)


class UserDevice(Answer):
    device: Device

    @property
    def left(self) -> Held | None:
        """Left to people: Okta does not say here who else uses it."""
        one = self.device
        if one.status in ("SUSPENDED", "DEACTIVATED"):
            return None
        return Held(
            one.id,
            str(one.profile.get("displayName") or one.id),
            "device",
            "it may be used by others too, and lets in nobody who is suspended",
            {NEXT: "Get it back, then deactivate it in Okta if nobody else uses it."},
        )
