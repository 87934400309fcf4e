"""Google's own door: what its errors mean, and how its lists go on."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from adapters.budget import Rate
from adapters.errors import AdapterError, TargetDenied, TryAgain, Unrecognised
from adapters.http import Api, Reply

RATES = (Rate(2_400, 60),)
"""Queries for each user and project (Google, Directory API "Quotas"; the default)."""
THROTTLED = frozenset({"userRateLimitExceeded", "rateLimitExceeded", "RATE_LIMIT_EXCEEDED"})
TOO_MANY_AT_ONCE = "quotaExceeded"
LONG_PAUSE_SECONDS = 60.0
"""After `quotaExceeded`, which must not be asked again soon (field notes)."""
MOST_PAGES = 100_000
REFUSED = frozenset({httpx.codes.BAD_REQUEST, httpx.codes.PRECONDITION_FAILED})
"""How Google refuses what a user's or a group's state does not allow."""


class GoogleApi(Api):
    """Api with Google's rules: it throttles with 403, and only its own 404 means "gone"."""

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
        reply = await super().send(
            method,
            path,
            gone_ok=gone_ok,
            params=params,
            body=body,
            headers=headers,
            codes=codes | {httpx.codes.FORBIDDEN},
            only_reads=only_reads,
        )
        if reply.status == httpx.codes.FORBIDDEN:
            why = self._refusal(f"{method}: 403", reason_of(reply.body))
            if isinstance(why, TryAgain) or httpx.codes.FORBIDDEN not in codes:
                raise why
        if gone_ok and reply.gone and not _is_googles(reply.body):
            raise Unrecognised(f"{method}: a 404 that is not Google's own")
        return reply

    async def pages(
        self,
        path: str,
        key: str,
        params: dict[str, str | int] | None = None,
        *,
        bare: bool = False,
    ) -> AsyncIterator[dict[str, Any]]:
        """Every entry of a list. `bare`: the newer services answer {} where there is none."""
        asked, token = dict(params or {}), ""
        for _ in range(MOST_PAGES):
            body = (await self.send("GET", path, params=asked)).body
            entries = entries_of(body, key, bare=bare)
            for entry in entries:
                yield entry
            following = body.get("nextPageToken")
            if not following:
                return
            if following == token:
                raise Unrecognised("a list gives the same page again and again")
            asked["pageToken"] = token = str(following)
        raise Unrecognised("the pages of a list never end")

    def _refusal(self, what: str, reason: str) -> AdapterError:
        if reason in THROTTLED or reason == TOO_MANY_AT_ONCE:
            pause = LONG_PAUSE_SECONDS if reason == TOO_MANY_AT_ONCE else 1.0
            if self._budget:
                self._budget.close_for(pause)
            return TryAgain(f"{what} {reason}", pause)
        return TargetDenied(f"{what} {reason}".strip(), self._advice[0])


@dataclass(frozen=True)
class Doors:
    """One for each host: a credential is never shown to another one."""

    admin: GoogleApi
    gmail: GoogleApi
    licensing: GoogleApi
    devices: GoogleApi

    async def close(self) -> None:
        for door in (self.admin, self.gmail, self.licensing, self.devices):
            await door.close()


def reason_of(body: Any) -> str:
    """The first machine-readable reason of a Google error, "" if there is none."""
    match body:
        case {"error": {"errors": [{"reason": str(reason)}, *_]}}:
            return reason if reason.isalnum() else ""
        case {"error": {"details": [{"reason": str(reason)}, *_]}}:
            return reason if reason.replace("_", "").isalnum() else ""
    return ""


def at(*parts: str) -> str:
    """A path of which each part is one segment, whatever is in it."""
    return "/" + "/".join(quote(part, safe="") for part in parts)


def user_at(identifier: str, *more: str) -> str:
    return "/admin/directory/v1" + at("users", identifier, *more)


def customer_at(customer: str, *more: str) -> str:
    return "/admin/directory/v1" + at("customer", customer, *more)


def member_at(group: str, *more: str) -> str:
    return "/admin/directory/v1" + at("groups", group, "members", *more)


def settings_at(address: str, *more: str) -> str:
    """Gmail's settings of one user."""
    return "/gmail/v1" + at("users", address, "settings", *more)


def licence_at(pair: str, *more: str) -> str:
    """`pair` is PRODUCT/SKU."""
    product, sku = pair.split("/")
    return "/apps/licensing/v1" + at("product", product, "sku", sku, "user", *more)


def entries_of(body: Any, key: str, *, bare: bool = False) -> list[dict[str, Any]]:
    """An empty list is an answer without the key, but with its kind, unless it is `bare`."""
    if not isinstance(body, dict):
        raise Unrecognised(f"a list of {key} is not an object")
    entries = body.get(key)
    if entries is None and ("kind" in body or "nextPageToken" in body or (bare and not body)):
        return []
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise Unrecognised(f"an answer holds no list of {key}")
    return entries


def _is_googles(body: Any) -> bool:
    match body:
        case {"error": {"code": 404}}:
            return True
    return False
