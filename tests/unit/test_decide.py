"""What HR says, weighed: a cut is made stronger by anybody, and weaker only with care."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.hr.contract import EventType, HrEvent, Termination, WorkerRecord, WorkerStatus
from tests.conftest import NOON
from workflows.decide import Decision, DecisionKind, Known, OpenCase, decide
from workflows.model import Basis, CaseKind, LastMoment

FULL = EventType.TERMINATION_SCHEDULED


def worker(status: WorkerStatus = WorkerStatus.ACTIVE, kind: str = "voluntary") -> WorkerRecord:
    return WorkerRecord(source_worker_id="1", status=status, termination=Termination(type=kind))


def moment(days: float) -> LastMoment:
    return LastMoment(NOON + timedelta(days=days), Basis.LAST_WORKING_DAY, "UTC", "utc")


def said(
    days: float | None,
    *,
    kind: EventType = FULL,
    case: OpenCase | None = None,
    record: WorkerRecord | None = None,
    ago: int = 0,
    known: bool = True,
) -> Decision:
    """The decision about a leave in so many days. A hint is read back just now."""
    told = record or worker()
    event = HrEvent(
        kind,
        "1",
        NOON - timedelta(seconds=ago),
        None if kind is EventType.HINT else told,
    )
    before = Known(WorkerRecord(source_worker_id="1"), NOON - timedelta(seconds=10), case)
    return decide(
        event, told, before if known else None, None if days is None else moment(days), NOON
    )


def scheduled(days: float, kind: CaseKind = CaseKind.VOLUNTARY, **more: bool) -> OpenCase:
    return OpenCase(kind, moment(days).at, **more)


@pytest.mark.parametrize(
    ("days", "case", "expected"),
    [
        (5, None, DecisionKind.SCHEDULED),
        (-1, None, DecisionKind.EFFECTIVE),
        (0, None, DecisionKind.EFFECTIVE),
        (None, None, DecisionKind.NOTHING),
        (5, scheduled(5), DecisionKind.NOTHING),
        (7, scheduled(5), DecisionKind.CHANGED),
        (3, scheduled(5), DecisionKind.CHANGED),
        (3, scheduled(5, CaseKind.INVOLUNTARY), DecisionKind.CHANGED),
        (7, scheduled(5, CaseKind.INVOLUNTARY), DecisionKind.NEEDS_PERSON),
        (7, scheduled(5, revoke_now=True), DecisionKind.NEEDS_PERSON),
        (7, scheduled(5, by_person=True), DecisionKind.NEEDS_PERSON),
        (3, scheduled(5, by_person=True), DecisionKind.CHANGED),
        (7, scheduled(0, started=True), DecisionKind.NEEDS_PERSON),
        (-3, scheduled(0, started=True), DecisionKind.NOTHING),
        (0, scheduled(0, started=True, closed=True), DecisionKind.NOTHING),
        (9, scheduled(0, started=True, closed=True), DecisionKind.SCHEDULED),
        (None, scheduled(5), DecisionKind.NEEDS_PERSON),
    ],
)
def test_a_full_record_is_weighed_against_the_open_case(
    days: float | None, case: OpenCase | None, expected: DecisionKind
) -> None:
    assert said(days, case=case).kind is expected


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (None, DecisionKind.NOTHING),
        (scheduled(5), DecisionKind.RESCINDED),
        (scheduled(5, CaseKind.INVOLUNTARY), DecisionKind.NEEDS_PERSON),
        (scheduled(5, by_person=True), DecisionKind.NEEDS_PERSON),
        (scheduled(0, started=True), DecisionKind.NEEDS_PERSON),
        (scheduled(0, started=True, closed=True), DecisionKind.NOTHING),
    ],
)
def test_a_leave_that_is_taken_back_is_taken_back_only_before_it_begins(
    case: OpenCase | None, expected: DecisionKind
) -> None:
    assert said(5, kind=EventType.TERMINATION_RESCINDED, case=case).kind is expected
    assert said(None, kind=EventType.HINT, case=case).kind is expected


def test_revoke_now_counts_from_the_moment_that_we_were_told() -> None:
    found = said(90, kind=EventType.ACCESS_REVOKE_NOW)
    assert found.kind is DecisionKind.REVOKE_NOW
    assert found.last_moment is not None
    assert found.last_moment.at == NOON


def test_revoke_now_counts_even_if_it_was_overtaken_but_its_record_does_not() -> None:
    found = said(90, kind=EventType.ACCESS_REVOKE_NOW, ago=60)
    assert (found.kind, found.outdated) == (DecisionKind.REVOKE_NOW, True)


def test_an_older_message_never_wins() -> None:
    found = said(5, ago=60)
    assert (found.kind, found.outdated) == (DecisionKind.NOTHING, True)


def test_what_is_read_back_now_is_never_old() -> None:
    assert said(5, kind=EventType.HINT, ago=60).kind is DecisionKind.SCHEDULED


@pytest.mark.parametrize("known", [True, False])
def test_a_record_that_is_gone_is_no_termination(known: bool) -> None:
    event = HrEvent(EventType.HINT, "1")
    before = Known(WorkerRecord(source_worker_id="1")) if known else None
    expected = DecisionKind.NEEDS_PERSON if known else DecisionKind.NOTHING
    assert decide(event, None, before, None, NOON).kind is expected
    deleted = worker(WorkerStatus.DELETED)
    assert decide(event, deleted, before, moment(-1), NOON).kind is expected


def test_terminated_without_a_date_is_now() -> None:
    found = said(None, kind=EventType.HINT, record=worker(WorkerStatus.TERMINATED))
    assert found.kind is DecisionKind.EFFECTIVE
    assert found.last_moment is not None
    assert (found.last_moment.at, found.last_moment.basis) == (NOON, Basis.IMMEDIATE)


def test_somebody_active_with_a_date_long_past_is_for_a_person_to_judge() -> None:
    assert said(-400, kind=EventType.HINT).kind is DecisionKind.NEEDS_PERSON
    gone = worker(WorkerStatus.TERMINATED)
    assert said(-400, kind=EventType.HINT, record=gone).kind is DecisionKind.EFFECTIVE


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Voluntary", CaseKind.VOLUNTARY),
        ("involuntary", CaseKind.INVOLUNTARY),
        ("End of contract", CaseKind.END_OF_CONTRACT),
        ("contract-end", CaseKind.END_OF_CONTRACT),
        (" DISMISSAL ", CaseKind.INVOLUNTARY),
        ("resignation", CaseKind.VOLUNTARY),
        ("", CaseKind.OTHER),
        ("moved to Mars", CaseKind.OTHER),
    ],
)
def test_hrs_word_for_why_is_understood_or_other(word: str, expected: CaseKind) -> None:
    assert said(5, record=worker(kind=word)).case_kind is expected


@given(
    kind=st.sampled_from(EventType),
    days=st.none() | st.floats(-500, 500),
    status=st.sampled_from(WorkerStatus),
    open_days=st.floats(-10, 10),
    case_kind=st.sampled_from(CaseKind),
    started=st.booleans(),
    revoke_now=st.booleans(),
    by_person=st.booleans(),
)
def test_nothing_but_a_person_weakens_a_firm_case(
    kind: EventType,
    days: float | None,
    status: WorkerStatus,
    open_days: float,
    case_kind: CaseKind,
    **flags: Any,
) -> None:
    case = scheduled(open_days, case_kind, **flags)
    found = said(days, kind=kind, case=case, record=worker(status))
    later = found.last_moment is not None and found.last_moment.at > case.effective_at
    weaker = found.kind is DecisionKind.RESCINDED or (found.kind is DecisionKind.CHANGED and later)
    assert not (case.is_firm and weaker)


DATES = (
    EventType.TERMINATION_SCHEDULED,
    EventType.TERMINATION_CHANGED,
    EventType.TERMINATION_EFFECTIVE,
    EventType.HINT,
)


@given(st.sampled_from(DATES), st.floats(-6, 9), st.floats(0.01, 5), st.sampled_from(CaseKind))
def test_an_earlier_date_always_moves_a_case_that_has_not_begun(
    kind: EventType, days: float, sooner: float, case_kind: CaseKind
) -> None:
    found = said(days - sooner, kind=kind, case=scheduled(days, case_kind))
    assert (found.kind, found.last_moment) == (DecisionKind.CHANGED, moment(days - sooner))


@given(st.sampled_from(DATES), st.floats(-6, 9), st.booleans())
def test_a_date_for_somebody_without_a_case_is_now_or_later_and_never_nothing(
    kind: EventType, days: float, known: bool
) -> None:
    found = said(days, kind=kind, known=known)
    later = moment(days).at > NOON
    assert found.kind is (DecisionKind.SCHEDULED if later else DecisionKind.EFFECTIVE)
    assert found.last_moment == moment(days)


@given(
    st.sampled_from([one for one in EventType if one is not EventType.HINT]),
    st.none() | st.floats(-500, 500),
    st.sampled_from([WorkerStatus.ACTIVE, WorkerStatus.TERMINATED]),
    st.none() | st.builds(scheduled, st.floats(-9, 9), st.sampled_from(CaseKind)),
)
def test_an_older_message_does_nothing_but_cut_at_once(
    kind: EventType, days: float | None, status: WorkerStatus, case: OpenCase | None
) -> None:
    found = said(days, kind=kind, case=case, record=worker(status), ago=60)
    urgent = kind is EventType.ACCESS_REVOKE_NOW
    assert found.kind is (DecisionKind.REVOKE_NOW if urgent else DecisionKind.NOTHING)
    assert found.outdated


@given(st.none() | st.builds(scheduled, st.floats(-9, 9), st.sampled_from(CaseKind)), st.booleans())
def test_revoke_now_is_never_weighed(case: OpenCase | None, known: bool) -> None:
    found = said(90, kind=EventType.ACCESS_REVOKE_NOW, case=case, known=known)
    assert found.last_moment == LastMoment(NOON, Basis.IMMEDIATE, "UTC", "receipt")


def test_what_has_changed_is_named_and_not_shown() -> None:
    found = said(5, record=worker(kind="Voluntary"))
    assert found.changed == ("status", "termination")
    assert said(5, known=False).changed == ()


def test_a_message_of_the_same_instant_is_not_old() -> None:
    assert said(5, ago=10).kind is DecisionKind.SCHEDULED


def test_a_leaver_who_is_only_edited_is_not_offboarded_again() -> None:
    before = Known(worker(), None, scheduled(0, started=True, closed=True))
    edited = worker().model_copy(update={"department": "Finance"})
    event = HrEvent(FULL, "1", NOON, edited)
    assert decide(event, edited, before, moment(9), NOON).kind is DecisionKind.NOTHING


def test_a_leaver_who_was_cut_and_is_terminated_without_a_date_is_not_cut_again() -> None:
    gone = worker(WorkerStatus.TERMINATED)
    found = said(None, kind=EventType.HINT, case=scheduled(-1, started=True), record=gone)
    assert found.kind is DecisionKind.NOTHING


@pytest.mark.parametrize("kind", [EventType.HIRED, EventType.ROLE_CHANGED, EventType.UPDATED])
def test_an_update_that_is_silent_about_the_date_takes_nothing_back(kind: EventType) -> None:
    assert said(None, kind=kind, case=scheduled(5)).kind is DecisionKind.NEEDS_PERSON
    assert said(None, kind=kind).kind is DecisionKind.NOTHING


def test_no_reason_names_anybody() -> None:
    named = worker().model_copy(update={"display_name": "Ada", "work_email": "ada@acme.example"})
    for kind in EventType:
        for case in (None, scheduled(5), scheduled(0, started=True)):
            assert "ada" not in said(7, kind=kind, case=case, record=named).reason.lower()


@pytest.mark.parametrize("by_person", [True, False])
def test_a_leave_that_turns_involuntary_is_a_change_even_on_the_same_day(by_person: bool) -> None:
    dismissed = worker(kind="involuntary")
    found = said(5, case=scheduled(5, by_person=by_person), record=dismissed)
    assert (found.kind, found.case_kind) == (DecisionKind.CHANGED, CaseKind.INVOLUNTARY)
    for case in (scheduled(5, CaseKind.INVOLUNTARY), scheduled(5, started=True)):
        assert said(5, case=case, record=dismissed).kind is DecisionKind.NOTHING


@pytest.mark.parametrize("days", [3, 7])
def test_a_date_that_hr_named_before_does_not_undo_what_a_person_set(days: float) -> None:
    before = Known(worker(), None, scheduled(5, by_person=True))
    event = HrEvent(FULL, "1", NOON, worker())
    assert decide(event, worker(), before, moment(days), NOON).kind is DecisionKind.NOTHING


def test_an_effective_leave_without_a_date_is_now() -> None:
    found = said(None, kind=EventType.TERMINATION_EFFECTIVE)
    assert (found.kind, found.last_moment) == (
        DecisionKind.EFFECTIVE,
        LastMoment(NOON, Basis.IMMEDIATE, "UTC", "receipt"),
    )
