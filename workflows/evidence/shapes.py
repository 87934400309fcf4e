"""The story of a case, as frozen data. Every Fact names the leaf that proves it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workflows.evidence.leaves import NOT_RECORDED, Fact


@dataclass(frozen=True)
class Call:
    """One call to a vendor, as it was recorded: no path, because paths can name people."""

    method: str
    status: int | None
    request_id: str | None
    ms: int | None
    writes: bool | None
    reply_sha256: str | None


@dataclass(frozen=True)
class Calls:
    made: tuple[Call, ...] = ()
    left_out: int = 0
    """Of a long walk, the middle was only counted."""

    @property
    def count(self) -> int:
        return len(self.made) + self.left_out


@dataclass(frozen=True)
class Try:
    """One attempt. Without a result it is an intent of which nobody knows what became."""

    n: int
    intent: Fact
    resumed: tuple[Fact, ...] = ()
    """The process died in it, and looked before it went on."""
    result: Fact = NOT_RECORDED
    outcome: str | None = None
    error: str | None = None
    message: Fact = NOT_RECORDED
    given_to: Fact = NOT_RECORDED
    """The account that got what was handed over."""
    state: str | None = None
    """What became of the item: done, waiting, failed, task."""
    next_try_at: Fact = NOT_RECORDED
    calls: Calls = Calls()
    read_back: Fact = NOT_RECORDED
    said: str | None = None
    """What the system itself said afterwards: confirmed, contradicted, cannot_tell."""
    after: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Verb:
    """One item of the plan, and what became of it. `standing` is one of words.STANDINGS."""

    item: str
    action: str
    wave: str
    planned: Fact
    standing: str
    gap: str | None = None
    undo: str | None = None
    approvals: int = 0
    due_at: Fact = NOT_RECORDED
    tries: tuple[Try, ...] = ()
    task: str | None = None

    @property
    def leaf(self) -> int | None:
        """The leaf that says how it stands."""
        if not self.tries:
            return self.planned.leaf
        last = self.tries[-1]
        return last.read_back.leaf or last.result.leaf or last.intent.leaf


@dataclass(frozen=True)
class Check:
    """A later read-back of one account. Without `at` it was planned and has not been made."""

    label: str
    due_at: Fact
    at: Fact = NOT_RECORDED
    result: str | None = None
    enabled: bool | None = None
    searched: bool | None = None
    new_accounts: int = 0
    calls: Calls = Calls()


@dataclass(frozen=True)
class Account:
    id: str
    system: str
    account_id: Fact
    found: Fact
    rule: str
    kind: str
    privileged: bool
    before: Mapping[str, Any]
    before_leaf: int
    before_sha256: Fact
    verbs: tuple[Verb, ...] = ()
    containment: Fact = NOT_RECORDED
    blocked_at: Fact = NOT_RECORDED
    contained_at: Fact = NOT_RECORDED
    last_possible_access: Fact = NOT_RECORDED
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True)
class Lookup:
    """One answer, or one failure to get an answer, to "who is this person there?"."""

    at: Fact
    answer: str
    accounts: int
    calls: Calls
    why: Fact = NOT_RECORDED


@dataclass(frozen=True)
class System:
    """One system in scope. `containment` is that of its worst account, or of its lookup."""

    name: str
    scope: Fact
    adapter: str | None
    mode: str | None
    searchable: bool | None
    mastered_by: str | None
    token_seconds: int | None
    owner: Fact
    lookups: tuple[Lookup, ...]
    plan_sha256: Fact
    plan_items: int
    rules: tuple[str, ...]
    accounts: tuple[Account, ...]
    verbs: tuple[Verb, ...]
    """Items without an account, such as a system that is done by hand."""
    containment: str


@dataclass(frozen=True)
class Task:
    """What was left to a person, and their word on it: an attestation, never a read-back."""

    id: str
    kind: str
    system: str
    items: tuple[str, ...]
    opened: Fact
    due_at: Fact
    title: Fact
    owner: Fact
    closed: Fact = NOT_RECORDED
    by: tuple[str, str] = ("", "")
    note: Fact = NOT_RECORDED
    note_digest: str | None = None
    standing: str = "open"
    """open, attested, settled_by_itself, withdrawn"""


@dataclass(frozen=True)
class Approval:
    wave: str
    digest: str
    by: tuple[str, str]
    at: Fact


@dataclass(frozen=True)
class Clock:
    """From when to when, against which target. `met` None: it still runs, and is in time."""

    name: str
    start: Fact
    stop: Fact
    seconds: float | None
    target_seconds: int | None
    met: bool | None


@dataclass(frozen=True)
class Happened:
    """Something about the case as a whole: moved, held, unconfirmed, restored, cancelled."""

    type: str
    at: Fact
    by: tuple[str, str]
    data: Mapping[str, Any]
    reason: Fact = NOT_RECORDED


@dataclass(frozen=True)
class Source:
    """What HR said, when it said so, and what we made of it."""

    connection: Fact
    delivery: Fact
    body_sha256: Fact
    signed: Fact
    """The leaf of the delivery itself, whose signature was checked before it was stored."""
    said: Fact
    decided: Fact
    by: tuple[str, str]


@dataclass(frozen=True)
class Finding:
    """An exception or a gap: what an auditor should not have to find alone."""

    weight: str
    """open (somebody must act), exception (it happened, and is to be judged), note"""
    sentence: str
    leaves: tuple[int, ...] = ()
    owner: str = ""


@dataclass(frozen=True)
class Story:
    case: str
    tenant: str
    subject: str
    as_of: str
    """The instant at which the log was signed: what is due later than this is still to come."""
    person: Mapping[str, Fact]
    people: Mapping[str, Fact]
    """Who the ids of actors are: the name that a token was made for."""
    kind: Fact
    source: Source
    hr_entered_at: Fact
    received_at: Fact
    effective_at: Fact
    basis: Fact
    zone: Fact
    zone_source: Fact
    revoke_now: Fact
    policy: Fact
    policy_sha256: Fact
    rules: tuple[str, ...]
    target_seconds: Fact
    version: Fact
    begun: Fact
    systems: tuple[System, ...]
    approvals: tuple[Approval, ...]
    waiting: tuple[Happened, ...]
    """Waves that asked for approval."""
    tasks: tuple[Task, ...]
    happened: tuple[Happened, ...]
    verdict: Fact
    first_cut: Fact
    blocked_at: Fact
    contained_at: Fact
    restored_at: Fact
    closed: Fact
    cancelled: Fact
    clocks: tuple[Clock, ...]
    late: Clock | None
    """How long after the last moment we were told, if that was after it."""
    erased: Fact
    """The worker's personal values were destroyed; every proof holds without them."""
    events: int
    whole: bool
    """The events of the case are numbered from 1 without a gap, and a closed one says how many."""
    findings: tuple[Finding, ...] = ()

    @property
    def final(self) -> bool:
        return bool(self.closed or self.cancelled)

    @property
    def accounts(self) -> tuple[Account, ...]:
        return tuple(account for system in self.systems for account in system.accounts)
