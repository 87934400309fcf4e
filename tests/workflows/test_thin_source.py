"""BambooHR end to end: the hint starts a read, and only what is read back counts."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial
from typing import Any

import httpx
import pytest

from adapters.practice.bamboohr import PracticeBambooHr
from adapters.practice.scim import PracticeDirectory
from adapters.serving import served
from tests.house import ADDRESS, House, eventually, house
from workflows.tables import Case


class Hr:
    """A practice BambooHR, a directory, and Exeunt between them."""

    def __init__(self) -> None:
        self.bamboo, self.directory = PracticeBambooHr(), PracticeDirectory()
        self.account = self.directory.hire(ADDRESS, employee_number="E-7")
        self.exeunt: House
        self.employee = {
            "employeeNumber": "E-7",
            "workEmail": ADDRESS,
            "status": "Active",
            "hireDate": "2020-01-01",
        }
        self.bamboo.employees["1207"] = self.employee

    async def hints(self, *, ago: timedelta = timedelta(0)) -> httpx.Response:
        body, headers = self.bamboo.webhook("1207", self.exeunt.world.clock.now() - ago)
        client = await self.exeunt.client()
        return await client.post("/hr/people/events", content=body, headers=headers)

    async def decided(self, kind: str) -> dict[str, Any]:
        async def decisions() -> list[dict[str, Any]]:
            return await self.exeunt.events(type="hr.decision")

        seen = await eventually(decisions, lambda all_: any(d["outcome"] == kind for d in all_))
        found: dict[str, Any] = next(d for d in seen if d["outcome"] == kind)
        return found


@pytest.fixture
async def hr(sqlite_url: str) -> AsyncIterator[Hr]:
    made = Hr()
    async with AsyncExitStack() as stack:
        told = made.bamboo.settings(await stack.enter_async_context(served(made.bamboo.app)))
        opened = house(sqlite_url, {"directory": made.directory}, hr={"people": told})
        made.exeunt = await stack.enter_async_context(opened)
        yield made


async def test_a_hint_about_somebody_who_has_left_cuts_them(hr: Hr) -> None:
    hr.employee |= {"status": "Inactive", "terminationDate": "2026-09-01"}
    assert (await hr.hints()).status_code == 202
    await hr.exeunt.until(lambda c: c["containment"] == "contained")
    assert hr.directory.enabled(hr.account) is False


async def test_a_stale_hint_is_read_all_the_same(hr: Hr) -> None:
    hr.employee |= {"status": "Inactive", "terminationDate": "2026-09-01"}
    assert (await hr.hints(ago=timedelta(minutes=80))).status_code == 202
    await hr.exeunt.until(lambda c: c["containment"] == "contained")


async def test_a_date_is_scheduled_moved_and_taken_back_by_reading_again(hr: Hr) -> None:
    # Hints of one second are one delivery: these are sent as if seconds had passed.
    for ago, date, day in ((9, "2031-05-31", "2031-06-01"), (6, "2031-06-30", "2031-07-01")):
        hr.employee["terminationDate"] = date
        await hr.hints(ago=timedelta(seconds=ago))
        await hr.exeunt.until(partial(_ends_on, day))
    del hr.employee["terminationDate"]
    await hr.hints(ago=timedelta(seconds=2))
    await hr.exeunt.until(lambda c: c["status"] == "cancelled")
    assert hr.directory.enabled(hr.account) is True


def _ends_on(day: str, case: dict[str, Any]) -> bool:
    return bool(case["timings"]["effective_at"].startswith(day))


async def test_an_hr_that_cannot_be_read_is_asked_again(hr: Hr) -> None:
    hr.employee |= {"status": "Inactive", "terminationDate": "2026-09-01"}
    hr.bamboo.down = True
    assert (await hr.hints()).status_code == 202
    await eventually(lambda: hr.exeunt.events(type="hr.read_failed"), bool)
    hr.bamboo.down = False
    await hr.exeunt.until(lambda c: c["containment"] == "contained")


async def test_a_deleted_record_is_no_termination_and_a_person_is_asked(hr: Hr) -> None:
    await hr.hints()
    await hr.decided("nothing")
    del hr.bamboo.employees["1207"]
    await hr.hints(ago=timedelta(seconds=3))
    await hr.decided("needs_person")
    tasks = (await (await hr.exeunt.client()).get("/tasks")).json()["items"]
    assert ["people/1207" in task["title"] for task in tasks] == [True]
    assert hr.directory.enabled(hr.account) is True


async def test_somebody_who_came_back_is_not_cut_for_their_first_leave(hr: Hr) -> None:
    hr.employee["terminationDate"] = "2024-01-31"
    await hr.hints()
    await hr.decided("needs_person")
    assert hr.directory.enabled(hr.account) is True


async def test_hr_is_asked_once_more_before_a_scheduled_cut(hr: Hr) -> None:
    """Most HR systems never say that a leave was taken back: it is read right before the cut."""
    worker = hr.exeunt.world.clock.now()
    hr.employee["terminationDate"] = (worker + timedelta(days=400)).date().isoformat()
    await hr.hints()
    case = await hr.exeunt.until(lambda c: c["status"] == "scheduled")
    del hr.employee["terminationDate"]
    async with hr.exeunt.world.store.write() as session:
        row = await session.get_one(Case, case["id"])
        row.effective_at = worker
    await hr.exeunt.until(lambda c: c["status"] == "cancelled")
    assert hr.directory.enabled(hr.account) is True


async def test_a_cut_on_time_does_not_wait_for_an_hr_that_is_down(hr: Hr) -> None:
    now = hr.exeunt.world.clock.now()
    hr.employee["terminationDate"] = (now + timedelta(days=400)).date().isoformat()
    await hr.hints()
    case = await hr.exeunt.until(lambda c: c["status"] == "scheduled")
    hr.bamboo.down = True
    async with hr.exeunt.world.store.write() as session:
        row = await session.get_one(Case, case["id"])
        row.effective_at = now
    case = await hr.exeunt.until(lambda c: c["containment"] == "contained")
    assert case["unconfirmed"] is True
