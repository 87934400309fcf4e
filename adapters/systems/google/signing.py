"""Sign in to Google as a service account that acts in somebody's name (RFC 7523).

A signed statement is exchanged for an access token of one scope and one subject; both are said
around the call with `acting`. Tokens are kept until shortly before they end.
"""

import asyncio
import base64
import json
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
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
from adapters.errors import AdapterError, CredentialDenied, TargetDenied, TryAgain
from adapters.systems.google.scopes import USERS

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LIFETIME = timedelta(hours=1)
"""The longest that Google lets such a statement live."""
RENEW_EARLY_SECONDS = 300
NOT_AUTHORISED = frozenset({"unauthorized_client", "invalid_scope"})
_FIXES = {
    "unauthorized_client": "in the Admin console, authorise the service account's client id for "
    "this scope (Security, API controls, Domain-wide delegation)",
    "invalid_grant": "check that `subject` is an active administrator, that the key was not "
    "deleted, and the clock of this machine",
    "invalid_client": "the service account or its key is gone: make a new key",
}


@dataclass(frozen=True)
class Acting:
    """What a call is made for. `subject` None is the administrator of the settings.

    `probe` ends with what the token endpoint said: nothing else is sent.
    """

    scope: str = USERS
    subject: str | None = None
    probe: bool = False


AS_ADMINISTRATOR = Acting()
_acting: ContextVar[Acting] = ContextVar("acting", default=AS_ADMINISTRATOR)


@contextmanager
def acting(scope: str, subject: str | None = None, *, probe: bool = False) -> Generator[None]:
    """Make the calls inside with this scope, in this name; say the scope if they are refused."""
    token = _acting.set(Acting(scope, subject, probe))
    try:
        yield
    except TargetDenied as why:
        fix = why.fix or (
            f"authorise the scope {scope} and give the administrator role of `subject` the "
            "privilege; only a super administrator may act on administrators "
            "(docs/runbooks/google.md)"
        )
        raise TargetDenied(why.message, scope, fix) from None
    finally:
        _acting.reset(token)


@dataclass(frozen=True)
class Key:
    """Who signs. The key itself shows in no repr."""

    email: str
    id: str
    _private: RSAPrivateKey

    def __repr__(self) -> str:
        return "Key(...)"

    def statement(self, acting: Acting, audience: str, now: int) -> str:
        """A JSON Web Token, signed RS256."""
        header = {"alg": "RS256", "typ": "JWT", "kid": self.id}
        claims = {
            "iss": self.email,
            "sub": acting.subject,
            "scope": acting.scope,
            "aud": audience,
            "iat": now,
            "exp": now + int(LIFETIME.total_seconds()),
        }
        signed = f"{_part(header)}.{_part(claims)}"
        signature = self._private.sign(signed.encode("ascii"), PKCS1v15(), SHA256())
        return f"{signed}.{_encoded(signature)}"


def read_key(told: SecretStr) -> Key:
    """From JSON or from the file that it names. Raises CredentialDenied with the fix."""
    text = told.get_secret_value()
    try:
        found = json.loads(text if text.lstrip().startswith("{") else Path(text).read_text("utf-8"))
        private = _rsa(load_pem_private_key(found["private_key"].encode(), None))
        return Key(str(found["client_email"]), str(found["private_key_id"]), private)
    except OSError:
        raise CredentialDenied(
            "the key file of the service account cannot be read",
            fix="check the path in `key`, and its permissions",
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError, UnsupportedAlgorithm):
        raise CredentialDenied(
            "the key of the service account is not usable",
            fix="put the JSON that Google Cloud gave for a service account key",
        ) from None


def _rsa(key: object) -> RSAPrivateKey:
    if not isinstance(key, RSAPrivateKey):
        raise TypeError("RS256 signs with an RSA key")
    return key


class ServiceAccount(httpx.Auth):
    """Bearer tokens, one for each scope and subject. A 401 makes one new sign-in and one resend."""

    def __init__(self, key: Callable[[], Key], token_url: str, subject: str, clock: Clock) -> None:
        self._key = key
        self._url = token_url
        self._subject = subject
        self._clock = clock
        self._kept: dict[Acting, tuple[str, float]] = {}
        self._turns: defaultdict[Acting, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        said = _acting.get()
        who = Acting(said.scope, said.subject or self._subject)
        if said.probe:
            yield self._ask(who)
            return
        for _ in range(2):
            async with self._turns[who]:
                token = self._still_good(who)
                if token is None:
                    answer = yield self._ask(who)
                    await answer.aread()
                    token = self._keep(who, answer)
            request.headers["Authorization"] = f"Bearer {token}"
            response = yield request
            if response.status_code != httpx.codes.UNAUTHORIZED:
                return
            if self._kept.get(who, ("",))[0] == token:
                del self._kept[who]

    def _ask(self, who: Acting) -> httpx.Request:
        now = int(self._clock.now().timestamp())
        form = {"grant_type": GRANT, "assertion": self._key().statement(who, self._url, now)}
        return httpx.Request("POST", self._url, data=form, headers={"User-Agent": "exeunt"})

    def _still_good(self, who: Acting) -> str | None:
        token, ends = self._kept.get(who, ("", 0.0))
        return token if token and self._clock.seconds() < ends else None

    def _keep(self, who: Acting, answer: httpx.Response) -> str:
        said = _json(answer)
        token, seconds = said.get("access_token"), said.get("expires_in")
        if not answer.is_success or not isinstance(token, str) or not token:
            raise self._refusal(who, answer.status_code, str(said.get("error", "")))
        lives = seconds if isinstance(seconds, int | float) else LIFETIME.total_seconds()
        ends = self._clock.seconds() + max(0.0, lives - RENEW_EARLY_SECONDS)
        self._kept[who] = (token, ends)
        return token

    def _refusal(self, who: Acting, status: int, code: str) -> AdapterError:
        """By the code of RFC 6749; the description holds addresses and stays out."""
        code = code if code.isascii() and code.replace("_", "").isalpha() else "no token"
        what = f"sign-in to Google: {status} {code}"
        if status == httpx.codes.TOO_MANY_REQUESTS or status >= httpx.codes.INTERNAL_SERVER_ERROR:
            return TryAgain(what)
        fix = _FIXES.get(
            code, "check the key and the domain-wide delegation of the service account"
        )
        one_scope = code in NOT_AUTHORISED and who.scope != USERS
        if one_scope or who.subject != self._subject:
            return TargetDenied(what, who.scope, fix)
        return CredentialDenied(what, who.scope, fix)


def _json(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        said = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _part(content: dict[str, Any]) -> str:
    return _encoded(json.dumps(content, separators=(",", ":")).encode())


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
