"""What a user writes about one system or one HR connection in the configuration file."""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, SecretStr, field_validator

from adapters.durations import Duration
from adapters.http import Mode, trusted_url


class _Configured(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    base_url: str | None = None
    """The root of the vendor's API: https, or plain http to loopback."""

    @field_validator("base_url")
    @classmethod
    def _trusted(cls, value: str | None) -> str | None:
        if value is not None:
            trusted_url(value)
        return value


class SystemSettings(_Configured):
    """What every system may say. An adapter adds its own keys in a subclass."""

    adapter: str
    mode: Mode = Mode.ENFORCE
    token: SecretStr | None = None
    """A static bearer token, instead of the vendor's own sign-in."""
    owner: str | None = None
    """Who does what is left to people here."""
    mastered_by: str | None = None
    """The system, by its name here, from which this one takes its accounts: a directory, an IdP."""
    token_lifetime: Duration = timedelta(0)
    """How long an access token from before the cut may still work, such as 90m."""


class HrSettings(_Configured):
    """What every HR connection may say. A source adds its own keys in a subclass."""

    source: str
    secret: SecretStr
    """What deliveries are signed with."""
    previous_secret: SecretStr | None = None
    """Still accepted while a secret is being changed."""
    token: SecretStr | None = None
    """The credential to read workers back with, where the source can."""
    tolerance: Duration | None = None
    """How old a delivery may be; None takes the source's own."""
    time_zone: str | None = None
    """The zone of workers who have none of their own."""
