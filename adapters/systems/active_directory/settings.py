"""What a user configures of an Active Directory domain."""

from datetime import timedelta
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from adapters.configured import SystemSettings
from adapters.durations import Duration
from adapters.ldap.lines import Place, place_of


class ActiveDirectorySettings(SystemSettings):
    """A domain, by one of its domain controllers. `token` may stand in for `password`."""

    base_url: str = Field()
    """ldaps://dc1.acme.example, or ldap://dc1.acme.example with `start_tls`."""
    start_tls: bool = False
    ca_file: str | None = None
    """Who signed the certificate of the domain controller (PEM); None: whom the machine trusts."""
    user: str = Field(min_length=1)
    """The account that does the work, as user@domain, DOMAIN\\\\user or a distinguished name."""
    password: SecretStr | None = None
    base_dn: str | None = None
    """Where accounts and groups are looked for; None: the whole domain."""
    employee_number: str = Field("employeeID", pattern=r"^[A-Za-z][A-Za-z0-9-]*$")
    """The attribute that bears HR's number, such as employeeNumber or extensionAttribute1."""
    disabled_ou: str | None = None
    """Where leavers are moved to when they leave their groups. Keep it inside the scope of a
    synchronisation with Microsoft Entra ID: what leaves the scope is deleted there."""
    token_lifetime: Duration = timedelta(hours=10)
    """Kerberos tickets are not asked for again before they end: 10 hours, the default of "Maximum
    lifetime for user ticket" and "for service ticket" (Microsoft, Kerberos Policy). Add the longest
    time that replication takes to reach all sites, where there are several."""

    @field_validator("base_url")
    @classmethod
    def _trusted(cls, value: str | None) -> str | None:
        """LDAP has its own rule, below: it needs to know of StartTLS."""
        return value

    @model_validator(mode="after")
    def _complete(self) -> Self:
        _ = self.place
        if not self.secret.get_secret_value():
            raise ValueError("give a password (or a token)")
        return self

    @property
    def place(self) -> Place:
        return place_of(self.base_url, start_tls=self.start_tls)

    @property
    def secret(self) -> SecretStr:
        return self.password or self.token or SecretStr("")
