"""Splunk's HTTP Event Collector."""

from datetime import timedelta
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, SecretStr

from adapters.clock import Clock
from adapters.durations import Duration
from adapters.http import trusted_url
from adapters.sinks.contract import Parcel, Sink, SinkSettings


def _trusted(text: str) -> str:
    if trusted_url(text).path.strip("/"):
        raise ValueError("must be the scheme, host and port alone, as in https://hec.example:8088")
    return text


class SplunkHecSettings(SinkSettings):
    url: Annotated[str, AfterValidator(_trusted)]
    token: SecretStr = Field(min_length=1)
    ca_file: str | None = None
    """Who signed the collector's certificate, PEM; None: the machine's own trust."""
    index: str | None = Field(None, pattern=r"^[a-z0-9_][a-z0-9_-]*$")
    """None: the one of the token."""
    sourcetype: str = "exeunt:audit"
    source: str = "exeunt"
    acknowledge: bool = False
    """Wait until an indexer has it. The token must have indexer acknowledgement switched on."""
    acknowledge_within: Duration = timedelta(seconds=60)


class SplunkHec(Sink):
    Settings = SplunkHecSettings

    @classmethod
    def connect(
        cls, name: str, settings: SplunkHecSettings, clock: Clock, transport: Any = None
    ) -> Self:
        raise NotImplementedError

    async def deliver(self, parcel: Parcel) -> None:
        raise NotImplementedError
