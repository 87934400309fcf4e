"""A service account that acts in somebody's name: one token for each scope and subject."""

import asyncio
import base64
import json
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr

from adapters.actions import Action, Outcome
from adapters.errors import CredentialDenied, TargetDenied, TryAgain
from adapters.nouns import Account
from adapters.practice.google import PracticeWorkspace
from adapters.practice.google.story import furnish
from adapters.systems.google import GoogleWorkspace
from adapters.systems.google.scopes import DANGEROUS, MAIL, SECURITY, SHARING, USERS
from adapters.systems.google.signing import read_key
from tests.conftest import StillClock
from tests.workspaces import BASE, BOSS, MARA

PRIVATE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
AUDIENCE = "https://oauth2.practice.example/token"


def pem(key: Any) -> str:
    text: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return text.decode()


KEY = json.dumps(
    {
        "type": "service_account",
        "client_email": "exeunt@project.iam.gserviceaccount.com",
        "private_key_id": "k1",
        "private_key": pem(PRIVATE),
    }
)


class Google(httpx.AsyncBaseTransport):
    """A token endpoint in front of a practice Workspace. It gives no token for `refuse`."""

    def __init__(self, clock: StillClock) -> None:
        self.workspace = PracticeWorkspace(clock)
        self.boss = self.workspace.hire(BOSS)
        self.workspace.users[self.boss]["isAdmin"] = True
        self._inner = httpx.ASGITransport(self.workspace.app)
        self.claims: list[dict[str, Any]] = []
        self.refuse: frozenset[str] = frozenset(DANGEROUS)
        self.instead: httpx.Response | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if str(request.url) != AUDIENCE:
            return await self._inner.handle_async_request(request)
        self.claims.append(claims := verified(request))
        await asyncio.sleep(0)
        if self.instead is not None:
            return self.instead
        if claims["scope"] in self.refuse:
            return httpx.Response(401, json={"error": "unauthorized_client"})
        token = {"access_token": self.workspace.token, "expires_in": 3599, "token_type": "Bearer"}
        return httpx.Response(200, json=token)

    def adapter(self, **told: Any) -> GoogleWorkspace:
        said = {"adapter": "google_workspace", "base_url": BASE, "token_url": AUDIENCE}
        settings = GoogleWorkspace.Settings(**{**said, "key": KEY, "subject": BOSS, **told})
        return GoogleWorkspace.connect("google", settings, self.workspace.clock, self)


def verified(request: httpx.Request) -> dict[str, Any]:
    """The claims of a statement whose signature is right."""
    form = parse_qs(request.content.decode())
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    header, claims, signature = form["assertion"][0].split(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    PRIVATE.public_key().verify(raw, f"{header}.{claims}".encode(), PKCS1v15(), SHA256())
    assert decoded(header) == {"alg": "RS256", "typ": "JWT", "kid": "k1"}
    return decoded(claims)


def decoded(part: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=="))
    return found


@pytest.fixture
def it(clock: StillClock) -> Google:
    return Google(clock)


def mara(it: Google) -> Account:
    user = it.workspace.hire(MARA)
    furnish(it.workspace, user)
    return Account("google", user, MARA)


async def test_a_statement_says_who_for_whom_and_for_an_hour(it: Google, clock: StillClock) -> None:
    assert await it.adapter().block_sign_in(mara(it)) == Outcome.CHANGED
    now = int(clock.now().timestamp())
    assert it.claims == [
        {
            "iss": "exeunt@project.iam.gserviceaccount.com",
            "sub": BOSS,
            "scope": USERS,
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + 3600,
        }
    ]


async def test_a_token_is_asked_for_once_and_renewed_before_it_ends(
    it: Google, clock: StillClock
) -> None:
    adapter, account = it.adapter(), mara(it)
    await asyncio.gather(*(adapter.observe(account, Action.BLOCK_SIGN_IN) for _ in range(5)))
    assert len(it.claims) == 1
    clock.advance(minutes=56)
    await adapter.observe(account, Action.BLOCK_SIGN_IN)
    assert len(it.claims) == 2


async def test_gmail_is_set_in_the_leavers_own_name(it: Google) -> None:
    await it.adapter().stop_forwarding(mara(it))
    assert {(c["sub"], c["scope"]) for c in it.claims} == {
        (BOSS, USERS),
        (MARA, MAIL),
        (MARA, SHARING),
    }


async def test_a_token_that_was_withdrawn_is_renewed_once(it: Google) -> None:
    adapter, account = it.adapter(), mara(it)
    await adapter.observe(account, Action.BLOCK_SIGN_IN)
    it.workspace.token = "another"
    await adapter.observe(account, Action.BLOCK_SIGN_IN)
    assert len(it.claims) == 2


async def test_a_scope_that_nobody_authorised_stops_what_needs_it_and_nothing_else(
    it: Google,
) -> None:
    it.refuse = frozenset({SECURITY})
    adapter, account = it.adapter(), mara(it)
    with pytest.raises(TargetDenied) as why:
        await adapter.revoke_sessions(account)
    assert why.value.permission == SECURITY
    assert "Domain-wide delegation" in why.value.fix
    assert await adapter.block_sign_in(account) == Outcome.CHANGED
    assert (await adapter.observe(account)).roles


async def test_without_the_first_scope_the_credential_is_refused(it: Google) -> None:
    it.refuse = frozenset({USERS})
    with pytest.raises(CredentialDenied) as why:
        await it.adapter().check()
    assert why.value.permission == USERS


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(400, json={"error": "invalid_grant"}), CredentialDenied),
        (httpx.Response(401, json={"error": "invalid_client"}), CredentialDenied),
        (httpx.Response(200, json={"access_token": 7}), CredentialDenied),
        (httpx.Response(200, text="<html>"), CredentialDenied),
        (httpx.Response(400, json=["x"]), CredentialDenied),
        (httpx.Response(503), TryAgain),
        (httpx.Response(429), TryAgain),
    ],
)
async def test_a_refused_sign_in_is_one_of_our_errors(
    it: Google, answer: httpx.Response, error: type[Exception]
) -> None:
    it.instead = answer
    with pytest.raises(error, match="sign-in to Google"):
        await it.adapter().check()


