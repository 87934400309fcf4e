"""What a user configures of a SCIM service."""

from datetime import timedelta
from typing import Self

import httpx
from pydantic import Field, SecretStr, field_validator, model_validator

from adapters.configured import SystemSettings
from adapters.http import is_loopback, trusted_url
from adapters.systems.scim.vendors import VENDORS, Ending, Vendor


class ScimSettings(SystemSettings):
    """A SCIM service. Give a `token`; `user` and `password`; or, where the vendor hands out tokens
    for an hour, `client_id` and `client_secret`.
    """

    base_url: str = Field()
    vendor: str = "generic"
    """Whose service it is: a name out of docs/scim-vendors.md."""
    user: str | None = None
    password: SecretStr | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    account_id: str | None = None
    """The account that a client belongs to (Zoom)."""
    token_url: str | None = None
    """Where tokens are asked for, if it is not where the vendor has it."""
    deactivation_deletes: bool | None = None
    """True where `active: false` deletes the account (as PagerDuty and GitHub organisations do):
    then no case does it unasked. None: what is known of the vendor."""

    @field_validator("vendor")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in VENDORS:
            raise ValueError(f"is none of {', '.join(VENDORS)}")
        return value

    @field_validator("token_url")
    @classmethod
    def _safe(cls, value: str | None) -> str | None:
        if value is not None:
            trusted_url(value)
        return value

    @model_validator(mode="after")
    def _some_credential(self) -> Self:
        told = [self.token, self.user and self.password]
        if self.profile.sign_in:
            told.append(self.client_id and self.client_secret)
        if not any(told):
            more = ", or client_id and client_secret" if self.profile.sign_in else ""
            raise ValueError(f"give a token, or user and password{more}")
        if self.client_id and "{account_id}" in str(self.profile.sign_in) and not self.account_id:
            raise ValueError(f"{self.profile.name} also wants account_id")
        return self

    @model_validator(mode="after")
    def _their_address(self) -> Self:
        if self.parts is None and not is_loopback(httpx.URL(self.base_url).host):
            forms = " or ".join(self.profile.forms)
            raise ValueError(f"base_url of {self.profile.name} has the form {forms}")
        if self.parts is None and self.client_id and self.token_url is None:
            raise ValueError("where tokens are asked for is not known on loopback: say token_url")
        return self

    @model_validator(mode="after")
    def _nothing_unknown(self) -> Self:
        """What the vendor does not say, the user has to: we never guess that access has ended."""
        name, ending = self.profile.name, self.profile.ending
        if ending is Ending.DELETES and self.deactivation_deletes is False:
            raise ValueError(f"{name} deletes: deactivation_deletes cannot be false")
        if ending is Ending.UNKNOWN and self.deactivation_deletes is None:
            raise ValueError(
                f"whether {name} deletes an account that is deactivated is not known: find out, "
                "and say deactivation_deletes: true or false"
            )
        if self.profile.token_lifetime is None and "token_lifetime" not in self.model_fields_set:
            raise ValueError(
                f"how long a session that is open may live on at {name} is not known: find out, "
                "and say token_lifetime (docs/runbooks/scim-sessions.md)"
            )
        return self

    @property
    def profile(self) -> Vendor:
        return VENDORS[self.vendor]

    @property
    def parts(self) -> dict[str, str] | None:
        return self.profile.parts(self.base_url)

    @property
    def words(self) -> dict[str, str]:
        """What the vendor's templates may name."""
        return {**(self.parts or {}), "account_id": self.account_id or ""}

    @property
    def deletes(self) -> bool:
        if self.deactivation_deletes is None:
            return self.profile.ending is Ending.DELETES
        return self.deactivation_deletes

    @property
    def lifetime(self) -> timedelta:
        """What the user said, else what the vendor says."""
        if "token_lifetime" in self.model_fields_set:
            return self.token_lifetime
        return self.profile.token_lifetime or timedelta(0)
