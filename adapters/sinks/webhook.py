"""Any HTTPS receiver, signed by Standard Webhooks 1.0.0 (standardwebhooks.com)."""

import base64
import binascii
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, SecretStr, field_validator

from adapters.clock import Clock
from adapters.http import trusted_url
from adapters.sinks.contract import Parcel, Sink, SinkSettings

SMALLEST_KEY, LARGEST_KEY = 24, 64


def _trusted(text: str) -> str:
    if trusted_url(text).userinfo:
        raise ValueError("must hold no user and password")
    return text


class WebhookSettings(SinkSettings):
    """`secret` is `whsec_` and 24 to 64 random bytes in base64."""

    format: Literal["jsonl", "ocsf"] = "jsonl"
    url: Annotated[str, AfterValidator(_trusted)]
    secret: SecretStr
    previous_secret: SecretStr | None = None
    """Signs as well, while the receiver changes to the new one."""
    body: Literal["array", "ndjson"] = "array"
    ca_file: str | None = None
    """Who signed the receiver's certificate, PEM; None: the machine's own trust."""

    @field_validator("secret", "previous_secret")
    @classmethod
    def _is_a_key(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is None:
            return None
        text = secret.get_secret_value()
        try:
            key = base64.b64decode(text.removeprefix("whsec_"), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not (text.startswith("whsec_") and SMALLEST_KEY <= len(key) <= LARGEST_KEY):
            raise ValueError(
                f"must be whsec_ and {SMALLEST_KEY} to {LARGEST_KEY} random bytes in base64, as "
                '`echo "whsec_$(openssl rand -base64 32)"` prints them'
            )
        return secret


class Webhook(Sink):
    Settings = WebhookSettings

    @classmethod
    def connect(
        cls, name: str, settings: WebhookSettings, clock: Clock, transport: Any = None
    ) -> Self:
        raise NotImplementedError

    async def deliver(self, parcel: Parcel) -> None:
        raise NotImplementedError
