"""What Okta can give back, and what it cannot: there it is said before anything is taken."""

import pytest

from adapters.actions import Action, Undo
from adapters.errors import NeedsHuman, TryAgain, Unrecognised
from adapters.nouns import NO_WAY_BACK, State
from adapters.postconditions import TAKES, given_back, removable
from adapters.systems.okta import Okta
from tests.conftest import StillClock
from tests.orgs import Rich, account, okta


@pytest.fixture
def it(clock: StillClock) -> Rich:
    return Rich(clock)


def things(state: State) -> dict[str, object]:
    """A state without the ids that are new when a thing is made anew."""
    lists = {name: getattr(state, name) for name in set(TAKES.values())}
    keys = {name: held and {one.key for one in held} for name, held in lists.items()}
    return keys | {"enabled": state.enabled, "privileged": state.privileged}


async def test_the_contained_state_is_given_back_as_it_stood(it: Rich) -> None:
    before = await it.okta.observe(it.account)
    await it.okta.block_sign_in(it.account)
    for _ in range(2):
        await it.okta.give_back(Action.BLOCK_SIGN_IN, it.account, before, ())
    after = await it.okta.observe(it.account)
    assert after == before
    assert given_back(Action.BLOCK_SIGN_IN, before, (), after)


async def test_who_was_deactivated_meanwhile_is_activated_by_a_person(it: Rich) -> None:
    before = await it.okta.observe(it.account)
    it.org.deactivate(it.user)
    with pytest.raises(NeedsHuman, match="DEPROVISIONED"):
        await it.okta.give_back(Action.BLOCK_SIGN_IN, it.account, before, ())


@pytest.mark.parametrize("mapped", [(), ("seat",)])
async def test_groups_and_applications_come_back_with_their_profiles(
    it: Rich, mapped: tuple[str, ...]
) -> None:
    before = await it.okta.observe(it.account)
    profile = dict(it.org.app_users[it.board][it.user])
    await it.okta.revoke_grants(it.account)
    assert it.user not in it.org.app_users[it.board]
    it.org.mapped = set(mapped)
    taken = removable(before.grants or ())
    for _ in range(2):
        await it.okta.give_back(Action.REVOKE_GRANTS, it.account, before, taken)
    after = await it.okta.observe(it.account)
    assert things(after) == things(before)
    assert given_back(Action.REVOKE_GRANTS, before, taken, after)
    made = [f"POST /api/v1/apps/{app}/users" for app in ("0oaWiki", it.board)]
    assert [it.org.requests.count(one) for one in made] == [1 + bool(mapped) * n for n in (0, 1)]
    assert mapped or it.org.app_users[it.board][it.user] == profile


async def test_roles_come_back_as_they_stood(it: Rich) -> None:
    before = await it.okta.observe(it.account)
    taken = removable(before.roles or ())
    assert await it.okta.revoke_privileges(it.account) == "changed"
    for _ in range(2):
        await it.okta.give_back(Action.REVOKE_PRIVILEGES, it.account, before, taken)
    after = await it.okta.observe(it.account)
    assert things(after) == things(before)
    assert len(it.org.roles[it.user]) == 4


async def test_a_role_that_was_limited_is_not_given_back_wider(it: Rich) -> None:
    """Its targets would have to be set one by one, and until then it would reach everybody."""
    roles = {one.name: one for one in (await it.okta.observe(it.account)).roles or ()}
    assert NO_WAY_BACK in roles["User Admin"].details
    assert NO_WAY_BACK not in roles["Super Admin"].details


async def test_what_deactivates_elsewhere_is_left_and_says_why(it: Rich) -> None:
    """A direct assignment, and a group that gives one."""
    await it.okta.revoke_grants(it.account)
    left = {
        one.name: one.obstacle or "" for one in (await it.okta.observe(it.account)).grants or ()
    }
    assert set(left) == {"Everyone", "Domain Users", "Sales", "CRM", "Mail"}
    assert "CRM" in left["Sales"]
    assert "deprovision" in left["Mail"]
    assert {it.user} <= it.org.downstream[it.mail] & it.org.downstream[it.crm]


async def test_an_assignment_by_nobody_knows_which_group_keeps_all_groups(it: Rich) -> None:
    it.org.names_groups = False
    grants = (await it.okta.observe(it.account)).grants or ()
    assert {one.name for one in removable(grants)} == {"Wiki", "Board"}


async def test_deprovisioning_is_declared_destructive_and_then_done(it: Rich) -> None:
    adapter = okta(it.org, deprovision=True)
    assert adapter.facts()[Action.REVOKE_GRANTS].undo is Undo.DESTRUCTIVE
    assert it.okta.facts()[Action.REVOKE_GRANTS].undo is Undo.REVERSIBLE
    await adapter.revoke_grants(it.account)
    left = {one.name for one in (await adapter.observe(it.account)).grants or ()}
    assert left == {"Everyone", "Domain Users"}
    assert it.user not in it.org.downstream[it.mail] | it.org.downstream[it.crm]


async def test_a_group_rule_that_puts_somebody_back_is_seen(it: Rich) -> None:
    it.org.rules.add(it.crew)
    with pytest.raises(TryAgain, match="group rule"):
        await it.okta.revoke_grants(it.account)
    assert (await it.okta.observe(it.account)).grants


async def test_imported_and_built_in_groups_are_never_tried(it: Rich) -> None:
    await it.okta.revoke_grants(it.account)
    tried = [line for line in it.org.requests if line.startswith("DELETE /api/v1/groups")]
    assert not [line for line in tried if it.imported in line or "Everyone" in line]


async def test_the_account_is_deactivated_before_it_is_deleted(it: Rich) -> None:
    await it.okta.block_sign_in(it.account)
    assert await it.okta.delete_account(it.account) == "changed"
    assert it.user not in it.org.users
    assert await it.okta.delete_account(it.account) == "absent"
    assert it.user not in it.org.downstream[it.mail]
    assert Okta.actions[Action.DELETE_ACCOUNT].undo is Undo.DESTRUCTIVE


async def test_an_account_that_gets_in_is_not_deleted(it: Rich) -> None:
    with pytest.raises(Unrecognised, match="not blocked"):
        await it.okta.delete_account(it.account)
    assert it.org.writes == 0


async def test_a_deactivation_that_takes_its_time_is_waited_for(it: Rich) -> None:
    it.org.slow_deactivation = True
    await it.okta.block_sign_in(it.account)
    with pytest.raises(TryAgain, match="still deactivating"):
        await it.okta.delete_account(it.account)
    it.org.deactivate(it.user)
    assert await it.okta.delete_account(it.account) == "changed"


async def test_a_password_and_factors_have_no_way_back(it: Rich) -> None:
    once = {verb for verb, one in Okta.actions.items() if one.undo is not Undo.REVERSIBLE}
    assert not once & set(Okta.ways_back)
    assert set(Okta.ways_back) | once == set(Okta.actions)
    assert account(it.org, it.user) == it.account
