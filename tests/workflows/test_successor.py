"""Who takes over: nobody whose keys disagree gets another's files and mail."""

from typing import Any

from tests.house import leaves
from tests.workflows.stage import Stage, account
from workflows.successor import successor_of

BOSS = {"source_worker_id": "7", "employee_number": "7", "work_email": "boss@acme.example"}


async def leaves_under(stage: Stage) -> str:
    """The id of the case of a leaver whose manager is known to HR."""
    await stage.exeunt.hr_says(leaves("worker.updated", worker=BOSS, termination=None))
    manager = {key: BOSS[key] for key in ("source_worker_id", "work_email")}
    await stage.exeunt.hr_says(leaves(worker={"manager": manager}))
    case: dict[str, Any] = await stage.exeunt.until(
        lambda c: account(c, "tenant")["containment"] == "contained"
    )
    return str(case["id"])


async def test_the_manager_takes_over(stage: Stage) -> None:
    boss = stage.tenant.hire(BOSS["work_email"], employee_number="7")
    case = await leaves_under(stage)
    heir = await successor_of(stage.exeunt.world, case, "tenant")
    assert heir
    assert heir.id == boss


async def test_an_address_that_was_given_to_somebody_else_hands_over_nothing(stage: Stage) -> None:
    stage.tenant.hire(BOSS["work_email"], employee_number="8")
    case = await leaves_under(stage)
    assert await successor_of(stage.exeunt.world, case, "tenant") is None
