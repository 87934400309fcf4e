"""Signing in to Entra ID: the real MSAL, with an imitation of Microsoft's login in its place."""

import asyncio
import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from adapters.errors import CredentialDenied, TryAgain
from adapters.msal_auth import MsalAuth, application, client_credential
from adapters.systems.entra import Entra
from tests.conftest import NOON

SCOPE = "https://graph.microsoft.com/.default"
SECRET = "keep-me-secret"
TENANT = "https://login.microsoftonline.com/tenant-1"


@dataclass
class Answered:
    """As much of requests.Response as MSAL reads."""

    status_code: int
    text: str
    headers: dict[str, str] = field(default_factory=dict)

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise OSError(f"HTTP {self.status_code}")


class Login:
    """Microsoft's token endpoint. `refusal` is what it answers instead of a token."""

    def __init__(self) -> None:
        self.posts: list[dict[str, str]] = []
        self.refusal: dict[str, object] | None = None
        self.down = False

    def get(self, url: str, **_: object) -> Answered:
        endpoints = {f"{name}_endpoint": f"{TENANT}/{name}" for name in ("authorization", "token")}
        return Answered(200, json.dumps(endpoints | {"issuer": f"{TENANT}/v2.0", "metadata": []}))

    def post(self, url: str, data: dict[str, str], **_: object) -> Answered:
        if self.down:
            raise ConnectionError("no route")
        self.posts.append(data)
        if self.refusal:
            return Answered(400, json.dumps(self.refusal))
        token = {"access_token": f"token-{len(self.posts)}", "expires_in": 3600}
        return Answered(200, json.dumps(token | {"token_type": "Bearer"}))

    def close(self) -> None:
        pass


@pytest.fixture
def login() -> Login:
    return Login()


def settings(**credential: str) -> Any:
    told = credential or {"client_secret": SECRET}
    return Entra.Settings(adapter="entra", tenant_id="tenant-1", client_id="client-1", **told)


def signed_in(login: Login, **credential: str) -> MsalAuth:
    return MsalAuth(lambda: application(settings(**credential), login), SCOPE)


def graph(auth: MsalAuth, answer: Callable[[httpx.Request], httpx.Response]) -> httpx.AsyncClient:
    return httpx.AsyncClient(auth=auth, transport=httpx.MockTransport(answer))


def refusing(token: str, challenge: str = "Bearer") -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.headers["Authorization"] == f"Bearer {token}":
            return httpx.Response(401, headers={"WWW-Authenticate": challenge})
        return httpx.Response(200, json=request.headers["Authorization"])

    return answer


async def test_one_token_serves_many_requests_at_once(login: Login) -> None:
    auth = signed_in(login)
    assert set(await asyncio.gather(*(auth.token() for _ in range(20)))) == {"token-1"}
    assert [post["scope"] for post in login.posts] == [SCOPE]


async def test_a_refused_token_is_renewed_and_the_request_sent_again(login: Login) -> None:
    async with graph(signed_in(login), refusing("token-1")) as client:
        reply = await client.get("https://graph.microsoft.com/v1.0/users")
    assert reply.json() == "Bearer token-2"


async def test_many_refused_at_once_renew_once(login: Login) -> None:
    async with graph(signed_in(login), refusing("token-1")) as client:
        await asyncio.gather(*(client.get("https://graph.microsoft.com/") for _ in range(10)))
    assert len(login.posts) == 2


async def test_a_second_refusal_is_the_answer(login: Login) -> None:
    async with graph(signed_in(login), lambda _: httpx.Response(401)) as client:
        assert (await client.get("https://graph.microsoft.com/")).status_code == 401
    assert len(login.posts) == 2


