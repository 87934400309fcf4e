"""Signing in without a secret: the real MSAL, an imitation of Azure's metadata in its place."""

import asyncio
import json
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
import requests
from requests.adapters import BaseAdapter

from adapters.errors import CredentialDenied, TryAgain
from adapters.managed_identity import MetadataSession, assertion_in, federated, managed_identity
from adapters.msal_auth import TIMEOUT_SECONDS, Application, MsalAuth, application
from tests.unit.test_msal_auth import Answered, Login, refusing, settings

SCOPE = "https://graph.microsoft.com/.default"
ASSERTION = "keep-me-assertion"
ELSEWHERE = ("IDENTITY_ENDPOINT", "IMDS_ENDPOINT", "MSI_ENDPOINT", "IDENTITY_SERVER_THUMBPRINT")


class Metadata(BaseAdapter):
    """169.254.169.254. `refusal` is what it answers instead of a token."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[dict[str, str]] = []
        self.options: dict[str, object] = {}
        self.lifetime = 3600
        self.refusal: tuple[int, str] | None = None
        self.headers: dict[str, str] = {}
        self.trouble: Exception | None = None

    def send(  # type: ignore[override]  # requests passes its options by keyword
        self, request: requests.PreparedRequest, **options: object
    ) -> requests.Response:
        if self.trouble:
            raise self.trouble
        self.asked.append(dict(parse_qsl(urlsplit(str(request.url)).query)))
        self.options = options
        token = {"access_token": f"token-{len(self.asked)}", "expires_in": str(self.lifetime)}
        made = requests.Response()
        made.status_code, text = self.refusal or (200, json.dumps(token))
        made._content, made.url = text.encode(), str(request.url)
        made.headers.update(self.headers)
        return made

    def close(self) -> None:
        pass


@pytest.fixture
def metadata(monkeypatch: pytest.MonkeyPatch) -> Metadata:
    for name in ELSEWHERE:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    return Metadata()


def platform(metadata: Metadata, client_id: str | None = None) -> Application:
    session = MetadataSession()
    session.mount("http://", metadata)
    return managed_identity(client_id, session)


def identity(metadata: Metadata, client_id: str | None = None, scope: str = SCOPE) -> MsalAuth:
    return MsalAuth(lambda: platform(metadata, client_id), scope)


async def test_the_resource_is_asked_for_as_the_cloud_names_it(metadata: Metadata) -> None:
    assert await identity(metadata).token() == "token-1"
    assert await identity(metadata, scope="https://graph.microsoft.us/.default").token()

    hosts = [asked["resource"].removeprefix("https://") for asked in metadata.asked]
    assert hosts == ["graph.microsoft.com", "graph.microsoft.us"]


async def test_a_user_assigned_identity_is_named(metadata: Metadata) -> None:
    await identity(metadata).token()
    await identity(metadata, "client-1").token()

    assert [asked.get("client_id") for asked in metadata.asked] == [None, "client-1"]


async def test_no_request_waits_for_ever_or_passes_a_proxy(metadata: Metadata) -> None:
    await identity(metadata).token()

    assert metadata.options["timeout"] == TIMEOUT_SECONDS
    assert metadata.options["proxies"] == {}


async def test_outside_azure_it_is_tried_again(metadata: Metadata) -> None:
    metadata.trouble = requests.ConnectTimeout("no route")

    with pytest.raises(TryAgain, match="ConnectTimeout"):
        await identity(metadata).token()


@pytest.mark.parametrize("status", [404, 410, 429, 500, 503])
async def test_a_passing_trouble_is_tried_again(metadata: Metadata, status: int) -> None:
    metadata.refusal = (status, '{"error": "busy"}')
    metadata.headers = {"Retry-After": "7"}

    with pytest.raises(TryAgain) as told:
        await identity(metadata).token()
    assert told.value.retry_after == 7


@pytest.mark.parametrize("page", ["<html>another cloud</html>", "[]", '"no"'])
async def test_what_is_not_microsofts_is_tried_again(metadata: Metadata, page: str) -> None:
    metadata.refusal = (200, page)

    with pytest.raises(TryAgain):
        await identity(metadata).token()


@pytest.mark.parametrize(("client_id", "fix"), [(None, "turn it on"), ("client-1", "assign")])
async def test_no_such_identity_names_the_fix(
    metadata: Metadata, client_id: str | None, fix: str
) -> None:
    said = {"error": "invalid_request", "error_description": f"Identity not found {ASSERTION}"}
    metadata.refusal = (400, json.dumps(said))

    with pytest.raises(CredentialDenied) as told:
        await identity(metadata, client_id).token()
    assert fix in told.value.fix
    assert ASSERTION not in repr(told.value)


async def test_an_identity_that_was_assigned_counts_at_once(metadata: Metadata) -> None:
    auth = identity(metadata)
    metadata.refusal = (400, '{"error": "invalid_request"}')
    with pytest.raises(CredentialDenied):
        await auth.token()
    metadata.refusal = None

    assert await auth.token() == "token-2"


async def test_entras_own_refusal_keeps_its_number(metadata: Metadata) -> None:
    said = {"error": "invalid_resource", "error_description": "AADSTS500011: not in the tenant"}
    metadata.refusal = (400, json.dumps(said))

    with pytest.raises(CredentialDenied, match="AADSTS500011") as told:
        await identity(metadata).token()
    assert "base_url" in told.value.fix


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:41/msi/token", "nowhere"])
async def test_app_service_without_the_identity_is_our_own_fault(
    metadata: Metadata, monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", endpoint)
    monkeypatch.setenv("IDENTITY_HEADER", "keep-me-header")
    metadata.refusal = (404, '{"statusCode": 404, "message": "Unable to load the identity"}')

    with pytest.raises(CredentialDenied, match="managed identity is not") as told:
        await identity(metadata).token()
    assert "keep-me-header" not in repr(told.value)


async def test_arcs_key_that_cannot_be_read_names_the_group(metadata: Metadata) -> None:
    metadata.trouble = PermissionError("himds.key")

    with pytest.raises(CredentialDenied) as told:
        await identity(metadata).token()
    assert "himds" in told.value.fix


async def test_a_claims_challenge_asks_the_platform_again(metadata: Metadata) -> None:
    made = platform(metadata)

    assert made.acquire_token_for_client([SCOPE])["access_token"] == "token-1"
    assert made.acquire_token_for_client([SCOPE])["access_token"] == "token-1"
    assert made.acquire_token_for_client([SCOPE], "{}")["access_token"] == "token-2"


class ShortLived(Login):
    """Microsoft's login whose tokens live for `lifetime` seconds."""

    def __init__(self, lifetime: int) -> None:
        super().__init__()
        self.lifetime = lifetime

    def post(self, url: str, data: dict[str, str], **options: object) -> Answered:
        answer = super().post(url, data, **options)
        text = json.loads(answer.text) | {"expires_in": self.lifetime}
        return Answered(answer.status_code, json.dumps(text))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text(f"{ASSERTION}-1\n")
    return path


