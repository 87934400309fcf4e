"""Splunk's HTTP Event Collector.

docs.splunk.com: "Format events for HTTP Event Collector"; "Troubleshoot HTTP Event Collector" with
its error codes; "About HTTP Event Collector Indexer Acknowledgment".
"""

import json
import ssl
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Self
from uuid import UUID

import httpx
from pydantic import AfterValidator, Field, SecretStr

from adapters.clock import Clock
from adapters.durations import Duration
from adapters.errors import CredentialDenied, NeedsHuman, TargetDenied, TryAgain, Unrecognised
from adapters.http import Api, trusted_url
from adapters.reading import Answer, read_as
from adapters.sinks.contract import CaFile, Item, Parcel, Sink, SinkSettings

EVENTS, ACKS = "/services/collector/event", "/services/collector/ack"
TO_BE_READ = frozenset({400, 403, 413})
POLL_SECONDS = 2.0
LONGEST_WAIT = timedelta(minutes=3)
DATA_CODES = {
    5: "no data",
    6: "invalid data format",
    12: "the event field is required",
    13: "the event field cannot be blank",
    15: "error in handling indexed fields",
}
"""What it says of the content of a request: other content may be taken."""
SETTING_CODES = {
    7: "the index is not one of the token's: change `index`, or the token",
    10: "the token wants indexer acknowledgement: set `acknowledge: true`",
    11: "it does not take our channel",
    14: "the token has no indexer acknowledgement: switch it on, or leave out `acknowledge`",
}
"""What it says of the token, whatever is sent."""


def _root(text: str) -> str:
    if trusted_url(text).path.strip("/"):
        raise ValueError("must be the scheme, host and port alone, as in https://hec.example:8088")
    return text


def _not_too_long(value: timedelta) -> timedelta:
    if not timedelta(0) < value <= LONGEST_WAIT:
        raise ValueError(f"must be more than 0 and {LONGEST_WAIT.seconds} s at most")
    return value


class SplunkHecSettings(SinkSettings):
    url: Annotated[str, AfterValidator(_root)]
    token: SecretStr = Field(min_length=1)
    ca_file: CaFile | None = None
    """Who signed the collector's certificate, PEM; None: the machine's own trust."""
    index: str | None = Field(None, min_length=1, max_length=80)
    """None: the one of the token."""
    sourcetype: str = Field("exeunt:audit", min_length=1)
    source: str = Field("exeunt", min_length=1)
    acknowledge: bool = False
    """Wait until the indexers have it. The token must have indexer acknowledgement switched on."""
    acknowledge_within: Annotated[Duration, AfterValidator(_not_too_long)] = timedelta(seconds=60)


class _Said(Answer):
    code: int
    ackId: int | None = None  # noqa: N815 - as it is written


class _Acks(Answer):
    acks: dict[int, bool]


class SplunkHec(Sink):
    Settings = SplunkHecSettings
    parcel_bytes: ClassVar[int] = 600 * 1000
    """With what stands around every event it stays below 1 MB (limits.conf of older versions)."""
    proves: ClassVar[str] = "Splunk accepted it; with `acknowledge`, its indexers have it"

    def __init__(self, told: SplunkHecSettings, api: Api, clock: Clock) -> None:
        self._told, self._api, self._clock = told, api, clock
        self._channel = str(UUID(bytes=clock.token(16), version=4))

    @classmethod
    def connect(
        cls,
        name: str,
        settings: SplunkHecSettings,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> Self:
        api = Api(
            settings.url,
            headers={"Authorization": f"Splunk {settings.token.get_secret_value()}"},
            transport=transport,
            trust=ssl.create_default_context(cafile=settings.ca_file) if settings.ca_file else None,
            fix=f"put an enabled token of the collector under sinks.{name}.token",
        )
        return cls(settings, api, clock)

    async def deliver(self, parcel: Parcel) -> None:
        body = b"".join(self._event(item, parcel.origin) for item in parcel.items)
        headers = {"Content-Type": "application/json"}
        if self._told.acknowledge:
            headers["X-Splunk-Request-Channel"] = self._channel
        reply = await self._api.send_bytes(
            body, named="collector/event", path=EVENTS, headers=headers, codes=TO_BE_READ
        )
        said = _read(reply.status, reply.body)
        if self._told.acknowledge:
            await self._until_indexed(said.ackId)

    async def close(self) -> None:
        await self._api.close()

    def _event(self, item: Item, origin: str) -> bytes:
        """The event as it is, between metadata; JSON as JSON, CEF as a text."""
        around: dict[str, Any] = {
            "time": float(f"{item.time.timestamp():.3f}"),
            "host": origin.partition("/")[0],
            "source": self._told.source,
            "sourcetype": self._told.sourcetype,
            "fields": _fields(item, origin),
        }
        if self._told.index:
            around["index"] = self._told.index
        event = item.line if self._told.format != "cef" else json.dumps(item.line.decode()).encode()
        return json.dumps(around).encode()[:-1] + b', "event": ' + event + b"}\n"

    async def _until_indexed(self, ack: int | None) -> None:
        """Raises TryAgain if it takes too long: then the parcel is sent again."""
        if ack is None:
            raise NeedsHuman(f"Splunk: {SETTING_CODES[14]}")
        until = self._clock.seconds() + self._told.acknowledge_within.total_seconds()
        while True:
            reply = await self._api.send(
                "POST",
                ACKS,
                params={"channel": self._channel},
                headers={"X-Splunk-Request-Channel": self._channel},
                body={"acks": [ack]},
                codes=TO_BE_READ,
                only_reads=True,
            )
            if reply.status in TO_BE_READ:
                _read(reply.status, json.dumps(reply.body).encode())
            if read_as(_Acks, reply.body).acks.get(ack):
                return
            if self._clock.seconds() >= until:
                raise TryAgain("Splunk has not said in time that the events are indexed")
            await self._clock.sleep(POLL_SECONDS)


def _fields(item: Item, origin: str) -> dict[str, str]:
    """Indexed fields, so that duplicates and gaps can be counted without reading the events."""
    fields = {"log": origin, "event_id": item.id}
    if item.leaf_hash:
        fields |= {"log_index": str(item.index), "leaf_hash": item.leaf_hash.hex()}
    return fields


def _read(status: int, body: bytes) -> _Said:
    """What was said to a request, if it is good. Raises what it means otherwise."""
    if status == httpx.codes.REQUEST_ENTITY_TOO_LARGE:
        raise TargetDenied("Splunk: 413, the request is too large")
    try:
        said = read_as(_Said, json.loads(body))
    except ValueError:
        raise Unrecognised(f"Splunk: {status}, and the answer is not JSON") from None
    if status == httpx.codes.FORBIDDEN:
        fix = "enable the token in Splunk, or put another one into the configuration"
        raise CredentialDenied(f"Splunk: the token is refused (code {said.code})", "", fix)
    if said.code in DATA_CODES:
        raise TargetDenied(f"Splunk: {DATA_CODES[said.code]} (code {said.code})")
    if said.code in SETTING_CODES:
        raise NeedsHuman(f"Splunk: {SETTING_CODES[said.code]} (code {said.code})", "docs/siem.md")
    if said.code:
        raise Unrecognised(f"Splunk: {status}, code {said.code}")
    return said
