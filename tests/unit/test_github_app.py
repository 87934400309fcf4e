"""Sign in to GitHub as an App, and what check() says of a credential."""

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from pydantic import SecretStr, ValidationError

from adapters.actions import Action
from adapters.errors import CredentialDenied, Unrecognised
from adapters.practice.github import PracticeGithub
from adapters.systems.github import Github
from adapters.systems.github.permissions import judge
from adapters.systems.github.settings import GithubScimSettings, GithubSettings
from tests.conftest import StillClock
from tests.contract.vendors import Wire
from tests.githubs import Instead, checked, github

SIGN_IN = "POST /app/installations/67890/access_tokens"


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


def pem(key: RSAPrivateKey) -> str:
    raw = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return raw.decode("ascii")


@pytest.fixture
def org(clock: StillClock, key: RSAPrivateKey) -> PracticeGithub:
    org = PracticeGithub(clock)
    org.app_key = key.public_key()
    org.hire("ada@acme.example")
    return org


def as_app(org: PracticeGithub, wire: httpx.AsyncBaseTransport, key: str) -> Github:
    app = {"app_id": "12345", "installation_id": "67890", "private_key": key}
    return github(org, wire, token=None, **app)


async def test_an_app_signs_in_once_and_its_permissions_are_known(
    org: PracticeGithub, key: RSAPrivateKey
) -> None:
    adapter = as_app(org, checked(org), pem(key))
    said = await adapter.check()

    assert "3 permissions" in said.summary
    assert (said.missing, said.needless) == ({}, ())
    assert org.requests.count(SIGN_IN) == 1


async def test_a_token_is_renewed_before_it_ends(
    org: PracticeGithub, key: RSAPrivateKey, clock: StillClock
) -> None:
    adapter = as_app(org, Wire(org), pem(key))
    for minutes in (0, 50, 10):
        clock.advance(minutes=minutes)
        await adapter.check()
    assert org.requests.count(SIGN_IN) == 2


async def test_a_token_that_was_ended_is_renewed_once(
    org: PracticeGithub, key: RSAPrivateKey
) -> None:
    adapter = as_app(org, Wire(org), pem(key))
    await adapter.check()
    org.token = "ghs_another"
    await adapter.check()
    assert org.requests.count(SIGN_IN) == 2


async def test_a_key_that_the_app_does_not_know_is_a_refused_credential(
    org: PracticeGithub, clock: StillClock
) -> None:
    adapter = as_app(org, Wire(org), pem(generate_private_key(65537, 2048)))
    with pytest.raises(CredentialDenied):
        await adapter.check()


@pytest.mark.parametrize("status", [403, 404])
async def test_an_installation_that_is_gone_is_a_refused_credential(
    org: PracticeGithub, key: RSAPrivateKey, status: int
) -> None:
    wire = Instead(org, "POST", "/access_tokens", httpx.Response(status, json={"message": "x"}))
    with pytest.raises(CredentialDenied) as why:
        await as_app(org, wire, pem(key)).check()
    assert "installation_id" in why.value.fix


async def test_a_sign_in_that_is_not_understood_is_said(
    org: PracticeGithub, key: RSAPrivateKey
) -> None:
    wire = Instead(org, "POST", "/access_tokens", httpx.Response(201, json={"token": ""}))
    with pytest.raises(Unrecognised):
        await as_app(org, wire, pem(key)).check()


@pytest.mark.parametrize("text", ["/nowhere/at-all.pem", "-----BEGIN PRIVATE KEY-----\nx\n"])
async def test_a_key_that_cannot_be_read_is_said_without_showing_it(
    org: PracticeGithub, text: str
) -> None:
    with pytest.raises(CredentialDenied) as why:
        await as_app(org, Wire(org), text).check()
    assert text not in f"{why.value.args}"


async def test_scopes_of_a_classic_token_are_judged(org: PracticeGithub) -> None:
    said = await github(org, Wire(org)).check()
    assert (said.missing, said.needless) == ({}, ())
    assert "admin:org" in said.summary


def test_what_is_missing_and_what_is_too_much_is_named() -> None:
    facts = Github.actions
    by_scope = judge(facts, None, "read:org, delete_repo", sees_members=True)
    granted = {"members": "read", "contents": "write"}
    by_app = judge(facts, granted, None, sees_members=False)

    assert by_scope.missing[Action.BLOCK_SIGN_IN] == "scope admin:org"
    assert by_scope.needless == ("delete_repo",)
    assert by_app.missing[Action.BLOCK_SIGN_IN] == "members: write"
    assert "personal_access_tokens: write" in by_app.missing[Action.REVOKE_TOKENS]
    assert by_app.needless == ("contents",)
    assert "no member" in by_app.summary


@pytest.mark.parametrize(
    "told",
    [{}, {"app_id": "1", "installation_id": "2"}, {"app_id": "1", "private_key": SecretStr("k")}],
)
def test_half_a_credential_is_refused_when_it_is_configured(told: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="app_id"):
        GithubSettings.model_validate({"adapter": "github", "organisation": "acme", **told})


@pytest.mark.parametrize(
    ("kind", "lacking"), [("organisation", "organisation"), ("enterprise_managed", "enterprise")]
)
def test_accounts_by_scim_need_their_place(kind: str, lacking: str) -> None:
    with pytest.raises(ValidationError, match=lacking):
        GithubScimSettings.model_validate({"adapter": "github_scim", "kind": kind, "token": "t"})


def test_a_slug_cannot_lead_to_another_path() -> None:
    told = {"adapter": "github", "organisation": "acme/../users", "token": "t"}
    with pytest.raises(ValidationError):
        GithubSettings.model_validate(told)
