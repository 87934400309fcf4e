"""What is read of users, groups, roles, tokens and transfers (Admin SDK)."""

from datetime import UTC, datetime
from typing import Any

from pydantic import AwareDatetime, Field, field_validator

from adapters.nouns import NO_WAY_BACK, Held
from adapters.reading import Answer

DRIVE, CALENDAR = "55656082996", "435070579839"
"""Applications of the Data Transfer API (Google, "Transfer parameters")."""
EMPLOYEE_ID = "organization"
"""The type of an external id that the Admin console shows as the employee id."""
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class User(Answer):
    id: str = Field(min_length=1)
    login: str = Field(alias="primaryEmail", min_length=1)
    suspended: bool
    archived: bool = False
    suspension_reason: str | None = Field(None, alias="suspensionReason")
    aliases: tuple[str, ...] = ()
    more_aliases: tuple[str, ...] = Field((), alias="nonEditableAliases")
    external_ids: tuple[dict[str, Any], ...] = Field((), alias="externalIds")
    created_at: AwareDatetime | None = Field(None, alias="creationTime")
    last_login: AwareDatetime | None = Field(None, alias="lastLoginTime")
    super_admin: bool = Field(default=False, alias="isAdmin")
    delegated_admin: bool = Field(default=False, alias="isDelegatedAdmin")
    two_steps: bool = Field(default=False, alias="isEnrolledIn2Sv")
    has_mailbox: bool = Field(default=False, alias="isMailboxSetup")
    guest: bool = Field(default=False, alias="isGuestUser")
    listed: bool | None = Field(None, alias="includeInGlobalAddressList")

    @field_validator("external_ids", mode="before")
    @classmethod
    def _some(cls, value: Any) -> Any:
        return () if value is None else value

    @property
    def enabled(self) -> bool:
        """An archived user cannot sign in either."""
        return not (self.suspended or self.archived)

    @property
    def addresses(self) -> tuple[str, ...]:
        """`emails` is left out: it also holds private addresses, which say where to write."""
        return tuple(dict.fromkeys((self.login, *self.aliases, *self.more_aliases)))

    def employee_number(self, wanted: str | None) -> str | None:
        """The employee id; another external id counts only if it is the one that is looked for."""
        numbers = {str(one.get("value")): one.get("type") for one in self.external_ids}
        if wanted in numbers:
            return wanted
        return next((value for value, kind in numbers.items() if kind == EMPLOYEE_ID), None)

    @property
    def notes(self) -> tuple[str, ...]:
        said = {
            "suspended by Google itself: only Google's form lifts that": self.suspended
            and self.suspension_reason not in (None, "ADMIN"),
            "has aliases: mail to them stops too (docs/runbooks/google-mail.md)": self.aliases,
            "a super administrator: only another one can act on it": self.super_admin,
        }
        return tuple(note for note, true in said.items() if true)


class Group(Answer):
    id: str = Field(min_length=1)
    name: str | None = None


class Member(Answer):
    id: str = Field("")
    role: str = "MEMBER"
    delivery: str | None = Field(None, alias="delivery_settings")


class Membership(Answer):
    """A group, what the user is in it, and who owns it beside."""

    group: Group
    mine: Member
    owners: tuple[str, ...] = ()
    members: tuple[str, ...] | None = None
    """All of them, where the user is the only owner."""

    @property
    def held(self) -> Held:
        details = {"role": self.mine.role, "delivery": self.mine.delivery}
        return Held(self.group.id, self.group.name or self.group.id, "group", None, details)

    @property
    def owned(self) -> Held | None:
        if self.mine.role != "OWNER":
            return None
        details = {"owners": list(self.owners), "members": list(self.members or ())}
        return Held(self.group.id, self.group.name or self.group.id, "group", None, details)


class Role(Answer):
    id: str = Field(alias="roleId")
    name: str | None = Field(None, alias="roleName")
    is_super: bool = Field(default=False, alias="isSuperAdminRole")


class RoleAssignment(Answer):
    id: str = Field(alias="roleAssignmentId")
    role: str = Field(alias="roleId")
    assignee: str = Field(alias="assignedTo")
    assignee_type: str | None = Field(None, alias="assigneeType")
    scope: str | None = Field(None, alias="scopeType")
    unit: str | None = Field(None, alias="orgUnitId")
    condition: str | None = None

    def held(self, names: dict[str, str]) -> Held:
        name = names.get(self.role, self.role)
        if (self.assignee_type or "").casefold() == "group":
            # The group is left: with it goes every role that it gives.
            return Held(self.assignee, name, "group with a role", None, {"again": self.assignee})
        again = f"{self.role}@{self.scope}:{self.unit or ''}"
        body = {"roleId": self.role, "scopeType": self.scope}
        body |= {"orgUnitId": self.unit} if self.unit else {}
        body |= {"condition": self.condition} if self.condition else {}
        return Held(self.id, name, "role", None, {"again": again, "body": body})


class Token(Answer):
    """What an application may do in the user's name."""

    client: str = Field("", alias="clientId")
    name: str | None = Field(None, alias="displayText")
    scopes: tuple[str, ...] = ()

    @property
    def held(self) -> Held:
        # Seen by others (baton-google-workspace): an empty client id, which cannot be deleted.
        obstacle = None if self.client else "Google names no client that could be revoked"
        return Held(self.client, self.name or self.client, "token", obstacle)


class AppPassword(Answer):
    id: int = Field(alias="codeId")

    @property
    def held(self) -> Held:
        return Held(str(self.id), "application password", "application password")


class Transferred(Answer):
    """One application's share of a transfer."""

    application: str = Field(alias="applicationId")
    status: str | None = Field(None, alias="applicationTransferStatus")


class Transfer(Answer):
    id: str = Field(min_length=1)
    heir: str = Field(alias="newOwnerUserId")
    asked_at: AwareDatetime = Field(alias="requestTime")
    overall: str = Field("", alias="overallTransferStatusCode")
    shares: tuple[Transferred, ...] = Field((), alias="applicationDataTransfers")

    def status_of(self, application: str) -> str | None:
        """`completed`, `failed` or `running`; None if the transfer is not about it."""
        share = next((one for one in self.shares if one.application == application), None)
        if share is None:
            return None
        said = (share.status or self.overall).casefold()
        return said if said in ("completed", "failed") else "running"


def transfer_of(application: str, user: User, transfers: list[Transfer]) -> Transfer | None:
    """The newest one that counts: what was made before the last sign-in handed over older things.

    Nobody signs in after the suspension, so what was asked for since then stands.
    """
    mine = [
        one
        for one in transfers
        if one.status_of(application) and one.asked_at >= (user.last_login or NEVER)
    ]
    return max(mine, key=lambda one: one.asked_at, default=None)


def to_hand_over(
    application: str, name: str, user: User, transfers: list[Transfer]
) -> tuple[Held, ...]:
    """The user's own data in one application, until a transfer of it is completed."""
    last = transfer_of(application, user, transfers)
    status = last.status_of(application) if last else None
    if status == "completed":
        return ()
    details = {
        NO_WAY_BACK: "a transfer back would take along what was the successor's own",
        "transfer": last.id if last else None,
        "status": status,
    }
    return (Held(application, name, name, None, details),)
