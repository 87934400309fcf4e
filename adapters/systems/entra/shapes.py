"""What is read of users and groups from Microsoft Graph v1.0."""

from typing import Any, ClassVar

from pydantic import AwareDatetime, Field

from adapters.nouns import Held
from adapters.reading import Answer


class User(Answer):
    """A user as far as finding one needs it."""

    id: str = Field(min_length=1)
    login: str = Field(alias="userPrincipalName")
    mail: str | None = None
    proxies: tuple[str, ...] = Field((), alias="proxyAddresses")
    employee_number: str | None = Field(None, alias="employeeId")
    enabled: bool | None = Field(alias="accountEnabled")
    kind: str | None = Field(None, alias="userType")
    created_at: AwareDatetime | None = Field(None, alias="createdDateTime")

    @property
    def addresses(self) -> tuple[str, ...]:
        """`otherMails` is left out: it says where to write, not who it is.

        An administrator's own address stands there on accounts that are not the administrator's.
        """
        ours = [proxy[5:] for proxy in self.proxies if proxy[:5].lower() == "smtp:"]
        return tuple(dict.fromkeys(text for text in (self.mail, self.login, *ours) if text))


class Licence(Answer):
    sku: str = Field(alias="skuId", min_length=1)
    by_group: str | None = Field(alias="assignedByGroup")
    disabled: tuple[str, ...] = Field((), alias="disabledPlans")

    def held(self, group: "Group | None") -> Held:
        """A direct one is taken; an inherited one goes with its group, if that can be left.

        `group` is the membership by which it came. One that is not there any more was left, and
        Microsoft takes minutes to hours to take the licence, too: until then it is not gone.
        """
        obstacle = f"inherited from a group: {group.obstacle}" if group and group.obstacle else None
        again = f"{self.sku}@{self.by_group or 'direct'}"
        details = {"again": again, "group": self.by_group, "disabled": list(self.disabled)}
        return Held(self.sku, self.sku, "licence", obstacle, details)


class Observed(Answer):
    """A user as far as the verbs change one. What decides must be in the answer."""

    id: str = Field(min_length=1)
    enabled: bool | None = Field(alias="accountEnabled")
    sessions_valid_from: AwareDatetime | None = Field(alias="signInSessionsValidFromDateTime")
    password_changed_at: AwareDatetime | None = Field(None, alias="lastPasswordChangeDateTime")
    licences: tuple[Licence, ...] = Field(alias="licenseAssignmentStates")
    listed: bool | None = Field(None, alias="showInAddressList")
    synced: bool | None = Field(None, alias="onPremisesSyncEnabled")
    restricted: bool | None = Field(None, alias="isManagementRestricted")
    kind: str | None = Field(None, alias="userType")
    login: str = Field("", alias="userPrincipalName")
    mail: str | None = None
    proxies: tuple[str, ...] = Field((), alias="proxyAddresses")

    @property
    def domains(self) -> frozenset[str]:
        """Of the user's own addresses: what is sent there stays inside."""
        names = (self.login, self.mail or "", *self.proxies)
        return frozenset(name.rpartition("@")[2].casefold() for name in names if "@" in name)

    @property
    def notes(self) -> tuple[str, ...]:
        said = {
            "mastered on premises: block it there too, or the next sync may enable it again "
            "(docs/runbooks/mastered-elsewhere.md)": self.synced,
            "in a restricted administrative unit: Graph permissions do not count there "
            "(docs/runbooks/entra-privileged.md)": self.restricted,
            "a guest: revoking sessions does not reach sign-ins at the home tenant": (
                self.kind == "Guest"
            ),
        }
        return tuple(note for note, true in said.items() if true)


class Group(Answer):
    """A group that the user is a direct member of."""

    graph_type: ClassVar[str] = "microsoft.graph.group"

    id: str = Field(min_length=1)
    name: str | None = Field(None, alias="displayName")
    types: tuple[str, ...] = Field(alias="groupTypes")
    mail_enabled: bool | None = Field(alias="mailEnabled")
    rule: str | None = Field(None, alias="membershipRule")
    assigns_roles: bool | None = Field(None, alias="isAssignableToRole")
    synced: bool | None = Field(None, alias="onPremisesSyncEnabled")
    restricted: bool | None = Field(None, alias="isManagementRestricted")
    licences: tuple[dict[str, Any], ...] = Field((), alias="assignedLicenses")

    options: tuple[str, ...] = Field((), alias="resourceProvisioningOptions")

    @property
    def held(self) -> Held:
        """As a grant. What it gives decides when it is left: roles at once, licences last."""
        later = {
            "gives directory roles: goes with the privileges": self.assigns_roles,
            # A mailbox without a licence is lost after 30 days, so it is converted before.
            "gives licences: goes with them, after the mailbox is converted": self.licences,
        }
        obstacle = self.obstacle or next((why for why, true in later.items() if true), None)
        return Held(self.id, self.name or self.id, "group", obstacle, {"team": self.is_team})

    @property
    def is_team(self) -> bool:
        return "Team" in self.options

    @property
    def obstacle(self) -> str | None:
        """Why `DELETE …/members/{id}/$ref` would be refused, or would break something."""
        unified = "Unified" in self.types
        reasons = {
            "dynamic: its rule decides who belongs": self.rule or "DynamicMembership" in self.types,
            "mastered on premises: change it there": self.synced,
            "a mail-enabled group: only Exchange changes it": self.mail_enabled and not unified,
            "in a restricted administrative unit": self.restricted,
        }
        return next((reason for reason, true in reasons.items() if true), None)


class BatchAnswer(Answer):
    """One answer within a batch, with a status of its own."""

    id: str
    status: int
    headers: dict[str, str] = Field(default_factory=dict)
    body: Any = None


class BatchAnswers(Answer):
    responses: tuple[BatchAnswer, ...]


class Page(Answer):
    value: tuple[dict[str, Any], ...]
    following: str | None = Field(None, alias="@odata.nextLink")


def chosen(model: type[Answer]) -> str:
    """The `$select` that asks for what the model reads."""
    return ",".join(field.alias or name for name, field in model.model_fields.items())
