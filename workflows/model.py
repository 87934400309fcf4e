"""The nouns of the policy: frozen and pure."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from adapters.actions import Action, Undo, Wave
from adapters.contract import Adapter, Facts, Gap
from adapters.http import Mode
from adapters.nouns import Account


class CaseKind(StrEnum):
    VOLUNTARY = "voluntary"
    INVOLUNTARY = "involuntary"
    END_OF_CONTRACT = "end_of_contract"
    OTHER = "other"


class CaseStatus(StrEnum):
    SCHEDULED = "scheduled"
    HELD = "held"
    RUNNING = "running"
    WAITING = "waiting"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Containment(StrEnum):
    """Of a case or of one account, judged from read-backs and from nothing else."""

    CONTAINED = "contained"
    BLOCKED_UNTIL_EXPIRY = "blocked_until_expiry"
    PARTLY = "partly"
    NOT = "not"
    UNKNOWN = "unknown"
    NONE_FOUND = "none_found"
    BY_HAND = "by_hand"


class Basis(StrEnum):
    """Which of HR's dates the last moment was taken from."""

    LAST_WORKING_DAY = "last_working_day"
    TERMINATION_DATE = "termination_date"
    ACCESS_END = "access_end"
    IMMEDIATE = "immediate"


@dataclass(frozen=True)
class LastMoment:
    """When access ends, and how we know: the basis and where the time zone came from."""

    at: datetime
    basis: Basis
    zone: str
    zone_source: str


@dataclass(frozen=True)
class Capabilities:
    """What one configured system can do, as plain data for `plan()`."""

    system: str
    adapter: str
    mode: Mode
    actions: dict[Action, Facts]
    gaps: dict[Action, Gap]
    contain: tuple[Action, ...]
    searchable: bool = True
    owner: str | None = None
    """Who does what is left to people in this system; None: the policy's owner."""
    mastered_by: str | None = None
    """The configured system that writes the accounts of this one."""

    @classmethod
    def of(
        cls,
        adapter: Adapter,
        kind: str,
        mode: Mode = Mode.ENFORCE,
        owner: str | None = None,
        mastered_by: str | None = None,
    ) -> "Capabilities":
        return cls(
            adapter.system,
            kind,
            mode,
            dict(adapter.facts()),
            dict(adapter.lacks()),
            adapter.contain,
            adapter.searchable,
            owner,
            mastered_by,
        )


@dataclass(frozen=True)
class Leaver:
    """What a policy looks at. No name, no address: a policy is about situations, not people."""

    kind: CaseKind
    last_moment: datetime
    department: str | None = None
    worker_type: str | None = None
    country: str | None = None


@dataclass(frozen=True)
class KnownAccount:
    """An account that was identified, with what the policy needs to know of it."""

    account: Account
    privileged: bool = False
    mastered_elsewhere: bool = False
    """Another system writes this account, and none that is configured here is named as that."""
    written_by: str | None = None
    """The configured system that writes this account: its password is reset there."""


@dataclass(frozen=True)
class WaveTerms:
    """What a policy says of one wave: when, which verbs, and how many people must approve."""

    wave: Wave
    after: timedelta
    actions: frozenset[Action]
    approvals: int = 0


@dataclass(frozen=True)
class Terms:
    """A policy resolved for one leaver and one degree of privilege."""

    rules: tuple[str, ...]
    """The names of the rules that applied, in order, for the record."""
    waves: tuple[WaveTerms, ...]
    owner: str
    task_due: timedelta
    give_up_after: timedelta
    contain_within: timedelta = timedelta(hours=24)

    def of(self, wave: Wave) -> WaveTerms | None:
        return next((terms for terms in self.waves if terms.wave is wave), None)


@dataclass(frozen=True)
class PlannedItem:
    """One verb on one account, or the gap that stands in its place."""

    system: str
    account_id: str | None
    wave: Wave
    action: Action
    due_at: datetime
    order: int
    undo: Undo = Undo.REVERSIBLE
    gap: Gap | None = None
    observe_only: bool = False
    approvals: int = 0
    owner: str = ""
    permissions: tuple[str, ...] = ()
    calls: str = ""


@dataclass(frozen=True)
class Plan:
    """The items of one leaver, in order. `digest` is what an approver signs."""

    items: tuple[PlannedItem, ...]
    policy: str
    """Name and digest of the policy that it follows."""
    rules: tuple[str, ...] = field(default=())

    @property
    def digest(self) -> str:
        """SHA-256 over what would be done. Instants are left out: they move with the clock."""
        items = [
            {**asdict(item), "due_at": None, "gap": item.gap and [item.gap.kind, item.gap.detail]}
            for item in self.items
        ]
        said = json.dumps([self.policy, items], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(said.encode()).hexdigest()
