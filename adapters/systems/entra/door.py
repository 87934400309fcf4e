"""Graph's own door: what every request carries, and the one request that must never leave."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote
from uuid import UUID

from adapters.clock import Clock
from adapters.errors import TargetDenied, TryAgain, Unrecognised
from adapters.http import Api, Reply
from adapters.reading import read_as
from adapters.systems.entra.shapes import Page

_OBJECT_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
URGENT = {"x-ms-throttle-priority": "High"}
MOST_PAGES = 100_000
"""A chain of next links that is longer than this never ends."""


class GraphApi(Api):
    """Api with Graph's rules. `base_url` ends in the version, such as /v1.0."""

    def __init__(self, base_url: str, clock: Clock, **more: Any) -> None:
        super().__init__(base_url, **more)
        self._clock = clock

    async def send(
        self,
        method: str,
        path: str,
        *,
        gone_ok: bool = False,
        params: dict[str, str | int] | None = None,
        body: object = None,
        headers: dict[str, str] | None = None,
        codes: frozenset[int] = frozenset(),
    ) -> Reply:
        """As Api.send. A 404 counts as "gone" only if it is the directory that says so."""
        self._never_the_object_itself(method, path)
        request_id = UUID(bytes=self._clock.token(16), version=4)
        reply = await super().send(
            method,
            path,
            gone_ok=gone_ok,
            params=params,
            body=body,
            headers={"client-request-id": str(request_id), **(headers or {})},
            codes=codes,
        )
        if reply.gone and _code(reply.body) != "Request_ResourceNotFound":
            raise Unrecognised(f"{method}: a 404 that is not the directory's own")
        return reply

    async def pages(
        self, path: str, params: Mapping[str, str | int]
    ) -> AsyncIterator[dict[str, Any]]:
        """Every entry. A next link is followed as it is, and only below our own base."""
        reply = await self.send("GET", path, params=dict(params), gone_ok=True)
        if reply.gone:
            raise TryAgain("a list is not there although its owner is: the directory catches up")
        page = read_as(Page, reply.body)
        for _ in range(MOST_PAGES):
            for entry in page.value:
                yield entry
            if page.following is None:
                return
            if not page.following.startswith(f"{self.base_url}/"):
                raise Unrecognised("a next link leads away from the Graph base; not followed")
            page = read_as(Page, (await self.get(page.following)).body)
        raise Unrecognised("the next links never end")

    def _never_the_object_itself(self, method: str, path: str) -> None:
        """Without `/$ref`, Graph deletes the member or owner, not the link to it (Microsoft:
        "the member object will also be deleted"). This adapter deletes nothing but links.
        """
        sent, _, _ = self._url(path).raw_path.partition(b"?")
        if method == "DELETE" and not sent.endswith(b"/$ref"):
            raise Unrecognised("a DELETE without /$ref was stopped: it would delete the object")


def user_at(identifier: str) -> str:
    return f"/users/{quote(identifier, safe='')}"


def membership_at(group: str, user: str) -> str:
    """The link from a group to a member. The only place where such an address is built."""
    if not (is_object_id(group) and is_object_id(user)):
        raise Unrecognised("an object id is not a GUID; the membership is left alone")
    return f"/groups/{group}/members/{user}/$ref"


def is_object_id(text: str) -> bool:
    return _OBJECT_ID.fullmatch(text) is not None


def equals(key: str, value: str) -> str:
    return f"{key} eq {_quoted(value)}"


def any_equals(key: str, value: str) -> str:
    return f"{key}/any(p:p eq {_quoted(value)})"


@contextmanager
def granted(permission: str) -> Iterator[None]:
    """Say what to grant if Graph refuses what is done inside."""
    try:
        yield
    except TargetDenied as why:
        raise TargetDenied(
            why.message,
            permission,
            f"grant {permission}; if the user holds a directory role or belongs to a group that "
            "gives one, also assign Privileged Authentication Administrator to the application "
            "(docs/runbooks/entra-privileged.md)",
        ) from None


def _quoted(value: str) -> str:
    """OData: a quote within a text is doubled."""
    return "'" + value.replace("'", "''") + "'"


def _code(body: Any) -> str | None:
    match body:
        case {"error": {"code": str(code)}}:
            return code
    return None
