"""What we are granted: by the scopes of our token, or by what an API token's owner may read."""

from collections.abc import Mapping

import httpx

from adapters.actions import Action
from adapters.contract import Check, Facts
from adapters.reading import read_as
from adapters.systems.okta.door import OktaApi
from adapters.systems.okta.settings import OktaSettings, has
from adapters.systems.okta.shapes import User
from adapters.systems.okta.signing_in import claims_of

OPTIONAL = frozenset({"okta.apiTokens.manage"})
"""Without these a verb does the rest, and says what it could not see."""
PROBES = {
    Action.REVOKE_GRANTS: ("/api/v1/apps", "okta.apps.manage"),
    Action.REVOKE_PRIVILEGES: ("/api/v1/iam/assignees/users", "okta.roles.manage"),
    Action.REVOKE_TOKENS: ("/api/v1/api-tokens", "okta.apiTokens.manage"),
}
"""Harmless reads that are refused to an administrator whose role is too small for the verb."""
UNPAGED = frozenset({"/api/v1/api-tokens"})


def judge(scopes: frozenset[str] | None, facts: Mapping[Action, Facts]) -> Check:
    """By the scopes of the token; None if it does not tell them."""
    if scopes is None:
        return Check("users can be read; the token does not say what else is granted")
    missing = {
        verb: " and ".join(lacking)
        for verb, one in facts.items()
        if (lacking := [p for p in one.permissions if not has(p, scopes) and p not in OPTIONAL])
    }
    used = {permission for one in facts.values() for permission in one.permissions}
    return Check(
        f"users can be read; {len(scopes)} scopes are granted. Whom they reach, the administrator "
        "role of the application decides, and Okta does not tell us that one",
        missing,
        tuple(sorted(s for s in scopes if s.endswith(".manage") and s not in used)),
    )


async def probe(api: OktaApi) -> Check:
    """An API token has no scopes: what its owner may not even read, it may not change."""
    missing = {}
    for verb, (path, permission) in PROBES.items():
        params: dict[str, str | int] = {} if path in UNPAGED else {"limit": 1}
        reply = await api.send("GET", path, params=params, codes=frozenset({httpx.codes.FORBIDDEN}))
        if reply.status == httpx.codes.FORBIDDEN:
            missing[verb] = f"an administrator role with {permission}"
    return Check(
        "users can be read by an API token: it may do whatever its owner may, and ends with that "
        "account. A service app with scopes is safer",
        missing,
    )


def scopes_of(settings: OktaSettings) -> frozenset[str] | None:
    """Okta gives a service app all the scopes that it asks for, or no token at all."""
    if settings.scoped:
        return frozenset(settings.scopes)
    found = claims_of(settings.token.get_secret_value() if settings.token else "").get("scp")
    return frozenset(map(str, found)) if isinstance(found, list) else None


async def owner_of(settings: OktaSettings, api: OktaApi) -> str | None:
    """The user whom our credential belongs to; None for a service app, which is no user."""
    if settings.token is not None:
        uid = claims_of(settings.token.get_secret_value()).get("uid")
        return uid if isinstance(uid, str) else None
    if settings.api_token is None:
        return None
    return read_as(User, (await api.get("/api/v1/users/me")).body).id
