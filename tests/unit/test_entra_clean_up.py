"""Clean-up that waits for what it needs, and that takes what vanished meanwhile for done."""

from typing import Any

import pytest

from adapters.actions import Action, Outcome
from adapters.errors import AdapterError, NeedsHuman, TryAgain
from adapters.postconditions import holds
from tests.conftest import StillClock
from tests.tenants import Replacing, Rich, rich
from tests.tenants import entra as entra_on


@pytest.fixture
def it(clock: StillClock) -> Rich:
    return rich(clock)


def licences(it: Rich) -> int:
    return len(it.tenant.users[it.account.id]["licenseAssignmentStates"])


@pytest.mark.parametrize(
    ("box", "error"),
    [
        ({}, TryAgain),
        ({"userPurpose": None}, TryAgain),
        ({"userPurpose": "user"}, TryAgain),
        ({"userPurpose": "linked"}, NeedsHuman),
        ({"userPurpose": "others"}, NeedsHuman),
        ({"userPurpose": "unknownFutureValue"}, NeedsHuman),
    ],
)
async def test_licences_stay_until_the_mailbox_is_known_to_be_nobodys(
    it: Rich, box: dict[str, Any], error: type[AdapterError]
) -> None:
    held = licences(it)
    with pytest.raises(error):
        await entra_on(it.tenant, Replacing("mailboxSettings", box, it.tenant)).release_licences(
            it.account
        )
    assert licences(it) == held


@pytest.mark.parametrize("purpose", ["shared", "room", "equipment"])
async def test_a_mailbox_that_is_nobodys_needs_no_licence(it: Rich, purpose: str) -> None:
    it.tenant.convert_mailbox(it.account.id, purpose)
    assert await it.entra.release_licences(it.account) == Outcome.CHANGED
    assert licences(it) == 0


async def test_a_mailbox_that_the_directory_does_not_find_is_not_taken_for_none(it: Rich) -> None:
    gone = {"error": {"code": "Request_ResourceNotFound", "message": "x"}}
    lagging = entra_on(it.tenant, Replacing("mailboxSettings", gone, it.tenant, 404))
    with pytest.raises(TryAgain):
        await lagging.release_licences(it.account)
    assert licences(it) > 0


async def test_a_package_whose_removal_is_under_way_is_waited_for(it: Rich) -> None:
    it.tenant.slow_packages = True
    assert await it.entra.revoke_grants(it.account) == Outcome.CHANGED
    between = await it.entra.observe(it.account, Action.REVOKE_GRANTS)
    assert holds(Action.REVOKE_GRANTS, None, between) is False
    with pytest.raises(TryAgain):  # Graph refuses a second request, and that is no failure
        await it.entra.revoke_grants(it.account)
    it.tenant.process_packages()
    assert await it.entra.revoke_grants(it.account) == Outcome.ALREADY


async def test_a_meeting_or_a_rule_that_vanished_meanwhile_is_no_failure(it: Rich) -> None:
    """Exchange's own code for "not there", as the practice tenant answers it for both."""
    code = {"error": {"code": "ErrorItemNotFound", "message": "Not found in the store."}}
    for part, verb in (
        ("/cancel", Action.CANCEL_MEETINGS),
        ("messageRules/", Action.STOP_FORWARDING),
    ):
        racing = entra_on(it.tenant, Replacing(part, code, it.tenant, 404))
        assert await racing.perform(verb, it.account) == Outcome.CHANGED
