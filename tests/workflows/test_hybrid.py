"""An account that another system writes is contained when that system is."""

from typing import Any

from tests.house import house, leaves
from tests.workflows.stage import Stage, account, item

RUNBOOK = "docs/runbooks/mastered-elsewhere.md"


def synced() -> Stage:
    made = Stage()
    made.tenant.users[made.in_tenant]["onPremisesSyncEnabled"] = True
    return made


async def cut(stage: Stage, url: str, extra: dict[str, Any]) -> dict[str, Any]:
    async with house(url, stage.vendors, extra=extra) as stage.exeunt:
        await stage.exeunt.hr_says(leaves())
        return await stage.exeunt.until(
            lambda c: (
                c["status"] == "waiting"
                and c["containment"] in ("contained", "partly")
                and all(
                    a["containment"] not in ("unknown", "blocked_until_expiry")
                    for a in c["accounts"]
                )
            )
        )


async def test_a_block_that_the_next_sync_may_lift_is_no_containment(sqlite_url: str) -> None:
    stage = synced()
    case = await cut(stage, sqlite_url, {})
    assert account(case, "tenant")["containment"] == "partly"
    assert "mastered on premises" in account(case, "tenant")["note"]
    [task] = [t for t in case["tasks"] if t["how_to"] == RUNBOOK and t["kind"] == "by_hand"]
    assert task["title"] == "tenant: reset credentials by hand"
    assert stage.tenant.enabled(stage.in_tenant) is False  # it buys minutes all the same


async def test_where_the_writer_is_configured_both_must_be_contained(sqlite_url: str) -> None:
    stage = synced()
    case = await cut(stage, sqlite_url, {"tenant": {"mastered_by": "directory"}})
    assert account(case, "tenant")["containment"] == "contained"
    assert item(case, "tenant", "block_sign_in")["confirmed"] is True


async def test_a_writer_that_knows_nobody_leaves_the_account_open(sqlite_url: str) -> None:
    stage = synced()
    stage.directory.remove(stage.in_directory)
    case = await cut(stage, sqlite_url, {"tenant": {"mastered_by": "directory"}})
    assert account(case, "tenant")["containment"] == "partly"
