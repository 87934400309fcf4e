"""What is remembered, beside the ledger. Column comments say what the name does not."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from workflows.store import Instant


def _instant(*, index: bool = False) -> Any:
    return Field(default=None, sa_type=Instant, index=index)


def _json(default: Any) -> Any:
    return Field(default_factory=default, sa_type=sa.JSON)


class HrDelivery(SQLModel, table=True):
    """The inbox: one signed delivery, before anything is done about it.

    `variant` is 0 for the first body under a `dedupe_key`; another body with the same key is kept
    with a higher one, alerted and not acted on. `events` holds the allow-listed fields only.
    """

    __tablename__ = "hr_delivery"
    __table_args__ = (sa.UniqueConstraint("connection", "dedupe_key", "variant"),)

    id: str = Field(primary_key=True)
    connection: str
    dedupe_key: str
    variant: int = 0
    body_sha256: str
    received_at: datetime = Field(sa_type=Instant)
    signed_at: datetime | None = _instant()
    stale: bool = False
    events: list[dict[str, Any]] = _json(list)
    state: str = "received"
    """received, done, refused, conflict"""
    turn: int = 1
    due_at: datetime | None = _instant(index=True)
    """When to try again to read the worker back; None: nothing to try."""
    note: str = ""


class Worker(SQLModel, table=True):
    """A person known to HR, as last read. `subject` stands for them in the ledger."""

    __table_args__ = (sa.UniqueConstraint("connection", "source_worker_id"),)

    id: str = Field(primary_key=True)
    connection: str
    source_worker_id: str
    subject: str = Field(unique=True)
    record: dict[str, Any] = _json(dict)
    active: bool = True
    source_updated_at: datetime | None = _instant()
    seen_at: datetime | None = _instant()
    version: int = 1
    erased_at: datetime | None = _instant()
    """What is left since then is the pseudonym, so that their cases and the ledger still fit."""


class WorkerAddress(SQLModel, table=True):
    """Every address of every worker, normalised, to see when an address is somebody else's."""

    __tablename__ = "worker_address"

    worker_id: str = Field(primary_key=True, foreign_key="worker.id")
    address: str = Field(primary_key=True, index=True)


class AccountLink(SQLModel, table=True):
    """Somebody's word that an account is a person's, for those that no rule finds."""

    __tablename__ = "account_link"
    __table_args__ = (sa.UniqueConstraint("system", "account", "employee_number", "address"),)

    id: str = Field(primary_key=True)
    system: str = Field(index=True)
    account: str
    employee_number: str = ""
    address: str = ""
    created_by: str
    created_at: datetime = Field(sa_type=Instant)


class Case(SQLModel, table=True):
    """One leaver's offboarding. `last_seq` counts its ledger events, `revision` its plans."""

    __tablename__ = "offboarding_case"

    id: str = Field(primary_key=True)
    worker_id: str = Field(foreign_key="worker.id", index=True)
    kind: str
    status: str = Field(index=True)
    containment: str
    reason: str = ""
    reference: str = ""
    requested_by: str = ""
    """The principal of a manual case, the connection of an HR one."""
    delivery_id: str | None = None
    revoke_now: bool = False
    unconfirmed: bool = False
    """The cut ran on the last confirmed plan because HR could not be reached."""
    basis: str = ""
    zone: str = ""
    zone_source: str = ""
    hr_entered_at: datetime | None = _instant()
    effective_at: datetime = Field(sa_type=Instant, index=True)
    received_at: datetime = Field(sa_type=Instant)
    started_at: datetime | None = _instant()
    first_call_at: datetime | None = _instant()
    contained_at: datetime | None = _instant()
    closed_at: datetime | None = _instant()
    policy: str = ""
    owner: str = ""
    task_due_seconds: int = 86_400
    give_up_seconds: int = 86_400
    last_seq: int = 0
    by_person: bool = False
    """Somebody opened or moved it here: HR alone neither postpones it nor takes it back."""
    restored_at: datetime | None = _instant()
    restore_by: str = ""
    """Who asked to give access back; they cannot approve it."""
    subject: str = ""
    """The worker's pseudonym, for events that name nobody else."""


class RequestKey(SQLModel, table=True):
    """An Idempotency-Key, what was asked under it, and the case that it led to."""

    __tablename__ = "request_key"

    key: str = Field(primary_key=True)
    sha256: str
    case_id: str = Field(foreign_key="offboarding_case.id")


class Part(SQLModel, table=True):
    """One system's share of one wave of a case: what a short workflow works off in one turn.

    `lookup` (contain only): unanswered, found, none, undecided, by_hand.
    """

    __table_args__ = (sa.UniqueConstraint("case_id", "wave", "system"),)

    id: str = Field(primary_key=True)
    case_id: str = Field(foreign_key="offboarding_case.id", index=True)
    wave: str
    system: str
    state: str = Field(index=True)
    """blocked, due, awaiting_approval, running, waiting, paused, done, cancelled"""
    lookup: str = "unanswered"
    lookup_note: str = ""
    turn: int = 0
    due_at: datetime | None = _instant(index=True)
    first_try_at: datetime | None = _instant()
    first_turn: int = 1
    """The first turn of this cut: a case that was restored may be cut once more."""
    approvals: int = 0


