"""Who belongs to a period, and two numbers that do not flatter."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import NOON
from tests.stories import CASE, HR, Telling, a_good_case
from workflows.evidence.chart import cut_off_over_time
from workflows.evidence.leaves import Read
from workflows.evidence.made import made
from workflows.evidence.period import (
    completeness_of,
    exceptions_of,
    row_of,
    summary_of,
    waits_of,
)
from workflows.evidence.period_pack import CSV_COLUMNS, as_csv
from workflows.evidence.period_report import Told, period_report
from workflows.evidence.population import Period, ids_sha256, members, month_before, sealing
from workflows.evidence.statistics import Waited, quantile, survival, wilson

HOUR = timedelta(hours=1)
NOW = Period(NOON - HOUR, NOON + HOUR)


def leaves_of(**changes: object) -> tuple[Read, ...]:
    telling = Telling()
    telling.opens(**changes)
    return telling.leaves()


def test_a_case_belongs_where_its_promise_began_to_run() -> None:
    assert members(leaves_of(), NOW) == [CASE]
    assert members(leaves_of(), Period(NOON - HOUR, NOON)) == []  # before `until`, not at it
    assert members(leaves_of(), Period(NOON, NOON + HOUR)) == [CASE]


def test_late_hr_belongs_where_it_was_told_so_that_none_falls_between() -> None:
    late = leaves_of(effective_at="2026-08-01T22:00:00.000000Z")
    assert members(late, NOW) == [CASE]
    assert members(late, Period(datetime(2026, 8, 1, tzinfo=UTC), NOON - HOUR)) == []


def test_what_is_announced_belongs_to_its_last_moment() -> None:
    later = leaves_of(effective_at="2026-10-01T22:00:00.000000Z")
    october = Period(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))
    assert members(later, NOW) == []
    assert members(later, october) == [CASE]


def test_a_case_that_was_moved_before_its_cut_moves_and_after_it_stays() -> None:
    telling = Telling()
    telling.opens(effective_at="2026-10-01T22:00:00.000000Z")
    telling.add("case.moved", data={"effective_at": telling.at(60)})
    assert members(telling.leaves(), NOW) == [CASE]
    telling.begins("crm")
    telling.add("case.moved", data={"effective_at": "2027-01-01T00:00:00.000000Z"})
    assert members(telling.leaves(), NOW) == [CASE]


def test_the_seal_is_over_the_sorted_ids() -> None:
    assert ids_sha256(["b", "a"]) == hashlib.sha256(b"a\nb").hexdigest()
    told = sealing(NOW, ["a", "b"], "0.1.0", "00")
    assert (told["count"], told["ids_sha256"]) == (2, ids_sha256(["a", "b"]))
    assert {"from", "to", "query", "version", "code_sha256"} <= set(told)


@pytest.mark.parametrize(
    ("now", "since", "until"),
    [
        ("2026-09-01T12:00:00+00:00", "2026-08-01", "2026-09-01"),
        ("2026-01-31T23:59:59+00:00", "2025-12-01", "2026-01-01"),
        ("2024-03-01T00:00:00+00:00", "2024-02-01", "2024-03-01"),
    ],
)
def test_the_month_before_is_a_whole_one(now: str, since: str, until: str) -> None:
    found = month_before(datetime.fromisoformat(now))
    assert found.named == f"{since} to {until}"


# Freireich et al. 1963, weeks of remission under 6-MP: the data of every textbook on Kaplan-Meier.
ENDED = (6, 6, 6, 7, 10, 13, 16, 22, 23)
OPEN = (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)


def test_kaplan_and_meier_as_the_textbooks_have_it() -> None:
    waits = [Waited(float(weeks), ended=True) for weeks in ENDED]
    waits += [Waited(float(weeks), ended=False) for weeks in OPEN]
    curve = {time: round(share, 3) for time, share in survival(waits)}
    assert curve == {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}
    assert (quantile(waits, 0.5), quantile(waits, 0.25)) == (23, 13)
    assert quantile(waits, 0.95) is None  # too many are open to say


@pytest.mark.parametrize(
    ("good", "all_", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (8, 10, 0.4902, 0.9433),
        (10, 10, 0.7225, 1.0),
        (81, 263, 0.2553, 0.3662),
    ],
)
def test_wilson_as_published(good: int, all_: int, low: float, high: float) -> None:
    """Newcombe 1998, table 1, has the last one."""
    assert wilson(good, all_) == pytest.approx((low, high), abs=6e-5)


def test_of_nothing_nothing_is_known() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert quantile([], 0.5) is None
    with pytest.raises(ValueError, match="no share"):
        wilson(3, 2)


@given(st.lists(st.tuples(st.floats(0, 1e6), st.booleans()), max_size=60))
def test_an_open_case_never_makes_the_numbers_better(told: list[tuple[float, bool]]) -> None:
    waits = [Waited(*one) for one in told]
    worse = [*waits, Waited(2e6, ended=False)]
    for part in (0.5, 0.95):
        was, now = quantile(waits, part), quantile(worse, part)
        assert now is None or (was is not None and now >= was)


@given(st.integers(0, 300), st.integers(0, 300))
def test_the_interval_holds_the_share(good: int, more: int) -> None:
    low, high = wilson(good, good + more)
    assert 0 <= low <= high <= 1
    if good + more:
        assert low - 1e-9 <= good / (good + more) <= high + 1e-9


def test_a_summary_counts_what_is_open_and_what_was_taken_back() -> None:
    open_case, cancelled = Telling("case_2"), Telling("case_3")
    open_case.opens()
    open_case.begins("crm")
    cancelled.opens()
    cancelled.add("case.cancelled")
    stories = [a_good_case().story(), open_case.story(), cancelled.story()]
    found = summary_of(stories)
    assert (found.cases, found.within.good, found.within.all) == (3, 1, 2)
    assert (found.missed, found.cancelled) == (1, 1)
    assert [one.ended for one in waits_of(stories)] == [True, False]
    assert found.most is None


def test_a_row_says_how_each_system_kept_the_promise() -> None:
    row = row_of(a_good_case().story())
    assert (row["met"], row["seconds"], row["status"]) == (True, 2.0, "contained")
    assert [(s["system"], s["met"]) for s in row["systems"]] == [("directory", True), ("crm", True)]


def test_a_worker_whom_hr_told_to_leave_and_who_has_no_case_is_named() -> None:
    telling = Telling()
    telling.add("hr.delivery_received", actor=HR, of_case=False)
    telling.add("hr.delivery_unreadable", "refused", actor=HR, of_case=False)
    telling.add("hr.decision", "revoke_now", actor=HR, of_case=False)
    telling.opens()
    leaves = [
        Read(one.index, one.d, {**one.event, "subject": f"s_{one.index}"})
        for one in telling.leaves()
    ]
    found = completeness_of(leaves, frozenset({"s_5"}), ("s_9",))
    assert (found.deliveries, found.refused, found.opened_by_hr) == (2, 1, 1)
    assert found.without_a_case == ("s_2",)
    assert found.left_in_hr == ("s_9",)


def test_a_cell_of_the_csv_runs_in_no_spreadsheet() -> None:
    row = row_of(a_good_case().story()) | {"kind": "=cmd|' /C calc'!A0", "subject": "@x"}
    header, line = as_csv([row]).decode().splitlines()
    assert header.count(",") == len(CSV_COLUMNS) - 1
    assert "\"'=cmd" in line
    assert '"\'@x"' in line


def test_the_picture_takes_any_case_and_none() -> None:
    for waits in ([], [Waited(0.0, ended=True)], [Waited(1e9, ended=False)]):
        drawn = cut_off_over_time(waits, 86_400)
        assert drawn.startswith("<svg")
        assert "nan" not in drawn


def told_of(telling: Telling) -> dict[str, Any]:
    story = telling.story()
    told = Told(
        period=NOW,
        seal=telling.leaves()[0],
        stories=(story,),
        summary=summary_of([story]),
        scope=completeness_of((), frozenset(), ()),
        seed=None,
        root=b"",
        picks=(),
        exceptions=tuple(exceptions_of([story])),
    )
    verdict: dict[str, Any] = period_report(told, (), telling.head(), made(), "").document[
        "verdict"
    ]
    return verdict


def test_a_period_says_that_nothing_is_open_only_where_nothing_is() -> None:
    telling = a_good_case()
    assert told_of(telling)["sentence"] == "Nothing was missed, nothing is open."
    telling.asks("t1", "badge", "facilities")
    told = told_of(telling)
    assert (told["tone"], "1 case with open points" in told["sentence"]) == ("good", True)
    telling.asks("t2", "residue", "crm")
    told = told_of(telling)
    assert (told["tone"], "works without the account" in told["sentence"]) == ("watch", True)
