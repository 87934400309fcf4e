"""Syslog: RFC 5424 messages over TLS with octet counting (RFC 5425). Plain TCP to loopback only.

Syslog has no acknowledgement. The nearest to one is the end of the connection: TLS and TCP keep the
order, so a receiver that answers our close_notify by closing has read all that came before it; one
that dies or hangs up with something unread resets the connection instead. So every parcel has a
connection of its own, and it is taken when that was closed in order. This says that the receiving
process has it, not that it is on a disk.
"""

import asyncio
import ssl
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from adapters.clock import Clock
from adapters.errors import CredentialDenied, TryAgain
from adapters.http import is_loopback
from adapters.sinks.contract import (
    HIGH,
    LOW,
    MEDIUM,
    CaFile,
    Item,
    Parcel,
    Sink,
    SinkSettings,
)

TLS_PORT = 6514
"""RFC 5425 section 4.1."""
DEFAULT_LARGEST = 8192
"""What receivers SHOULD be able to take (RFC 5425 section 4.3.1)."""
CONNECT_SECONDS, SEND_SECONDS, CLOSE_SECONDS, SENT_SECONDS = 5.0, 60.0, 15.0, 2.0
CHUNK = 64 * 1024
EXAMPLE_ENTERPRISE = 32473
"""The number that RFC 5612 keeps for examples: nobody else's."""

LOG_AUDIT = 13
"""RFC 5424 table 1."""
ALERT, ERROR, WARNING, INFORMATIONAL = 1, 3, 4, 6
SEVERITIES = {HIGH: ALERT, MEDIUM: ERROR, LOW: WARNING}
"""RFC 5424 table 2, by how bad an event is."""
LONGEST_MSGID = 32
BOM = b"\xef\xbb\xbf"


class SyslogSettings(SinkSettings):
    host: str = Field(min_length=1, max_length=253)
    """The name that the receiver's certificate must bear."""
    port: int = Field(TLS_PORT, ge=1, le=65535)
    tls: bool = True
    ca_file: CaFile | None = None
    """Who signed the receiver's certificate, PEM; None: the machine's own trust."""
    certificate: Path | None = None
    """Our own, PEM with its key in the same file, where the receiver wants one."""
    largest: int = Field(DEFAULT_LARGEST, ge=2048)
    """Bytes of the longest message that the receiver takes whole."""
    confirm: Literal["closed", "sent"] = "closed"
    app_name: str = Field("exeunt", pattern=r"^[!-~]{1,48}$")
    hostname: str | None = Field(None, pattern=r"^[!-~]{1,255}$")
    """Who we are in the messages; None: the host of the log's origin."""
    enterprise: int = Field(EXAMPLE_ENTERPRISE, ge=1)
    """Whose structured data it is: the private enterprise number in `exeunt@number`."""

    @field_validator("host")
    @classmethod
    def _is_a_host(cls, host: str) -> str:
        if "/" in host or " " in host or not host.isascii():
            raise ValueError("must be a host name or an address alone; the port has its own key")
        return host

    @model_validator(mode="after")
    def _nothing_in_the_clear(self) -> Self:
        if not self.tls and not is_loopback(self.host):
            raise ValueError("tls: false goes to loopback only")
        return self


