"""What our tokens may do in Slack, by the scopes that it names with each answer."""

from collections.abc import Mapping

from adapters.actions import Action
from adapters.contract import Check, Facts
from adapters.systems.slack.settings import SlackSettings

DANGEROUS = (
    "admin.apps:write",
    "admin.conversations:write",
    "admin.roles:write",
    "admin.teams:write",
    "channels:history",
    "groups:history",
    "im:history",
    "mpim:history",
    "files:read",
)
Scopes = frozenset[str] | None


def judge(
    settings: SlackSettings, facts: Mapping[Action, Facts], total: int, web: Scopes, admin: Scopes
) -> Check:
    """`web` and `admin` are the scopes of the two tokens, None if Slack did not name them."""
    seen = f"{total} accounts can be read over SCIM (plan {settings.plan})"
    if web is None:
        return Check(f"{seen}; Slack does not say what the token is granted")
    missing = {
        verb: " and ".join(f"scope {one}" for one in lacking)
        for verb in facts
        if (lacking := sorted(_needed(verb, settings) - (_of(verb, web, admin or web))))
    }
    said = ", ".join(sorted(web | (admin or frozenset()))) or "none"
    needless = tuple(one for one in DANGEROUS if one in web | (admin or frozenset()))
    return Check(f"{seen}; the scopes that are granted: {said}", missing, needless)


def _of(verb: Action, web: frozenset[str], admin: frozenset[str]) -> frozenset[str]:
    return admin if verb is Action.REVOKE_SESSIONS else web


def _needed(verb: Action, settings: SlackSettings) -> frozenset[str]:
    if verb is Action.REVOKE_SESSIONS:
        return frozenset({"admin.users:write", "admin.users:read"})
    scopes = {"admin"}
    if verb is Action.REVOKE_GRANTS and settings.user_groups:
        scopes |= {"usergroups:read", "usergroups:write"}
    return frozenset(scopes)
