"""The one place where an LDAP result code becomes what we do next (RFC 4511 appendix A)."""

import re

from adapters.errors import AdapterError, CredentialDenied, TargetDenied, TryAgain, Unrecognised
from adapters.ldap.messages import Result

SUCCESS = 0
NO_SUCH_ATTRIBUTE = 16
CONSTRAINT_VIOLATION = 19
VALUE_EXISTS = 20
NO_SUCH_OBJECT = 32
INVALID_CREDENTIALS = 49
UNWILLING = 53
NOT_ON_NON_LEAF = 66
ENTRY_EXISTS = 68

_NAMES = {
    1: "operationsError",
    3: "timeLimitExceeded",
    4: "sizeLimitExceeded",
    7: "authMethodNotSupported",
    8: "strongerAuthRequired",
    10: "referral",
    11: "adminLimitExceeded",
    12: "unavailableCriticalExtension",
    NO_SUCH_ATTRIBUTE: "noSuchAttribute",
    CONSTRAINT_VIOLATION: "constraintViolation",
    VALUE_EXISTS: "attributeOrValueExists",
    NO_SUCH_OBJECT: "noSuchObject",
    34: "invalidDNSyntax",
    INVALID_CREDENTIALS: "invalidCredentials",
    50: "insufficientAccessRights",
    51: "busy",
    52: "unavailable",
    UNWILLING: "unwillingToPerform",
    NOT_ON_NON_LEAF: "notAllowedOnNonLeaf",
    ENTRY_EXISTS: "entryAlreadyExists",
    80: "other",
}
# Active Directory puts its own error first ("0000052D: ..."), and after "data" why a bind failed.
_WINDOWS = re.compile(r"([0-9A-Fa-f]{8})\b")
_DATA = re.compile(r"\bdata ([0-9a-fA-F]{1,8})\b")


def error_of(what: str, result: Result, permission: str, fix: str) -> AdapterError:
    """`what` is the operation and its place; `permission` and `fix` go into what is said."""
    told = f"{what}: {result.code} {_NAMES.get(result.code, '')}{detail(result)}".rstrip()
    match result.code:
        case 7 | 8 | 13 | 48 | 49:
            return CredentialDenied(told, permission, fix)
        case 50:
            return TargetDenied(told, permission)
        case 3 | 51 | 52:
            return TryAgain(told)
        case 10:
            return Unrecognised(f"{told}: in another domain, and referrals are not followed")
        case _:
            return Unrecognised(told)


def detail(result: Result) -> str:
    """The vendor's own codes, never its sentence: that names people and objects."""
    found = _DATA.search(result.said) or _WINDOWS.match(result.said)
    return f" ({found[0]})" if found else ""
