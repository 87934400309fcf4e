"""Graph's own door: what every request carries, and the requests that must never leave."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias
from urllib.parse import quote, urlencode
from uuid import UUID

import httpx

from adapters.budget import Budget, Rate, is_urgent
from adapters.clock import Clock
from adapters.errors import TargetDenied, TryAgain, Unrecognised
from adapters.http import Api, Reply
from adapters.reading import read_as
from adapters.systems.entra.shapes import BatchAnswer, BatchAnswers, Page

_OBJECT_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
RATES = (Rate(3_500, 10), Rate(3_000, 150, writes=True))
"""Resource units and writes of one application in a small tenant (Microsoft, "throttling limits").

A large tenant allows 8,000 units; the smaller number is right for both.
"""
NEARLY = 0.8
"""From this share of its limit on, Graph says how near it is: then all but cuts keep quiet."""
_COSTS = (
    (re.compile(r"/transitiveMember"), 5),
    (re.compile(r"/groups/[^/]+/members|/subscribedSkus"), 3),
    (re.compile(r"/users(\?|$)|/memberOf"), 2),
)
"""Resource units by address (same document); whatever is not named there costs one."""
MOST_PAGES = 100_000
"""A chain of next links that is longer than this never ends."""
Query: TypeAlias = Mapping[str, str | int]
BATCH = 20
"""Microsoft: the most requests in one JSON batch."""

# What may be deleted as it stands. All else that is deleted is a link, and ends in /$ref.
_DELETABLE = tuple(
    re.compile(pattern)
    for pattern in (
        r"/users/[^/]+/authentication/[A-Za-z0-9]+Methods/[^/]+",
        r"/users/[^/]+/appRoleAssignments/[^/]+",
        r"/oauth2PermissionGrants/[^/]+",
        r"/roleManagement/directory/roleAssignments/[^/]+",
        r"/teams/[^/]+/members/[^/]+",
        r"/drives/[^/]+/items/[^/]+/permissions/[^/]+",
    )
)
_A_USER = re.compile(r"/users/[0-9a-f-]{36}", re.IGNORECASE)


class GraphApi(Api):
    """Api with Graph's rules. `base_url` ends in the version, such as /v1.0."""

    def __init__(self, base_url: str, clock: Clock, **more: Any) -> None:
        super().__init__(base_url, budget=Budget(RATES, clock), **more)
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
        only_reads: bool = False,
        deletes_a_user: bool = False,
    ) -> Reply:
        """As Api.send. A 404 counts as "gone" only if it is the directory that says so."""
        if method == "DELETE":
            self._never_the_object_itself(path, deletes_a_user=deletes_a_user)
        told = {
            "client-request-id": str(UUID(bytes=self._clock.token(16), version=4)),
            "x-ms-throttle-priority": "High" if is_urgent() else "Low",
        }
        reply = await super().send(
            method,
            path,
            gone_ok=gone_ok,
            params=params,
            body=body,
            headers={**told, **(headers or {})},
            codes=codes,
            only_reads=only_reads,
        )
        missing = reply.status == httpx.codes.NOT_FOUND
        if gone_ok and missing and code_of(reply.body) not in GONE:
            raise Unrecognised(f"{method}: a 404 that is not the directory's own")
        return reply

    async def pages(
        self, path: str, params: Mapping[str, str | int]
    ) -> AsyncIterator[dict[str, Any]]:
        """Every entry. A next link is followed as it is, and only below our own base."""
        reply = await self.send("GET", path, params=dict(params), gone_ok=True)
        if reply.gone:
            raise TryAgain("a list is not there although its owner is: the directory catches up")
        async for entry in self.rest_of(reply.body):
            yield entry

    async def rest_of(self, body: Any) -> AsyncIterator[dict[str, Any]]:
        """Every entry of a list whose first page was read already."""
        page = read_as(Page, body)
        for _ in range(MOST_PAGES):
            for entry in page.value:
                yield entry
            if page.following is None:
                return
            if not page.following.startswith(f"{self.base_url}/"):
                raise Unrecognised("a next link leads away from the Graph base; not followed")
            page = read_as(Page, (await self.get(page.following)).body)
        raise Unrecognised("the next links never end")

    async def batch(self, paths: Sequence[str]) -> list[BatchAnswer]:
        """Many reads in as few calls as may be. The outer 200 says nothing of the answers within:

        each bears its own status, and each is throttled on its own.
        """
        answers: list[BatchAnswer] = []
        for start in range(0, len(paths), BATCH):
            asked = {str(n): path for n, path in enumerate(paths[start : start + BATCH])}
            requests = [{"id": n, "method": "GET", "url": path} for n, path in asked.items()]
            reply = await self.send("POST", "/$batch", body={"requests": requests}, only_reads=True)
            said = {one.id: one for one in read_as(BatchAnswers, reply.body).responses}
            if set(said) != set(asked):
                raise Unrecognised("a batch answered other requests than those that were in it")
            answers += [said[n] for n in asked]
        for one in answers:
            self._heed(httpx.Response(one.status, headers=one.headers))
        return answers

    def _units(
        self,
        method: str,
        url: httpx.URL,
        params: dict[str, str | int] | None,
        body: object,
    ) -> float:
        """Of a batch, each request in it counts on its own."""
        match body:
            case {"requests": [*inner]}:
                return sum(_cost(one["method"], one["url"], one["url"]) for one in inner)
        return _cost(method, url.path, " ".join(params or ()))

    def _heed(self, response: httpx.Response) -> None:
        super()._heed(response)
        try:
            used = float(response.headers.get("x-ms-throttle-limit-percentage", 0))
        except ValueError:
            return
        if self._budget and used >= NEARLY:
            self._budget.close_for(used)

    def _never_the_object_itself(self, path: str, *, deletes_a_user: bool) -> None:
        """Without `/$ref`, Graph deletes the member or owner, not the link to it (Microsoft:
        "the member object will also be deleted"). What may be deleted itself is listed above.
        """
        sent, _, _ = self._url(path).raw_path.decode("ascii").partition("?")
        ours = sent.removeprefix(self.base_url.path.rstrip("/"))
        if ours.endswith("/$ref") or any(one.fullmatch(ours) for one in _DELETABLE):
            return
        if deletes_a_user and _A_USER.fullmatch(ours):
            return
        raise Unrecognised("a DELETE without /$ref was stopped: it would delete the object")


