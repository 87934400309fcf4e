"""What is read from IAM Identity Center: its identity store, and who is assigned to what."""

from datetime import datetime
from typing import Any

from pydantic import Field

from adapters.nouns import Held
from adapters.reading import Answer

ENTERPRISE = "aws:identitystore:enterprise"
"""The only extension that AWS's description names."""


class Email(Answer):
    value: str | None = Field(None, alias="Value")


class User(Answer):
    id: str = Field(alias="UserId", min_length=1)
    login: str = Field("", alias="UserName")
    emails: tuple[Email, ...] = Field((), alias="Emails")
    status: str | None = Field(None, alias="UserStatus")
    external_ids: tuple[Any, ...] = Field((), alias="ExternalIds")
    created_at: datetime | None = Field(None, alias="CreatedAt")
    extensions: dict[str, Any] = Field({}, alias="Extensions")

    @property
    def enabled(self) -> bool | None:
        return {"ENABLED": True, "DISABLED": False}.get(self.status or "")

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(one.value for one in self.emails if one.value)

    def number(self, name: str) -> str | None:
        held = self.extensions.get(ENTERPRISE)
        found = held.get(name) if isinstance(held, dict) else None
        return str(found) if found else None


class Membership(Answer):
    id: str = Field(alias="MembershipId")
    group: str = Field(alias="GroupId")

    def held(self, kind: str) -> Held:
        """A membership that is made anew gets a new id: the group is what makes it the same."""
        return Held(self.id, self.group, kind, None, {"again": self.group, "group": self.group})


class Assignment(Answer):
    """One AWS account, reached with one permission set, by the user or by a group of theirs."""

    account: str = Field(alias="AccountId")
    permission_set: str = Field(alias="PermissionSetArn")
    principal: str = Field(alias="PrincipalId")

    @property
    def held(self) -> Held:
        key = f"{self.account} {self.permission_set}"
        name = f"permission set {self.permission_set.rpartition('/')[2]} in {self.account}"
        details = {"account": self.account, "permission_set": self.permission_set}
        return Held(key, name, ASSIGNMENT, None, details)


class Application(Answer):
    arn: str = Field(alias="ApplicationArn")
    principal: str = Field(alias="PrincipalId")

    @property
    def held(self) -> Held:
        return Held(self.arn, self.arn.rpartition("/")[2], APPLICATION)


class Instance(Answer):
    arn: str = Field(alias="InstanceArn")
    store: str = Field(alias="IdentityStoreId")


class Progress(Answer):
    """How far the deletion of an assignment has come."""

    id: str | None = Field(None, alias="RequestId")
    status: str = Field(alias="Status")


ASSIGNMENT, APPLICATION = "account assignment", "application"
BY_GROUP, GROUP = "group with account access", "group"
