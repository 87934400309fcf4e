"""What our credential may do in the organisation, and what it may do without need."""

from collections.abc import Mapping

from adapters.actions import Action
from adapters.contract import Check, Facts

OF_APP = {
    Action.BLOCK_SIGN_IN: ("members",),
    Action.REVOKE_PRIVILEGES: ("members",),
    Action.REVOKE_GRANTS: ("members",),
    Action.REVOKE_TOKENS: (
        "organization_personal_access_tokens",
        "organization_personal_access_token_requests",
    ),
}
"""Permissions of a GitHub App by their names in GitHub's description, each to write."""
DANGEROUS_OF_APP = (
    "organization_administration",
    "organization_secrets",
    "organization_self_hosted_runners",
    "organization_hooks",
    "contents",
    "secrets",
    "workflows",
    "actions",
)
DANGEROUS_SCOPES = (
    "delete_repo",
    "admin:enterprise",
    "admin:org_hook",
    "admin:public_key",
    "workflow",
    "user",
)


def judge(
    facts: Mapping[Action, Facts],
    permissions: Mapping[str, str] | None,
    scopes: str | None,
    *,
    sees_members: bool,
) -> Check:
    """`permissions` are an installation's, `scopes` the X-OAuth-Scopes of a classic token."""
    seen = "members can be read" if sees_members else "no member is to be seen: Members is not ours"
    if permissions is not None:
        return _of_app(facts, permissions, seen)
    if scopes is not None:
        return _of_token(facts, {one.strip() for one in scopes.split(",") if one.strip()}, seen)
    return Check(f"{seen}; GitHub does not say what else this token may do")


def _of_app(facts: Mapping[Action, Facts], told: Mapping[str, str], seen: str) -> Check:
    missing = {}
    for verb in facts:
        lacking = [name for name in OF_APP.get(verb, ()) if told.get(name) != "write"]
        if lacking:
            missing[verb] = " and ".join(f"{name}: write" for name in lacking)
    return Check(
        f"{seen}; {len(told)} permissions of the App are granted",
        missing,
        tuple(name for name in DANGEROUS_OF_APP if told.get(name) == "write"),
    )


def _of_token(facts: Mapping[Action, Facts], scopes: set[str], seen: str) -> Check:
    lacking = "admin:org" not in scopes
    missing = dict.fromkeys(facts, "scope admin:org") if lacking else {}
    said = ", ".join(sorted(scopes)) or "none"
    return Check(
        f"{seen}; the scopes of the token: {said}",
        missing,
        tuple(name for name in DANGEROUS_SCOPES if name in scopes),
    )