def by_file(login: Login, path: Path) -> MsalAuth:
    told = settings(federated_token_file=str(path))
    return MsalAuth(lambda: federated(told, assertion_in(str(path)), login), SCOPE)


async def test_the_assertion_in_the_file_is_the_proof_and_read_anew(file: Path) -> None:
    login = ShortLived(299)
    auth = by_file(login, file)
    await auth.token()
    file.write_text(f"{ASSERTION}-2")
    await auth.token()

    proofs = [post["client_assertion"] for post in login.posts]
    assert proofs == [f"{ASSERTION}-1", f"{ASSERTION}-2"]
    assert login.posts[0]["client_assertion_type"].endswith("jwt-bearer")
    assert login.posts[0]["client_id"] == "client-1"
    assert ASSERTION not in repr(auth) + repr(vars(auth._application))


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xfe"])
async def test_no_assertion_is_our_own_fault(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "token").write_bytes(content)

    with pytest.raises(CredentialDenied) as told:
        await by_file(Login(), tmp_path / "token").token()
    assert "federated_token_file" in told.value.fix


@pytest.mark.parametrize(("code", "fix"), [(700211, "issuer"), (700212, "aud"), (700213, "sub")])
async def test_an_assertion_that_does_not_fit_names_why(file: Path, code: int, fix: str) -> None:
    login = Login()
    login.refusal = {"error": "invalid_request", "error_codes": [code]}

    with pytest.raises(CredentialDenied) as told:
        await by_file(login, file).token()
    assert fix in told.value.fix
    assert ASSERTION not in repr(told.value)


async def test_a_managed_identity_can_be_an_applications_proof(metadata: Metadata) -> None:
    login, proof = Login(), platform(metadata)

    def assertion() -> str:
        answer = proof.acquire_token_for_client(["api://AzureADTokenExchange/.default"])
        return str(answer["access_token"])

    assert await MsalAuth(lambda: federated(settings(), assertion, login), SCOPE).token()
    assert metadata.asked[0]["resource"] == "api://AzureADTokenExchange"
    assert login.posts[0]["client_assertion"] == "token-1"


USED_AGAIN, RENEWED = (330, ["token-1", "token-1"]), (299, ["token-1", "token-2"])
"""Seconds that a token lives, and what two sign-ins bring: under five minutes counts as over."""


@pytest.mark.parametrize(("lifetime", "tokens"), [USED_AGAIN, RENEWED])
async def test_tokens_are_renewed_before_they_end(
    metadata: Metadata, lifetime: int, tokens: list[str]
) -> None:
    metadata.lifetime, login = lifetime, ShortLived(lifetime)
    for auth in (identity(metadata), MsalAuth(lambda: application(settings(), login), SCOPE)):
        assert [await auth.token(), await auth.token()] == tokens

    assert len(metadata.asked) == len(login.posts) == len(set(tokens))


class Slow:
    """An application that answers only after the event loop has turned, or gives up."""

    def __init__(self) -> None:
        self.turned = Event()
        self.answers = 0

    def acquire_token_for_client(
        self, scopes: list[str], claims_challenge: str | None = None
    ) -> dict[str, Any]:
        self.turned.clear()
        if not self.turned.wait(timeout=5):
            raise AssertionError("the event loop stood still during a sign-in")
        self.answers += 1
        return {"access_token": f"token-{self.answers}"}


async def test_neither_sign_in_nor_renewal_stops_the_event_loop() -> None:
    slow = Slow()

    async def tick() -> None:
        while True:
            await asyncio.sleep(0.001)
            slow.turned.set()

    ticker = asyncio.create_task(tick())
    transport = httpx.MockTransport(refusing("token-1"))
    auth = MsalAuth(lambda: slow, SCOPE)
    async with httpx.AsyncClient(auth=auth, transport=transport) as client:
        reply = await client.get("https://graph.microsoft.com/v1.0/users")
    ticker.cancel()

    assert reply.json() == "Bearer token-2"
