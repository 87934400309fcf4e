"""Okta's own description, held against the adapter and the practice org."""

from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from adapters.actions import Action
from adapters.errors import CredentialDenied
from adapters.nouns import Account, Person, State
from adapters.postconditions import TAKES, removable
from adapters.practice.okta import PracticeOkta
from adapters.systems.okta import Okta
from tests.conftest import StillClock
from tests.orgs import BASE, Rich, checked, okta, spec

WRITES = {
    "DELETE /api/v1/api-tokens/{apiTokenId}",
    "DELETE /api/v1/apps/{appId}/users/{userId}",
    "DELETE /api/v1/groups/{groupId}/users/{userId}",
    "DELETE /api/v1/users/{id}",
    "DELETE /api/v1/users/{userId}/clients/{clientId}/tokens",
    "DELETE /api/v1/users/{userId}/grants",
    "DELETE /api/v1/users/{userId}/roles/{roleAssignmentId}",
    "DELETE /api/v1/users/{userId}/sessions",
    "POST /api/v1/apps/{appId}/users",
    "POST /api/v1/users/{id}",
    "POST /api/v1/users/{id}/lifecycle/deactivate",
    "POST /api/v1/users/{id}/lifecycle/reset_factors",
    "POST /api/v1/users/{id}/lifecycle/suspend",
    "POST /api/v1/users/{id}/lifecycle/unsuspend",
    "POST /api/v1/users/{userId}/roles",
    "PUT /api/v1/groups/{groupId}/users/{userId}",
}
"""Every call that changes something, as Okta names it."""
READS = {
    "GET /api/v1/api-tokens",
    "GET /api/v1/apps",
    "GET /api/v1/iam/assignees/users",
    "GET /api/v1/users",
    "GET /api/v1/users/{id}",
    "GET /api/v1/users/{id}/groups",
    "GET /api/v1/users/{userId}/clients",
    "GET /api/v1/users/{userId}/devices",
    "GET /api/v1/users/{userId}/factors",
    "GET /api/v1/users/{userId}/grants",
    "GET /api/v1/users/{userId}/roles",
}


@pytest.fixture
def org(clock: StillClock) -> PracticeOkta:
    return PracticeOkta(clock)


async def test_every_call_of_a_whole_leave_is_described(clock: StillClock) -> None:
    """And of the way back: nothing is sent, and nothing answered, that Okta does not name."""
    it = Rich(clock)
    before = await it.okta.observe(it.account)
    await it.okta.check()
    await it.okta.find_accounts(Person("1207", ("mara@acme.example",), (it.user,)))
    assert [one async for one in it.okta.accounts()]
    rest = [v for v in Action if v in Okta.actions and v not in Okta.contain]
    rest.remove(Action.DELETE_ACCOUNT)
    for verb in [*Okta.contain, *rest]:
        await it.okta.perform(verb, it.account)
    for verb in Okta.ways_back:
        await it.okta.give_back(verb, it.account, before, taken(before, verb))
    await it.okta.block_sign_in(it.account)
    await it.okta.delete_account(it.account)
    assert it.transport.seen == READS | WRITES


def taken(before: State, verb: Action) -> Any:
    return removable(getattr(before, TAKES[verb]) or ()) if verb in TAKES else ()


async def test_factors_that_go_one_by_one_go_as_described(clock: StillClock) -> None:
    it = Rich(clock)
    it.org.resets_suspended = False
    await it.okta.block_sign_in(it.account)
    await it.okta.remove_factors(it.account)
    assert it.org.factors[it.user] == []
    assert "DELETE /api/v1/users/{userId}/factors/{factorId}" in it.transport.seen


async def test_every_refusal_is_described(org: PracticeOkta) -> None:
    adapter = okta(org, checked(org))
    gone = Account("okta", "00uNobody", "")
    assert not (await adapter.observe(gone)).exists
    for verb in Okta.actions:
        assert await adapter.perform(verb, gone) == "absent"


