"""Which application permissions our token carries, which are missing, and which are too many."""

import base64
import binascii
import json
from collections.abc import Mapping

from adapters.actions import Action
from adapters.contract import Check, Facts

# Microsoft's permissions.json names these wider permissions for the same calls.
_WIDER = {
    "User.Read.All": {"Directory.Read.All", "User.ReadWrite.All", "Directory.ReadWrite.All"},
    "Directory.Read.All": {"Directory.ReadWrite.All"},
    "User.EnableDisableAccount.All": {"User.ReadWrite.All", "Directory.ReadWrite.All"},
    "User.RevokeSessions.All": {"User.ReadWrite.All", "Directory.ReadWrite.All"},
    "GroupMember.ReadWrite.All": {"Group.ReadWrite.All", "Directory.ReadWrite.All"},
    "LicenseAssignment.ReadWrite.All": {"User.ReadWrite.All", "Directory.ReadWrite.All"},
}
DANGEROUS = (
    "User.ReadWrite.All",  # with it, a membership deleted without /$ref deletes the user
    "User.DeleteRestore.All",
    "Directory.ReadWrite.All",
    "Group.ReadWrite.All",
    "RoleManagement.ReadWrite.Directory",
    "AppRoleAssignment.ReadWrite.All",
    "Application.ReadWrite.All",
)


def judge(token: str, actions: Mapping[Action, Facts]) -> Check:
    """Read the `roles` claim. The signature does not matter: it is our own token."""
    roles = _roles(token)
    if roles is None:
        return Check("users can be read; the token does not say what else is granted")
    missing = {
        verb: " and ".join(lacking)
        for verb, facts in actions.items()
        if (lacking := [p for p in facts.permissions if not ({p} | _WIDER[p]) & roles])
    }
    needless = tuple(name for name in DANGEROUS if name in roles)
    return Check(
        f"users can be read; {len(roles)} application permissions are granted "
        "(Entra roles that the application may hold are not looked at)",
        missing,
        needless,
    )


def _roles(token: str) -> frozenset[str] | None:
    """None if the token is no JWT: Microsoft promises no form, and a proxy has its own."""
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, claims, signature
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        return None
    if not isinstance(claims, dict):
        return None
    roles = claims.get("roles", [])
    return frozenset(map(str, roles)) if isinstance(roles, list) else None
