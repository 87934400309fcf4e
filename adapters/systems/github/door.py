"""GitHub's own door: refusals that are rate limits, next links, and what a request carries."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import httpx

from adapters.budget import Budget, Rate
from adapters.clock import Clock
from adapters.errors import TargetDenied, TryAgain, Unrecognised
from adapters.http import READS, Api
from adapters.statuses import json_or_none, name_of, retry_after

VERSION = "2022-11-28"
RATES = (Rate(5_000, 3_600), Rate(900, 60), Rate(80, 60, writes=True))
"""Requests of one token in an hour, points and writes in a minute (GitHub, "Rate limits for the
REST API"). An installation of a large organisation may ask more; the smaller number is right for
both."""
POINTS_OF_A_WRITE = 5.0
UNTOLD_SECONDS = 60.0
"""GitHub, "Best practices": wait at least a minute where a refusal does not say how long."""
PAGE = 100
MOST_PAGES = 10_000
"""A chain of next links that is longer than this never ends."""
_NEXT = re.compile(r'<([^<>]+)>;\s*rel="next"')


class GithubApi(Api):
    """Api with GitHub's rules. `base_url` is the root of its REST API."""

    def __init__(self, base_url: str, clock: Clock, **more: Any) -> None:
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": VERSION}
        headers |= more.pop("headers", {})
        super().__init__(base_url, budget=Budget(RATES, clock), headers=headers, **more)
        self._clock = clock

    async def pages(
        self, path: str, params: Mapping[str, str | int] | None = None, key: str = ""
    ) -> AsyncIterator[Any]:
        """Every entry of a list, which stands in the answer itself or under `key`."""
        reply = await self.send("GET", path, params={"per_page": PAGE, **(params or {})})
        for _ in range(MOST_PAGES):
            for entry in _entries(reply.body, key):
                yield entry
            following = _NEXT.search(reply.headers.get("Link", ""))
            if following is None:
                return
            if not following[1].startswith(str(self.base_url).rstrip("/") + "/"):
                raise Unrecognised("a next link leads away from GitHub's base; not followed")
            reply = await self.get(following[1])
        raise Unrecognised("the next links never end")

    def _units(
        self,
        method: str,
        url: httpx.URL,  # noqa: ARG002 - GitHub counts by method
        params: dict[str, str | int] | None,  # noqa: ARG002 - likewise
        body: object,  # noqa: ARG002 - likewise
    ) -> float:
        return 1.0 if method in READS else POINTS_OF_A_WRITE

    def _heed(self, response: httpx.Response) -> None:
        """A 403 may be a rate limit: then it says nothing about our rights."""
        wait = self._throttled(response)
        if wait is None:
            return
        if self._budget:
            self._budget.close_for(wait)
        raise TryAgain(f"{name_of(response.request)}: {response.status_code}, a rate limit", wait)

    def _throttled(self, response: httpx.Response) -> float | None:
        """GitHub's order: `retry-after`, else `x-ratelimit-reset`, else a minute."""
        if response.status_code not in (httpx.codes.FORBIDDEN, httpx.codes.TOO_MANY_REQUESTS):
            return None
        told = retry_after(response.headers)
        if told is not None:
            return told
        if response.headers.get("x-ratelimit-remaining") == "0":
            reset = response.headers.get("x-ratelimit-reset", "")
            now = self._clock.now().timestamp()
            return max(1.0, float(reset) - now) if reset.isdecimal() else UNTOLD_SECONDS
        limited = response.status_code == httpx.codes.TOO_MANY_REQUESTS
        return UNTOLD_SECONDS if limited or _is_secondary(response) else None


def _is_secondary(response: httpx.Response) -> bool:
    match json_or_none(response):
        case {"message": str(text)}:
            return "secondary rate limit" in text.lower()
    return False


def _entries(body: Any, key: str) -> list[Any]:
    if key and isinstance(body, dict):
        body = body.get(key)
    if not isinstance(body, list):
        raise Unrecognised("an answer that should be a list is none")
    return body


def at(*parts: str | int) -> str:
    """An address of these parts, each of them encoded."""
    return "/" + "/".join(quote(str(part), safe="") for part in parts)


@contextmanager
def granted(permission: str) -> Iterator[None]:
    """Say what to grant if GitHub refuses what is done inside."""
    try:
        yield
    except TargetDenied as why:
        fix = f"grant {permission} (docs/runbooks/github.md)"
        raise TargetDenied(why.message, permission, fix) from None
