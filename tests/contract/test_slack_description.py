"""What is described of Slack (its Web API of 2021, SCIM by RFC), held against the adapter."""

from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from adapters.actions import Action
from adapters.errors import CredentialDenied
from adapters.nouns import Account, Person
from adapters.postconditions import TAKES, removable
from adapters.practice.slack import PracticeSlack
from adapters.systems.slack import Slack
from tests.conftest import StillClock
from tests.slacks import BASE, CheckedSlack, found, slack

ADA = "ada@acme.example"
WRITES = {
    "PATCH /Users/{id}",
    "PATCH /Groups/{id}",
    "POST /admin.users.session.list",
    "POST /admin.users.session.reset",
    "POST /usergroups.users.update",
}
"""Every call that changes something, and the list that Slack has asked for by POST."""


@pytest.fixture
def org(clock: StillClock) -> PracticeSlack:
    return PracticeSlack(clock)


async def test_every_call_of_a_whole_leave_is_described(org: PracticeSlack) -> None:
    org.hire(ADA, employee_number="7")
    org.hire("bob@acme.example")
    transport = CheckedSlack(org)
    adapter = slack(org, transport)
    await adapter.check()
    await adapter.find_accounts(Person("7", (ADA,), ("ada", "U0NOBODY0")))
    account = await found(adapter, ADA)
    before = await adapter.observe(account)
    for verb in (*Slack.contain, Action.REVOKE_GRANTS):
        await adapter.perform(verb, account)
        await adapter.observe(account, verb)
    for verb in sorted(Slack.ways_back, reverse=True):
        things = removable(getattr(before, TAKES[verb])) if verb in TAKES else ()
        await adapter.give_back(verb, account, before, things)

    assert await adapter.observe(account) == before
    assert {name for name in transport.seen if not name.startswith("GET")} == WRITES


async def test_every_refusal_is_described(org: PracticeSlack) -> None:
    adapter, nobody = slack(org, CheckedSlack(org)), Account("chat", "U0NOBODY0", "")
    assert not (await adapter.observe(nobody)).exists
    for verb in Slack.actions:
        assert await adapter.perform(verb, nobody) == "absent"
    org.refusals = {"users.info": {"error": "invalid_auth"}}
    with pytest.raises(CredentialDenied):
        await adapter._member("U0NOBODY0")


async def send(org: PracticeSlack, method: str, path: str, body: Any = None) -> None:
    headers = {"Authorization": f"Bearer {org.token}"}
    async with httpx.AsyncClient(transport=CheckedSlack(org), headers=headers) as client:
        await client.request(method, f"{BASE}{path}", json=body)


async def test_a_misspelt_method_fails_the_check(org: PracticeSlack) -> None:
    with pytest.raises(AssertionError, match="not described"):
        await send(org, "GET", "/api/users.information?user=U0NOBODY0")


async def test_a_misspelt_property_fails_the_check(org: PracticeSlack) -> None:
    body = {"user_id": org.hire(ADA), "web": True}
    with pytest.raises(AssertionError, match="web"):
        await send(org, "POST", "/api/admin.users.session.reset", body)


async def test_a_list_of_users_as_a_list_fails_the_check(org: PracticeSlack) -> None:
    """Slack wants one text with commas, whatever else an API would take."""
    body = {"usergroup": "S0ONCALL", "users": ""} | {"include_count": "yes"}
    with pytest.raises(AssertionError, match="'yes' is not of type 'boolean'"):
        await send(org, "POST", "/api/usergroups.users.update", body)


async def test_an_unknown_query_parameter_fails_the_check(org: PracticeSlack) -> None:
    with pytest.raises(AssertionError, match="no such query parameter"):
        await send(org, "GET", "/api/users.info?email=ada")


async def test_a_property_that_slack_does_not_have_fails_the_check(org: PracticeSlack) -> None:
    org.user_groups["S0ONCALL"] = ["not an id"]
    with pytest.raises(AssertionError, match="not an id"):
        await send(org, "GET", "/api/usergroups.list")


async def test_an_operation_that_scim_does_not_know_fails_the_check(org: PracticeSlack) -> None:
    path = f"/scim/v2/Users/{org.hire(ADA)}"
    operation = {"op": "deactivate", "path": "active", "value": False}
    with pytest.raises(ValidationError):
        await send(org, "PATCH", path, {"Operations": [operation]})