class Syslog(Sink):
    Settings = SyslogSettings
    parcel_bytes: ClassVar[int] = 512 * 1024
    proves: ClassVar[str] = "the receiver read it to the end, and closed the connection in order"

    def __init__(self, name: str, told: SyslogSettings) -> None:
        self._name, self._told = name, told

    @classmethod
    def connect(
        cls,
        name: str,
        settings: SyslogSettings,
        clock: Clock,  # noqa: ARG003 - messages bear the time of their event
        transport: Any = None,  # noqa: ARG003 - tests have real receivers
    ) -> Self:
        return cls(name, settings)

    def refuses(self, item: Item, origin: str) -> str:
        size = len(message(item, origin, self._told))
        if size <= self._told.largest:
            return ""
        return f"it is {size} bytes long, and `largest` is {self._told.largest}"

    async def deliver(self, parcel: Parcel) -> None:
        framed = []
        for item in parcel.items:
            one = message(item, parcel.origin, self._told)
            framed.append(b"%d %s" % (len(one), one))
        reader, writer = await self._open()
        try:
            async with asyncio.timeout(SEND_SECONDS):
                writer.write(b"".join(framed))
                await writer.drain()
            await self._end(reader, writer)
        except ssl.SSLError as why:
            raise self._refused(why) from None
        except OSError as why:
            raise TryAgain(f"{self._place}: {type(why).__name__}") from None
        finally:
            writer.transport.abort()

    async def _end(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Say that this was all, and see the other side close (RFC 5425 section 4.4).

        Raises OSError: reset, or too late. With `confirm: sent` it need not close.
        """
        try:
            async with asyncio.timeout(self._patience + 1):
                if writer.can_write_eof():  # plain TCP
                    writer.write_eof()
                else:
                    writer.close()
                while await reader.read(CHUNK):
                    pass  # receivers say nothing
                writer.close()
                await writer.wait_closed()
        except TimeoutError:
            if self._told.confirm == "closed":
                raise

    @property
    def _patience(self) -> float:
        """Seconds that the other side has to close."""
        return CLOSE_SECONDS if self._told.confirm == "closed" else SENT_SECONDS

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        told = self._told
        trust = await asyncio.to_thread(self._trust) if told.tls else None
        ends: dict[str, Any] = {"ssl_shutdown_timeout": self._patience} if trust else {}
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await asyncio.open_connection(told.host, told.port, ssl=trust, **ends)
        except ssl.SSLCertVerificationError:
            raise CredentialDenied(
                f"{self._place}: the certificate of the receiver is not trusted",
                "",
                "`ca_file` names who signed it, `host` is the name that it bears",
            ) from None
        except ssl.SSLError as why:
            raise self._refused(why) from None
        except OSError as why:
            raise TryAgain(f"{self._place}: {type(why).__name__}") from None

    def _trust(self) -> ssl.SSLContext:
        trust = ssl.create_default_context(cafile=self._told.ca_file)
        if self._told.certificate:
            try:
                trust.load_cert_chain(self._told.certificate)
            except OSError as why:
                raise CredentialDenied(
                    f"{self._place}: certificate: {type(why).__name__}",
                    "",
                    "`certificate` is a PEM file with our certificate and its key",
                ) from None
        return trust

    def _refused(self, why: ssl.SSLError) -> CredentialDenied | TryAgain:
        """An alert says that we are not wanted: mostly it is our certificate, or that there is
        none. In TLS 1.3 it comes after the handshake.
        """
        reason = why.reason or type(why).__name__
        if "ALERT" not in reason:
            return TryAgain(f"{self._place}: {reason}")
        return CredentialDenied(
            f"{self._place}: the receiver refuses us: {reason}",
            "",
            "give it a `certificate` that it trusts",
        )

    @property
    def _place(self) -> str:
        return f"{self._told.host}:{self._told.port}"


def message(item: Item, origin: str, told: SyslogSettings) -> bytes:
    """RFC 5424 section 6. What is beyond ASCII bears a BOM, as its section 6.4 wants it."""
    priority = LOG_AUDIT * 8 + SEVERITIES.get(item.severity, INFORMATIONAL)
    time = item.time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    host = told.hostname or origin.partition("/")[0] or "-"
    kind = "".join(c if "!" <= c <= "~" else "?" for c in item.type)[:LONGEST_MSGID] or "-"
    head = (
        f"<{priority}>1 {time} {host} {told.app_name} - {kind} {_structured(item, origin, told)} "
    )
    return head.encode() + (b"" if item.line.isascii() else BOM) + item.line


def _structured(item: Item, origin: str, told: SyslogSettings) -> str:
    values = {
        "log": origin,
        "index": str(item.index) if item.leaf_hash else None,
        "id": item.id,
        "hash": item.leaf_hash.hex() if item.leaf_hash else None,
        "case": item.case,
    }
    pairs = [f'{name}="{_escaped(value)}"' for name, value in values.items() if value]
    return f"[exeunt@{told.enterprise} {' '.join(pairs)}]"


def _escaped(value: str) -> str:
    """RFC 5424 section 6.3.3."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")
