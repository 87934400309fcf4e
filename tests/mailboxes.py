"""A practice Exchange for tests: the wire to it, and the adapter on it."""

import json
from typing import Any

import httpx

from adapters.practice.exchange import PracticeExchange
from adapters.systems.exchange import Exchange

BASE = "https://outlook.practice.example"
ADA, HEIR = "ada@acme.example", "boss@acme.example"


class Wire(httpx.AsyncBaseTransport):
    """The practice tenant, but for cmdlets that answer what the test says. Keeps what was sent."""

    def __init__(self, tenant: PracticeExchange) -> None:
        self._inner = httpx.ASGITransport(tenant.app)
        self.sent: list[dict[str, Any]] = []
        self.headers: list[httpx.Headers] = []
        self.instead: dict[str, httpx.Response] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        said = json.loads(request.content)["CmdletInput"]
        self.sent.append(said | {"path": request.url.path})
        self.headers.append(request.headers)
        if said["CmdletName"] in self.instead:
            return self.instead[said["CmdletName"]]
        return await self._inner.handle_async_request(request)


def connected(tenant: PracticeExchange, wire: Wire, **told: Any) -> Exchange:
    settings = Exchange.Settings(**(tenant.settings(BASE) | told))
    return Exchange.connect("mail", settings, tenant.clock, wire)


def refusal(status: int, exception: str) -> httpx.Response:
    why = f"Ex1|Microsoft.Exchange.{exception}|about {ADA}"
    return httpx.Response(status, json={"error": {"code": "X", "details": [{"message": why}]}})
