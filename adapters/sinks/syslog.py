"""Syslog: RFC 5424 messages over TLS with octet counting (RFC 5425). Plain TCP to loopback only."""

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from adapters.clock import Clock
from adapters.http import is_loopback
from adapters.sinks.contract import Parcel, Sink, SinkSettings

TLS_PORT = 6514
"""RFC 5425 section 4.1."""
DEFAULT_LARGEST = 8192
"""What receivers SHOULD be able to take (RFC 5425 section 4.3.1), and what rsyslog does."""


class SyslogSettings(SinkSettings):
    host: str = Field(min_length=1, max_length=253)
    """The name that the receiver's certificate must bear."""
    port: int = Field(TLS_PORT, ge=1, le=65535)
    tls: bool = True
    ca_file: Path | None = None
    """Who signed the receiver's certificate, PEM; None: the machine's own trust."""
    certificate: Path | None = None
    """Our own, PEM with its key in the same file, where the receiver wants one."""
    largest: int = Field(DEFAULT_LARGEST, ge=2048)
    """Bytes of the longest message that the receiver takes whole."""
    confirm: Literal["closed", "sent"] = "closed"
    app_name: str = Field("exeunt", pattern=r"^[!-~]{1,48}$")
    hostname: str | None = Field(None, pattern=r"^[!-~]{1,255}$")
    """Who we are in the messages; None: the host of the log's origin."""

    @field_validator("host")
    @classmethod
    def _is_a_host(cls, host: str) -> str:
        if "/" in host or " " in host or not host.isascii():
            raise ValueError("must be a host name or an address alone; the port has its own key")
        return host

    @model_validator(mode="after")
    def _no_secret_in_the_clear(self) -> Self:
        if not self.tls and not is_loopback(self.host):
            raise ValueError("tls: false goes to loopback only")
        return self


class Syslog(Sink):
    Settings = SyslogSettings

    @classmethod
    def connect(
        cls, name: str, settings: SyslogSettings, clock: Clock, transport: Any = None
    ) -> Self:
        raise NotImplementedError

    async def deliver(self, parcel: Parcel) -> None:
        raise NotImplementedError
