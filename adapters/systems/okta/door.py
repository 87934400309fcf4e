"""Okta's own door: pages by Link header, rate headers, and a 401 that is about something else."""

import json
import math
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from adapters.budget import Budget
from adapters.clock import Clock
from adapters.errors import CredentialDenied, TargetDenied, TryAgain, Unrecognised
from adapters.http import Api, Reply
from adapters.reading import read_as
from adapters.systems.okta.shapes import Page

GONE = "E0000007"
"""Not found. Another 404 may be a proxy's, or a path that the org does not have (E0000008)."""
NO_FEATURE = "E0000015"
"""Answered with 401, but it is the feature that the org lacks, not the credential that is wrong
(okta-developer-docs, error-codes.json)."""
WRONG_STATUS = "E0000038"
"""This operation is not allowed in the user's current status."""
INVALID = "E0000001"
"""A precondition of the endpoint does not hold."""
NEARLY = 0.1
"""With less than this share of a limit left, all but cuts keep quiet until it is filled again."""
MOST_PAGES = 100_000
_NEXT = re.compile(r'<([^>]+)>\s*;\s*rel="?next"?')
_ID = re.compile(r"[A-Za-z0-9_-]+")


class OktaApi(Api):
    """Api with Okta's rules. `base_url` is the org itself.

    Limits differ by endpoint and by contract, and each answer says how it stands
    (developer.okta.com, "Rate limit best practices"); so nothing is counted here, but heeded.
    """

    def __init__(self, base_url: str, clock: Clock, **more: Any) -> None:
        super().__init__(base_url, budget=Budget((), clock), **more)
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
    ) -> Reply:
        """As Api.send. "Gone" is only what Okta itself calls not found."""
        reply = await super().send(
            method,
            path,
            gone_ok=gone_ok,
            params=params,
            body=body,
            headers=headers,
            codes=codes | {httpx.codes.UNAUTHORIZED},
            only_reads=only_reads,
        )
        code = code_of(reply.body)
        if reply.status == httpx.codes.UNAUTHORIZED:
            what = f"{method} {self._url(path).path}: 401 {code or ''}".strip()
            if code == NO_FEATURE:
                raise TargetDenied(what, "a feature that this org does not have")
            raise CredentialDenied(what, *self._advice)
        if gone_ok and reply.status == httpx.codes.NOT_FOUND and code != GONE:
            raise Unrecognised(f"{method}: a 404 that is not Okta's own")
        return reply

    async def pages(self, path: str, **params: str | int) -> AsyncIterator[dict[str, Any]]:
        """Every entry of a list. A next link is followed as it is, and only below our own base."""
        reply = await self.send("GET", path, params=params, gone_ok=True)
        if reply.gone:
            raise TryAgain(f"GET {path}: a list is not there although its owner is")
        for _ in range(MOST_PAGES):
            for entry in _entries(reply.body):
                yield entry
            following = _following(reply)
            if following is None:
                return
            if not following.startswith(f"{str(self.base_url).rstrip('/')}/"):
                raise Unrecognised("a next link leads away from the org; not followed")
            reply = await self.get(following)
        raise Unrecognised("the next links never end")

    def _heed(self, response: httpx.Response) -> None:
        """Okta tells no Retry-After but the second at which a limit is filled again."""
        limit, left, reset = (_number(response, name) for name in ("Limit", "Remaining", "Reset"))
        wait = 0.0 if reset is None else max(0.0, reset - self._now(response))
        throttled = response.status_code == httpx.codes.TOO_MANY_REQUESTS
        if throttled and reset is not None and "Retry-After" not in response.headers:
            response.headers["Retry-After"] = str(max(1, math.ceil(wait)))
        super()._heed(response)
        if self._budget and limit and left is not None and left < limit * NEARLY:
            self._budget.close_for(wait)

    def _now(self, response: httpx.Response) -> float:
        """By Okta's own clock, because the reset is told by that one."""
        try:
            return parsedate_to_datetime(response.headers.get("Date", "")).timestamp()
        except ValueError:
            return self._clock.now().timestamp()


def user_at(identifier: str) -> str:
    """Raises Unrecognised for `me`: Okta reads that as the owner of our own token."""
    if identifier.lower() == "me":
        raise Unrecognised("this is no id of a user; nothing is asked of it")
    return f"/api/v1/users/{part(identifier)}"


def part(identifier: str) -> str:
    """An id as a part of a path. Raises Unrecognised for what could lead elsewhere: Okta would

    take a login as well, and a path stands in the ledger.
    """
    if not _ID.fullmatch(identifier):
        raise Unrecognised("this is no id of Okta's; nothing is asked of it")
    return identifier


def equals(key: str, value: str) -> str:
    return f"{key} eq {json.dumps(value, ensure_ascii=False)}"


def code_of(body: Any) -> str | None:
    match body:
        case {"errorCode": str(code)} if code.isalnum():
            return code
    return None


@contextmanager
def granted(scope: str) -> Iterator[None]:
    """Say what to grant if Okta refuses what is done inside."""
    try:
        yield
    except TargetDenied as why:
        raise TargetDenied(
            why.message,
            scope,
            f"grant {scope} and an administrator role that reaches this account; an administrator "
            "is changed only by a super administrator (docs/runbooks/okta.md)",
        ) from None


def _entries(body: Any) -> list[dict[str, Any]]:
    """A plain list, or one in an envelope, such as administrators come in."""
    if isinstance(body, dict):
        return list(read_as(Page, body).value)
    if isinstance(body, list) and all(isinstance(one, dict) for one in body):
        return body
    raise Unrecognised("a list was asked for, and something else came")


def _following(reply: Reply) -> str | None:
    found = [_NEXT.search(link) for link in ", ".join(reply.headers.get_list("link")).split(",")]
    by_header = next((one[1] for one in found if one), None)
    if by_header or not isinstance(reply.body, dict):
        return by_header
    return read_as(Page, reply.body).following


def _number(response: httpx.Response, name: str) -> float | None:
    text = response.headers.get(f"X-Rate-Limit-{name}", "").strip()
    return float(text) if text.isdecimal() else None
