"""Open Cybersecurity Schema Framework: one event of its class for every leaf, the leaf inside.

`raw_data` is the leaf verbatim, so whoever has the events in a SIEM can still check the log.
Schema: https://schema.ocsf.io
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from workflows.ledger.formats.leaf import Told, told
from workflows.ledger.formats.meaning import (
    DONE,
    FAILED,
    PRODUCT,
    VERSION,
    compact,
    milliseconds,
    severity,
)
from workflows.ledger.formats.ocsf_map import (
    ACCOUNT_CHANGE,
    APPLICATION_LIFECYCLE,
    AUTHENTICATION,
    COMPLIANCE_FINDING,
    ENTITY_MANAGEMENT,
    MAP,
    OTHER,
    UNKNOWN,
    USER_ACCESS,
    Mapped,
)
from workflows.ledger.formats.shape import Leaves, Row

VERSIONS = ("1.8.0",)
"""Those whose published schema every event is validated against in the tests."""
SHA256 = 3
_PRODUCT = {"name": PRODUCT, "vendor_name": PRODUCT, "version": VERSION}
_TELLS_THE_ACTOR = frozenset((ACCOUNT_CHANGE, AUTHENTICATION, ENTITY_MANAGEMENT, USER_ACCESS))
"""Elsewhere `actor` belongs to a profile (host) that we do not claim."""

Json = dict[str, Any]


class Ocsf:
    """One JSON object a line. `log_name` names the log; without it, it is told by the tenant."""

    name = "ocsf"
    media_type = "application/jsonl"
    header = b""

    def __init__(self, version: str, log_name: str = "") -> None:
        if version not in VERSIONS:
            raise ValueError(f"OCSF {version} is not offered; there is {', '.join(VERSIONS)}")
        self.version = version
        self._log_name = log_name

    def encode(self, rows: Leaves) -> bytes:
        return b"".join([compact(self._event(idx, d)).encode() + b"\n" for idx, d, _ in rows])

    def line(self, row: Row) -> bytes:
        return self.encode([row]).removesuffix(b"\n")

    def _event(self, idx: int, d: bytes) -> Json:
        event = told(d)
        data: Json = json.loads(event.data) if event.data else {}
        kind, outcome = event.type, event.outcome
        mapped = MAP.get(kind, UNKNOWN)
        class_uid = mapped.class_uid
        made = {
            "activity_id": mapped.activity_id,
            "category_uid": class_uid // 1000,
            "class_uid": class_uid,
            "type_uid": mapped.type_uid,
            "severity_id": severity(outcome),
            "time": milliseconds(event.time),
            "message": f"{kind}: {outcome}",
            "status_detail": outcome,
            "metadata": self._metadata(idx, event),
            "raw_data": d.decode(),
            "raw_data_hash": {"algorithm_id": SHA256, "value": hashlib.sha256(d).hexdigest()},
            "unmapped": _unmapped(event, data),
        }
        if mapped.activity_id == OTHER:
            made["activity_name"] = kind
        made.update(_status(outcome) if class_uid != COMPLIANCE_FINDING else {})
        if class_uid in _TELLS_THE_ACTOR:
            made["actor"] = _actor(event)
        if add := _OF_CLASS.get(class_uid):
            made.update(add(mapped, event, data))
        return made

    def _metadata(self, idx: int, event: Told) -> Json:
        made = {
            "version": self.version,
            "product": _PRODUCT,
            "uid": event.id,
            "sequence": idx,
            "event_code": event.type,
            "log_name": self._log_name or f"exeunt.local/{event.tenant}",
            "original_time": event.time,
            "tenant_uid": event.tenant,
        }
        if event.case:
            made["correlation_uid"] = event.case
        return made


def _status(outcome: str) -> Json:
    if outcome in DONE:
        return {"status_id": 1, "status": "Success"}
    if outcome in FAILED:
        return {"status_id": 2, "status": "Failure"}
    return {"status_id": OTHER, "status": outcome}


def _unmapped(event: Told, data: Json) -> Json:
    """Single facts, to be searched by; what is nested stands in the leaf."""
    plain = {name: value for name, value in data.items() if type(value) in (str, int, bool)}
    return {**plain, "actor_kind": event.actor_kind, "actor_id": event.actor_id}


def _actor(event: Told) -> Json:
    if event.actor_kind == "person":
        return {"user": {"uid": event.actor_id, "type_id": 1}}
    return {"app_name": PRODUCT if event.actor_kind == "exeunt" else event.actor_id}


def _user(event: Told, data: Json) -> Json:
    """The account by our own name for it: the system's name for it is personal data."""
    made = {"uid": str(data.get("account") or event.subject or "unknown")}
    return {**made, "domain": str(data["system"])} if "system" in data else made


def _account(_mapped: Mapped, event: Told, data: Json) -> Json:
    return {"user": _user(event, data), **_code(data)}


def _session(_mapped: Mapped, event: Told, data: Json) -> Json:
    system = str(data.get("system") or "unknown")
    return {"user": _user(event, data), "service": {"name": system}, **_code(data)}


def _access(mapped: Mapped, event: Told, data: Json) -> Json:
    return {"user": _user(event, data), "privileges": [mapped.what], **_code(data)}


def _entity(mapped: Mapped, event: Told, data: Json) -> Json:
    uid = data.get("account") or data.get("item") or event.case or event.id
    told = {"uid": str(uid), "type": mapped.what, "type_id": OTHER}
    if "system" in data:
        told["name"] = str(data["system"])
    return {"entity": told, **_code(data)}


def _code(data: Json) -> Json:
    """What the system answered at last (HTTP status), if it was called."""
    calls = data.get("calls")
    last = calls[-1] if isinstance(calls, list) and calls else None
    status = last.get("status") if isinstance(last, dict) else None
    return {} if status is None else {"status_code": str(status)}


_NEW, _RESOLVED = 1, 4
_PASS, _WARNING, _FAIL = 1, 2, 3
_VERDICTS = {
    "contained": _PASS,
    "none_found": _PASS,
    "still_cut": _PASS,
    "blocked_until_expiry": _WARNING,
    "by_hand": _WARNING,
    "partly": _FAIL,
    "not": _FAIL,
    "came_back": _FAIL,
    "new_account": _FAIL,
}


def _finding(mapped: Mapped, event: Told, _data: Json) -> Json:
    verdict = _VERDICTS.get(event.outcome, 0)
    return {
        "status_id": _RESOLVED if verdict == _PASS else _NEW,
        "finding_info": {"uid": event.id, "title": mapped.what},
        "compliance": {
            "control": mapped.what,
            "status_id": verdict,
            "status": ("Unknown", "Pass", "Warning", "Fail")[verdict],
            "status_detail": event.outcome,
        },
    }


def _lifecycle(_mapped: Mapped, _event: Told, _data: Json) -> Json:
    return {"app": _PRODUCT}


_OF_CLASS: dict[int, Callable[[Mapped, Told, Json], Json]] = {
    ACCOUNT_CHANGE: _account,
    AUTHENTICATION: _session,
    USER_ACCESS: _access,
    ENTITY_MANAGEMENT: _entity,
    COMPLIANCE_FINDING: _finding,
    APPLICATION_LIFECYCLE: _lifecycle,
}
"""What a class asks for beside what every event has."""
