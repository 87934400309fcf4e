"""Datadog: what we ask, and what the practice vendor answers, is what Datadog describes."""

from typing import Any

import httpx
import pytest

from adapters.actions import Action
from adapters.nouns import Account, Person
from adapters.postconditions import removable
from adapters.practice.datadog import PracticeDatadog
from adapters.systems.datadog import Datadog
from tests.conftest import StillClock
from tests.specs import Checked, Spec

ADA = "ada@acme.example"
BASE = "https://api.datadoghq.com"
USED = {
    "GET /api/v2/users",
    "GET /api/v2/users/{user_id}",
    "PATCH /api/v2/users/{user_id}",
    "GET /api/v2/users/{user_uuid}/memberships",
    "GET /api/v2/roles",
    "DELETE /api/v2/roles/{role_id}/users",
    "POST /api/v2/roles/{role_id}/users",
    "POST /api/v2/team/{team_id}/memberships",
    "DELETE /api/v2/team/{team_id}/memberships/{user_id}",
    "GET /api/v2/application_keys",
    "DELETE /api/v2/application_keys/{app_key_id}",
    "GET /api/v2/api_keys",
}


def checked(vendor: PracticeDatadog) -> Checked:
    spec = Spec.load("datadog-v2.yaml", closed=True)
    return Checked(spec, httpx.ASGITransport(vendor.app))


def datadog(vendor: PracticeDatadog, transport: Checked) -> Datadog:
    return Datadog.connect("s", Datadog.Settings(**vendor.settings(BASE)), vendor.clock, transport)


async def lived(adapter: Datadog, account: Account) -> None:
    """Every verb twice, and every way back."""
    before = await adapter.observe(account)
    for verb in adapter.actions:
        for _ in range(2):
            await adapter.perform(verb, account)
    things: dict[Action, Any] = {
        Action.REVOKE_GRANTS: before.grants,
        Action.REMOVE_ROLES: before.roles,
    }
    for verb in adapter.ways_back:
        await adapter.give_back(verb, account, before, removable(things.get(verb) or ()))


async def test_a_whole_leave_and_its_way_back_are_as_datadog_describes(clock: StillClock) -> None:
    vendor = PracticeDatadog(clock)
    transport = checked(vendor)
    adapter = datadog(vendor, transport)
    for n in range(5):
        vendor.hire(f"colleague{n}@acme.example")
    identifier = vendor.hire(ADA)
    await adapter.check()
    [hit] = await adapter.find_accounts(Person(addresses=(ADA,), links=(identifier,)))
    assert len([one async for one in adapter.accounts()]) == 6
    await lived(adapter, hit.account)
    assert transport.seen == USED


async def test_what_is_gone_is_answered_as_datadog_describes(clock: StillClock) -> None:
    vendor = PracticeDatadog(clock)
    adapter = datadog(vendor, checked(vendor))
    account = Account("s", vendor.hire(ADA), ADA)
    vendor.remove(account.id)
    assert (await adapter.observe(account)).exists is False
    for verb in adapter.actions:
        await adapter.perform(verb, account)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/v2/user", None),
        ("GET", "/api/v2/users?page_size=1", None),
        ("PUT", "/api/v2/users/u-1", {"data": {}}),
        ("PATCH", "/api/v2/users/u-1", {"data": {"type": "users", "attributes": {}}}),
        (
            "PATCH",
            "/api/v2/users/u-1",
            {"data": {"id": "u-1", "type": "users", "attributes": {"disable": True}}},
        ),
        ("DELETE", "/api/v2/roles/r-1/users", {"data": {"id": "u-1"}}),
    ],
    ids=["path", "query", "method", "no id", "misspelt property", "no type"],
)
async def test_a_request_that_datadog_does_not_describe_fails(
    clock: StillClock, method: str, path: str, body: object
) -> None:
    vendor = PracticeDatadog(clock)
    headers = {"Authorization": f"Bearer {vendor.token}"}
    async with httpx.AsyncClient(transport=checked(vendor), base_url=BASE) as client:
        with pytest.raises(AssertionError):
            await client.request(method, path, json=body, headers=headers)


async def test_an_answer_that_datadog_does_not_describe_fails(clock: StillClock) -> None:
    vendor = PracticeDatadog(clock)
    vendor.users[vendor.hire(ADA)]["disabledd"] = True
    with pytest.raises(AssertionError, match="disabledd"):
        await datadog(vendor, checked(vendor)).find_accounts(Person(addresses=(ADA,)))
