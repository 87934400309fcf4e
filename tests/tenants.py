"""Practice tenants for tests: one adapter on one, each exchange held to Microsoft's description."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx

from adapters.clock import Clock
from adapters.nouns import Account
from adapters.practice.graph import PracticeTenant
from adapters.practice.graph.story import Leaver, furnish
from adapters.systems.entra import Entra
from tests.specs import Checked, Spec

BASE = "https://graph.practice.example"
NEXT_LINK = {"$skiptoken": "next links are opaque and are followed as they come (Graph paging)"}
# The description lists base types. A member of a Team is an aadUserConversationMember, what a user
# owns is a group or an application; these have more (Microsoft Graph reference, resource types).
DERIVED = {
    "GET /teams/{team-id}/members": frozenset({"userId", "email", "tenantId"}),
    "GET /users/{user-id}/ownedObjects": frozenset({"displayName"}),
}


def entra(tenant: PracticeTenant, transport: httpx.AsyncBaseTransport, **told: Any) -> Entra:
    settings = Entra.Settings(**(tenant.settings(BASE) | told))
    return Entra.connect("m365", settings, tenant.clock, transport)


def checked(tenant: PracticeTenant) -> Checked:
    spec = Spec.load("graph-offboarding-openapi.yaml", closed=True)
    return Checked(spec, httpx.ASGITransport(tenant.app), NEXT_LINK, DERIVED)


@dataclass(frozen=True)
class Rich:
    """A tenant with a leaver who has everything, a successor, and the adapter on it."""

    tenant: PracticeTenant
    leaver: Leaver
    account: Account
    successor: Account
    transport: Checked
    entra: Entra


def rich(clock: Clock, **how: Any) -> Rich:
    tenant = PracticeTenant(clock, lag=how.pop("lag", timedelta(0)))
    user = tenant.hire("mara@acme.example", employee_number="1207")
    heir = tenant.hire("boss@acme.example", employee_number="7")
    leaver = furnish(tenant, user)
    transport = checked(tenant)
    return Rich(
        tenant,
        leaver,
        Account("m365", user, "mara@acme.example", ("mara@acme.example",)),
        Account("m365", heir, "boss@acme.example", enabled=True),
        transport,
        entra(tenant, transport, **how),
    )


class Replacing(httpx.AsyncBaseTransport):
    """The tenant, but for paths with this part: they answer what the test says, in a batch too."""

    def __init__(self, part: str, body: object, tenant: PracticeTenant, status: int = 200) -> None:
        self._part, self._body, self._status = part, body, status
        self._inner = httpx.ASGITransport(tenant.app)
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self._part in request.url.path:
            return httpx.Response(self._status, json=self._body)
        response = await self._inner.handle_async_request(request)
        if not request.url.path.endswith("/$batch"):
            return response
        await response.aread()
        asked = {one["id"]: one["url"] for one in json.loads(request.content)["requests"]}
        answers = [
            {"id": one["id"], "status": self._status, "body": self._body}
            if self._part in asked[one["id"]]
            else one
            for one in response.json()["responses"]
        ]
        return httpx.Response(200, json={"responses": answers})


def forbidding(part: str, tenant: PracticeTenant) -> Replacing:
    return Replacing(part, {"error": {"code": "Authorization_RequestDenied"}}, tenant, 403)
