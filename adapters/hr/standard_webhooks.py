"""Any HR system that signs the whole record by Standard Webhooks 1.0.0 (standardwebhooks.com)."""

import base64
import binascii
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Self

import httpx
from pydantic import BaseModel, ConfigDict, SecretStr, field_validator
from standardwebhooks import Webhook

from adapters.clock import Clock
from adapters.configured import HrSettings
from adapters.hr.contract import (
    BadSignature,
    Envelope,
    EventType,
    HrEvent,
    HrSource,
    Termination,
    WorkerRecord,
)
from adapters.hr.strict_json import fit, strict_json
from adapters.texts import SaneInstant

LONGEST_ID = 256
LONGEST_INSTANT = 11
"""Digits: beyond the year 5000 it is no mistake of a clock."""
SMALLEST_KEY = 16


class StandardWebhooksSettings(HrSettings):
    """`secret` is `whsec_` and the key in base64, as the sender shows it."""

    @field_validator("secret", "previous_secret")
    @classmethod
    def _is_a_key(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is None:
            return None
        try:
            text = secret.get_secret_value().removeprefix("whsec_")
            key = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise ValueError("must be whsec_ and a key in base64") from None
        if len(key) < SMALLEST_KEY:
            raise ValueError(f"the key is shorter than {SMALLEST_KEY} bytes")
        return secret


class _Data(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    worker: WorkerRecord
    termination: Termination | None = None


class _Message(BaseModel):
    """docs/hr.md shows a whole one."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    type: EventType
    timestamp: SaneInstant
    data: _Data

    @field_validator("type")
    @classmethod
    def _is_no_hint(cls, said: EventType) -> EventType:
        if said is EventType.HINT:
            raise ValueError("a hint holds no record; this source sends whole ones")
        return said


class StandardWebhooks(HrSource):
    Settings = StandardWebhooksSettings
    signs_full_record: ClassVar[bool] = True

    def __init__(self, connection: str, settings: StandardWebhooksSettings) -> None:
        super().__init__(connection)
        self._keys = [
            Webhook(secret.get_secret_value())
            for secret in (settings.secret, settings.previous_secret)
            if secret
        ]
        self._tolerance = settings.tolerance if settings.tolerance is not None else self.tolerance

    @classmethod
    def connect(
        cls,
        connection: str,
        settings: StandardWebhooksSettings,
        clock: Clock,  # noqa: ARG003 - nothing is called
        transport: httpx.AsyncBaseTransport | None = None,  # noqa: ARG003 - likewise
    ) -> Self:
        return cls(connection, settings)

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Envelope:
        """The library signs, with the header's own instant: its `verify` reads the wall clock."""
        message_id = headers.get("webhook-id", "")
        if not message_id or len(message_id) > LONGEST_ID or not message_id.isascii():
            raise BadSignature(f"webhook-id must be there, ASCII, and {LONGEST_ID} long at most")
        signed_at = _instant(headers.get("webhook-timestamp", ""))
        if not self._signed(message_id, signed_at, body, headers.get("webhook-signature", "")):
            raise BadSignature("webhook-signature does not fit the body and this secret")
        _check_age(signed_at, now, self._tolerance)
        return Envelope(message_id, signed_at)

    def parse(self, body: bytes) -> tuple[HrEvent, ...]:
        message = fit(_Message, strict_json(body))
        record = message.data.worker
        if message.data.termination:
            record = record.model_copy(update={"termination": message.data.termination})
        return (
            HrEvent(EventType(message.type), record.source_worker_id, message.timestamp, record),
        )

    def _signed(self, message_id: str, at: datetime, body: bytes, header: str) -> bool:
        """Compare with every `v1,` entry, for every secret, in constant time."""
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            return False
        given = [entry.removeprefix("v1,") for entry in header.split() if entry.startswith("v1,")]
        ours = [key.sign(message_id, at, text).removeprefix("v1,") for key in self._keys]
        matches = [
            hmac.compare_digest(one.encode(), other.encode("utf-8", "surrogateescape"))
            for one in ours
            for other in given
        ]
        return any(matches)


def _instant(text: str) -> datetime:
    if not (text.isascii() and text.isdecimal() and len(text) <= LONGEST_INSTANT):
        raise BadSignature("webhook-timestamp must be there, in seconds since 1970")
    return datetime.fromtimestamp(int(text), UTC)


def _check_age(signed_at: datetime, now: datetime, tolerance: timedelta) -> None:
    if signed_at < now - tolerance:
        raise BadSignature(f"stale: signed more than {tolerance.total_seconds():.0f} s ago")
    if signed_at > now + tolerance:
        raise BadSignature("signed in the future: compare the clocks of both servers")
