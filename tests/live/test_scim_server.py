"""The design's example, against a SCIM service that others wrote, with the program itself.

And every vendor's profile against it, as far as it can stand in for the vendor.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from standardwebhooks import Webhook

from adapters.actions import Action, Outcome
from adapters.clock import Clock
from adapters.contract import Adapter
from adapters.nouns import Account, Person
from adapters.postconditions import given_back, holds, removable
from adapters.practice.scim_vendors import PROFILES, PracticeProfile
from adapters.systems.scim import Scim
from tests.house import ADDRESS, NUMBER, SECRET, eventually, leaves
from tests.processes import Program, ScimServer, program, scim_server

pytestmark = [pytest.mark.live, pytest.mark.slow]

EXAMPLE = {
    "hr": {"people": {"source": "standard_webhooks", "secret": "${HR_SECRET}"}},
    "systems": {
        "directory": {
            "adapter": "scim",
            "base_url": "${DIRECTORY_URL}",
            "token": "${DIRECTORY_TOKEN}",
            "mode": "enforce",
        },
        "badge": {"adapter": "manual", "owner": "facilities@acme.example"},
    },
}
WITHOUT_BADGE = {**EXAMPLE, "systems": {"directory": EXAMPLE["systems"]["directory"]}}


@pytest.fixture
async def server() -> AsyncIterator[ScimServer]:
    async with scim_server() as running:
        yield running


def environ(server: ScimServer, token: str = "") -> dict[str, str]:
    return {
        "HR_SECRET": SECRET,
        "DIRECTORY_URL": server.base_url,
        "DIRECTORY_TOKEN": token or server.token,
    }


async def offboarded(exeunt: Program) -> dict[str, Any]:
    """Send the signed sample, then wait until nothing is left that a machine could do."""
    made = exeunt.run("token", "create", "--role", "operator")
    assert made.returncode == 0, made.stderr
    headers = {"Authorization": f"Bearer {made.stdout.strip()}"}
    async with httpx.AsyncClient(base_url=exeunt.url, headers=headers, trust_env=False) as client:
        body = json.dumps(leaves("worker.access_revoke_now"))
        now = datetime.now(UTC)
        signature = {
            "webhook-id": "msg_1",
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(SECRET).sign("msg_1", now, body),
        }
        answer = await client.post("/api/v1/hr/people/events", content=body, headers=signature)
        assert answer.status_code == 202, answer.text

        async def case() -> dict[str, Any]:
            found = (await client.get("/api/v1/cases")).json()["items"]
            if not found:
                return {}
            whole: dict[str, Any] = (await client.get(f"/api/v1/cases/{found[0]['id']}")).json()
            return whole

        def contained(case: dict[str, Any]) -> bool:
            states = {a["system"]: a["containment"] for a in case.get("accounts", [])}
            return states.get("directory") == "contained" and case["status"] != "running"

        found: dict[str, Any] = await eventually(case, contained)
        return found


async def test_revoke_now_makes_the_account_inactive_in_a_real_scim_server(
    tmp_path: Path, server: ScimServer
) -> None:
    user = await server.hire(ADDRESS, NUMBER)
    exeunt = program(tmp_path, WITHOUT_BADGE, environ(server))
    await exeunt.start()
    try:
        case = await offboarded(exeunt)
    finally:
        assert exeunt.stop() == 0
    assert (await server.user(user))["active"] is False
    assert case["containment"] == "contained"
    assert 0 < case["timings"]["seconds_to_contain"] < 30


async def test_a_badge_that_a_person_must_take_keeps_the_case_partly_contained(
    tmp_path: Path, server: ScimServer
) -> None:
    await server.hire(ADDRESS, NUMBER)
    exeunt = program(tmp_path, EXAMPLE, environ(server))
    await exeunt.start()
    try:
        case = await offboarded(exeunt)
    finally:
        exeunt.stop()
    states = {account["system"]: account["containment"] for account in case["accounts"]}
    assert states == {"directory": "contained", "badge": "by_hand"}
    assert case["containment"] == "partly"
    assert "facilities@acme.example" in [task["owner"] for task in case["tasks"]]


async def test_the_doctor_names_the_system_the_permission_and_the_fix(
    tmp_path: Path, server: ScimServer
) -> None:
    exeunt = program(tmp_path, WITHOUT_BADGE, environ(server, token="wrong-token"))
    answer = exeunt.run("doctor")
    said = " ".join(answer.stdout.split())
    assert answer.returncode == 1
    assert "directory" in said
    assert "permission: read and write /Users and /Groups over SCIM" in said
    assert "fix: put a valid credential under systems.directory" in said
    assert "wrong-token" not in answer.stdout + answer.stderr


# PagerDuty's word for a key is not Bearer, and this server takes no other.
SPOKEN = [kind for kind in PROFILES if kind.vendor != "pagerduty"]


@pytest.fixture(scope="module")
def shared() -> Iterator[ScimServer]:
    """One server for all profiles: everybody hires people of their own."""
    loop, running = asyncio.new_event_loop(), scim_server()
    yield loop.run_until_complete(running.__aenter__())
    loop.run_until_complete(running.__aexit__(None, None, None))
    loop.close()


@pytest.fixture(params=SPOKEN, ids=lambda kind: kind.vendor)
def adapter(request: pytest.FixtureRequest, shared: ScimServer) -> Adapter:
    kind: type[PracticeProfile] = request.param
    told = {"adapter": "scim", "vendor": kind.vendor, "base_url": shared.base_url, **kind.says}
    return Scim.connect("s", Scim.Settings(**told, token=shared.token), Clock())


async def hired(adapter: Adapter, server: ScimServer) -> Account:
    number = uuid4().hex
    address = f"{number}@acme.example"
    await server.hire(address, number)
    [hit] = await adapter.find_accounts(Person(number, (address,)))
    return hit.account


async def test_every_vendors_block_is_read_back_and_repeated_without_a_write(
    adapter: Adapter, shared: ScimServer
) -> None:
    account = await hired(adapter, shared)
    before = await adapter.observe(account)
    assert await adapter.perform(Action.BLOCK_SIGN_IN, account) == Outcome.CHANGED
    after = await adapter.observe(account)
    again = await adapter.perform(Action.BLOCK_SIGN_IN, account)
    await adapter.close()
    assert before.enabled is True
    assert holds(Action.BLOCK_SIGN_IN, before, after)
    assert again == (Outcome.ALREADY if after.exists else Outcome.ABSENT)


async def test_every_vendors_groups_are_left_and_joined_again(
    adapter: Adapter, shared: ScimServer
) -> None:
    account = await hired(adapter, shared)
    before = await adapter.observe(account)
    assert before.grants
    await adapter.perform(Action.REVOKE_GRANTS, account)
    assert await shared.groups_of(account.id) == 0
    await adapter.give_back(Action.REVOKE_GRANTS, account, before, removable(before.grants))
    after = await adapter.observe(account)
    await adapter.close()
    assert given_back(Action.REVOKE_GRANTS, before, before.grants, after)


async def test_every_vendors_block_is_taken_back_where_it_can_be(
    adapter: Adapter, shared: ScimServer
) -> None:
    if adapter.facts()[Action.BLOCK_SIGN_IN].undo == "destructive":
        pytest.skip("deactivating deletes there")
    account = await hired(adapter, shared)
    before = await adapter.observe(account)
    await adapter.perform(Action.BLOCK_SIGN_IN, account)
    await adapter.give_back(Action.BLOCK_SIGN_IN, account, before, ())
    after = await adapter.observe(account)
    await adapter.close()
    assert after == before
