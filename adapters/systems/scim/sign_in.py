"""How we show a SCIM service who we are, where it is not a plain bearer token."""

from collections.abc import AsyncGenerator
from datetime import datetime, timedelta

import httpx
from pydantic import SecretStr

from adapters.auth import Bearer
from adapters.clock import Clock
from adapters.errors import CredentialDenied
from adapters.reading import Answer, read_as
from adapters.statuses import json_or_none, name_of, raise_for_status
from adapters.systems.scim.settings import ScimSettings

EARLY = timedelta(minutes=1)
"""A token is renewed before it expires on its way."""
REFUSED = frozenset({400, 401, 403})
"""RFC 6749 section 5.2: a wrong client is told 400 or 401."""


class Token(Answer):
    access_token: str
    expires_in: float = 3600


class Scheme(httpx.Auth):
    """A static token under another word than Bearer."""

    def __init__(self, scheme: str, token: SecretStr) -> None:
        self._scheme = scheme
        self._token = token

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        request.headers["Authorization"] = self._scheme + self._token.get_secret_value()
        yield request


class ClientCredentials(httpx.Auth):
    """OAuth tokens for a client of one's own, renewed in time and once more after a 401.

    Raises CredentialDenied with `fix` if the client is refused, TryAgain if nobody answers.
    """

    def __init__(
        self, url: str, asks: dict[str, str], client: httpx.BasicAuth, clock: Clock, fix: str
    ) -> None:
        self._url, self._asks, self._client = url, asks, client
        self._clock, self._fix = clock, fix
        self._token, self._until = "", datetime.min.replace(tzinfo=clock.now().tzinfo)

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        renewed = self._clock.now() + EARLY >= self._until
        if renewed:
            answer = yield self._question()
            await self._learn(answer)
        request.headers["Authorization"] = f"Bearer {self._token}"
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED and not renewed:
            answer = yield self._question()
            await self._learn(answer)
            request.headers["Authorization"] = f"Bearer {self._token}"
            yield request

    def _question(self) -> httpx.Request:
        question = httpx.Request("POST", self._url, data=self._asks)
        return next(self._client.auth_flow(question))

    async def _learn(self, answer: httpx.Response) -> None:
        await answer.aread()
        if answer.status_code in REFUSED:
            what = f"{name_of(answer.request)}: {answer.status_code}"
            raise CredentialDenied(what, "an OAuth client of our own", self._fix)
        raise_for_status(answer)
        token = read_as(Token, json_or_none(answer))
        self._token = token.access_token
        self._until = self._clock.now() + timedelta(seconds=token.expires_in)


def auth(settings: ScimSettings, clock: Clock, fix: str) -> httpx.Auth:
    """By what was configured: a token, a client of one's own, or user and password."""
    vendor = settings.profile
    if settings.token:
        plain = vendor.scheme == "Bearer"
        return Bearer(settings.token) if plain else Scheme(vendor.scheme, settings.token)
    if settings.client_id and settings.client_secret and vendor.sign_in:
        client = httpx.BasicAuth(settings.client_id, settings.client_secret.get_secret_value())
        words = settings.words
        url = settings.token_url or vendor.sign_in.url.format(**words)
        asks = {name: value.format(**words) for name, value in vendor.sign_in.asks.items()}
        return ClientCredentials(url, asks, client, clock, fix)
    password = settings.password.get_secret_value() if settings.password else ""
    return httpx.BasicAuth(settings.user or "", password)
