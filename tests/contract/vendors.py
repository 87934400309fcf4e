"""Every practice vendor that an adapter is held against. A new adapter joins with one line."""

from dataclasses import dataclass

import httpx

from adapters.contract import Adapter
from adapters.http import Mode
from adapters.practice.base import PracticeVendor
from adapters.practice.datadog import PracticeDatadog
from adapters.practice.exchange import PracticeExchange
from adapters.practice.graph import PracticeTenant
from adapters.practice.scim import PracticeCrm, PracticeDirectory
from adapters.registry import ADAPTERS
from tests.conftest import StillClock

VENDORS: tuple[type[PracticeVendor], ...] = (
    PracticeTenant,
    PracticeExchange,
    PracticeDirectory,
    PracticeCrm,
    PracticeDatadog,
)
BASE = "https://vendor.example"


class Wire(httpx.AsyncBaseTransport):
    """The practice vendor in process. Keeps what was sent, and can answer in its place."""

    def __init__(self, vendor: PracticeVendor) -> None:
        self._inner = httpx.ASGITransport(vendor.app)
        self.sent: list[httpx.Request] = []
        self.instead: httpx.Response | Exception | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        if isinstance(self.instead, Exception):
            raise self.instead
        if self.instead is not None:
            return self.instead
        return await self._inner.handle_async_request(request)


@dataclass
class Bench:
    """One adapter on one practice vendor."""

    vendor: PracticeVendor
    wire: Wire
    clock: StillClock

    def adapter(self, *, mode: Mode = Mode.ENFORCE, token: str | None = None) -> Adapter:
        told = self.vendor.settings(BASE) | {"mode": mode}
        kind = ADAPTERS[str(told["adapter"])]
        if token is not None:
            told["token"] = token
        return kind.connect("system", kind.Settings(**told), self.clock, self.wire)


def bench(kind: type[PracticeVendor], clock: StillClock) -> Bench:
    vendor = kind(clock)
    return Bench(vendor, Wire(vendor), clock)
