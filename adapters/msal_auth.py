"""Sign in to Microsoft Entra ID as an application, with MSAL, and show the token on each request.

MSAL is synchronous and does not raise on refusals: it answers a dict. Here that becomes our errors.
"""

import asyncio
import base64
import binascii
import json
import re
from collections.abc import AsyncGenerator, Callable
from json import JSONDecodeError
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import httpx
import msal
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import SecretStr

from adapters.errors import AdapterError, CredentialDenied, TryAgain

TIMEOUT_SECONDS = 10
TRANSIENT = frozenset({50033, 90033})
_FEDERATED = "no federated credential of the application fits: check its {}"
_FIXES = {
    700016: "the application is not in this tenant: check client_id and tenant_id",
    7000215: "the client secret is wrong: put the secret's value, not its id",
    7000222: "the client secret has expired: make a new one",
    700027: "the certificate is not the one that the application knows: upload it",
    700024: "the assertion is not valid at this time: check the clock, and who renews its file",
    50013: "the assertion is invalid: check certificate and client_id",
    90002: "the tenant is not found: check tenant_id and authority",
    900023: "tenant_id is neither a tenant's id nor its domain",
    500011: "Microsoft Graph is not in this tenant: check base_url and authority",
    65001: "nobody has consented: grant admin consent to the application",
    53003: "Conditional Access blocks the application: exempt this workload identity",
    5000224: "the tenant is blocked or gone",
    70021: _FEDERATED.format("issuer, subject and audience"),
    700211: _FEDERATED.format("issuer"),
    700212: _FEDERATED.format("audience"),
    700213: _FEDERATED.format("subject, capitals count"),
    50194: "the application belongs to one tenant: put that tenant's id",
}
# What requests raises are OSErrors; the others come from MSAL for answers that are not Microsoft's.
_UNREACHABLE = (OSError, JSONDecodeError, KeyError, RuntimeError)
_PRIVATE_KEY = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?-----END \1-----", re.DOTALL)
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
_CLAIMS = re.compile(r'\bclaims="([^"]+)"')


class Application(Protocol):
    """What is used of msal.ConfidentialClientApplication."""

    def acquire_token_for_client(
        self, scopes: list[str], claims_challenge: str | None = None
    ) -> dict[str, Any]: ...


class Registration(Protocol):
    """What a user configured of an application registration."""

    @property
    def authority(self) -> str: ...
    @property
    def tenant_id(self) -> str | None: ...
    @property
    def client_id(self) -> str | None: ...
    @property
    def client_secret(self) -> SecretStr | None: ...
    @property
    def certificate(self) -> SecretStr | None: ...
    @property
    def certificate_passphrase(self) -> SecretStr | None: ...


class MsalAuth(httpx.Auth):
    """Bearer tokens by client credentials. `build` makes the MSAL application when first needed.

    One application is kept, because it holds the token cache. A 401 makes one new sign-in and one
    resend, with the claims challenge if Graph sent one (continuous access evaluation).
    """

    def __init__(self, build: Callable[[], Application], scope: str) -> None:
        self._build = build
        self._scope = scope
        self._application: Application | None = None
        self._last = ""
        self._lock = Lock()

    async def token(self) -> str:
        """Raises CredentialDenied with the fix, or TryAgain if Microsoft cannot be reached."""
        return await asyncio.to_thread(self._acquire)

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        token = await self.token()
        request.headers["Authorization"] = f"Bearer {token}"
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED:
            claims = _claims(response.headers.get("WWW-Authenticate", ""))
            token = await asyncio.to_thread(self._renew, token, claims)
            request.headers["Authorization"] = f"Bearer {token}"
            yield request

    def _acquire(self) -> str:
        with self._lock:
            return self._sign_in(None)

    def _renew(self, refused: str, claims: str | None) -> str:
        """MSAL forgets no token on request, so a new application, with an empty cache, asks."""
        with self._lock:
            if refused != self._last:
                return self._last  # somebody else was refused too, and has renewed it
            if claims is None:
                self._application = None
            return self._sign_in(claims)

    def _sign_in(self, claims: str | None) -> str:
        try:
            self._application = self._application or self._build()
            answer = self._application.acquire_token_for_client(
                [self._scope], claims_challenge=claims
            )
        except _UNREACHABLE as why:
            raise TryAgain(f"sign-in to Microsoft: {type(why).__name__}") from None
        except ValueError:
            raise CredentialDenied(
                "sign-in to Microsoft: authority, tenant or certificate is not usable",
                fix="check tenant_id, authority and certificate",
            ) from None
        token = answer.get("access_token")
        if not isinstance(token, str):
            self._application = None  # MSAL keeps a refusal for a minute; a fix must count at once
            raise _refusal(answer)
        self._last = token
        return token


