"""What the formats of SIEMs ask of an event, and how leaves are read for them."""

import json
from datetime import datetime
from importlib.metadata import version

PRODUCT, VERSION = "Exeunt", version("exeunt")

DONE = frozenset(
    ("success", "changed", "already", "absent", "approved", "confirmed", "attested", "still_cut")
)
FAILED = frozenset(("failure", "refused", "contradicted", "came_back", "new_account"))

INFORMATIONAL, LOW, MEDIUM, HIGH = 1, 2, 3, 4
"""As OCSF numbers them (`severity_id`)."""
_SEVERITIES = {
    "alert": HIGH,
    "came_back": HIGH,
    "new_account": HIGH,
    "not": HIGH,
    "partly": HIGH,
    "contradicted": MEDIUM,
    "failure": MEDIUM,
    "refused": MEDIUM,
    "unknown": MEDIUM,
    "undecided": MEDIUM,
    "cannot_tell": LOW,
    "blocked_until_expiry": LOW,
}


def severity(outcome: str) -> int:
    return _SEVERITIES.get(outcome, INFORMATIONAL)


def milliseconds(stamped: str) -> int:
    """Since 1970, of a leaf's `time`; without floats, so that none is off by one."""
    moment = datetime.fromisoformat(stamped)
    return int(moment.replace(microsecond=0).timestamp()) * 1000 + moment.microsecond // 1000


_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False)
compact = _encoder.encode
