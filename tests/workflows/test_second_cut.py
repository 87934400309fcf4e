"""A case that was given back is cut once more: everything is read, planned and agreed to anew."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from sqlmodel import select

from adapters.actions import Wave
from app.security.tokens import Role
from tests.house import house, leaves
from tests.workflows.stage import Stage, approve, contained, given_back, item, wave_is_over
from workflows.tables import CaseAccount, Part

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


@pytest_asyncio.fixture
async def stage(url: str) -> AsyncIterator[Stage]:
    made = Stage()
    made.tenant.give_mailbox(made.in_tenant)
    told = {"tenant": {"token_lifetime": "0"}}
    async with house(url, made.vendors, extra=told) as made.exeunt:
        yield made


async def cut_again(stage: Stage) -> dict[str, Any]:
    return await contained(stage, timestamp="2026-09-03T09:22:00Z")


async def test_a_retry_of_a_restored_case_cuts_nobody(stage: Stage) -> None:
    case = await contained(stage)
    await given_back(stage)
    operator = await stage.exeunt.client(Role.OPERATOR, address="operator@acme.example")
    assert (await operator.post(f"/cases/{case['id']}/retry")).status_code == 202
    await asyncio.sleep(2)  # several sweeps
    after = await stage.exeunt.case()
    assert after["timings"]["restored_at"]
    assert stage.tenant.enabled(stage.in_tenant) is True
    assert stage.directory.enabled(stage.in_directory) is True


async def test_the_state_before_is_that_of_the_second_cut(stage: Stage) -> None:
    stage.tenant.users[stage.in_tenant]["accountEnabled"] = False  # on leave at the first cut
    await contained(stage)
    await given_back(stage)
    stage.tenant.users[stage.in_tenant]["accountEnabled"] = True  # back at work since
    case = await cut_again(stage)
    assert stage.tenant.enabled(stage.in_tenant) is False
    assert item(case, "tenant", "block_sign_in")["outcome"] == "changed"
    async with stage.exeunt.world.store.read() as session:
        rows = (await session.exec(select(CaseAccount))).all()
    account = next(row for row in rows if row.system == "tenant")
    assert [one["enabled"] for one in account.earlier] == [False]
    await given_back(stage)
    assert stage.tenant.enabled(stage.in_tenant) is True


async def test_what_was_gated_is_gated_and_timed_anew(stage: Stage) -> None:
    await contained(stage)
    await approve(stage, Wave.HAND_OVER)
    await stage.exeunt.until(lambda c: wave_is_over(c, Wave.HAND_OVER))
    await given_back(stage)
    was = await parts(stage)
    await cut_again(stage)
    await stage.exeunt.until(lambda c: any(a["wave"] == "hand_over" for a in c["approvals"]))
    now = await parts(stage)
    assert now["tenant", "hand_over"].approvals == 1
    for place in (("tenant", "clean_up"), ("directory", "clean_up")):
        due, before = now[place].due_at, was[place].due_at
        assert due is not None
        assert before is not None
        assert due > before
    assert now["tenant", "hand_over"].state in ("due", "awaiting_approval")


async def parts(stage: Stage) -> dict[tuple[str, str], Part]:
    async with stage.exeunt.world.store.read() as session:
        found = (await session.exec(select(Part))).all()
    return {(part.system, part.wave): part for part in found}


async def test_the_old_word_of_an_approver_does_not_count_for_the_new_cut(stage: Stage) -> None:
    await contained(stage)
    await approve(stage, Wave.HAND_OVER)
    await stage.exeunt.until(lambda c: wave_is_over(c, Wave.HAND_OVER))
    await given_back(stage)
    case = await cut_again(stage)
    await approve(stage, Wave.HAND_OVER, "another@acme.example")
    events = await stage.exeunt.events(case=case["id"], type="approval.given")
    assert len([e for e in events if e["data"]["wave"] == "hand_over"]) == 2
    await stage.exeunt.until(lambda c: wave_is_over(c, Wave.HAND_OVER))


async def test_an_account_that_no_rule_finds_any_more_is_cut_all_the_same(stage: Stage) -> None:
    await contained(stage)
    await given_back(stage)
    user = stage.directory.users[stage.in_directory]
    user["userName"] = "mara.new@acme.example"
    user["emails"] = [{"value": "mara.new@acme.example", "primary": True}]
    user[ENTERPRISE] = {"employeeNumber": "1208"}
    await cut_again(stage)
    assert stage.directory.enabled(stage.in_directory) is False


async def test_what_people_had_to_do_is_asked_of_them_again(url: str) -> None:
    stage = Stage()
    badge = {"badge": {"adapter": "manual", "owner": "facilities@acme.example"}}
    async with house(url, stage.vendors, extra=badge) as stage.exeunt:
        await stage.exeunt.hr_says(leaves())
        await stage.exeunt.until(lambda c: c["status"] == "waiting" and asked(c) == ["open"])
        await given_back(stage)
        await stage.exeunt.until(lambda c: asked(c) == ["closed"])
        await stage.exeunt.hr_says(leaves(timestamp="2026-09-03T09:22:00Z"))
        await stage.exeunt.until(lambda c: sorted(asked(c)) == ["closed", "open"])
    assert stage.directory.enabled(stage.in_directory) is False


def asked(case: dict[str, Any]) -> list[str]:
    return [task["state"] for task in case["tasks"] if task["system"] == "badge"]
