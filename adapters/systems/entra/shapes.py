"""What a user configures, and what is read from Microsoft Graph v1.0."""

from datetime import timedelta
from typing import Any, ClassVar, Self

from pydantic import AwareDatetime, Field, SecretStr, model_validator

from adapters.configured import SystemSettings
from adapters.durations import Duration
from adapters.nouns import Held
from adapters.reading import Answer


class EntraSettings(SystemSettings):
    """A tenant. Give a `token`, or `tenant_id`, `client_id` and one secret or certificate.

    National clouds set `base_url` and `authority`, such as https://graph.microsoft.us and
    https://login.microsoftonline.us.
    """

    base_url: str = "https://graph.microsoft.com"
    authority: str = "https://login.microsoftonline.com"
    tenant_id: str | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    certificate: SecretStr | None = None
    """A PEM text, or the path of a .pem or .pfx file, with private key and certificate."""
    certificate_passphrase: SecretStr | None = None
    token_lifetime: Duration = timedelta(minutes=90)
    """Microsoft: access tokens live 60 to 90 minutes by default, and outlive a block."""

    @model_validator(mode="after")
    def _some_credential(self) -> Self:
        if self.token is not None:
            return self
        missing = [name for name in ("tenant_id", "client_id") if not getattr(self, name)]
        if missing:
            raise ValueError(f"give a token, or add {' and '.join(missing)}")
        if (self.client_secret is None) == (self.certificate is None):
            raise ValueError("give exactly one of client_secret and certificate")
        return self


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

    @property
    def held(self) -> Held:
        obstacle = "inherited from a group: it goes with the membership" if self.by_group else None
        return Held(self.sku, self.sku, "licence", obstacle)


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

    @property
    def notes(self) -> tuple[str, ...]:
        said = {
            "mastered on premises: block it there too, or the next sync may enable it again "
            "(docs/runbooks/entra-on-premises.md)": self.synced,
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

    @property
    def held(self) -> Held:
        return Held(self.id, self.name or self.id, "group", self._obstacle())

    def _obstacle(self) -> str | None:
        """Why `DELETE …/members/{id}/$ref` would be refused, or would break something."""
        unified = "Unified" in self.types
        reasons = {
            "dynamic: its rule decides who belongs": self.rule or "DynamicMembership" in self.types,
            "mastered on premises: change it there": self.synced,
            "a mail-enabled group: only Exchange changes it": self.mail_enabled and not unified,
            "gives directory roles: see docs/runbooks/entra-roles.md": self.assigns_roles,
            "in a restricted administrative unit": self.restricted,
            # A mailbox without a licence is lost after 30 days; a person decides what it becomes.
            "gives licences: see docs/runbooks/entra-mailbox.md": self.licences,
        }
        return next((reason for reason, true in reasons.items() if true), None)


class Role(Answer):
    graph_type: ClassVar[str] = "microsoft.graph.directoryRole"

    id: str = Field(min_length=1)
    name: str | None = Field(None, alias="displayName")

    @property
    def held(self) -> Held:
        where = "see docs/runbooks/entra-roles.md"
        return Held(self.id, self.name or self.id, "directory role", where)


class Page(Answer):
    value: tuple[dict[str, Any], ...]
    following: str | None = Field(None, alias="@odata.nextLink")


def chosen(model: type[Answer]) -> str:
    """The `$select` that asks for what the model reads."""
    return ",".join(field.alias or name for name, field in model.model_fields.items())
