"""Signing in to Okta, its rate headers and next links, and what a check says."""

import asyncio
import base64
import json
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import ValidationError

from adapters.actions import Action
from adapters.budget import urgently
from adapters.contract import by_hand
from adapters.errors import CredentialDenied, TryAgain, Unrecognised
from adapters.nouns import Kind, Person
from adapters.practice.base import Fault
from adapters.practice.okta import PracticeOkta
from adapters.systems.okta import Okta
from adapters.systems.okta.settings import STANDARD
from tests.conftest import StillClock
from tests.orgs import BASE, account, okta

ADA = "ada@acme.example"
KEY = rsa.generate_private_key(65537, 2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
APP: dict[str, Any] = {
    "token": None,
    "client_id": "practice-app",
    "private_key": PEM,
    "key_id": "k1",
}


@pytest.fixture
def org(clock: StillClock) -> PracticeOkta:
    org = PracticeOkta(clock)
    org.public_key, org.scopes = KEY.public_key(), frozenset(STANDARD)
    org.hire(ADA, employee_number="7")
    return org


def sign_ins(org: PracticeOkta) -> int:
    return org.requests.count("POST /oauth2/v1/token")


async def test_a_service_app_signs_in_once_and_again_when_the_token_ends(
    org: PracticeOkta, clock: StillClock
) -> None:
    adapter = okta(org, **APP)
    await adapter.find_accounts(Person("7", (ADA,)))
    assert sign_ins(org) == 1
    clock.advance(minutes=59)
    await adapter.check()
    assert sign_ins(org) == 2


async def test_a_token_that_is_refused_is_renewed_once(org: PracticeOkta) -> None:
    adapter = okta(org, **APP)
    await adapter.check()
    org.token = "another-token"
    await adapter.check()
    assert sign_ins(org) == 2


async def test_calls_that_are_refused_together_renew_the_token_once(org: PracticeOkta) -> None:
    adapter = okta(org, **APP)
    await adapter.check()
    org.token, org.latency = "another-token", 0.01
    await asyncio.gather(*(adapter.check() for _ in range(5)))
    assert sign_ins(org) == 2


async def test_a_refusal_that_stays_is_not_asked_forever(org: PracticeOkta) -> None:
    org.faults.extend([Fault(401), Fault(401)])
    with pytest.raises(CredentialDenied):
        await okta(org, **APP).check()
    assert sign_ins(org) == 2


async def test_a_scope_that_is_not_granted_says_which_to_grant(org: PracticeOkta) -> None:
    with pytest.raises(CredentialDenied, match="invalid_scope") as why:
        await okta(org, **APP, scopes=("okta.users.manage", "okta.roles.manage")).check()
    assert "okta.roles.manage" in why.value.fix


async def test_a_wrong_key_says_what_to_mend_and_shows_nothing(org: PracticeOkta) -> None:
    org.public_key = rsa.generate_private_key(65537, 2048).public_key()
    adapter = okta(org, **APP)
    with pytest.raises(CredentialDenied, match="invalid_client") as why:
        await adapter.check()
    assert "private_key" in why.value.fix
    assert "PRIVATE KEY" not in f"{why.value!r} {adapter!r} {vars(adapter)!r}"


@pytest.mark.parametrize("kind", ["text", "path", "ec"])
async def test_a_key_that_is_none_is_a_refused_credential(org: PracticeOkta, kind: str) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    wrong = {
        "text": "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----",
        "path": "/nowhere/key.pem",
        "ec": other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    }
    with pytest.raises(CredentialDenied, match="private key"):
        await okta(org, **APP | {"private_key": wrong[kind]}).check()


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"error": "invalid_dpop_proof"}, CredentialDenied),
        (401, {"error": "invalid_client"}, CredentialDenied),
        (429, {}, TryAgain),
        (503, None, TryAgain),
        (200, {"access_token": 7, "expires_in": 3600}, Unrecognised),
        (200, None, Unrecognised),
    ],
)
async def test_each_answer_to_a_sign_in_means_something(
    org: PracticeOkta, status: int, body: Any, error: type[Exception]
) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, json=body) if body is not None else httpx.Response(status)

    with pytest.raises(error):
        await okta(org, httpx.MockTransport(answer), **APP).check()


async def test_an_api_token_is_shown_as_okta_wants_it(org: PracticeOkta) -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["Authorization"])
        return httpx.Response(200, json=[org.users[org.owner]])

    await okta(org, httpx.MockTransport(answer), token=None, api_token="abc").check()
    assert set(seen) == {"SSWS abc"}


async def test_the_owner_of_our_own_token_is_nobody_who_leaves(org: PracticeOkta) -> None:
    adapter = okta(org, token=None, api_token=org.token)
    address = org.users[org.owner]["profile"]["login"]
    [hit] = await adapter.find_accounts(Person(addresses=(address,)))
    assert hit.account.kind is Kind.SERVICE
    kinds = {one.id: one.kind async for one in adapter.accounts()}
    assert [one for one, kind in kinds.items() if kind is Kind.SERVICE] == [org.owner]


