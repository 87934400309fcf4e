"""What our own faults must not do: leave a leaver's work lying, unseen."""

from datetime import timedelta

import pytest

from adapters.practice.scim import PracticeDirectory
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
