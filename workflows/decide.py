"""What HR said, against what is known: one pure decision, which never weakens a cut by itself."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from adapters.hr.contract import EventType, HrEvent, WorkerRecord, WorkerStatus
from workflows.model import Basis, CaseKind, LastMoment

LONG_PAST = timedelta(days=7)


class DecisionKind(StrEnum):
    SCHEDULED = "scheduled"
    CHANGED = "changed"
    RESCINDED = "rescinded"
    EFFECTIVE = "effective"
    REVOKE_NOW = "revoke_now"
    NOTHING = "nothing"
    NEEDS_PERSON = "needs_person"


@dataclass(frozen=True)
class OpenCase:
    """What counts of the worker's newest case. `closed` ones are over, `started` ones are cut."""

    kind: CaseKind
    effective_at: datetime
    started: bool = False
    closed: bool = False
    revoke_now: bool = False
    by_person: bool = False

    @property
    def is_firm(self) -> bool:
        """Whether only a person may postpone it or take it back (invariant 8 of the design)."""
        firm = self.started or self.revoke_now or self.by_person
        return firm or self.kind is CaseKind.INVOLUNTARY


@dataclass(frozen=True)
class Known:
    """What was stored of the worker before this event."""

    record: WorkerRecord
    updated_at: datetime | None = None
    case: OpenCase | None = None


@dataclass(frozen=True)
class Decision:
    """What follows. `reason` is a sentence without personal data.

    `outdated`: the event is older than what is stored, so its snapshot must not be kept.
    """

    kind: DecisionKind
    reason: str
    last_moment: LastMoment | None = None
    case_kind: CaseKind = CaseKind.OTHER
    changed: tuple[str, ...] = ()
    outdated: bool = False


def decide(
    event: HrEvent,
    record: WorkerRecord | None,
    known: Known | None,
    moment: LastMoment | None,
    now: datetime,
) -> Decision:
    """`record` None: HR knows nobody by this id. `moment`: the last one that `record` names.

    `now` is when we were told.
    """
    if record is None or record.status is WorkerStatus.DELETED:
        return _nobody(known)
    outdated = _is_outdated(event, known)
    kind = case_kind(record)
    changed = _changed(known, record)
    if event.type is EventType.ACCESS_REVOKE_NOW:
        # Even if it was overtaken on the way: too early a cut can be mended, too late a one not.
        at = LastMoment(now, Basis.IMMEDIATE, "UTC", "receipt")
        reason = "HR asks to cut access at once"
        return Decision(DecisionKind.REVOKE_NOW, reason, at, kind, changed, outdated)
    if outdated:
        reason = "an older message was overtaken by a newer one"
        return Decision(DecisionKind.NOTHING, reason, outdated=True)
    case = known.case if known else None
    if event.type is EventType.TERMINATION_RESCINDED:
        return _stays(case, changed)
    effective = event.type is EventType.TERMINATION_EFFECTIVE
    if moment is None and record.status is not WorkerStatus.TERMINATED and not effective:
        return _no_leave_date(event, case, changed)
    moment = moment or LastMoment(now, Basis.IMMEDIATE, "UTC", "receipt")
    old_news = case is None and _is_old_news(event, record, moment, now)
    return _leaves(case, moment, kind, changed, now, old_news=old_news)


def _is_old_news(event: HrEvent, record: WorkerRecord, moment: LastMoment, now: datetime) -> bool:
    """Somebody who came back may still bear the date of their first leave in HR."""
    stays = record.status in (WorkerStatus.ACTIVE, WorkerStatus.ON_LEAVE)
    return event.type is EventType.HINT and stays and moment.at < now - LONG_PAST


def case_kind(record: WorkerRecord) -> CaseKind:
    """HR's word for why, where it is one of ours."""
    said = ((record.termination and record.termination.type) or "").strip().lower()
    word = said.replace(" ", "_").replace("-", "_")
    return {
        "voluntary": CaseKind.VOLUNTARY,
        "resignation": CaseKind.VOLUNTARY,
        "involuntary": CaseKind.INVOLUNTARY,
        "dismissal": CaseKind.INVOLUNTARY,
        "end_of_contract": CaseKind.END_OF_CONTRACT,
        "contract_end": CaseKind.END_OF_CONTRACT,
    }.get(word, CaseKind.OTHER)


