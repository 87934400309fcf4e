"""What HR says, over time, and what becomes of the case."""

from datetime import timedelta

from tests.house import leaves
from tests.workflows.stage import Stage


async def test_a_scheduled_case_waits_and_can_be_cancelled(stage: Stage) -> None:
    future = {"last_working_day": "2031-01-31", "type": "voluntary"}
    await stage.exeunt.hr_says(leaves("worker.termination_scheduled", termination=future))
    case = await stage.exeunt.until(lambda c: c["status"] == "scheduled")
    assert case["timings"]["effective_at"] == "2031-01-31T23:00:00Z"
    assert (case["time_zone"], case["basis"]) == ("Europe/Berlin", "last_working_day")
    client = await stage.exeunt.client()
    cancelled = await client.post(f"/cases/{case['id']}/cancel", json={"reason": "stays"})
    assert cancelled.json()["status"] == "cancelled"
    assert stage.directory.enabled(stage.in_directory) is True


async def test_hr_takes_a_voluntary_leave_back(stage: Stage) -> None:
    future = {"last_working_day": "2031-01-31", "type": "voluntary"}
    await stage.exeunt.hr_says(leaves("worker.termination_scheduled", termination=future))
    await stage.exeunt.until(lambda c: c["status"] == "scheduled")
    back = leaves(
        "worker.termination_rescinded", termination=None, timestamp="2026-09-02T09:00:00Z"
    )
    await stage.exeunt.hr_says(back)
    await stage.exeunt.until(lambda c: c["status"] == "cancelled")


async def test_revoke_now_overtakes_a_scheduled_leave(stage: Stage) -> None:
    future = {"last_working_day": "2031-01-31", "type": "involuntary"}
    await stage.exeunt.hr_says(leaves("worker.termination_scheduled", termination=future))
    await stage.exeunt.until(lambda c: c["status"] == "scheduled")
    await stage.exeunt.hr_says(leaves("worker.access_revoke_now", termination=future))
    case = await stage.exeunt.until(lambda c: c["containment"] == "contained")
    assert case["timings"]["seconds_to_contain"] < 30
    assert len((await (await stage.exeunt.client()).get("/cases")).json()["items"]) == 1


async def test_a_scheduled_leave_is_cut_when_its_moment_comes(stage: Stage) -> None:
    soon = stage.exeunt.world.clock.now() + timedelta(seconds=1.5)
    ends = {"access_end": soon.isoformat(), "type": "voluntary"}
    await stage.exeunt.hr_says(leaves("worker.termination_scheduled", termination=ends))
    case = await stage.exeunt.until(lambda c: bool(c["status"]))
    assert (case["status"], stage.directory.writes) == ("scheduled", 0)
    case = await stage.exeunt.until(lambda c: c["containment"] == "contained")
    assert case["basis"] == "access_end"
    assert 0 <= case["timings"]["seconds_to_contain"] < 10
