"""Slack's Web API answers 200 to everything: whether it is a success stands in the body."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from adapters.budget import Rate
from adapters.errors import (
    AdapterError,
    CredentialDenied,
    NeedsHuman,
    TargetDenied,
    TryAgain,
    Unrecognised,
)
from adapters.http import Api, Reply
from adapters.statuses import retry_after

RATES = (Rate(1_000, 60), Rate(20, 20 / 3, writes=True))
"""SCIM: reads of an organisation in a minute; changes of users 180 a minute, in bursts of 20
(Slack, "SCIM API rate limits"). All SCIM applications of an organisation share them."""
PRIMARY_OWNER = "docs/runbooks/slack-primary-owner.md"
_CREDENTIAL = frozenset(
    {
        "invalid_auth",
        "not_authed",
        "token_revoked",
        "token_expired",
        "account_inactive",
    }
)
_REFUSED = frozenset(
    {
        "no_permission",
        "permission_denied",
        "missing_scope",
        "not_allowed_token_type",
        "restricted_action",
        "feature_not_enabled",
        "not_an_enterprise",
        "org_login_required",
        "enterprise_is_restricted",
        "user_is_restricted",
        "user_not_visible",
    }
)
_LATER = frozenset(
    {
        "ratelimited",
        "rate_limited",
        "request_timeout",
        "fatal_error",
        "internal_error",
        "service_unavailable",
        "team_added_to_org",
    }
)
_BY_PEOPLE = {
    "cannot_reset_primary_owner": "sessions of the primary owner can only be ended by that person",
    "cannot_reset_bot": "this account is a bot: look at the app that it belongs to",
}
NOBODY = frozenset({"user_not_found", "users_not_found"})
DEACTIVATED = frozenset({"user_already_deleted"})


@dataclass(frozen=True)
class Said:
    """What a method answered: its body, or one of the errors that the caller knows to read."""

    body: Mapping[str, Any]
    error: str = ""
    scopes: frozenset[str] | None = None
    """What the token is granted, None if Slack did not say."""


class SlackWeb(Api):
    """Api of Slack's methods. `permission` is what to grant if Slack does not name a scope."""

    async def ask(
        self, method: str, *, known: frozenset[str] = frozenset(), **params: str | int
    ) -> Said:
        """A method that only reads. Errors in `known` come back, all others are raised."""
        reply = await self.send("GET", f"/{method}", params=params)
        return self._read(method, reply, known)

    async def do(
        self,
        method: str,
        body: Mapping[str, Any],
        *,
        known: frozenset[str] = frozenset(),
        only_reads: bool = False,
    ) -> Said:
        reply = await self.send("POST", f"/{method}", body=dict(body), only_reads=only_reads)
        return self._read(method, reply, known)

    def _read(self, method: str, reply: Reply, known: frozenset[str]) -> Said:
        granted = _scopes(reply.headers)
        match reply.body:
            case {"ok": True}:
                return Said(reply.body, scopes=granted)
            case {"ok": False, "error": str(code)} if code in known:
                return Said(reply.body, code, granted)
            case {"ok": False, "error": str(code)}:
                raise self._error(method, code, reply)
        raise Unrecognised(f"{method}: neither a success nor an error")

    def _error(self, method: str, code: str, reply: Reply) -> AdapterError:
        permission, fix = self._advice
        what = f"{method}: {code if code.replace('_', '').isalnum() else 'an odd error'}"
        if code in _CREDENTIAL:
            return CredentialDenied(what, permission, fix)
        if code in _REFUSED:
            needed = reply.body.get("needed")
            scope = f"scope {needed}" if isinstance(needed, str) and needed else permission
            return TargetDenied(what, scope, f"grant {scope} (docs/runbooks/slack.md)")
        if code in _LATER:
            return TryAgain(what, retry_after(reply.headers))
        if code in _BY_PEOPLE:
            return NeedsHuman(f"{what}: {_BY_PEOPLE[code]}", PRIMARY_OWNER)
        return Unrecognised(what)


def _scopes(headers: httpx.Headers) -> frozenset[str] | None:
    told = headers.get("X-OAuth-Scopes")
    return (
        None if told is None else frozenset(one.strip() for one in told.split(",") if one.strip())
    )