async def test_a_claims_challenge_is_passed_on(login: Login) -> None:
    claims = {"access_token": {"nbf": {"essential": True, "value": "1700000000"}}}
    asked = base64.b64encode(json.dumps(claims).encode()).decode()
    challenge = f'Bearer realm="", error="insufficient_claims", claims="{asked}"'
    async with graph(signed_in(login), refusing("token-1", challenge)) as client:
        await client.get("https://graph.microsoft.com/v1.0/users")
    sent = json.loads(login.posts[1]["claims"])["access_token"]
    assert sent["nbf"] == claims["access_token"]["nbf"]
    assert sent["xms_cc"] == {"values": ["CP1"]}


@pytest.mark.parametrize("challenge", ['Bearer claims="%%%"', 'Bearer claims="bm8="', "Bearer"])
async def test_an_unreadable_challenge_is_a_plain_renewal(login: Login, challenge: str) -> None:
    async with graph(signed_in(login), refusing("token-1", challenge)) as client:
        assert (await client.get("https://graph.microsoft.com/")).json() == "Bearer token-2"
    assert '"nbf"' not in login.posts[1].get("claims", "")


def refused(*codes: int, error: str = "invalid_client") -> dict[str, object]:
    said = f"AADSTS{codes[0] if codes else ''}: {SECRET} of ada@acme.example"
    return {"error": error, "error_description": said, "error_codes": list(codes)}


@pytest.mark.parametrize(
    ("code", "fix"),
    [(700016, "client_id"), (7000215, "secret"), (7000222, "expired"), (65001, "consent"), (1, "")],
)
async def test_a_refusal_names_its_code_and_the_fix_and_nothing_private(
    login: Login, code: int, fix: str
) -> None:
    login.refusal = refused(code)
    with pytest.raises(CredentialDenied) as told:
        await signed_in(login).token()
    assert f"AADSTS{code}" in told.value.message
    assert fix in told.value.fix
    assert SECRET not in repr(told.value)
    assert "ada@" not in repr(told.value)


@pytest.mark.parametrize("refusal", [refused(90033), refused(error="temporarily_unavailable")])
async def test_a_passing_trouble_is_tried_again(login: Login, refusal: dict[str, object]) -> None:
    login.refusal = refusal
    with pytest.raises(TryAgain):
        await signed_in(login).token()


async def test_no_network_is_tried_again(login: Login) -> None:
    login.down = True
    with pytest.raises(TryAgain, match="ConnectionError"):
        await signed_in(login).token()


async def test_a_credential_that_was_mended_counts_at_once(login: Login) -> None:
    auth = signed_in(login)
    login.refusal = refused(65001)
    with pytest.raises(CredentialDenied):
        await auth.token()
    login.refusal = None
    assert await auth.token() == "token-2"


@pytest.fixture(scope="module")
def pem() -> str:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "exeunt")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOON)
        .not_valid_after(NOON + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return (private + certificate.public_bytes(serialization.Encoding.PEM)).decode()


async def test_a_certificate_signs_with_sha_256_and_shows_itself(login: Login, pem: str) -> None:
    await signed_in(login, certificate=pem).token()
    shown = jwt.get_unverified_header(login.posts[0]["client_assertion"])
    assert shown["alg"] == "PS256"
    assert "x5c" in shown


def test_a_certificate_may_be_a_file(tmp_path: Path, pem: str) -> None:
    path = tmp_path / "exeunt.pem"
    path.write_text(pem)
    read = client_credential(settings(certificate=str(path)))
    assert read == client_credential(settings(certificate=pem))


async def test_a_certificate_that_cannot_be_used_is_our_own_fault(
    login: Login, pem: str, tmp_path: Path
) -> None:
    end = pem.index("-----BEGIN CERTIFICATE")
    broken = pem[:40] + "AAAA" + pem[80:]
    missing = [str(tmp_path / name) for name in ("missing.pem", "missing.pfx")]
    for given in (*missing, pem[:end], pem[end:], broken):
        with pytest.raises(CredentialDenied) as told:
            await signed_in(login, certificate=given).token()
        assert "BEGIN" not in repr(told.value)


def test_no_secret_shows_in_a_repr(login: Login) -> None:
    assert SECRET not in repr(settings()) + repr(signed_in(login))
