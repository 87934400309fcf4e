"""Datadog's door: two keys, pages by number, and sites that are each their own."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from datetime import timedelta
from typing import Any, Self

import httpx
from pydantic import Field, SecretStr, model_validator

from adapters.auth import Bearer
from adapters.configured import SystemSettings
from adapters.durations import Duration
from adapters.errors import Unrecognised
from adapters.http import Api
from adapters.reading import read_as
from adapters.systems.datadog.shapes import Page

SIZE = 100


class DatadogSettings(SystemSettings):
    """An organisation at one site. Give `api_key` and `application_key`, or a `token`."""

    base_url: str = "https://api.datadoghq.com"
    """The site, such as https://api.datadoghq.eu or https://api.us5.datadoghq.com."""
    api_key: SecretStr | None = None
    application_key: SecretStr | None = None
    """Of a service account: a person's key ends with the person."""
    token_lifetime: Duration = Field(default=timedelta(0))
    """How long a session that is open lives on after the account was disabled. Datadog does not
    say, so the user has to."""

    @model_validator(mode="after")
    def _some_credential(self) -> Self:
        if self.token is None and not (self.api_key and self.application_key):
            raise ValueError("give api_key and application_key, or a token")
        if "token_lifetime" not in self.model_fields_set:
            raise ValueError(
                "how long a session that is open may live on is not known of Datadog: find out, "
                "and say token_lifetime"
            )
        return self


class TwoKeys(httpx.Auth):
    """Datadog's description, security: DD-API-KEY names the organisation, the other who asks."""

    def __init__(self, api_key: SecretStr, application_key: SecretStr) -> None:
        self._api_key, self._application_key = api_key, application_key

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        request.headers["DD-API-KEY"] = self._api_key.get_secret_value()
        request.headers["DD-APPLICATION-KEY"] = self._application_key.get_secret_value()
        yield request


def auth(settings: DatadogSettings) -> httpx.Auth:
    if settings.api_key and settings.application_key:
        return TwoKeys(settings.api_key, settings.application_key)
    return Bearer(settings.token or SecretStr(""))


class DatadogApi(Api):
    async def pages(
        self, path: str, asked: Mapping[str, str | int] | None = None
    ) -> AsyncIterator[dict[str, Any]]:
        """Every resource; page[number] counts from 0. A page may hold less than was asked for."""
        seen, first, number = 0, "", 0
        while True:
            params = {**(asked or {}), "page[size]": SIZE, "page[number]": number}
            page = read_as(Page, (await self.send("GET", path, params=params)).body)
            if not page.data:
                break
            if str(page.data[0].get("id")) == first:
                raise Unrecognised(f"GET {path}: the same page came again")
            for one in page.data:
                yield one
            first, seen, number = str(page.data[0].get("id")), seen + len(page.data), number + 1
            if page.total is not None and seen >= page.total:
                break
