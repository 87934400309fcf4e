"""Giving access back: asked for by one person, agreed to by another, and never by halves."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest_asyncio

from adapters.actions import Wave
from app.security.tokens import Role
from tests.house import ADDRESS, house, leaves
from tests.workflows.stage import Stage, account

ASKED = {"reason": "HR named the wrong person"}


@pytest_asyncio.fixture
async def stage(url: str) -> AsyncIterator[Stage]:
    made = Stage()
    async with house(url, made.vendors) as made.exeunt:
        yield made


async def contained(stage: Stage) -> dict[str, Any]:
    await stage.exeunt.hr_says(leaves())
    return await stage.exeunt.until(
        lambda c: c["containment"] == "contained" and c["status"] == "waiting"
    )


async def ask(stage: Stage, case: dict[str, Any], **more: Any) -> httpx.Response:
    operator = await stage.exeunt.client(Role.OPERATOR, address="operator@acme.example")
    return await operator.post(f"/cases/{case['id']}/restore", json=ASKED | more)


async def agree(stage: Stage, case: dict[str, Any], who: str, role: Role) -> httpx.Response:
    client = await stage.exeunt.client(role, address=who)
    seen = (await client.get(f"/cases/{case['id']}")).json()
    digest = next(a["digest"] for a in seen["approvals"] if a["wave"] == Wave.RESTORE)
    body = {"wave": Wave.RESTORE, "digest": digest}
    return await client.post(f"/cases/{case['id']}/approve", json=body)


async def restored(stage: Stage) -> dict[str, Any]:
    case = await contained(stage)
    assert (await ask(stage, case)).status_code == 202
    answer = await agree(stage, case, "approver@acme.example", Role.APPROVER)
    assert answer.status_code == 200, answer.text
    return await stage.exeunt.until(
        lambda c: (
            c["containment"] in ("not", "partly")
            and all(i["state"] == "done" for i in c["items"] if i["wave"] == "restore")
        )
    )


async def test_asking_alone_gives_nothing_back_and_the_asker_cannot_agree(stage: Stage) -> None:
    case = await contained(stage)
    assert (await ask(stage, case)).status_code == 202
    for who, role in (("operator@acme.example", Role.APPROVER), (ADDRESS, Role.APPROVER)):
        assert (await agree(stage, case, who, role)).status_code == 403
    assert stage.directory.enabled(stage.in_directory) is False


async def test_what_was_cut_works_again_everywhere_and_is_not_cut_again(stage: Stage) -> None:
    case = await restored(stage)
    assert stage.directory.enabled(stage.in_directory) is True
    assert stage.tenant.enabled(stage.in_tenant) is True
    assert case["timings"]["restored_at"]
    assert account(case, "directory")["containment"] == "not"
    await stage.exeunt.hr_says(leaves("worker.updated", timestamp="2026-09-02T09:22:00Z"))
    assert stage.directory.enabled(stage.in_directory) is True
    later = {i["state"] for i in case["items"] if i["wave"] in ("clean_up", "retire")}
    assert later <= {"cancelled", "gap"}


async def test_an_account_that_was_disabled_before_stays_disabled(stage: Stage) -> None:
    stage.directory.users[stage.in_directory]["active"] = False
    await restored(stage)
    assert stage.directory.enabled(stage.in_directory) is False
    assert stage.tenant.enabled(stage.in_tenant) is True


async def test_revoke_now_cuts_what_was_given_back_once_more(stage: Stage) -> None:
    await restored(stage)
    await stage.exeunt.hr_says(leaves(timestamp="2026-09-03T09:22:00Z"))
    await stage.exeunt.until(lambda c: c["containment"] == "contained")
    assert stage.directory.enabled(stage.in_directory) is False
    assert stage.tenant.enabled(stage.in_tenant) is False


async def test_it_is_in_the_log_who_asked_and_what_was_done(stage: Stage) -> None:
    case = await restored(stage)
    events = await stage.exeunt.events(case=case["id"])
    types = [event["type"] for event in events]
    assert types.index("restore.requested") < types.index("restore.begun")
    assert types.index("restore.begun") < types.index("restore.block_sign_in.intent")
    assert "restore.block_sign_in.read_back" in types


async def test_a_case_that_is_not_at_rest_is_not_given_back(stage: Stage) -> None:
    case = await restored(stage)
    answer = await ask(stage, case)
    assert (answer.status_code, "restored" in answer.json()["detail"]) == (409, True)
    unknown = await ask(stage, {"id": "case_none"})
    assert unknown.status_code == 404


async def test_a_right_that_was_never_taken_is_not_given(stage: Stage) -> None:
    case = await contained(stage)
    answer = await ask(stage, case, privileged=["Global Administrator"])
    assert answer.status_code == 404
    assert "no administrator right" in answer.json()["detail"]
