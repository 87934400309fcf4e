"""Administrators of Okta: the last one stays, and what a group gives goes with the group."""

import pytest

from adapters.actions import Action
from adapters.errors import NeedsHuman
from adapters.practice.okta import PracticeOkta
from tests.conftest import StillClock
from tests.orgs import Answering, Rich, account, okta


@pytest.fixture
def it(clock: StillClock) -> Rich:
    return Rich(clock)


async def test_the_last_super_administrator_is_refused(it: Rich) -> None:
    it.org.set_status(it.boss, "SUSPENDED")
    for verb in (Action.BLOCK_SIGN_IN, Action.REVOKE_PRIVILEGES):
        with pytest.raises(NeedsHuman, match="last super administrator"):
            await it.okta.perform(verb, it.account)
    assert it.org.enabled(it.user) is True
    assert {one["type"] for one in it.org.roles[it.user]} == {"SUPER_ADMIN", "REPORT_ADMIN"}


async def test_another_super_administrator_is_found_on_a_later_page(it: Rich) -> None:
    it.org.roles.pop(it.boss)
    for n in range(7):
        it.org.add_role(it.org.hire(f"helper{n}@acme.example"), "HELP_DESK_ADMIN")
    it.org.add_role(it.org.hire("root@acme.example"), "SUPER_ADMIN")
    assert await it.okta.block_sign_in(it.account) == "changed"


async def test_a_cut_does_not_wait_for_roles_that_may_not_be_read(clock: StillClock) -> None:
    org = PracticeOkta(clock)
    ada = account(org, org.hire("ada@acme.example"))
    assert await okta(org, Answering(org, "roles", 403, "E0000006")).block_sign_in(ada) == "changed"


async def test_a_role_by_a_group_is_left_and_says_why(it: Rich) -> None:
    await it.okta.revoke_privileges(it.account)
    seen = await it.okta.observe(it.account)
    assert [one["type"] for one in it.org.roles[it.user]] == ["REPORT_ADMIN"]
    assert [one.obstacle for one in seen.roles or ()] == ["given by a group: it goes with it"]
    assert seen.privileged is True
