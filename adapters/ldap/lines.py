"""What LDAP is spoken over: TLS from the first byte, or StartTLS before anything else is said."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias
from urllib.parse import urlsplit

from adapters.errors import CredentialDenied, TryAgain, Unrecognised
from adapters.ldap.codes import SUCCESS
from adapters.ldap.messages import START_TLS, Op, extended, message, read_message, read_result

CONNECT_SECONDS = 5.0
CHUNK = 64 * 1024
_PORTS = {"ldaps": 636, "ldap": 389}


class Line(Protocol):
    """A connection, as bytes. Its methods raise OSError."""

    async def send(self, data: bytes) -> None: ...

    async def receive(self) -> bytes:
        """Some bytes; b"" once the other side has hung up."""
        ...

    async def close(self) -> None: ...


Opener: TypeAlias = Callable[[], Awaitable[Line]]
"""Opens one more line. Tests hand in their own."""


@dataclass(frozen=True)
class Place:
    """A server, by the name that its certificate must bear."""

    host: str
    port: int
    start_tls: bool = False

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def place_of(url: str, *, start_tls: bool) -> Place:
    """Raises ValueError that says what to write: nothing goes out in the clear, to nowhere."""
    parts = urlsplit(url)
    wanted = "ldap" if start_tls else "ldaps"
    if parts.scheme != wanted or not parts.hostname:
        raise ValueError(
            f"{url!r} must start with ldaps://, or with ldap:// where start_tls is true "
            "(plain LDAP is refused: the password and the new passwords would be readable)"
        )
    if parts.path.strip("/") or parts.query or parts.username:
        raise ValueError(f"{url!r} must be a host and at most a port")
    return Place(parts.hostname, parts.port or _PORTS[wanted], start_tls)


def opener(place: Place, ca_file: str | None, fix: str) -> Opener:
    """Opens lines whose certificate was checked against `ca_file`, or the machine's own trust."""

    async def dial() -> Line:
        try:
            trust = await asyncio.to_thread(ssl.create_default_context, cafile=ca_file)
        except OSError as why:
            raise CredentialDenied(f"{place}: ca_file: {type(why).__name__}", "", fix) from None
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await (_upgraded if place.start_tls else _secure)(place, trust)
        except ssl.SSLCertVerificationError:
            raise CredentialDenied(
                f"{place}: the certificate of the server is not trusted",
                "",
                f"{fix}: ca_file names who signed it, base_url the name that it bears",
            ) from None
        except OSError as why:
            raise TryAgain(f"{place}: {type(why).__name__}") from None

    return dial


async def _secure(place: Place, trust: ssl.SSLContext) -> Line:
    return Tcp(*await asyncio.open_connection(place.host, place.port, ssl=trust))


async def _upgraded(place: Place, trust: ssl.SSLContext) -> Line:
    """RFC 4511 section 4.14. Nothing else has been said when the handshake begins."""
    reader, writer = await asyncio.open_connection(place.host, place.port)
    line = Tcp(reader, writer)
    await line.send(message(1, extended(START_TLS)))
    # One read: whatever came along with the answer, somebody else may have put there.
    answer = read_message(await line.receive())
    result = read_result(answer.body) if answer.op == Op.EXTENDED_ANSWER else None
    if result is None or result.code != SUCCESS:
        await line.close()
        raise Unrecognised(f"{place}: StartTLS is refused ({result.code if result else 'unread'})")
    await writer.start_tls(trust, server_hostname=place.host)
    return line


class Tcp:
    """A line over asyncio's streams."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def receive(self) -> bytes:
        return await self._reader.read(CHUNK)

    async def close(self) -> None:
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except OSError:
            return  # it was gone already