async def test_the_user_of_a_ready_token_is_nobody_who_leaves(org: PracticeOkta) -> None:
    [user] = org.users
    said = base64.urlsafe_b64encode(json.dumps({"uid": user}).encode()).decode().rstrip("=")
    org.token = f"e30.{said}.c2ln"
    [hit] = await okta(org, token=org.token).find_accounts(Person(addresses=(ADA,)))
    assert hit.account.kind is Kind.SERVICE


@pytest.mark.parametrize(
    "link", ["https://evil.example/api/v1/users?after=2", f"{BASE}.evil.example/x"]
)
async def test_a_next_link_of_another_host_is_not_followed(org: PracticeOkta, link: str) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        body = list(org.users.values())
        return httpx.Response(200, json=body, headers={"Link": f'<{link}>; rel="next"'})

    with pytest.raises(Unrecognised, match="next"):
        await okta(org, httpx.MockTransport(answer)).find_accounts(Person("7"))
    assert set(asked) == {"acme.okta.example"}


async def test_a_throttled_call_waits_until_okta_fills_the_limit_again(
    org: PracticeOkta, clock: StillClock
) -> None:
    reset = str(int(clock.now().timestamp()) + 42)
    throttled = Fault(429, headers={"X-Rate-Limit-Reset": reset, "X-Rate-Limit-Limit": "600"})
    org.faults.append(throttled)
    with pytest.raises(TryAgain) as why:
        await okta(org).check()
    assert why.value.retry_after == 42


async def test_the_reset_is_read_by_oktas_own_clock(org: PracticeOkta) -> None:
    told = {"X-Rate-Limit-Reset": "1000000030", "Date": "Sun, 09 Sep 2001 01:46:40 GMT"}
    org.faults.append(Fault(429, headers=told))
    with pytest.raises(TryAgain) as why:
        await okta(org).check()
    assert why.value.retry_after == 30


async def test_near_the_end_of_a_limit_all_but_cuts_keep_quiet(org: PracticeOkta) -> None:
    org.left = (59, 600)
    adapter = okta(org)
    await adapter.check()
    with pytest.raises(TryAgain, match="own door"):
        await adapter.check()
    with urgently():
        await adapter.check()


async def test_with_enough_left_nobody_waits(org: PracticeOkta) -> None:
    org.left = (61, 600)
    adapter = okta(org)
    await adapter.check()
    await adapter.check()


async def test_scopes_decide_what_is_done_and_what_is_left_to_people(org: PracticeOkta) -> None:
    adapter = okta(org, **APP)
    left = by_hand("docs/runbooks/okta.md")
    assert Action.REVOKE_PRIVILEGES not in adapter.facts()
    assert adapter.lacks()[Action.REVOKE_PRIVILEGES] == left
    assert adapter.lacks()[Action.REMOVE_ROLES] == left
    assert {*adapter.facts(), *adapter.lacks()} == set(Action)
    assert not {*adapter.facts()} & {*adapter.lacks()}


async def test_the_smallest_scope_still_cuts(org: PracticeOkta) -> None:
    org.scopes = frozenset({"okta.users.manage"})
    adapter = okta(org, **APP, scopes=("okta.users.manage",))
    assert set(adapter.contain) - set(adapter.facts()) == {Action.REVOKE_PRIVILEGES}
    [user] = org.users
    for verb in (Action.BLOCK_SIGN_IN, Action.REVOKE_SESSIONS, Action.REVOKE_TOKENS):
        assert await adapter.perform(verb, account(org, user)) == "changed"
    assert (await adapter.check()).missing == {}


async def test_the_check_reads_the_scopes_of_a_ready_token(org: PracticeOkta) -> None:
    said = {"scp": ["okta.users.manage", "okta.groups.manage", "okta.policies.manage"]}
    claims = base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")
    org.token = f"e30.{claims}.c2ln"
    check = await okta(org, token=org.token).check()
    assert check.missing[Action.REVOKE_GRANTS] == "okta.apps.manage"
    assert Action.BLOCK_SIGN_IN not in check.missing
    assert Action.REVOKE_TOKENS not in check.missing
    assert check.needless == ("okta.policies.manage",)


async def test_the_check_of_an_api_token_asks_what_its_owner_may_read(org: PracticeOkta) -> None:
    inner = httpx.ASGITransport(org.app)

    async def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/assignees/users"):
            return httpx.Response(403, json={"errorCode": "E0000006"})
        return await inner.handle_async_request(request)

    adapter = okta(org, httpx.MockTransport(answer), token=None, api_token=org.token)
    assert set((await adapter.check()).missing) == {Action.REVOKE_PRIVILEGES}


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({}, "api_token"),
        ({"client_id": "a"}, "private_key and key_id"),
        ({"client_id": "a", "private_key": "p", "key_id": "k", "api_token": "t"}, "not both"),
        ({"api_token": "t", "employee_number": 'x" or id pr'}, "attribute"),
        ({"api_token": "t", "base_url": "http://acme.okta.example"}, "https"),
    ],
)
def test_settings_that_cannot_work_are_refused(told: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Okta.Settings(**{"adapter": "okta", "base_url": BASE} | told)
