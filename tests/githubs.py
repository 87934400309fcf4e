"""Practice GitHub for tests, each exchange held to GitHub's own description."""

import os
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from adapters.nouns import Account, Person
from adapters.practice.base import PracticeVendor
from adapters.practice.github import PracticeGithub
from adapters.systems.github import Github, GithubScim
from tests.specs import FOLDER, Checked, Spec

BASE = "https://api.github.com"
OWNER = {
    "owner[]": "described as the array `owner`; GitHub reads arrays with brackets (its own SDKs)"
}
VALUE = {
    "anyOf": [
        {"type": "object", "properties": {"active": {"type": "boolean"}}},
        {"type": "array", "items": {"type": "object", "properties": {"value": {}}}},
        {"type": "string"},
    ]
}
"""`patch-schema` types `value` as a string; the example beside it sends an object.

An object is what works for `active`, and a list is what RFC 7644 has for members."""


@cache
def described(*, closed: bool) -> Spec:
    """GitHub's description, but for the deviation above. `closed`: unknown properties fail."""
    path = Path(os.environ.get("EXEUNT_API_SPECS", FOLDER)) / "github.yaml"
    if not path.is_file():
        Spec.load("github.yaml")  # says that it is not here
        pytest.skip("github.yaml is not here")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document = yaml.load(path.read_text("utf-8"), loader)
    patch = document["components"]["schemas"]["patch-schema"]["properties"]["Operations"]
    patch["items"]["properties"]["value"] = VALUE
    return Spec(document, closed=closed)


def checked(vendor: PracticeVendor, *, closed: bool = True) -> Checked:
    return Checked(described(closed=closed), httpx.ASGITransport(vendor.app), OWNER)


def github(vendor: PracticeGithub, transport: httpx.AsyncBaseTransport, **told: Any) -> Github:
    settings = Github.Settings(**(vendor.settings(BASE) | told))
    return Github.connect("code", settings, vendor.clock, transport)


def by_scim(vendor: PracticeVendor, transport: httpx.AsyncBaseTransport, **told: Any) -> GithubScim:
    settings = GithubScim.Settings(**(vendor.settings(BASE) | told))
    return GithubScim.connect("code", settings, vendor.clock, transport)


async def found(adapter: Github | GithubScim, address: str) -> Account:
    [hit] = await adapter.find_accounts(Person(addresses=(address,)))
    return hit.account


class Instead(httpx.AsyncBaseTransport):
    """The practice vendor, but for one method and end of a path: these are answered by the test."""

    def __init__(self, vendor: PracticeVendor, method: str, end: str, say: httpx.Response) -> None:
        self._inner = httpx.ASGITransport(vendor.app)
        self._what, self._say = (method, end), say

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        method, end = self._what
        if request.method == method and request.url.path.endswith(end):
            return self._say
        return await self._inner.handle_async_request(request)
