"""What there is to look at: systems, lists, health, metrics, the description of the interface."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from adapters.actions import Action
from adapters.practice.graph import PracticeTenant
from adapters.practice.scim import PracticeDirectory
from app.security.tokens import Role
from tests.conftest import new_database
from tests.house import ADDRESS, House, house, leaves

pytestmark = pytest.mark.asyncio(loop_scope="module")

BADGE = {"adapter": "manual", "owner": "facilities@acme.example"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def exeunt(request: pytest.FixtureRequest) -> AsyncIterator[House]:
    vendors = {"tenant": PracticeTenant(), "watched": PracticeDirectory()}
    for vendor in vendors.values():
        for n in range(5):
            vendor.hire(f"leaver{n}@acme.example", employee_number=str(n))
    extra = {
        "tenant": {"token_lifetime": "0"},
        "watched": {"mode": "observe"},
        "badge": BADGE,
    }
    async with house(new_database(request, "sqlite"), vendors, extra=extra) as running:
        for n in range(5):
            worker = {
                "source_worker_id": str(n),
                "employee_number": str(n),
                "work_email": f"leaver{n}@acme.example",
            }
            await running.hr_says(leaves(worker=worker))
            await running.until(lambda c: c["status"] == "waiting", str(n))
        yield running


def root(client: httpx.AsyncClient) -> str:
    return str(client.base_url).removesuffix("/api/v1/")


async def test_observe_mode_plans_everything_and_writes_nothing(exeunt: House) -> None:
    case = await exeunt.case("0")
    watched = [item for item in case["items"] if item["system"] == "watched"]
    assert {item["state"] for item in watched if not item["gap"]} == {"observed"}
    states = {account["system"]: account["containment"] for account in case["accounts"]}
    assert states == {"tenant": "contained", "watched": "not", "badge": "by_hand"}
    assert case["containment"] == "partly"


async def test_a_list_is_walked_by_its_cursor_without_gap_or_repeat(exeunt: House) -> None:
    client = await exeunt.client(Role.VIEWER)
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await client.get("/cases", params={"limit": "2", **cursor})).json()
        seen += [case["worker"]["source_worker_id"] for case in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == ["4", "3", "2", "1", "0"]


async def test_the_log_is_walked_by_its_cursor_in_its_own_order(exeunt: House) -> None:
    client = await exeunt.client(Role.AUDITOR)
    indices, cursor = [], "-1"
    while cursor is not None:
        asked = {"limit": "7", "cursor": cursor}
        page = (await client.get("/audit/events", params=asked)).json()
        indices += [event["index"] for event in page["items"]]
        cursor = page["next_cursor"]
    assert indices == list(range(len(indices)))


async def test_a_task_is_closed_with_a_note_that_stays_a_persons_word(exeunt: House) -> None:
    client = await exeunt.client(Role.OPERATOR)
    case = await exeunt.case("1")
    [task] = [t for t in case["tasks"] if t["system"] == "badge"]
    assert task["owner"] == "facilities@acme.example"
    note = {"note": "badge 4711 returned, refused at gate 2"}
    closed = await client.post(f"/tasks/{task['id']}/close", json=note)
    again = await client.post(f"/tasks/{task['id']}/close", json=note)
    assert (closed.status_code, again.status_code) == (200, 409)
    assert (await exeunt.case("1"))["containment"] == "partly"


async def test_every_system_says_what_it_can_and_what_it_leaves_to_people(exeunt: House) -> None:
    client = await exeunt.client(Role.VIEWER)
    systems = {one["id"]: one for one in (await client.get("/systems")).json()["items"]}
    assert systems["watched"]["mode"] == "observe"
    for one in systems.values():
        assert len(one["actions"]) + len(one["gaps"]) == len(Action)


async def test_health_readiness_and_metrics_need_no_token(exeunt: House) -> None:
    client = await exeunt.client()
    base = root(client)
    async with httpx.AsyncClient(transport=client._transport) as stranger:
        assert (await stranger.get(f"{base}/healthz")).json() == {"status": "alive"}
        assert (await stranger.get(f"{base}/readyz")).json()["status"] == "ready"
        metrics = (await stranger.get(f"{base}/metrics")).text
    partly = re.findall(r'exeunt_cases\{containment="partly",status="\w+"\} (\S+)', metrics)
    assert sum(map(float, partly)) == 5


async def test_the_description_of_the_interface_has_examples(exeunt: House) -> None:
    client = await exeunt.client()
    described = (await client.get(f"{root(client)}/openapi.json")).json()
    assert "/api/v1/cases/{case_id}/approve" in described["paths"]
    summary = described["components"]["schemas"]["CaseSummary"]["properties"]
    assert summary["containment"]["examples"] == ["contained"]


async def test_account_links_come_as_csv_whole_or_not_at_all(exeunt: House) -> None:
    client = await exeunt.client(Role.OPERATOR)
    headers = {"content-type": "text/csv"}
    good = f"system,account,address\ntenant,x-1,{ADDRESS}\ntenant,x-2,{ADDRESS}\n"
    bad = good + "tenant,x-3,\n"
    refused = await client.post("/account-links/import", content=bad, headers=headers)
    assert (refused.status_code, "line 4" in refused.json()["detail"]) == (422, True)
    for stored in (2, 0):
        answer = await client.post("/account-links/import", content=good, headers=headers)
        assert answer.json() == {"stored": stored, "known_already": 2 - stored}
