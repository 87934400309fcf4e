"""Sign in to Okta: an API token, or a service app that signs with its private key.

`private_key_jwt` is the only way in which Okta gives tokens with its own scopes to a service
(developer.okta.com, "Implement OAuth for Okta with a service app").
"""

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import Any

import httpx
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import SecretStr

from adapters.clock import Clock
from adapters.errors import AdapterError, CredentialDenied, TryAgain, Unrecognised

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTED_SECONDS = 300
"""Okta takes assertions that end within the hour."""
EARLY_SECONDS = 60
"""A token is renewed so long before its end."""
_DPOP = "in Okta, switch off that the application requires DPoP: it is not spoken here"
_FIXES = {
    "invalid_client": "check client_id, key_id and private_key, and that the application is active",
    "invalid_dpop_proof": _DPOP,
    "use_dpop_nonce": _DPOP,
    "unauthorized_client": "allow the grant type Client Credentials to the application",
}


class Ssws(httpx.Auth):
    """An API token, as Okta wants it shown."""

    def __init__(self, token: SecretStr) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"SSWS {self._token.get_secret_value()}"
        yield request


class ServiceApp(httpx.Auth):
    """Bearer tokens by client credentials. A 401 makes one new sign-in and one resend."""

    def __init__(
        self,
        base_url: str,
        clock: Clock,
        client_id: str,
        key_id: str,
        private_key: SecretStr,
        scopes: tuple[str, ...],
    ) -> None:
        self._url = f"{base_url.rstrip('/')}/oauth2/v1/token"
        self._clock = clock
        self._names = (client_id, key_id)
        self._private_key = private_key
        self._scopes = scopes
        self._token = SecretStr("")
        self._until = 0.0
        self._lock = asyncio.Lock()

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        async with self._lock:
            if self._clock.seconds() >= self._until:
                self._keep(await _read((yield self._asking())))
            shown = self._token
        request.headers["Authorization"] = f"Bearer {shown.get_secret_value()}"
        response = yield request
        if response.status_code != httpx.codes.UNAUTHORIZED:
            return
        async with self._lock:
            if shown is self._token:  # else somebody else was refused too, and has renewed it
                self._keep(await _read((yield self._asking())))
        request.headers["Authorization"] = f"Bearer {self._token.get_secret_value()}"
        yield request

    def _asking(self) -> httpx.Request:
        form = {
            "grant_type": "client_credentials",
            "scope": " ".join(self._scopes),
            "client_assertion_type": ASSERTION,
            "client_assertion": self._assertion(),
        }
        return httpx.Request("POST", self._url, data=form, headers={"Accept": "application/json"})

    def _assertion(self) -> str:
        client, key = self._names
        now = int(self._clock.now().timestamp())
        claims = {
            "iss": client,
            "sub": client,
            "aud": self._url,
            "iat": now,
            "exp": now + ASSERTED_SECONDS,
            "jti": self._clock.token(16).hex(),
        }
        head = {"alg": "RS256", "typ": "JWT", "kid": key}
        signed = f"{_encoded(json.dumps(head).encode())}.{_encoded(json.dumps(claims).encode())}"
        proof = private_key(self._private_key).sign(signed.encode(), PKCS1v15(), SHA256())
        return f"{signed}.{_encoded(proof)}"

    def _keep(self, response: httpx.Response) -> None:
        answer = _json(response)
        token, seconds = answer.get("access_token"), answer.get("expires_in")
        if not (response.is_success and isinstance(token, str) and isinstance(seconds, int)):
            raise _refusal(response, answer, self._scopes)
        self._token = SecretStr(token)
        self._until = self._clock.seconds() + max(0, seconds - EARLY_SECONDS)


def private_key(secret: SecretStr) -> RSAPrivateKey:
    """Raises CredentialDenied if it is none, or cannot be read."""
    text = secret.get_secret_value()
    fix = "put an RSA private key, as PEM or as the path of a PEM file"
    try:
        pem = text.encode() if "-----BEGIN" in text else Path(text).read_bytes()
        key = load_pem_private_key(pem, None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
        raise CredentialDenied("the private key cannot be read", fix=fix) from None
    if not isinstance(key, RSAPrivateKey):
        raise CredentialDenied("the private key is not RSA", fix=fix)
    return key


def claims_of(token: str) -> dict[str, Any]:
    """Empty if the token is no JWT. The signature does not matter: it is our own token."""
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, claims, signature
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}


async def _read(response: httpx.Response) -> httpx.Response:
    await response.aread()
    return response


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        answer = json.loads(response.content)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _refusal(
    response: httpx.Response, answer: dict[str, Any], scopes: tuple[str, ...]
) -> AdapterError:
    """By the OAuth code; the description may hold identifiers and stays out of the message."""
    code = str(answer.get("error", ""))
    what = f"sign-in to Okta: {response.status_code} {code if code.isidentifier() else ''}".strip()
    if response.status_code == httpx.codes.TOO_MANY_REQUESTS or response.is_server_error:
        return TryAgain(what)
    if response.is_success:
        return Unrecognised("sign-in to Okta: the answer holds no token")
    if code == "invalid_scope":
        fix = f"grant the application {', '.join(scopes)}, or say under `scopes` what it has"
        return CredentialDenied(what, " ".join(scopes), fix)
    return CredentialDenied(what, fix=_FIXES.get(code, "check client_id, key_id and private_key"))


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")
