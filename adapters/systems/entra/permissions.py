"""What our token says that we are granted: what is missing for which verb, and what is too much."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from adapters.actions import Action
from adapters.contract import Check, Facts
from adapters.systems.entra.lists import FEEDS, LISTS
from adapters.systems.entra.settings import Profile

# Microsoft's permissions.json names these wider permissions for the same calls.
_WIDER = {
    "User.Read.All": {"Directory.Read.All", "User.ReadWrite.All", "Directory.ReadWrite.All"},
    "Directory.Read.All": {"Directory.ReadWrite.All"},
    "User.EnableDisableAccount.All": {"User.ReadWrite.All", "Directory.ReadWrite.All"},
    "User.RevokeSessions.All": {"User.ReadWrite.All", "Directory.ReadWrite.All"},
    "GroupMember.ReadWrite.All": {"Group.ReadWrite.All", "Directory.ReadWrite.All"},
    "LicenseAssignment.ReadWrite.All": {"User.ReadWrite.All", "Directory.ReadWrite.All"},
    "DelegatedPermissionGrant.ReadWrite.All": {"Directory.ReadWrite.All"},
    "RoleManagement.Read.Directory": {"Directory.Read.All", "RoleManagement.ReadWrite.Directory"},
    "User.DeleteRestore.All": {"User.ReadWrite.All"},
    "PrivilegedEligibilitySchedule.Remove.AzureADGroup": {
        "PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup"
    },
    "PrivilegedAssignmentSchedule.Remove.AzureADGroup": {
        "PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup"
    },
}
DANGEROUS = (
    "User.ReadWrite.All",  # with it, a membership deleted without /$ref deletes the user
    "User.DeleteRestore.All",
    "Directory.ReadWrite.All",
    "Group.ReadWrite.All",
    "RoleManagement.ReadWrite.Directory",
    "AppRoleAssignment.ReadWrite.All",
    "Application.ReadWrite.All",
    "DeviceManagementManagedDevices.PrivilegedOperations.All",
)
# Template ids of Entra's built-in roles, the same in every tenant (Microsoft, "built-in roles").
ENTRA_ROLES = {
    "62e90394-69f5-4237-9190-012177145e10": "Global Administrator",
    "7be44c8a-adaf-4e2a-84d6-ab2649e08a13": "Privileged Authentication Administrator",
    "fe930be7-5e62-47db-91af-98c3a49a38b1": "User Administrator",
    "7698a772-787b-4ac8-901f-60d6b08affd2": "Cloud Device Administrator",
}

OVER_ADMINISTRATORS = frozenset(
    {"62e90394-69f5-4237-9190-012177145e10", "7be44c8a-adaf-4e2a-84d6-ab2649e08a13"}
)


def judge(token: str, facts: Mapping[Action, Facts], profile: Profile) -> Check:
    """Read the claims. The signature does not matter: it is our own token."""
    claims = claims_of(token)
    granted = _texts(claims, "roles")
    if granted is None:
        return Check(
            f"users can be read (profile {profile}); the token does not say what else is granted"
        )
    wanted = {verb: needed(verb, one) for verb, one in facts.items()}
    missing = {
        verb: " and ".join(lacking)
        for verb, permissions in wanted.items()
        if (lacking := [p for p in permissions if not _has(p, granted)])
    }
    used = {p for permissions in wanted.values() for p in permissions}
    return Check(
        f"users can be read (profile {profile}); {len(granted)} application permissions are "
        f"granted; {_roles_said(_texts(claims, 'wids'))}",
        missing,
        tuple(name for name in DANGEROUS if name in granted and name not in used),
    )


def our_own_id(token: str) -> str | None:
    """The object that we sign in as; an account of this id is never anybody's who leaves."""
    said = claims_of(token).get("oid")
    return said if isinstance(said, str) else None


def governs_administrators(token: str) -> bool:
    """Whether the token names a role that may block whoever holds a role (Microsoft, "who can

    perform sensitive actions"). False also where a token does not tell its roles.
    """
    return bool((_texts(claims_of(token), "wids") or frozenset()) & OVER_ADMINISTRATORS)


def needed(verb: Action, facts: Facts) -> tuple[str, ...]:
    """For the calls of the verb and for reading back what they did."""
    reading = [LISTS[name][0] for name in FEEDS[verb]]
    return tuple(dict.fromkeys([*facts.permissions, *reading]))


def _has(permission: str, granted: frozenset[str]) -> bool:
    """What may write may read: Microsoft names both for the same reads."""
    names = {permission, permission.replace(".Read.", ".ReadWrite.")} | _WIDER.get(
        permission, set()
    )
    return bool(names & granted)


def _roles_said(wids: frozenset[str] | None) -> str:
    known = sorted(name for wid, name in ENTRA_ROLES.items() if wid in (wids or ()))
    if known:
        return f"Entra roles of the application: {', '.join(known)}"
    return (
        "the token names no Entra role: passwords need User Administrator, privileged people need "
        "Privileged Authentication Administrator"
    )


def claims_of(token: str) -> dict[str, Any]:
    """Empty if the token is no JWT: Microsoft promises no form, and a proxy has its own."""
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, claims, signature
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _texts(claims: Mapping[str, Any], name: str) -> frozenset[str] | None:
    if not claims:
        return None
    found = claims.get(name, [])
    return frozenset(map(str, found)) if isinstance(found, list) else None
