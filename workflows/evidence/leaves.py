"""A leaf as the evidence reads it: its bytes, its place in the log, what was disclosed of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from workflows.ledger.verify import check_disclosure, parse_event


@dataclass(frozen=True)
class Fact:
    """A value, and the leaf that proves it. Without a leaf it was not recorded."""

    value: Any = None
    leaf: int | None = None

    def __bool__(self) -> bool:
        return self.value is not None


NOT_RECORDED = Fact()


@dataclass(frozen=True)
class Read:
    """One leaf. `shown` are its personal values, each checked against the digest in the leaf."""

    index: int
    d: bytes
    event: Mapping[str, Any]
    shown: Mapping[str, str] = field(default_factory=dict)

    @property
    def type(self) -> str:
        return str(self.event.get("type"))

    @property
    def time(self) -> str:
        return str(self.event.get("time"))

    @property
    def outcome(self) -> str:
        return str(self.event.get("outcome"))

    @property
    def data(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.event.get("data") or {}
        return found

    @property
    def actor(self) -> tuple[str, str]:
        told = self.event.get("actor") or {}
        return str(told.get("kind")), str(told.get("id"))

    def fact(self, name: str) -> Fact:
        """What the leaf says under this name."""
        value = self.data.get(name)
        return NOT_RECORDED if value is None else Fact(value, self.index)

    def personal(self, name: str) -> Fact:
        """A personal value; WITHHELD if the leaf holds its digest and nobody disclosed it."""
        if name in self.shown:
            return Fact(self.shown[name], self.index)
        return Fact(WITHHELD, self.index) if name in (self.event.get("sd") or {}) else NOT_RECORDED

    def digest(self, name: str) -> str | None:
        return (self.event.get("sd") or {}).get(name)

    @property
    def at(self) -> Fact:
        return Fact(self.time, self.index)


WITHHELD = "(not disclosed)"
"""What stands where a leaf holds the digest of a personal value that this reader was not shown."""


def read_leaf(index: int, d: bytes, disclosures: Mapping[str, str]) -> Read:
    """Raises verify.Refused for what is no event, or a disclosure that does not fit the leaf."""
    event = parse_event(d, f"leaf {index}")
    digests = event.get("sd") or {}
    shown = dict(check_disclosure(text, digests) for text in disclosures.values())
    return Read(index, d, event, shown)


def instant(text: str | None) -> datetime | None:
    """A leaf's instant."""
    return datetime.fromisoformat(text) if text else None
