"""Every practice vendor that an adapter is held against. A new adapter joins with one line."""

from dataclasses import dataclass

import httpx

from adapters.contract import Adapter
from adapters.http import Mode
from adapters.ldap.ber import SEQUENCE, tlv
from adapters.practice.active_directory import PracticeDomain
from adapters.practice.active_directory.server import Server
from adapters.practice.aws import PracticeCenter, PracticeIam
from adapters.practice.base import Practice, PracticeVendor
from adapters.practice.datadog import PracticeDatadog
from adapters.practice.exchange import PracticeExchange
from adapters.practice.github import PracticeGithub, PracticeGithubManaged
from adapters.practice.google import PracticeWorkspace
from adapters.practice.graph import PracticeTenant
from adapters.practice.okta import PracticeOkta
from adapters.practice.scim import PracticeCrm, PracticeDirectory
from adapters.practice.slack import PracticeSlack
from adapters.registry import ADAPTERS
from tests.conftest import StillClock

VENDORS: tuple[type[Practice], ...] = (
    PracticeTenant,
    PracticeExchange,
    PracticeWorkspace,
    PracticeOkta,
    PracticeDirectory,
    PracticeCrm,
    PracticeGithub,
    PracticeGithubManaged,
    PracticeSlack,
    PracticeIam,
    PracticeCenter,
    PracticeDomain,
    PracticeDatadog,
)
BASE = "https://vendor.example"


class Wire(httpx.AsyncBaseTransport):
    """The practice vendor in process. Keeps what was sent, and can answer in its place."""

    instead: httpx.Response | Exception | None

    def __init__(self, vendor: PracticeVendor) -> None:
        self._inner = httpx.ASGITransport(vendor.app)
        self.sent: list[httpx.Request] = []
        self.instead = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        if isinstance(self.instead, Exception):
            raise self.instead
        if self.instead is not None:
            return self.instead
        return await self._inner.handle_async_request(request)


class LdapWire:
    """The same for a vendor that speaks LDAP. Calling it opens a line.

    What a test answers in the vendor's place arrives as the inside of a message.
    """

    instead: httpx.Response | Exception | None = None

    def __init__(self, vendor: PracticeDomain) -> None:
        self._vendor = vendor

    async def __call__(self) -> "LdapLine":
        if isinstance(self.instead, Exception):
            raise ConnectionError
        return LdapLine(Server(self._vendor), self)


class LdapLine:
    def __init__(self, server: Server, wire: LdapWire) -> None:
        self._server, self._wire, self._coming = server, wire, b""

    async def send(self, data: bytes) -> None:
        if isinstance(self._wire.instead, httpx.Response):
            self._coming += tlv(SEQUENCE, self._wire.instead.content)
        else:
            self._coming += self._server.hears(data)

    async def receive(self) -> bytes:
        """A few bytes at a time, as they come over a network."""
        some, self._coming = self._coming[:700], self._coming[700:]
        return some

    async def close(self) -> None:
        return


@dataclass
class Bench:
    """One adapter on one practice vendor."""

    vendor: Practice
    wire: Wire | LdapWire
    clock: StillClock

    @property
    def sent(self) -> list[httpx.Request]:
        """What a vendor that speaks HTTP was asked."""
        assert isinstance(self.wire, Wire)
        return self.wire.sent

    def adapter(self, *, mode: Mode = Mode.ENFORCE, token: str | None = None) -> Adapter:
        told = self.vendor.settings(BASE) | {"mode": mode}
        kind = ADAPTERS[str(told["adapter"])]
        if token is not None:
            told["token"] = token
        return kind.connect("system", kind.Settings(**told), self.clock, self.wire)


def bench(kind: type[Practice], clock: StillClock) -> Bench:
    vendor = kind(clock)
    return Bench(vendor, wire_to(vendor), clock)


def wire_to(vendor: Practice) -> Wire | LdapWire:
    """In process, by the protocol that the vendor speaks."""
    if isinstance(vendor, PracticeDomain):
        return LdapWire(vendor)
    assert isinstance(vendor, PracticeVendor)
    return Wire(vendor)
