"""The two policies that we write, and what a policy that stands there says.

An explicit Deny beats every Allow, and the permissions of temporary credentials are evaluated at
each request (AWS, "Disabling permissions for temporary security credentials"). So a Deny of
everything in the user's own policy blocks access keys, the console and sessions alike, and is the
block that lasts. `aws:TokenIssueTime` is only in requests of temporary credentials: such a Deny
leaves access keys alone, and is what keeps old sessions closed once the block is lifted.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from adapters.contract import aware

BLOCK = "ExeuntBlocked"
SESSIONS = "ExeuntRevokedSessions"
OURS = frozenset({BLOCK, SESSIONS})
DENY_ALL = ":aws:policy/AWSDenyAll"
"""How the ARN of AWS's own such policy ends, in every partition."""
ALL_POWERFUL = (":aws:policy/AdministratorAccess", ":aws:policy/IAMFullAccess")
_ALL = {"Effect": "Deny", "Action": "*", "Resource": "*"}


def deny_all() -> str:
    return _document(_ALL)


def deny_sessions_before(instant: datetime) -> str:
    """As AWS's console writes it when it revokes the sessions of a role."""
    told = instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return _document({**_ALL, "Condition": {"DateLessThan": {"aws:TokenIssueTime": told}}})


def denies_all(text: str) -> bool:
    """Whether it denies everything, whatever the condition would be."""
    return any("Condition" not in one for one in _denials(text))


def denied_before(text: str) -> datetime | None:
    """Sessions from before this instant are denied everything."""
    for one in _denials(text):
        match one:
            case {"Condition": {"DateLessThan": {"aws:TokenIssueTime": str(told)}}}:
                return aware(told)
    return None


def trusted(text: str) -> frozenset[str]:
    """Whom a role's trust policy lets in, by ARN or by id. Raises ValueError if it is no policy."""
    found: set[str] = set()
    for one in _statements(text):
        principal = one.get("Principal")
        named = principal.get("AWS", ()) if isinstance(principal, dict) else ()
        found |= {named} if isinstance(named, str) else set(named)
    return frozenset(found)


def plain(text: str) -> str:
    """IAM answers documents percent-encoded (RFC 3986); what speaks like it may not."""
    return text if text.lstrip().startswith("{") else unquote(text)


def _document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _denials(text: str) -> Iterator[dict[str, Any]]:
    for one in _statements(text):
        every = all(one.get(key) in ("*", ["*"]) for key in ("Action", "Resource"))
        if one.get("Effect") == "Deny" and every:
            yield one


def _statements(text: str) -> list[dict[str, Any]]:
    found = json.loads(plain(text)).get("Statement", [])
    return [found] if isinstance(found, dict) else list(found)
