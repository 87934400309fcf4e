"""Sign in as an installation of a GitHub App: our own signed statement buys a token of one hour."""

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import AwareDatetime, Field, SecretStr

from adapters.clock import Clock
from adapters.errors import CredentialDenied, Unrecognised
from adapters.reading import Answer, read_as
from adapters.statuses import json_or_none, raise_for_status

BACK_DATED = timedelta(seconds=60)
LIFETIME = timedelta(minutes=9)
"""GitHub, "Generating a JSON Web Token (JWT) for a GitHub App": at most ten minutes ahead, and a
minute back against clocks that differ."""
MARGIN = timedelta(minutes=5)
"""A token that ends sooner than this is not used any more."""


class InstallationToken(Answer):
    token: SecretStr = Field(min_length=1)
    expires_at: AwareDatetime
    permissions: Mapping[str, str] | None = None


class AppAuth(httpx.Auth):
    """Bearer tokens of one installation, renewed before they end; a 401 renews one once.

    `key` is a PEM text, or the path of a file with one. `permissions` is what GitHub said that the
    token may do, None before the first sign-in.
    """

    def __init__(
        self, base_url: str, app: str, installation: str, key: SecretStr, clock: Clock
    ) -> None:
        self._url = f"{base_url.rstrip('/')}/app/installations/{installation}/access_tokens"
        self._app, self._key, self._clock = app, key, clock
        self._token: InstallationToken | None = None
        self._lock = asyncio.Lock()

    @property
    def permissions(self) -> Mapping[str, str] | None:
        return self._token.permissions if self._token else None

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        async with self._lock:
            if self._token is None or self._token.expires_at - self._clock.now() < MARGIN:
                await self._keep((yield self._asking()))
        used = self._show(request)
        response = yield request
        if response.status_code != httpx.codes.UNAUTHORIZED:
            return
        async with self._lock:
            if self._token is used:
                await self._keep((yield self._asking()))
        self._show(request)
        yield request

    def _show(self, request: httpx.Request) -> InstallationToken:
        if self._token is None:
            raise Unrecognised("there is no installation token to show")
        request.headers["Authorization"] = f"Bearer {self._token.token.get_secret_value()}"
        return self._token

    def _asking(self) -> httpx.Request:
        statement = signed(self._app, self._key, self._clock.now())
        headers = {"Authorization": f"Bearer {statement}", "Accept": "application/vnd.github+json"}
        return httpx.Request("POST", self._url, headers=headers)

    async def _keep(self, response: httpx.Response) -> None:
        await response.aread()
        if response.status_code in (httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND):
            raise CredentialDenied(
                f"the installation of the GitHub App: {response.status_code}",
                "an installed GitHub App",
                "check app_id and installation_id, and that the installation is not suspended",
            )
        raise_for_status(response, "an installed GitHub App", "check app_id and private_key")
        self._token = read_as(InstallationToken, json_or_none(response))


def signed(app: str, key: SecretStr, now: datetime) -> str:
    """A JSON Web Token by RS256 (RFC 7515). Raises CredentialDenied if the key is no RSA key."""
    claims = {
        "iat": int((now - BACK_DATED).timestamp()),
        "exp": int((now + LIFETIME).timestamp()),
        "iss": app,
    }
    said = f"{_encoded({'alg': 'RS256', 'typ': 'JWT'})}.{_encoded(claims)}"
    signature = _private_key(key).sign(said.encode("ascii"), PKCS1v15(), SHA256())
    return f"{said}.{_base64(signature)}"


def _private_key(key: SecretStr) -> RSAPrivateKey:
    text = key.get_secret_value()
    try:
        pem = text if "-----BEGIN" in text else Path(text).read_text("ascii")
        loaded = load_pem_private_key(pem.encode("ascii"), None)
    except (OSError, ValueError, TypeError):
        loaded = None
    if not isinstance(loaded, RSAPrivateKey):
        raise CredentialDenied(
            "the private key of the GitHub App cannot be read",
            "an installed GitHub App",
            "put the PEM text that GitHub made, or the path of its file, as private_key",
        )
    return loaded


def _encoded(part: Mapping[str, object]) -> str:
    return _base64(json.dumps(part, separators=(",", ":")).encode("ascii"))


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
