"""How a case runs when systems throttle, refuse, fall over, or do not know who is meant."""

from datetime import timedelta
from typing import Any

import pytest

from adapters.actions import Action
from adapters.practice.base import Fault
from adapters.practice.graph import PracticeTenant
from app.security.tokens import Role
from tests.house import ADDRESS, NUMBER, leaves
from tests.workflows.stage import Stage, account, item


async def test_every_verb_is_preceded_by_its_intent_and_followed_by_its_read_back(
    stage: Stage,
) -> None:
    await stage.exeunt.hr_says(leaves())
    case = await stage.exeunt.until(lambda c: c["containment"] == "contained")
    events = await stage.exeunt.events(case=case["id"])
    here = [e for e in events if e.get("data", {}).get("system") == "tenant"]
    # The other system's turn may judge this account in between.
    steps = [e["type"] for e in here if e["type"] != "account.judged"]
    block = steps.index("block_sign_in.intent")
    assert steps[block : block + 6] == [
        "block_sign_in.intent",
        "block_sign_in.result",
        "block_sign_in.read_back",
        "revoke_sessions.intent",
        "revoke_sessions.result",
        "revoke_sessions.read_back",
    ]


async def test_the_ledger_holds_no_personal_data(stage: Stage) -> None:
    await stage.exeunt.hr_says(leaves())
    await stage.exeunt.until(lambda c: c["containment"] == "contained")
    client = await stage.exeunt.client()
    log = (await client.get("/audit/export")).text
    for secret in ("Mara", "Okafor", ADDRESS, stage.in_tenant, PracticeTenant.token, '"1207"'):
        assert secret not in log


async def test_throttling_waits_as_long_as_asked_and_delays_no_other_system(stage: Stage) -> None:
    stage.directory.faults += [Fault(429, headers={"Retry-After": "2"})] * 5
    await stage.exeunt.hr_says(leaves())
    first = await stage.exeunt.until(lambda c: account(c, "tenant")["containment"] == "contained")
    assert account(first, "directory")["containment"] == "unknown"
    assert first["containment"] == "partly"
    case = await stage.exeunt.until(lambda c: c["containment"] == "contained")
    waited, others = (account(case, n)["seconds_to_contain"] for n in ("directory", "tenant"))
    assert waited >= 2
    assert others < waited


async def test_a_lost_answer_is_looked_at_before_it_is_said_again(stage: Stage) -> None:
    stage.directory.faults.append(Fault(503, after_effect=True, writes_only=True))
    await stage.exeunt.hr_says(leaves())
    case = await stage.exeunt.until(lambda c: c["containment"] == "contained")
    assert item(case, "directory", "block_sign_in")["attempts"] == 2
    assert item(case, "directory", "block_sign_in")["outcome"] == "changed"
    assert stage.directory.writes == 1


async def test_a_refused_credential_pauses_that_system_alone_until_it_is_proved(
    stage: Stage,
) -> None:
    stage.directory.faults += [Fault(401)] * 6
    await stage.exeunt.hr_says(leaves())
    case = await stage.exeunt.until(lambda c: any(t["kind"] == "credential" for t in c["tasks"]))
    await stage.exeunt.until(lambda c: account(c, "tenant")["containment"] == "contained")
    [task] = [t for t in case["tasks"] if t["kind"] == "credential"]
    assert "directory" in task["title"]
    assert "systems.directory" in task["how_to"]
    stage.directory.faults.clear()
    client = await stage.exeunt.client()
    assert (await client.post("/systems/directory/check")).json()["ok"] is True
    await stage.exeunt.until(lambda c: c["containment"] == "contained")


async def test_a_privileged_target_fails_alone_and_names_the_permission(stage: Stage) -> None:
    stage.tenant.give_role(stage.in_tenant)
    await stage.exeunt.hr_says(leaves())
    case = await stage.exeunt.until(
        lambda c: (
            account(c, "directory")["containment"] == "contained"
            and bool(c["tasks"])
            and c["status"] != "running"
        )
    )
    block = item(case, "tenant", "block_sign_in")
    assert block["state"] == "failed"
    assert "User.EnableDisableAccount.All" in block["permission"]
    assert account(case, "tenant")["containment"] == "not"
    assert case["containment"] == "partly"


async def test_an_answer_that_nobody_understands_stops_that_item_and_asks_a_person(
    stage: Stage,
) -> None:
    stage.directory.faults.append(Fault(418, writes_only=True))
    await stage.exeunt.hr_says(leaves())
    case = await stage.exeunt.until(
        lambda c: any(t["kind"] == "failed" for t in c["tasks"]) and c["status"] != "running"
    )
    assert item(case, "directory", "block_sign_in")["error"] == "Unrecognised"
    client = await stage.exeunt.client()
    assert (await client.post(f"/cases/{case['id']}/retry")).json() == {"parts_started": 2}
    await stage.exeunt.until(lambda c: c["containment"] == "contained")


async def test_an_account_that_vanished_meanwhile_is_contained_and_said_to_be_absent(
    stage: Stage,
) -> None:
    stage.directory.faults.append(Fault(429, headers={"Retry-After": "1"}, writes_only=True))
    await stage.exeunt.hr_says(leaves())
    await stage.exeunt.until(item_waits)
    stage.directory.remove(stage.in_directory)
    case = await stage.exeunt.until(lambda c: c["containment"] == "contained")
    assert item(case, "directory", "block_sign_in")["outcome"] == "absent"


def item_waits(case: dict[str, Any]) -> bool:
    return any(i["state"] == "waiting" for i in case["items"])


