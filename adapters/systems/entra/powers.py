"""By what a user governs or is acted for: roles, PIM, consents, application roles, packages.

`details["again"]` names a thing that gets a new id when it is made anew; `details["no_way_back"]`
says why one is not given back.
"""

from typing import Any

from pydantic import Field

from adapters.nouns import NO_WAY_BACK, Held
from adapters.reading import Answer


class RoleDefinition(Answer):
    id: str
    name: str | None = Field(None, alias="displayName")


class RoleAssignment(Answer):
    """An active directory role that the user holds directly."""

    id: str = Field(min_length=1)
    role: str = Field(alias="roleDefinitionId")
    scope: str = Field("/", alias="directoryScopeId")
    definition: RoleDefinition | None = Field(None, alias="roleDefinition")

    @property
    def place(self) -> str:
        return f"{self.role}@{self.scope}"

    @property
    def held(self) -> Held:
        name = (self.definition and self.definition.name) or self.role
        details = {"again": self.place, "role": self.role, "scope": self.scope}
        return Held(self.id, name, "role", None, details)


class Schedule(Answer):
    """A role that PIM gives: one that may be activated, or one that is active for a time."""

    id: str = Field(min_length=1)
    role: str = Field(alias="roleDefinitionId")
    scope: str = Field("/", alias="directoryScopeId")
    way: str | None = Field(None, alias="assignmentType")
    info: dict[str, Any] | None = Field(None, alias="scheduleInfo")

    @property
    def place(self) -> str:
        return f"{self.role}@{self.scope}"

    def held(self, kind: str, names: dict[str, str]) -> Held:
        details: dict[str, Any] = {
            "again": self.place,
            "role": self.role,
            "scope": self.scope,
            "info": self.info,
        }
        if self.way == "Activated":
            kind, details[NO_WAY_BACK] = "activated role", "the holder activates it anew"
        return Held(self.id, names.get(self.role, self.role), kind, None, details)


class PimMembership(Answer):
    """A group that PIM lets the user enter (eligible), or has let them into."""

    id: str = Field(min_length=1)
    group: str = Field(alias="groupId")
    access: str = Field(alias="accessId")
    ends: str | None = Field(None, alias="endDateTime")
    way: str | None = Field(None, alias="assignmentType")

    def held(self, kind: str) -> Held:
        details: dict[str, Any] = {
            "again": f"{self.group}:{self.access}",
            "group": self.group,
            "access": self.access,
            "ends": self.ends,
        }
        if self.way == "activated":
            details[NO_WAY_BACK] = "the holder activates it anew"
        return Held(self.id, self.group, kind, None, details)


class Consent(Answer):
    """An application that may act in the user's name, because the user agreed."""

    id: str = Field(min_length=1)
    client: str = Field("", alias="clientId")
    consent: str = Field(alias="consentType")
    scope: str | None = None

    @property
    def held(self) -> Held:
        obstacle = None if self.consent == "Principal" else "consented for everybody"
        return Held(self.id, self.client or self.id, "consent", obstacle, {"scope": self.scope})


class AppRole(Answer):
    id: str = Field(min_length=1)
    role: str = Field(alias="appRoleId")
    resource: str = Field(alias="resourceId")
    name: str | None = Field(None, alias="resourceDisplayName")
    holder: str | None = Field(None, alias="principalType")

    def held(self, *, may: bool) -> Held:
        obstacle = None if self.holder == "User" else "inherited from a group: it goes with it"
        if not may:
            obstacle = "needs the profile `privileged` (AppRoleAssignment.ReadWrite.All)"
        details = {
            "again": f"{self.resource}:{self.role}",
            "role": self.role,
            "resource": self.resource,
        }
        return Held(self.id, self.name or self.resource, "application role", obstacle, details)


class PackageName(Answer):
    id: str = ""
    name: str | None = Field(None, alias="displayName")


class Package(Answer):
    """An assignment of an access package. Expired ones are listed too, and count for nothing."""

    id: str = Field(min_length=1)
    state: str | None = None
    package: PackageName | None = Field(None, alias="accessPackage")

    @property
    def held(self) -> Held | None:
        if self.state in ("expired", "deliveryFailed"):
            return None
        name = (self.package and self.package.name) or self.id
        back = {NO_WAY_BACK: "it is asked for anew, by its policy"}
        return Held(self.id, name, "access package", None, back)