async def test_a_leaver_who_cannot_be_acted_for_does_not_pause_the_system(it: Google) -> None:
    adapter, account = it.adapter(), mara(it)
    await adapter.observe(account, Action.BLOCK_SIGN_IN)
    it.instead = httpx.Response(400, json={"error": "invalid_grant"})
    with pytest.raises(TargetDenied):
        await adapter.stop_forwarding(account)


async def test_what_a_refusal_says_of_addresses_is_not_repeated(it: Google) -> None:
    it.instead = httpx.Response(400, json={"error": MARA, "error_description": MARA})
    with pytest.raises(CredentialDenied) as why:
        await it.adapter().check()
    assert MARA not in repr(why.value)


async def test_the_check_asks_for_each_scope_and_names_what_lacks_and_what_is_too_much(
    it: Google,
) -> None:
    it.refuse = frozenset({SHARING, *DANGEROUS[1:]})
    check = await it.adapter().check()
    assert "a super administrator" in check.summary
    assert Counter(claims["scope"] for claims in it.claims)[SHARING] == 1
    assert {Action.STOP_FORWARDING, Action.DELEGATE_MAILBOX, Action.FORWARD_MAIL} == {
        verb for verb, lacking in check.missing.items() if lacking == SHARING
    }
    assert check.needless == DANGEROUS[:1]


@pytest.mark.parametrize(
    ("said", "rights"),
    [("delegated", {"isDelegatedAdmin": True}), ("no administrator", {})],
)
async def test_the_check_says_whom_we_act_as(
    it: Google, said: str, rights: dict[str, bool]
) -> None:
    it.workspace.users[it.boss] |= {"isAdmin": False} | rights
    assert said in (await it.adapter().check()).summary


def test_a_key_is_text_or_a_file(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    path.write_text(KEY, "utf-8")
    for told in (KEY, str(path)):
        assert read_key(SecretStr(told)).email.startswith("exeunt@")


EC = json.dumps(json.loads(KEY) | {"private_key": pem(ec.generate_private_key(ec.SECP256R1()))})


@pytest.mark.parametrize("key", ["/no/such/file.json", "{}", '{"private_key": "x"}', EC])
async def test_a_key_that_is_not_usable_says_what_to_put_there(it: Google, key: str) -> None:
    with pytest.raises(CredentialDenied) as why:
        await it.adapter(key=key).check()
    assert why.value.fix


def test_the_key_shows_in_no_repr(it: Google) -> None:
    adapter = it.adapter()
    assert "PRIVATE KEY" not in f"{adapter!r} {vars(adapter)!r} {read_key(SecretStr(KEY))!r}"


@pytest.mark.parametrize(
    "told", [{}, {"key": KEY}, {"subject": BOSS}, {"token": "t", "gmail_url": "http://x.example"}]
)
def test_settings_without_a_credential_or_without_tls_are_refused(told: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"give a token|https"):
        GoogleWorkspace.Settings(adapter="google_workspace", **told)


def test_each_service_has_its_host_and_a_proxy_has_all() -> None:
    told = {"adapter": "google_workspace", "token": "t"}
    assert GoogleWorkspace.Settings(**told).gmail_url == "https://gmail.googleapis.com"
    proxied = GoogleWorkspace.Settings(**told, base_url=BASE)
    assert {proxied.gmail_url, proxied.licensing_url, proxied.devices_url} == {BASE}