async def test_an_api_token_asks_only_what_is_described(org: PracticeOkta) -> None:
    org.hire("ada@acme.example")
    adapter = okta(org, checked(org), token=None, api_token=org.token)
    assert (await adapter.check()).missing == {}
    assert await adapter.find_accounts(Person(addresses=("ada@acme.example",)))


async def test_the_sign_in_of_a_service_app_is_described(org: PracticeOkta) -> None:
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    org.public_key, org.scopes = key.public_key(), frozenset({"okta.users.manage"})
    app = {"client_id": "practice-app", "private_key": pem, "key_id": "k1", "token": None}
    org.hire("ada@acme.example")
    wire = SignIn(org)
    await okta(org, wire, scopes=("okta.users.manage",), **app).check()
    with pytest.raises(CredentialDenied):
        await okta(org, wire, scopes=("okta.roles.manage",), **app).check()
    assert wire.answers == [200, 400]


class SignIn(httpx.AsyncBaseTransport):
    """The sign-in has a description of its own. A form is no JSON, so its names are looked at."""

    def __init__(self, org: PracticeOkta) -> None:
        self._spec = spec("okta-oauth.yaml")
        self._inner = httpx.ASGITransport(org.app)
        self._rest = checked(org)
        self.answers: list[int] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.startswith("/oauth2"):
            return await self._rest.handle_async_request(request)
        response = await self._inner.handle_async_request(request)
        await response.aread()
        form = dict(parse_qsl(request.content.decode()))
        assert set(form) == {"grant_type", "scope", "client_assertion_type", "client_assertion"}
        self._spec.check(httpx.Request(request.method, request.url), response)
        self.answers.append(response.status_code)
        return response


async def send(org: PracticeOkta, method: str, path: str, body: Any = None) -> None:
    headers = {"Authorization": f"Bearer {org.token}"}
    async with httpx.AsyncClient(transport=checked(org), headers=headers) as client:
        await client.request(method, f"{BASE}/api/v1{path}", json=body)


async def test_a_misspelt_property_fails_the_check(org: PracticeOkta) -> None:
    user = org.hire("ada@acme.example")
    with pytest.raises(AssertionError, match="credential"):
        await send(org, "POST", f"/users/{user}", {"credential": {"password": {"value": "x"}}})


async def test_an_unknown_kind_of_role_fails_the_check(org: PracticeOkta) -> None:
    user = org.hire("ada@acme.example")
    with pytest.raises(AssertionError, match="SUPER_ADMINISTRATOR"):
        await send(org, "POST", f"/users/{user}/roles", {"type": "SUPER_ADMINISTRATOR"})


async def test_an_assignment_without_the_user_fails_the_check(org: PracticeOkta) -> None:
    org.hire("ada@acme.example")
    with pytest.raises(AssertionError, match="'id' is a required property"):
        await send(org, "POST", "/apps/0oaWiki/users", {"scope": "USER"})


async def test_an_unknown_path_fails_the_check(org: PracticeOkta) -> None:
    with pytest.raises(AssertionError, match="not described"):
        await send(org, "GET", "/humans")


async def test_an_unknown_query_parameter_fails_the_check(org: PracticeOkta) -> None:
    org.hire("ada@acme.example")
    with pytest.raises(AssertionError, match="no such query parameter"):
        await send(org, "GET", "/users?chosen=id")


async def test_a_status_that_okta_does_not_have_fails_the_check(org: PracticeOkta) -> None:
    org.set_status(org.hire("ada@acme.example"), "DISABLED")
    with pytest.raises(AssertionError, match="DISABLED"):
        await send(org, "GET", "/users")


async def test_a_property_that_okta_does_not_have_fails_the_check(org: PracticeOkta) -> None:
    user = org.hire("ada@acme.example")
    org.users[user]["enabled"] = True
    with pytest.raises(AssertionError, match="enabled"):
        await send(org, "GET", f"/users/{user}")