def application(registration: Registration, http_client: object = None) -> Application:
    """Raises CredentialDenied if the certificate cannot be read, ValueError if MSAL refuses it.

    `http_client` stands in for the network in tests.
    """
    made: Application = msal.ConfidentialClientApplication(
        registration.client_id,
        authority=f"{registration.authority.rstrip('/')}/{registration.tenant_id}",
        client_credential=client_credential(registration),
        client_capabilities=["CP1"],
        timeout=TIMEOUT_SECONDS,
        http_client=http_client,
    )
    return made


def client_credential(registration: Registration) -> str | dict[str, str | bool]:
    """What MSAL takes: a secret, or a certificate without thumbprint (then it signs PS256)."""
    if registration.client_secret:
        return registration.client_secret.get_secret_value()
    text = registration.certificate.get_secret_value() if registration.certificate else ""
    phrase = registration.certificate_passphrase
    made: dict[str, str | bool] = {"passphrase": phrase.get_secret_value()} if phrase else {}
    if text.lower().endswith((".pfx", ".p12")):
        _read(text)
        return made | {"private_key_pfx_path": text, "public_certificate": True}
    pem = text if "-----BEGIN" in text else _read(text).decode("latin-1")
    return made | _pem(pem, phrase)


def _pem(pem: str, phrase: SecretStr | None) -> dict[str, str | bool]:
    """Key and certificates, after a look whether the key opens: MSAL would say it too late."""
    key, certificates = _PRIVATE_KEY.search(pem), _CERTIFICATE.findall(pem)
    if key is None or not certificates:
        raise CredentialDenied(
            "the certificate lacks its private key or itself",
            fix="put both into one PEM text or file, the key first",
        )
    try:
        load_pem_private_key(
            key[0].encode(), phrase.get_secret_value().encode() if phrase else None
        )
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise CredentialDenied(
            "the certificate's private key does not open", fix="check the key and its passphrase"
        ) from None
    return {"private_key": key[0], "public_certificate": "\n".join(certificates)}


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError:
        raise CredentialDenied(
            "the certificate file cannot be read", fix="check its path and its permissions"
        ) from None


def _refusal(answer: dict[str, Any]) -> AdapterError:
    """By AADSTS number; the description holds identifiers and stays out of the message."""
    found = answer.get("error_codes")
    codes = [code for code in found if isinstance(code, int)] if isinstance(found, list) else []
    name = "AADSTS" + str(codes[0]) if codes else "no token"
    if TRANSIENT & set(codes) or answer.get("error") in ("temporarily_unavailable", "server_error"):
        return TryAgain(f"sign-in to Microsoft: {name}")
    fix = next((_FIXES[code] for code in codes if code in _FIXES), None)
    return CredentialDenied(
        f"sign-in to Microsoft: {name}",
        fix=fix or "look the code up at https://login.microsoftonline.com/error",
    )


def _claims(challenge: str) -> str | None:
    """The claims that Graph asks for in WWW-Authenticate, as JSON text."""
    found = _CLAIMS.search(challenge)
    if not found:
        return None
    try:
        text = base64.b64decode(found[1] + "=" * (-len(found[1]) % 4), altchars=b"-_").decode()
        json.loads(text)
    except (binascii.Error, ValueError):
        return None
    return text
