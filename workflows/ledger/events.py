"""One event and its canonical bytes: what is hashed, stored and exported, never made twice."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import rfc8785

LARGEST_LEAF = 65_535
"""C2SP tlog-tiles gives a leaf's length 16 bits."""


@dataclass(frozen=True)
class Actor:
    """Who did it: `kind` is hr, person, service or exeunt; `id` is no personal data."""

    kind: str
    id: str


EXEUNT = Actor("exeunt", "exeunt")


@dataclass(frozen=True)
class Event:
    """What happened. `data` holds no personal data; `personal` does, and only digests leave it."""

    type: str
    outcome: str = "success"
    case_id: str | None = None
    subject: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    personal: Mapping[str, str | None] = field(default_factory=dict)
    about: str = ""
    """Under what the disclosures are erased, where neither `subject` nor the case says it."""
    actor: Actor = EXEUNT


@dataclass(frozen=True)
class Sealed:
    """An event as bytes, with the disclosures that open its digests."""

    d: bytes
    disclosures: Mapping[str, str]


def seal(
    event: Event,
    *,
    event_id: str,
    time: datetime,
    tenant: str,
    case_seq: int | None,
    salts: Mapping[str, bytes],
) -> Sealed:
    """Make the leaf bytes. Raises ValueError if they would be too long to log."""
    disclosures = {
        name: disclose(salts[name], name, value)
        for name, value in event.personal.items()
        if value is not None
    }
    members: dict[str, Any] = {
        "v": 1,
        "type": event.type,
        "id": event_id,
        "time": stamp(time),
        "tenant": tenant,
        "actor": {"kind": event.actor.kind, "id": event.actor.id},
        "outcome": event.outcome,
        "case": event.case_id,
        "case_seq": case_seq,
        "subject": event.subject,
        "data": dict(event.data) or None,
        "sd": {name: digest(text) for name, text in disclosures.items()} or None,
    }
    d = canonical({key: value for key, value in members.items() if value is not None})
    if len(d) > LARGEST_LEAF:
        raise ValueError(f"event {event.type} is {len(d)} bytes; a leaf holds {LARGEST_LEAF}")
    return Sealed(d, disclosures)


def canonical(value: Mapping[str, Any]) -> bytes:
    """RFC 8785. Raises ValueError for what it has no bytes for: NaN, great integers, surrogates.

    Where there is nothing that the two do differently, the standard library's writer gives the same
    bytes five times as fast (tests/bench/ledger.py).
    """
    if _plain(value):
        return _FAST.encode(value).encode()
    return rfc8785.dumps(value)


_FAST = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, check_circular=False
)
LARGEST_INTEGER = 2**53 - 1


def _plain(value: Any) -> bool:
    """No float, no great integer, no name beyond ASCII: there the two writers agree."""
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return True
    if kind is dict:
        return _plain_members(value)
    if kind is int:
        return bool(-LARGEST_INTEGER <= value <= LARGEST_INTEGER)
    if kind in (list, tuple):
        return all(map(_plain, value))
    return isinstance(value, str)


def _plain_members(members: Mapping[Any, Any]) -> bool:
    """A loop, for this is asked of every event: most of what is held are texts."""
    for name, held in members.items():
        if type(name) is not str or not name.isascii():
            return False
        if type(held) is not str and not _plain(held):
            return False
    return True


def stamp(time: datetime) -> str:
    """Always six digits and a Z, so that texts sort as instants do."""
    return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def disclose(salt: bytes, name: str, value: str) -> str:
    """RFC 9901 section 4.2.1: base64url of `[salt, name, value]`."""
    text = _DISCLOSED.encode([_b64(salt), name, value])
    return _b64(text.encode())


def opened(disclosure: str) -> tuple[str, str]:
    """Name and value of a disclosure of ours."""
    raw = base64.urlsafe_b64decode(disclosure + "=" * (-len(disclosure) % 4))
    _, name, value = json.loads(raw)
    return name, value


_DISCLOSED = json.JSONEncoder(ensure_ascii=False)


def digest(disclosure: str) -> str:
    return _b64(hashlib.sha256(disclosure.encode("ascii")).digest())


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
