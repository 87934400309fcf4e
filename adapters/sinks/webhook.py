"""Any HTTPS receiver, signed by Standard Webhooks 1.0.0 (standardwebhooks.com)."""

import base64
import binascii
import ssl
from typing import Annotated, Any, ClassVar, Literal, Self

import httpx
import standardwebhooks
from pydantic import AfterValidator, SecretStr, field_validator

from adapters.clock import Clock
from adapters.errors import CredentialDenied, NeedsHuman, TargetDenied, Unrecognised
from adapters.http import Api, trusted_url
from adapters.sinks.contract import CaFile, Parcel, Sink, SinkSettings

SMALLEST_KEY, LARGEST_KEY = 24, 64
MEDIA_TYPES = {"array": "application/json", "ndjson": "application/x-ndjson"}
NOT_THIS = frozenset({400, 413, 422})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
GONE = 410
TO_BE_READ = NOT_THIS | REDIRECTS | {403, GONE}


def _target(text: str) -> str:
    if trusted_url(text).userinfo:
        raise ValueError("must hold no user and no password: deliveries are signed")
    return text


class WebhookSettings(SinkSettings):
    """`secret` is `whsec_` and 24 to 64 random bytes in base64."""

    format: Literal["jsonl", "ocsf"] = "jsonl"
    url: Annotated[str, AfterValidator(_target)]
    secret: SecretStr
    previous_secret: SecretStr | None = None
    """Signs as well, while the receiver changes to the new one."""
    body: Literal["array", "ndjson"] = "array"
    ca_file: CaFile | None = None
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
    parcel_events: ClassVar[int] = 100
    parcel_bytes: ClassVar[int] = 64 * 1024
    """Larger than the 20 kB that the specification advises, for one leaf can be as large."""
    proves: ClassVar[str] = "the receiver answered 2xx"

    def __init__(self, name: str, told: WebhookSettings, api: Api, clock: Clock) -> None:
        self._name, self._told, self._api, self._clock = name, told, api, clock
        self._keys = [
            standardwebhooks.Webhook(secret.get_secret_value())
            for secret in (told.secret, told.previous_secret)
            if secret
        ]

    @classmethod
    def connect(
        cls,
        name: str,
        settings: WebhookSettings,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> Self:
        trust = ssl.create_default_context(cafile=settings.ca_file) if settings.ca_file else None
        api = Api(
            settings.url,
            transport=transport,
            trust=trust,
            fix=f"compare sinks.{name}.secret with the one of the receiver",
        )
        return cls(name, settings, api, clock)

    async def deliver(self, parcel: Parcel) -> None:
        body = _body(parcel, self._told.body)
        headers = {
            "Content-Type": MEDIA_TYPES[self._told.body],
            **self._signed(_id_of(parcel), body.decode()),
        }
        reply = await self._api.send_bytes(
            body, named=f"webhook {self._name}", path="", headers=headers, codes=TO_BE_READ
        )
        if reply.status in TO_BE_READ:
            self._complain(reply.status)

    async def close(self) -> None:
        await self._api.close()

    def _signed(self, message_id: str, body: str) -> dict[str, str]:
        now = self._clock.now()
        return {
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(key.sign(message_id, now, body) for key in self._keys),
        }

    def _complain(self, status: int) -> None:
        """Of a redirect the specification says that the address is to be changed, of 410 that
        nothing more may be sent.
        """
        what = f"webhook {self._name}: {status}"
        if status == GONE:
            raise NeedsHuman(f"{what}: the receiver wants no more of it", "docs/siem.md")
        if status in NOT_THIS:
            raise TargetDenied(f"{what}: the receiver does not take this content")
        if status in REDIRECTS:
            raise Unrecognised(f"{what}: redirects are not followed; write the new address")
        fix = "let our requests in, or compare the secret with the one of the receiver"
        raise CredentialDenied(what, "", fix)


def _id_of(parcel: Parcel) -> str:
    """The same for the same content, so that repeats are known. An id must hold no full stop: it
    is signed between full stops.
    """
    return f"{parcel.origin.replace('.', '_')}#{parcel.name}"


def _body(parcel: Parcel, form: str) -> bytes:
    lines: list[Any] = [item.line for item in parcel.items]
    if form == "ndjson":
        return b"".join(line + b"\n" for line in lines)
    return b"[" + b",".join(lines) + b"]"
