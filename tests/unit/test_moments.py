"""The last moment: the end of the last day, where the worker lives, whatever the clocks do."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from adapters.hr.contract import Termination, WorkerRecord
from workflows.model import Basis
from workflows.moments import EARLIEST, LATEST, end_of, is_zone, last_moment

LAST_DAY, PAID_UNTIL = date(2026, 9, 25), date(2026, 9, 30)


def record(
    *,
    last_day: date | None = LAST_DAY,
    paid_until: date | None = PAID_UNTIL,
    access_end: datetime | None = None,
    zone: str | None = None,
    country: str | None = None,
) -> WorkerRecord:
    ends = Termination(
        last_working_day=last_day, termination_date=paid_until, access_end=access_end
    )
    return WorkerRecord(source_worker_id="1", termination=ends, time_zone=zone, country=country)


def test_access_ends_with_the_last_day_at_work_and_not_with_the_last_day_of_pay() -> None:
    found = last_moment(record(zone="Europe/Berlin"), Basis.LAST_WORKING_DAY, None)
    assert found is not None
    assert found.at == datetime(2026, 9, 25, 22, 0, tzinfo=UTC)
    assert (found.basis, found.zone_source) == (Basis.LAST_WORKING_DAY, "worker")


def test_the_policy_may_choose_the_other_date() -> None:
    found = last_moment(record(), Basis.TERMINATION_DATE, None)
    assert found is not None
    assert (found.at.day, found.basis) == (1, Basis.TERMINATION_DATE)


def test_the_date_that_hr_gave_counts_if_it_gave_only_one() -> None:
    found = last_moment(record(last_day=None), Basis.LAST_WORKING_DAY, None)
    assert found is not None
    assert found.basis is Basis.TERMINATION_DATE


def test_an_instant_wins_over_every_date() -> None:
    at = datetime(2026, 9, 1, 12, 0, tzinfo=ZoneInfo("Asia/Tokyo"))
    found = last_moment(record(access_end=at), Basis.LAST_WORKING_DAY, None)
    assert found is not None
    assert (found.at, found.basis) == (at, Basis.ACCESS_END)


def test_no_date_is_no_moment() -> None:
    nothing = record(last_day=None, paid_until=None)
    assert last_moment(nothing, Basis.LAST_WORKING_DAY, "UTC") is None
    assert last_moment(WorkerRecord(source_worker_id="1"), Basis.LAST_WORKING_DAY, None) is None


@pytest.mark.parametrize(
    ("zone", "country", "connection", "expected"),
    [
        ("Asia/Tokyo", "DE", "UTC", ("Asia/Tokyo", "worker")),
        ("Mars/Base", "JP", "UTC", ("Asia/Tokyo", "country")),
        (None, "DE", "UTC", ("Europe/Berlin", "country")),  # two zones that agree
        (None, "de", "UTC", ("Europe/Berlin", "country")),
        (None, "AR", "UTC", ("America/Argentina/Buenos_Aires", "country")),  # twelve that agree
        (None, "US", "Europe/Paris", ("Europe/Paris", "connection")),
        (
            None,
            "ES",
            "Europe/Paris",
            ("Europe/Paris", "connection"),
        ),  # the Canaries are an hour off
        (None, "US", "../etc/passwd", ("UTC", "utc")),
        (None, None, None, ("UTC", "utc")),
        ("", "XX", None, ("UTC", "utc")),
    ],
)
def test_the_zone_is_the_workers_then_the_countrys_then_the_connections(
    zone: str | None, country: str | None, connection: str | None, expected: tuple[str, str]
) -> None:
    found = last_moment(record(zone=zone, country=country), Basis.LAST_WORKING_DAY, connection)
    assert found is not None
    assert (found.zone, found.zone_source) == expected


@pytest.mark.parametrize(
    ("day", "zone", "ends"),
    [
        # Clocks go from 24:00 to 01:00: the next day begins at one o'clock.
        (date(2026, 9, 5), "America/Santiago", "2026-09-06T04:00:00+00:00"),
        # Clocks go from 24:00 back to 23:00: the last hour of the day comes twice.
        (date(2026, 4, 4), "America/Santiago", "2026-04-05T04:00:00+00:00"),
        # Clocks go from 01:00 back to 00:00: midnight comes twice, the first one counts.
        (date(2026, 10, 31), "America/Havana", "2026-11-01T04:00:00+00:00"),
        # Clocks go from 24:00 to 01:00 in the east of the Mediterranean, too.
        (date(2026, 4, 23), "Africa/Cairo", "2026-04-23T22:00:00+00:00"),
        (date(2026, 3, 28), "Asia/Beirut", "2026-03-28T22:00:00+00:00"),
        # The day after this one was left out: Samoa crossed the date line.
        (date(2011, 12, 29), "Pacific/Apia", "2011-12-30T10:00:00+00:00"),
        # A day of 25 hours, and one of 23.
        (date(2026, 10, 25), "Europe/Berlin", "2026-10-25T23:00:00+00:00"),
        (date(2026, 3, 29), "Europe/Berlin", "2026-03-29T22:00:00+00:00"),
    ],
)
def test_days_that_are_longer_or_shorter_end_when_they_end(day: date, zone: str, ends: str) -> None:
    assert end_of(day, zone) == datetime.fromisoformat(ends)


DAYS = st.dates(date(2000, 1, 1), date(2060, 1, 1))
NAMES = available_timezones()
ZONES = st.sampled_from(sorted(NAMES))


@given(DAYS, ZONES)
def test_the_instant_before_is_never_on_a_later_day_and_the_instant_itself_never_on_the_day(
    day: date, zone: str
) -> None:
    ends = end_of(day, zone)
    local = ZoneInfo(zone)
    assert (ends - timedelta(microseconds=1)).astimezone(local).date() <= day
    assert ends.astimezone(local).date() > day


@given(DAYS, ZONES)
def test_a_later_day_never_ends_earlier(day: date, zone: str) -> None:
    assert end_of(day, zone) <= end_of(day + timedelta(days=1), zone)


@given(st.sampled_from([date.min, date.max]), ZONES)
def test_the_first_and_the_last_day_of_the_calendar_are_no_crash(day: date, zone: str) -> None:
    assert EARLIEST <= end_of(day, zone) <= LATEST


OFFSETS = st.timedeltas(timedelta(hours=-14), timedelta(hours=14)).map(timezone)


@given(st.datetimes(datetime(1901, 1, 1), datetime(8999, 1, 1), timezones=OFFSETS))  # noqa: DTZ001
def test_an_instant_is_taken_as_it_is(at: datetime) -> None:
    found = last_moment(record(access_end=at), Basis.LAST_WORKING_DAY, None)
    assert found is not None
    assert found.at.tzinfo is UTC
    assert found.at == at


@pytest.mark.parametrize("never", ["9999-12-31T23:59:59-05:00", "0001-01-01T00:00:00+14:00"])
def test_an_instant_that_utc_cannot_hold_is_refused_before_it_can_do_harm(never: str) -> None:
    with pytest.raises(ValidationError, match="between the years"):
        record(access_end=datetime.fromisoformat(never))


@pytest.mark.parametrize(
    "name", ["", ".", "Europe", "zone.tab", "/etc/passwd", "UTC\0", "a/../UTC"]
)
def test_what_is_no_zone_is_known_as_none(name: str) -> None:
    assert not is_zone(name)


@given(st.text() | ZONES)
def test_whatever_is_called_a_zone_is_one_or_is_not(name: str) -> None:
    assert is_zone(name) is (name in NAMES)
