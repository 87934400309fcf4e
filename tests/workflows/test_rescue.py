"""What our own faults must not do: leave a leaver's work lying, unseen."""

from datetime import timedelta
from pathlib import Path

import pytest

from adapters.practice.base import Fault
from adapters.practice.scim import PracticeCrm, PracticeDirectory
from tests.house import ADDRESS, NUMBER, house, leaves


async def test_a_part_whose_workflow_failed_is_shown_and_taken_up_again(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflows.rescue.AGAIN_AFTER", timedelta(seconds=1))
    monkeypatch.setattr("workflows.sweeper.RESCUE_EVERY", 1)
    directory = PracticeDirectory()
    directory.hire(ADDRESS, employee_number=NUMBER)
    async with house(url, {"directory": directory}) as exeunt:
        with monkeypatch.context() as broken:
            broken.setattr("workflows.lookup.identify", _bug)
            await exeunt.hr_says(leaves())
            case = await exeunt.until(lambda c: any(t["kind"] == "fault" for t in c["tasks"]))
        assert case["containment"] == "unknown"
        await exeunt.until(lambda c: c["containment"] == "contained")
        assert await exeunt.events(type="workflow.failed")


def _bug(*_: object) -> None:
    raise KeyError("a fault of ours")


async def test_a_system_that_was_taken_out_of_the_configuration_is_left_to_a_person(
    tmp_path: Path,
) -> None:
    url, directory, crm = f"sqlite:///{tmp_path / 'e.db'}", PracticeDirectory(), PracticeCrm()
    for vendor in (directory, crm):
        vendor.hire(ADDRESS, employee_number=NUMBER)
    crm.faults += [Fault(429, headers={"Retry-After": "1"}, writes_only=True)]
    async with house(url, {"directory": directory, "crm": crm}) as exeunt:
        await exeunt.hr_says(leaves())
        await exeunt.until(lambda c: any(i["state"] == "waiting" for i in c["items"]))
    async with house(url, {"directory": directory}) as exeunt:
        case = await exeunt.until(
            lambda c: any("no longer configured" in t["title"] for t in c["tasks"])
        )
    assert {t["system"] for t in case["tasks"] if t["kind"] == "failed"} == {"crm"}
