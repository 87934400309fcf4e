"""A case, told from its leaves and from nothing else: what cannot be shown is said to be missing.

Pure: the same leaves, disclosures and instant always give the same story.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from workflows.evidence.clocks import clocks_of, late_of
from workflows.evidence.findings import findings_of
from workflows.evidence.leaves import NOT_RECORDED, Fact, Read
from workflows.evidence.shapes import Account, Approval, Happened, Source, Story
from workflows.evidence.systems import systems_of
from workflows.evidence.tasks import tasks_of
from workflows.ledger.events import stamp

WHO = ("name", "employee_number", "source_worker_id", "email", "reason", "reference", "owner")
HAPPENED = (
    "case.moved",
    "case.unconfirmed",
    "case.retried",
    "case.cancelled",
    "case.closed",
    "system.paused",
    "workflow.failed",
    "restore.requested",
    "restore.begun",
)


def story_of(case_id: str, leaves: Sequence[Read], as_of: datetime) -> Story:
    """`leaves` are the case's, in the order of the log, with those that led to it.

    Raises ValueError if they do not hold the opening of the case.
    """
    mine = [leaf for leaf in leaves if leaf.event.get("case") == case_id]
    opened = next((leaf for leaf in mine if leaf.type == "case.opened"), None)
    if opened is None:
        raise ValueError(f"the leaves do not hold the opening of {case_id}")
    told = _told(case_id, opened, leaves, mine, as_of)
    return replace(told, findings=findings_of(told, mine))


def _told(
    case_id: str, opened: Read, leaves: Sequence[Read], mine: Sequence[Read], as_of: datetime
) -> Story:
    tasks = tasks_of(mine)
    systems = systems_of(mine, tasks, as_of)
    accounts = [account for system in systems for account in system.accounts]
    moved, verdict = _last(mine, "case.moved") or opened, _last(mine, "case.judged")
    effective, entered = moved.fact("effective_at"), opened.fact("hr_entered_at")
    received, target = opened.fact("received_at"), opened.fact("contain_within_seconds")
    restored = _last(mine, "restore.begun")
    if restored and (moved.index > restored.index):
        restored = None  # it was cut once more since
    contained = _contained(mine, verdict, restored)
    return Story(
        case=case_id,
        tenant=str(opened.event.get("tenant")),
        subject=str(opened.event.get("subject")),
        as_of=stamp(as_of),
        person={name: fact for name in WHO if (fact := opened.personal(name))},
        people=_people(leaves),
        kind=opened.fact("kind"),
        source=_source(opened, leaves),
        hr_entered_at=entered,
        received_at=received,
        effective_at=effective,
        basis=moved.fact("basis"),
        zone=moved.fact("zone") or opened.fact("zone"),
        zone_source=moved.fact("zone_source") or opened.fact("zone_source"),
        revoke_now=opened.fact("revoke_now"),
        policy=opened.fact("policy"),
        policy_sha256=opened.fact("policy_sha256"),
        rules=tuple(opened.data.get("rules") or ()),
        target_seconds=target,
        version=_version(leaves),
        begun=_at(_last(mine, "case.begun")),
        systems=systems,
        approvals=_approvals(mine),
        waiting=tuple(_happened(one) for one in mine if one.type == "wave.awaiting_approval"),
        tasks=tasks,
        happened=tuple(_happened(one) for one in mine if one.type in HAPPENED),
        verdict=Fact(verdict.outcome, verdict.index) if verdict else NOT_RECORDED,
        first_cut=_first_cut(accounts),
        blocked_at=_latest([account.blocked_at for account in accounts]),
        contained_at=contained,
        restored_at=_at(restored),
        closed=_closed(mine),
        cancelled=_at(_last(mine, "case.cancelled")),
        clocks=clocks_of(effective, received, entered, contained, target, as_of),
        late=late_of(opened.fact("effective_at"), received),
        erased=_at(_last(leaves, "privacy.erased")),
        events=len(mine),
        whole=_whole(mine),
    )


def _contained(mine: Sequence[Read], verdict: Read | None, restored: Read | None) -> Fact:
    """When the last verdict says so; of a case that was given back, when it was before that."""
    if restored:
        before = [leaf for leaf in mine if leaf.index < restored.index]
        verdict = _last([leaf for leaf in before if leaf.outcome == "contained"], "case.judged")
    return verdict.fact("contained_at") if verdict else NOT_RECORDED


def _last(leaves: Sequence[Read], kind: str) -> Read | None:
    return next((leaf for leaf in reversed(leaves) if leaf.type == kind), None)


def _at(leaf: Read | None) -> Fact:
    return leaf.at if leaf else NOT_RECORDED


def _source(opened: Read, leaves: Sequence[Read]) -> Source:
    """The delivery that opened the case and the decision on it, if they are among the leaves."""
    delivery = opened.data.get("delivery")
    about = [leaf for leaf in leaves if delivery and leaf.data.get("delivery") == delivery]
    came = _last([leaf for leaf in about if leaf.index < opened.index], "hr.delivery_received")
    decided = _last([leaf for leaf in about if leaf.index < opened.index], "hr.decision")
    return Source(
        connection=opened.fact("connection"),
        delivery=opened.fact("delivery"),
        body_sha256=opened.personal("body_sha256"),
        signed=_at(came),
        said=decided.fact("said") if decided else NOT_RECORDED,
        decided=decided.fact("reason") if decided else NOT_RECORDED,
        by=opened.actor,
    )


def _people(leaves: Sequence[Read]) -> dict[str, Fact]:
    made = [leaf for leaf in leaves if leaf.type == "token.created"]
    return {str(leaf.data.get("token")): leaf.personal("name") for leaf in made}


def _version(leaves: Sequence[Read]) -> Fact:
    started = _last(leaves, "service.started")
    return started.fact("version") if started else NOT_RECORDED


def _approvals(mine: Sequence[Read]) -> tuple[Approval, ...]:
    given = [leaf for leaf in mine if leaf.type == "approval.given"]
    return tuple(
        Approval(str(one.data.get("wave")), str(one.personal("digest").value), one.actor, one.at)
        for one in given
    )


def _happened(leaf: Read) -> Happened:
    return Happened(leaf.type, leaf.at, leaf.actor, leaf.data, leaf.personal("reason"))


def _first_cut(accounts: Sequence[Account]) -> Fact:
    tries = [
        one.intent
        for account in accounts
        for verb in account.verbs
        if verb.wave == "contain"
        for one in verb.tries
    ]
    return min(tries, key=lambda fact: str(fact.value), default=NOT_RECORDED)


def _latest(facts: Sequence[Fact]) -> Fact:
    """The last of them, if every one is there. Stamps sort as instants do."""
    whole = bool(facts) and all(facts)
    return max(facts, key=lambda fact: str(fact.value)) if whole else NOT_RECORDED


def _closed(mine: Sequence[Read]) -> Fact:
    """A case that came back after it was closed is open again."""
    closed = _last(mine, "case.closed")
    again = ("case.begun", "task.opened", "case.retried", "restore.begun")
    if closed and any(leaf.index > closed.index and leaf.type in again for leaf in mine):
        return NOT_RECORDED
    return _at(closed)


def _whole(mine: Sequence[Read]) -> bool:
    numbered = [leaf.event.get("case_seq") for leaf in mine] == list(range(1, len(mine) + 1))
    closed = _last(mine, "case.closed")
    return numbered and (
        closed is None or closed.data.get("events") == closed.event.get("case_seq")
    )