def _nobody(known: Known | None) -> Decision:
    """A record that is gone is no termination: HR clean-ups and lost rights look the same."""
    if known is None:
        return Decision(DecisionKind.NOTHING, "HR knows nobody by this id, and neither do we")
    reason = "HR no longer knows this worker, which is not the same as a termination"
    return Decision(DecisionKind.NEEDS_PERSON, reason)


def _is_outdated(event: HrEvent, known: Known | None) -> bool:
    """A record that was read back just now is never old, whenever its hint was sent."""
    if event.worker is None or event.occurred_at is None or known is None:
        return False
    return known.updated_at is not None and event.occurred_at < known.updated_at


def _changed(known: Known | None, record: WorkerRecord) -> tuple[str, ...]:
    if known is None:
        return ()
    return tuple(
        name
        for name in WorkerRecord.model_fields
        if getattr(known.record, name) != getattr(record, name)
    )


def _no_leave_date(event: HrEvent, case: OpenCase | None, changed: tuple[str, ...]) -> Decision:
    if event.type is EventType.HINT:
        return _stays(case, changed)
    if case is None or case.closed:
        return Decision(DecisionKind.NOTHING, "nobody leaves by this", changed=changed)
    # Only a "rescinded" takes a date back; an update that is silent about it may be incomplete.
    reason = "a message without a leave date came for a worker whose offboarding is open"
    return Decision(DecisionKind.NEEDS_PERSON, reason, changed=changed)


def _stays(case: OpenCase | None, changed: tuple[str, ...]) -> Decision:
    if case is None or case.closed:
        return Decision(DecisionKind.NOTHING, "nothing was planned", changed=changed)
    if case.is_firm:
        why = "has begun" if case.started else "is involuntary, urgent, or somebody's own decision"
        reason = f"HR takes the termination back, but the case {why}"
        return Decision(DecisionKind.NEEDS_PERSON, reason, changed=changed)
    return Decision(DecisionKind.RESCINDED, "HR takes the termination back", changed=changed)


def _leaves(
    case: OpenCase | None,
    moment: LastMoment,
    kind: CaseKind,
    changed: tuple[str, ...],
    now: datetime,
    *,
    old_news: bool,
) -> Decision:
    if old_news:
        what = DecisionKind.NEEDS_PERSON
        reason = "HR calls this worker active, and names a leave date that is long past"
    elif case is None or (case.closed and moment.at != case.effective_at and _news(changed)):
        what, reason = DecisionKind.SCHEDULED, "a last moment is set"
        if moment.at <= now:
            what, reason = DecisionKind.EFFECTIVE, "the last moment is here or has passed"
    else:
        what, reason = _against(case, moment, kind, changed)
    return Decision(what, reason, moment, kind, changed)


def _against(
    case: OpenCase, moment: LastMoment, kind: CaseKind, changed: tuple[str, ...]
) -> tuple[DecisionKind, str]:
    """What a last moment means for a case that is there."""
    firmer = kind is CaseKind.INVOLUNTARY and case.kind is not CaseKind.INVOLUNTARY
    if firmer and not case.started and moment.at == case.effective_at:
        return DecisionKind.CHANGED, "it is involuntary now"
    stale = case.by_person and not _news(changed)
    if case.closed or moment.at == case.effective_at or stale:
        return DecisionKind.NOTHING, "this is known already"
    if case.started and (moment.at < case.effective_at or moment.basis is Basis.IMMEDIATE):
        return DecisionKind.NOTHING, "it is being cut already"
    if moment.at < case.effective_at:
        return DecisionKind.CHANGED, "the last moment is earlier"
    if case.is_firm:
        reason = "HR moves the last moment later, and only a person may put this case off"
        return DecisionKind.NEEDS_PERSON, reason
    return DecisionKind.CHANGED, "the last moment is later"


def _news(changed: tuple[str, ...]) -> bool:
    """Whether a worker who was offboarded before is leaving again, not just being edited."""
    return "termination" in changed or "status" in changed
