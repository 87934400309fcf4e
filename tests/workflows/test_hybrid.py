"""An account that another system writes is contained when that system is."""

from typing import Any

from adapters.practice.active_directory import PracticeDomain
from tests.house import ADDRESS, NUMBER, house, leaves
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


class Hybrid(Stage):
    """A tenant whose accounts come from an Active Directory."""

    def __init__(self) -> None:
        super().__init__()
        self.domain = PracticeDomain()
        self.in_domain = self.domain.hire(ADDRESS, employee_number=NUMBER)
        self.tenant.users[self.in_tenant]["onPremisesSyncEnabled"] = True

    @property
    def vendors(self) -> dict[str, Any]:
        return {"tenant": self.tenant, "ad": self.domain}


AT_ONCE = {
    "tenant": {"mastered_by": "ad", "token_lifetime": "0"},
    "ad": {"token_lifetime": "0"},
}


async def test_a_synced_account_is_contained_when_the_domain_is_too(sqlite_url: str) -> None:
    stage = Hybrid()
    old = stage.domain.things[stage.in_domain].password
    case = await cut(stage, sqlite_url, AT_ONCE)
    assert case["containment"] == "contained"
    assert stage.domain.enabled(stage.in_domain) is False
    assert stage.domain.things[stage.in_domain].password != old
    assert item(case, "ad", "reset_credentials")["confirmed"] is True


async def test_what_the_domain_does_is_no_task_in_the_tenant(sqlite_url: str) -> None:
    case = await cut(Hybrid(), sqlite_url, AT_ONCE)
    password = item(case, "tenant", "reset_credentials")
    assert (password["state"], password["gap"]) == ("gap", "not_applicable")
    assert "the system ad writes it" in password["gap_detail"]
    assert item(case, "tenant", "remove_factors")["gap"] == "covered_by"
    asked = " ".join(t["title"] for t in case["tasks"] if t["system"] == "tenant")
    assert "credentials" not in asked
    assert "factors" not in asked


async def test_a_domain_that_refuses_the_block_keeps_the_tenant_from_being_contained(
    sqlite_url: str,
) -> None:
    stage = Hybrid()
    stage.domain.rights.discard("useraccountcontrol")
    case = await cut(stage, sqlite_url, AT_ONCE)
    assert account(case, "ad")["containment"] == "not"
    assert account(case, "tenant")["containment"] == "partly"
    assert stage.domain.enabled(stage.in_domain) is True


async def test_a_ticket_that_may_still_live_is_waited_for_by_both(sqlite_url: str) -> None:
    stage = Hybrid()
    told = {"tenant": AT_ONCE["tenant"], "ad": {"token_lifetime": "10h"}}
    async with house(sqlite_url, stage.vendors, extra=told) as stage.exeunt:
        await stage.exeunt.hr_says(leaves())
        case = await stage.exeunt.until(
            lambda c: c["containment"] == "blocked_until_expiry" and c["status"] == "waiting"
        )
    assert account(case, "ad")["last_possible_access"]