class CaseAccount(SQLModel, table=True):
    """An account of the leaver in one system.

    `before` is what stood there before this case's cut. What was known is never written over; a
    cut that comes after a restore has a state before of its own.
    """

    __tablename__ = "case_account"
    __table_args__ = (sa.UniqueConstraint("case_id", "system", "account_id"),)

    id: str = Field(primary_key=True)
    case_id: str = Field(foreign_key="offboarding_case.id", index=True)
    system: str
    account_id: str
    login: str
    kind: str = "person"
    rule: str = ""
    confidence: float = 0.0
    privileged: bool = False
    before: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON)
    before_at: datetime | None = _instant()
    whole: bool = True
    """False: only a glance was taken so far; the rest is read when the account is blocked."""
    earlier: list[dict[str, Any]] = _json(list)
    """The states before of cuts that were taken back since."""
    after: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON)
    observed_at: datetime | None = _instant()
    containment: str = "unknown"
    blocked_at: datetime | None = _instant()
    contained_at: datetime | None = _instant()
    last_possible_access: datetime | None = _instant()


class Item(SQLModel, table=True):
    """One verb on one account, or the gap in its place."""

    id: str = Field(primary_key=True)
    case_id: str = Field(foreign_key="offboarding_case.id", index=True)
    part_id: str = Field(foreign_key="part.id", index=True)
    case_account_id: str | None = Field(default=None, foreign_key="case_account.id")
    system: str
    wave: str
    action: str
    ord: int
    state: str
    """planned, waiting, done, failed, task, gap, observed, cancelled"""
    outcome: str | None = None
    confirmed: bool | None = None
    """What the read-back said of the post-condition; None: the system cannot tell, or not yet."""
    gap: str | None = None
    gap_detail: str = ""
    undo: str = "reversible"
    owner: str = ""
    attempts: int = 0
    since: int = 0
    """Attempts up to this one belong to an earlier order: they are no reason to only look."""
    error: str = ""
    message: str = ""
    permission: str = ""
    fix: str = ""
    given_to: str = ""
    """The account of the successor who was given what this verb took."""
    taken: list[dict[str, Any]] | None = Field(default=None, sa_type=sa.JSON)
    """What stood there right before this verb, and after it no more; None: not told apart."""
    things: list[dict[str, Any]] = _json(list)
    """Wave restore: what to give back, as it stood before."""
    task_id: str | None = None
    """The task that asks a person for this; one task may ask for several items."""
    due_at: datetime | None = _instant()
    done_at: datetime | None = _instant()


class Attempt(SQLModel, table=True):
    """One try. A row without `result_at` is an intent whose call may or may not have happened."""

    __table_args__ = (sa.UniqueConstraint("item_id", "n"),)

    id: str = Field(primary_key=True)
    item_id: str = Field(foreign_key="item.id", index=True)
    n: int
    baseline: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON)
    """The last known state when this try began: its effect is told from this one."""
    intent_at: datetime = Field(sa_type=Instant)
    result_at: datetime | None = _instant()
    outcome: str | None = None
    reached: str = ""
    """How far it got: "" (nothing was written), sent (a write left us), accepted."""
    error: str = ""
    calls: list[dict[str, Any]] = _json(list)


class Task(SQLModel, table=True):
    """What is left to a person: who, until when, how, and what they said when it was done."""

    id: str = Field(primary_key=True)
    case_id: str | None = Field(default=None, foreign_key="offboarding_case.id", index=True)
    item_id: str | None = Field(default=None, foreign_key="item.id")
    system: str = ""
    kind: str
    """by_hand, decide, failed, escalated, credential, confirm"""
    title: str
    how_to: str = ""
    candidates: list[dict[str, Any]] = _json(list)
    owner: str
    opened_at: datetime = Field(sa_type=Instant)
    due_at: datetime = Field(sa_type=Instant, index=True)
    state: str = "open"
    closed_at: datetime | None = _instant()
    closed_by: str = ""
    note: str = ""


class Approval(SQLModel, table=True):
    """A natural person's word on the gated items of one wave, bound to the plan by its digest."""

    __table_args__ = (sa.UniqueConstraint("case_id", "wave", "digest", "principal"),)

    id: str = Field(primary_key=True)
    case_id: str = Field(foreign_key="offboarding_case.id", index=True)
    wave: str
    digest: str
    principal: str
    given_at: datetime = Field(sa_type=Instant)


class Recheck(SQLModel, table=True):
    """A later read-back of one account: still blocked, or not any more."""

    id: str = Field(primary_key=True)
    case_id: str = Field(foreign_key="offboarding_case.id", index=True)
    case_account_id: str = Field(foreign_key="case_account.id")
    label: str
    """expiry, 15m, 1h, 24h, 7d"""
    due_at: datetime = Field(sa_type=Instant, index=True)
    turn: int = 0
    state: str = "due"
    """due, running, done"""
    result: str = ""


class SystemHealth(SQLModel, table=True):
    """What was last learnt of a system's credential. A paused system is called by nobody."""

    __tablename__ = "system_health"

    system: str = Field(primary_key=True)
    paused: bool = False
    summary: str = ""
    permission: str = ""
    fix: str = ""
    checked_at: datetime | None = _instant()


class ApiToken(SQLModel, table=True):
    """A caller. Only the SHA-256 of the token is kept; it has 256 bits, so no salt is needed."""

    __tablename__ = "api_token"

    id: str = Field(primary_key=True)
    sha256: str = Field(unique=True)
    role: str
    name: str
    address: str = ""
    """Of the person who holds it, so that nobody approves their own case."""
    person: bool = True
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime | None = _instant()
    revoked_at: datetime | None = _instant()
