"""What a user configures of a Google Workspace."""

from datetime import timedelta
from typing import Any, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from adapters.configured import SystemSettings
from adapters.durations import Duration
from adapters.http import trusted_url

HOSTS = {
    "base_url": "https://admin.googleapis.com",
    "gmail_url": "https://gmail.googleapis.com",
    "licensing_url": "https://licensing.googleapis.com",
    "devices_url": "https://cloudidentity.googleapis.com",
}
_WORKSPACE = (
    "1010020027",  # Business Starter
    "1010020028",  # Business Standard
    "1010020025",  # Business Plus
    "1010060003",  # Enterprise Essentials
    "1010020029",  # Enterprise Starter
    "1010020026",  # Enterprise Standard
    "1010020020",  # Enterprise Plus
    "1010060001",  # Essentials
    "1010060005",  # Enterprise Essentials Plus
    "1010020030",  # Frontline Starter
    "1010020031",  # Frontline Standard
    "1010020034",  # Frontline Plus
)
SKUS = tuple(f"Google-Apps/{sku}" for sku in _WORKSPACE)
"""Google, "Google Product and SKU IDs" (Enterprise License Manager API): the current editions."""


class GoogleSettings(SystemSettings):
    """A Workspace. Give a `token`, or `key` and `subject`.

    `base_url` alone stands for all hosts, as a proxy does; each can also be named.
    """

    base_url: str = HOSTS["base_url"]
    gmail_url: str = HOSTS["gmail_url"]
    licensing_url: str = HOSTS["licensing_url"]
    devices_url: str = HOSTS["devices_url"]
    token_url: str = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
    key: SecretStr | None = None
    """The key of a service account: its JSON, or the path of the file with it."""
    subject: str | None = None
    """The administrator in whose name the service account works (domain-wide delegation)."""
    customer: str = "my_customer"
    internal_domains: tuple[str, ...] = ()
    """Domains that mail may be forwarded to, beside those of the leaver's own addresses."""
    licences: tuple[str, ...] = SKUS
    """Which licences are looked for, each as PRODUCT/SKU: Google lists none by user."""
    undelete_to: str = "/"
    """The organisational unit in which an account stands after it was undeleted."""
    auto_reply: str = Field(
        "This person no longer works here, and your message has not been read.", max_length=1000
    )
    """What those who write are told; whom to write to instead is added if it is known."""
    token_lifetime: Duration = timedelta(minutes=60)
    """Access tokens of Google live for an hour, and a sign-out takes up to 60 minutes to reach open
    Gmail sessions (support.google.com/a/answer/178854)."""

    @field_validator("gmail_url", "licensing_url", "devices_url", "token_url")
    @classmethod
    def _trusted_too(cls, value: str) -> str:
        trusted_url(value)
        return value

    @field_validator("licences")
    @classmethod
    def _pairs(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(len(one.split("/")) != 2 for one in value):  # noqa: PLR2004 - product and SKU
            raise ValueError("write each licence as PRODUCT/SKU, such as Google-Apps/1010020028")
        return value

    @model_validator(mode="before")
    @classmethod
    def _one_host(cls, said: Any) -> Any:
        if not isinstance(said, dict) or not said.get("base_url"):
            return said
        return dict.fromkeys(HOSTS, said["base_url"]) | said

    @model_validator(mode="after")
    def _some_credential(self) -> Self:
        if self.token is None and (self.key is None or self.subject is None):
            raise ValueError("give a token, or key and subject")
        return self
