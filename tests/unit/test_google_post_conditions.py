"""Google Workspace: that a mailbox, mail and devices went where they should is read back."""

from typing import Any

import pytest

from adapters.actions import Action, Outcome
from adapters.contract import Brief
from adapters.postconditions import given_back, holds
from tests.conftest import StillClock
from tests.workspaces import Rich, rich

DELEGATE, FORWARD, WIPE = Action.DELEGATE_MAILBOX, Action.FORWARD_MAIL, Action.WIPE_DEVICES


@pytest.fixture
def it(clock: StillClock) -> Rich:
    return rich(clock)


async def handed(it: Rich, verb: Action) -> tuple[Brief, bool | None, bool | None]:
    """Whether it held before, and after."""
    brief = Brief(it.successor, await it.google.observe(it.account))
    await it.google.perform(verb, it.account, brief)
    after = await it.google.observe(it.account, verb)
    return brief, holds(verb, None, brief.before, brief), holds(verb, brief.before, after, brief)


async def test_a_delegate_who_is_not_the_successor_is_not_enough(it: Rich) -> None:
    other = {"delegateEmail": "other@acme.example", "verificationStatus": "accepted"}
    it.workspace.gmail[it.leaver.id]["delegates"].append(other)
    _, before, after = await handed(it, DELEGATE)
    assert (before, after) == (False, True)


@pytest.mark.parametrize("set_up", [{}, {"enabled": True, "emailAddress": "me@elsewhere.example"}])
async def test_forwarded_mail_is_read_back_and_comes_back(it: Rich, set_up: dict[str, Any]) -> None:
    it.workspace.gmail[it.leaver.id]["autoForwarding"] = {"enabled": False} | set_up
    brief, before, after = await handed(it, FORWARD)
    assert (before, after) == (False, True)
    await it.google.give_back(FORWARD, it.account, brief.before, ())
    now = await it.google.observe(it.account, FORWARD)
    assert given_back(FORWARD, brief.before, (), now) is True


async def test_a_successor_in_a_domain_that_nobody_named_gets_the_mail_all_the_same(
    it: Rich,
) -> None:
    it.workspace.gmail[it.leaver.id]["autoForwarding"] = {
        "enabled": True,
        "emailAddress": it.successor.login,
        "disposition": "leaveInInbox",
    }
    it.user["primaryEmail"] = "mara@sister.example"
    it.user["aliases"] = []
    seen = await it.google.observe(it.account, FORWARD)
    assert holds(FORWARD, None, seen, Brief(it.successor)) is True


async def test_a_company_device_is_wiped_although_the_account_on_it_is_gone(it: Rich) -> None:
    await it.google.retire_devices(it.account)
    between = await it.google.observe(it.account, WIPE)
    assert between.managed == ()
    assert [one.kind for one in between.unwiped or ()] == ["company device"]
    assert await it.google.wipe_devices(it.account) == Outcome.CHANGED
    assert it.workspace.devices["devices/laptop"]["managementState"] == "WIPING"
    assert (await it.google.observe(it.account, WIPE)).unwiped == ()
