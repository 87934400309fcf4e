"""BambooHR: what its signature proves, what its body may say, what the read brings."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from adapters.clock import Clock
from adapters.errors import CredentialDenied, TryAgain, Unrecognised
from adapters.hr.bamboohr import BambooHr
from adapters.hr.contract import BadSignature, EventType, Unreadable, WorkerStatus
from adapters.practice.bamboohr import PracticeBambooHr
from tests.samples import headers_of, sample

NOW = datetime(2026, 9, 1, 9, 22, 3, tzinfo=UTC)
NAMES = [
    "bamboohr_employee_created",
    "bamboohr_employee_deleted",
    "bamboohr_employee_updated",
    "bamboohr_field_based_legacy",
]


@pytest.fixture
def practice() -> PracticeBambooHr:
    made = PracticeBambooHr()
    made.employees["1207"] = {
        "employeeNumber": "E-7",
        "workEmail": "mara.okafor@acme.example",
        "displayName": "Mara Okafor",
        "status": "Active",
        "hireDate": "2020-01-01",
        "terminationDate": "2026-09-30",
        "country": "DE",
        "lastDay": "2026-09-25",
    }
    return made


def source(practice: PracticeBambooHr, **told: Any) -> BambooHr:
    settings = BambooHr.Settings.model_validate(practice.settings("https://acme.example") | told)
    transport = httpx.ASGITransport(practice.app)
    connected: BambooHr = BambooHr.connect("people", settings, Clock(), transport)
    return connected


@pytest.mark.parametrize("name", NAMES)
def test_the_samples_are_proved_and_become_hints(name: str, practice: PracticeBambooHr) -> None:
    found = sample(name)
    body, people = found["raw_body"].encode(), source(practice, secret=found["test_vector_secret"])
    at = datetime.fromtimestamp(int(headers_of(found)["x-bamboohr-timestamp"]), UTC)
    assert people.verify(headers_of(found), body, at).stale is False
    events = people.parse(body)
    assert {event.type for event in events} == {EventType.HINT}
    assert all(event.worker is None for event in events)


def test_one_changed_byte_is_refused(practice: PracticeBambooHr) -> None:
    body, headers = practice.webhook("1207", NOW)
    with pytest.raises(BadSignature):
        source(practice).verify(headers, body + b" ", NOW)


def test_a_stale_delivery_is_still_a_hint(practice: PracticeBambooHr) -> None:
    body, headers = practice.webhook("1207", NOW - timedelta(minutes=80))
    assert source(practice).verify(headers, body, NOW).stale is True


def test_a_delivery_from_the_future_is_refused(practice: PracticeBambooHr) -> None:
    body, headers = practice.webhook("1207", NOW + timedelta(minutes=6))
    with pytest.raises(BadSignature, match="future"):
        source(practice).verify(headers, body, NOW)


def test_a_repeat_has_the_same_key_and_another_event_has_another(
    practice: PracticeBambooHr,
) -> None:
    people = source(practice)
    keys = [
        people.verify(headers, body, NOW).dedupe_key
        for body, headers in (
            practice.webhook("1207", NOW),
            practice.webhook("1207", NOW),
            practice.webhook("1208", NOW),
        )
    ]
    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize("stamp", ["", "-1", "1e9", "9" * 400, "٣"])
def test_a_malformed_time_stamp_is_a_bad_signature(stamp: str, practice: PracticeBambooHr) -> None:
    body, headers = practice.webhook("1207", NOW)
    with pytest.raises(BadSignature):
        source(practice).verify({**headers, "x-bamboohr-timestamp": stamp}, body, NOW)


def test_news_of_the_company_is_about_nobody(practice: PracticeBambooHr) -> None:
    assert source(practice).parse(b'{"type": "company.updated"}') == ()


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"{}", b'{"type": "employee.promoted"}', b'{"employees": 7}']
)
def test_what_it_cannot_mean_is_unreadable(body: bytes, practice: PracticeBambooHr) -> None:
    with pytest.raises(Unreadable):
        source(practice).parse(body)


async def test_the_worker_is_read_with_both_dates(practice: PracticeBambooHr) -> None:
    found = await source(practice, last_working_day_field="lastDay").read_worker("1207")
    assert found is not None
    assert found.termination is not None
    assert (found.employee_number, found.status) == ("E-7", WorkerStatus.ACTIVE)
    assert found.termination.termination_date == date(2026, 9, 30)
    assert found.termination.last_working_day == date(2026, 9, 25)


async def test_the_date_of_a_former_leave_is_no_leave(practice: PracticeBambooHr) -> None:
    practice.employees["1207"]["hireDate"] = "2026-10-01"
    found = await source(practice).read_worker("1207")
    assert found is not None
    assert found.termination is None


async def test_an_id_that_nobody_has_is_nobody(practice: PracticeBambooHr) -> None:
    assert await source(practice).read_worker("../9") is None


async def test_a_date_that_does_not_exist_is_not_understood(practice: PracticeBambooHr) -> None:
    practice.employees["1207"]["terminationDate"] = "2026-02-30"
    with pytest.raises(Unrecognised, match="termination_date"):
        await source(practice).read_worker("1207")


async def test_an_outage_is_worth_another_try(practice: PracticeBambooHr) -> None:
    practice.down = True
    with pytest.raises(TryAgain):
        await source(practice).read_worker("1207")


async def test_a_wrong_key_says_where_to_put_a_right_one(practice: PracticeBambooHr) -> None:
    with pytest.raises(CredentialDenied) as why:
        await source(practice, token="wrong-key").check()
    assert "hr.people.token" in why.value.fix
    assert "wrong-key" not in repr(why.value)


async def test_a_right_key_is_proved(practice: PracticeBambooHr) -> None:
    assert "reads employees" in await source(practice).check()


async def test_an_answer_of_another_shape_is_not_understood(practice: PracticeBambooHr) -> None:
    practice.employees["1207"]["workEmail"] = {"value": "x"}
    with pytest.raises(Unrecognised):
        await source(practice).read_worker("1207")


def test_a_body_of_the_legacy_kind_may_come_twice_and_mean_it(practice: PracticeBambooHr) -> None:
    found = sample("bamboohr_field_based_legacy")
    people = source(practice, secret=found["test_vector_secret"])
    assert len(people.parse(found["raw_body"].encode())) == len(
        json.loads(found["raw_body"])["employees"]
    )