GONE = frozenset(
    {
        "Request_ResourceNotFound",
        "NotFound",
        "ResourceNotFound",
        "itemNotFound",
        # Exchange's, for a meeting or a rule. Not in Graph's description; practitioners quote it
        # with a 404 (microsoft/MHA issue 77, msgraph-sdk-dotnet issue 259).
        "ErrorItemNotFound",
    }
)
"""The codes by which Graph's services say that a thing is not there. Others may be a proxy's."""


def at(path: str, query: Query) -> str:
    """An address for a batch: relative, with its query encoded."""
    return f"{path}?{urlencode(query, quote_via=quote, safe='$,()/')}"


def user_at(identifier: str) -> str:
    return f"/users/{quote(identifier, safe='')}"


def member_at(group: str, user: str) -> str:
    """The link from a group to a member. The only place where such an address is built."""
    return _link("groups", group, "members", user)


def owner_at(kind: str, thing: str, user: str) -> str:
    """The link from a group, an application or a service principal to an owner."""
    return _link(kind, thing, "owners", user)


def _link(kind: str, thing: str, what: str, user: str) -> str:
    if not (is_object_id(thing) and is_object_id(user)):
        raise Unrecognised("an object id is not a GUID; the link is left alone")
    return f"/{kind}/{thing}/{what}/{user}/$ref"


def is_object_id(text: str) -> bool:
    return _OBJECT_ID.fullmatch(text) is not None


def equals(key: str, value: str) -> str:
    return f"{key} eq {_quoted(value)}"


def any_equals(key: str, value: str) -> str:
    return f"{key}/any(p:p eq {_quoted(value)})"


def _cost(method: str, path: str, query: str) -> float:
    if method != "GET":
        return 1.0
    units = next((cost for place, cost in _COSTS if place.search(path)), 1)
    return max(1.0, units - ("$select" in query) + ("$expand" in query))


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


def code_of(body: Any) -> str | None:
    match body:
        case {"error": {"code": str(code)}}:
            return code
    return None
