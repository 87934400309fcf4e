"""What a user configures of an Okta org, and which verbs the granted scopes allow."""

import re
from datetime import timedelta
from typing import Self

from pydantic import SecretStr, field_validator, model_validator

from adapters.configured import SystemSettings
from adapters.durations import Duration

STANDARD = (
    "okta.users.manage",
    "okta.groups.manage",
    "okta.apps.manage",
    "okta.roles.read",
    "okta.apiTokens.manage",
)
"""What is asked for unless `scopes` says otherwise. Administrators' roles are only read."""
_ATTRIBUTE = re.compile(r"[A-Za-z0-9_]+")


class OktaSettings(SystemSettings):
    """An org. Give `client_id`, `private_key` and `key_id` (a service app), or an `api_token`.

    `base_url` is the org, such as https://acme.okta.com; `token` is a ready access token.
    """

    base_url: str
    client_id: str | None = None
    private_key: SecretStr | None = None
    """A PEM text, or the path of a file with one; RSA, 2048 bits or more."""
    key_id: str | None = None
    """The `kid` under which the application knows the public key."""
    scopes: tuple[str, ...] = STANDARD
    """What the service app was granted. Nothing else is asked for; the rest is left to people."""
    api_token: SecretStr | None = None
    """An API token (SSWS). It may do what its owner may, and dies with that account."""
    employee_number: str = "employeeNumber"
    """The attribute of the profile that holds the number by which HR knows a worker."""
    hr_apps: tuple[str, ...] = ()
    """Labels of applications in Okta that are the HR system: they may write profiles."""
    deprovision: bool = False
    """Also take assignments that deactivate the account in the application itself."""
    token_lifetime: Duration = timedelta(hours=1)
    """Okta: an access token lives an hour by default, and up to 24 hours by the policy of a custom
    authorization server (developer.okta.com, "User credentials"). Who validates it without asking
    Okta accepts it until then. Sessions that applications keep themselves are not reached at all.
    """

    @field_validator("employee_number")
    @classmethod
    def _an_attribute(cls, value: str) -> str:
        if not _ATTRIBUTE.fullmatch(value):
            raise ValueError("must be the name of a profile attribute, such as employeeNumber")
        return value

    @model_validator(mode="after")
    def _some_credential(self) -> Self:
        names = ("client_id", "private_key", "key_id")
        given = [name for name in names if getattr(self, name)]
        ways = (self.token is not None, self.api_token is not None, bool(given))
        if sum(ways) > 1 and self.token is None:
            raise ValueError("give an api_token or a service app, not both")
        if not any(ways):
            raise ValueError("give client_id, private_key and key_id, or an api_token")
        if given and len(given) < len(names):
            raise ValueError(f"add {' and '.join(n for n in names if n not in given)}")
        return self

    @property
    def scoped(self) -> bool:
        """Whether `scopes` says what we may do; else the administrator's role does."""
        return self.token is None and self.api_token is None

    def may(self, permission: str) -> bool:
        return not self.scoped or has(permission, frozenset(self.scopes))


def has(permission: str, granted: frozenset[str]) -> bool:
    """What may manage may read."""
    return permission in granted or permission.replace(".read", ".manage") in granted