async def test_two_candidates_are_shown_and_a_link_decides(stage: Stage) -> None:
    twin = stage.directory.hire(ADDRESS, login="mara.old")
    stage.directory.users[stage.in_directory]["active"] = True
    stage.directory.users[stage.in_directory].pop(ENTERPRISE)
    await stage.exeunt.hr_says(leaves())
    case = await stage.exeunt.until(lambda c: any(t["kind"] == "decide" for t in c["tasks"]))
    [task] = [t for t in case["tasks"] if t["kind"] == "decide"]
    assert {c["account_id"] for c in task["candidates"]} == {stage.in_directory, twin}
    assert stage.directory.writes == 0
    client = await stage.exeunt.client()
    for name in (stage.in_directory, twin):
        link = {"system": "directory", "account": name, "employee_number": NUMBER}
        assert (await client.post("/account-links", json=link)).status_code == 201
    await client.post(f"/cases/{case['id']}/retry")
    case = await stage.exeunt.until(lambda c: c["containment"] == "contained")
    assert len([a for a in case["accounts"] if a["system"] == "directory"]) == 2
    assert [t["state"] for t in case["tasks"] if t["kind"] == "decide"] == ["closed"]


ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


async def test_what_was_disabled_before_is_already_and_still_read_back(stage: Stage) -> None:
    stage.directory.users[stage.in_directory]["active"] = False
    await stage.exeunt.hr_says(leaves())
    case = await stage.exeunt.until(lambda c: c["containment"] == "contained")
    assert item(case, "directory", "block_sign_in")["outcome"] == "already"
    assert stage.directory.writes == 0


async def test_a_cut_that_comes_undone_is_cut_again_and_somebody_is_told(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflows.recheck_plan.AGAIN_AFTER", {"15m": timedelta(seconds=6)})
    await stage.exeunt.hr_says(leaves())
    await stage.exeunt.until(lambda c: c["containment"] == "contained")
    stage.directory.users[stage.in_directory]["active"] = True
    case = await stage.exeunt.until(lambda c: any(t["kind"] == "came_back" for t in c["tasks"]))
    case = await stage.exeunt.until(lambda c: c["containment"] == "contained")
    assert stage.directory.enabled(stage.in_directory) is False
    assert item(case, "directory", "block_sign_in")["attempts"] == 2


async def test_a_manual_case_is_opened_once_for_one_key(stage: Stage) -> None:
    client = await stage.exeunt.client(Role.OPERATOR)
    body = {"worker": {"email": ADDRESS}, "kind": "involuntary", "reference": "T-1"}
    key = {"Idempotency-Key": "k-1"}
    first = await client.post("/cases", json=body, headers=key)
    again = await client.post("/cases", json=body, headers=key)
    other = await client.post("/cases", json=body | {"reference": "T-2"}, headers=key)
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert first.json()["id"] == again.json()["id"]
    await stage.exeunt.until(lambda c: c["containment"] == "contained", ADDRESS)


async def test_what_destroys_waits_for_two_people_who_are_neither_subject_nor_requester(
    stage: Stage,
) -> None:
    await stage.exeunt.hr_says(leaves())
    case = await stage.exeunt.until(lambda c: c["containment"] == "contained")
    [gate] = [a for a in case["approvals"] if a["wave"] == "retire"]
    assert gate["approvals_needed"] == 2
    body = {"wave": "retire", "digest": gate["digest"]}
    path = f"/cases/{case['id']}/approve"
    service = await stage.exeunt.client(Role.APPROVER, person=False)
    subject = await stage.exeunt.client(Role.APPROVER, address=ADDRESS.upper())
    one = await stage.exeunt.client(Role.APPROVER, address="one@acme.example")
    two = await stage.exeunt.client(Role.APPROVER, address="two@acme.example")
    assert (await service.post(path, json=body)).status_code == 403
    assert (await subject.post(path, json=body)).status_code == 403
    assert (await one.post(path, json=body | {"digest": "0" * 64})).status_code == 409
    for _ in range(2):
        once = await one.post(path, json=body)
    assert [a["wave"] for a in once.json()["approvals"] if a["wave"] == "retire"]
    both = await two.post(path, json=body)
    assert [a["wave"] for a in both.json()["approvals"] if a["wave"] == "retire"] == []


async def test_the_dry_run_looks_everywhere_and_writes_nowhere(stage: Stage) -> None:
    client = await stage.exeunt.client(Role.OPERATOR)
    body = {"worker": {"email": ADDRESS}, "kind": "voluntary"}
    answer = (await client.post("/plans", json=body)).json()
    planned = {s["system"]: {i["action"] for i in s["items"]} for s in answer["systems"]}
    assert {Action.BLOCK_SIGN_IN, Action.REVOKE_SESSIONS} <= planned["tenant"]
    assert stage.tenant.writes == stage.directory.writes == 0
    assert (await client.get("/cases")).json()["items"] == []


async def test_the_timeline_streams_until_the_case_is_over(stage: Stage) -> None:
    stage.tenant.remove(stage.in_tenant)
    stage.directory.remove(stage.in_directory)
    await stage.exeunt.hr_says(leaves())
    case = await stage.exeunt.until(lambda c: c["status"] == "closed")
    client = await stage.exeunt.client()
    answer = await client.get(
        f"/cases/{case['id']}/timeline", headers={"Accept": "text/event-stream"}
    )
    assert answer.text.rstrip().splitlines()[-2] == "event: case.closed"
