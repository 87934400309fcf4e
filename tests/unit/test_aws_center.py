"""IAM Identity Center: what each verb does, how it is taken back, and what AWS does in its time."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from adapters.actions import Action, Outcome
from adapters.errors import NeedsHuman, TryAgain, Unrecognised
from adapters.nouns import Person
from adapters.postconditions import TAKES, given_back, holds, removable
from adapters.practice.aws.center import ENTERPRISE, NOBODY
from adapters.systems.aws import AwsIdentityCenter
from tests import aws
from tests.aws import ADA, BASE, Center, Instead
from tests.conftest import StillClock


@pytest.fixture
def it(clock: StillClock) -> Center:
    return aws.center(clock)


async def do(it: Center, verb: Action) -> Outcome:
    return await it.adapter.perform(verb, it.account)


async def test_every_verb_leaves_what_its_post_condition_asks_for(it: Center) -> None:
    for verb in (*it.adapter.contain, Action.REVOKE_GRANTS, Action.DELETE_ACCOUNT):
        before = await it.adapter.observe(it.account, verb)
        assert await do(it, verb) == Outcome.CHANGED
        assert holds(verb, before, await it.adapter.observe(it.account, verb)), verb


@pytest.mark.parametrize("verb", AwsIdentityCenter.ways_back)
async def test_every_way_back_leads_to_the_state_before(it: Center, verb: Action) -> None:
    before = await it.adapter.observe(it.account)
    things = removable(getattr(before, TAKES[verb])) if verb in TAKES else ()
    await do(it, verb)
    for _ in range(2):  # it is safe to repeat
        await it.adapter.give_back(verb, it.account, before, things)
    after = await it.adapter.observe(it.account)
    assert given_back(verb, before, things, after) is not False
    assert _keys(after.roles, after.grants) == _keys(before.roles, before.grants)
    assert (after.enabled, after.sessions_valid_from) == (True, None)


def _keys(*lists: Any) -> list[set[tuple[str, str]]]:
    return [{one.key for one in held} for held in lists]


async def test_a_status_that_aws_does_not_take_is_for_a_person(it: Center) -> None:
    it.vendor.writable_status = False
    with pytest.raises(NeedsHuman) as why:
        await do(it, Action.BLOCK_SIGN_IN)
    assert why.value.runbook == "docs/runbooks/aws-identity-center.md"
    assert (await it.adapter.observe(it.account)).enabled is True


async def test_a_status_that_is_not_told_is_not_known(it: Center) -> None:
    del it.vendor.users[it.account.id]["UserStatus"]
    assert (await it.adapter.observe(it.account)).enabled is None


async def test_accounts_that_come_by_a_group_go_with_the_membership(it: Center) -> None:
    roles = (await it.adapter.observe(it.account)).roles or ()
    assert {one.kind for one in roles} == {"account assignment", "group with account access"}
    await do(it, Action.REVOKE_PRIVILEGES)
    left = [group for group, user in it.vendor.memberships.values() if user == it.account.id]
    assert left == [it.vendor.groups["staff"]]
    assert {kind for _, _, kind, _ in it.vendor.assignments} == {"GROUP"}


async def test_a_deletion_that_takes_its_time_is_looked_at_again(
    it: Center, clock: StillClock
) -> None:
    it.vendor.slow = timedelta(seconds=30)
    with pytest.raises(TryAgain, match="still deleting"):
        await do(it, Action.REVOKE_PRIVILEGES)
    with pytest.raises(TryAgain, match="ConflictException"):
        await do(it, Action.REVOKE_PRIVILEGES)
    clock.advance(seconds=30)
    assert await do(it, Action.REVOKE_PRIVILEGES) == Outcome.ALREADY


async def test_a_deletion_that_fails_is_no_success(it: Center) -> None:
    it.vendor.fails = True
    with pytest.raises(Unrecognised, match="FAILED"):
        await do(it, Action.REVOKE_PRIVILEGES)
    state = await it.adapter.observe(it.account)
    assert holds(Action.REVOKE_PRIVILEGES, None, state) is False


async def test_sessions_end_by_the_policy_that_names_the_user(it: Center) -> None:
    await do(it, Action.REVOKE_SESSIONS)
    assert it.vendor.denied() == [NOBODY, it.account.id]
    assert await do(it, Action.REVOKE_SESSIONS) == Outcome.ALREADY
    before = await it.adapter.observe(it.account)
    await it.adapter.give_back(Action.REVOKE_SESSIONS, it.account, before, ())
    assert it.vendor.denied() == [NOBODY]


async def test_another_spelling_and_a_single_user_are_understood(it: Center) -> None:
    deny = json.loads(it.vendor.policy)
    deny["Statement"] = deny["Statement"][0]
    deny["Statement"]["Condition"] = {"StringEquals": {"identitystore:userId": NOBODY}}
    it.vendor.policy = json.dumps(deny)
    await do(it, Action.REVOKE_SESSIONS)
    said = json.loads(it.vendor.policy)["Statement"]["Condition"]["StringEquals"]
    assert said == {"identitystore:userId": [NOBODY, it.account.id]}


@pytest.mark.parametrize(
    "change",
    [
        {"Effect": "Allow"},
        {"Action": "s3:*"},
        {"Condition": {"StringNotEquals": {"identitystore:UserId": [NOBODY]}}},
        {"Condition": {"StringEquals": {"aws:PrincipalArn": [NOBODY]}}},
    ],
)
async def test_a_policy_that_does_something_else_is_never_written(
    it: Center, change: dict[str, object]
) -> None:
    document = json.loads(it.vendor.policy)
    document["Statement"][0] |= change
    was = it.vendor.policy = json.dumps(document)
    with pytest.raises(NeedsHuman, match="deny_policy"):
        await do(it, Action.REVOKE_SESSIONS)
    assert it.vendor.policy == was


async def test_without_a_deny_policy_sessions_end_by_themselves(clock: StillClock) -> None:
    it = aws.center(clock, deny_policy=None)
    assert Action.REVOKE_SESSIONS not in {*it.adapter.facts(), *it.adapter.contain}
    assert it.adapter.lacks()[Action.REVOKE_SESSIONS].detail == Action.REVOKE_PRIVILEGES
    assert it.adapter.token_lifetime == timedelta(hours=12)


async def test_who_is_written_by_an_identity_provider_is_said_to_be(it: Center) -> None:
    assert (await it.adapter.observe(it.account)).mastered_elsewhere is None
    external = [{"Issuer": "https://scim.aws.com/x", "Id": "00u1"}]
    it.vendor.users[it.account.id]["ExternalIds"] = external
    state = await it.adapter.observe(it.account)
    assert state.mastered_elsewhere is True
    assert state.notes


async def test_a_number_alone_finds_somebody(it: Center) -> None:
    [hit] = await it.adapter.find_accounts(Person("7", ("married@acme.example",)))
    assert hit.account.id == it.account.id


async def test_the_number_may_bear_another_name(clock: StillClock) -> None:
    it = aws.center(clock, employee_number="costCenter")
    it.vendor.users[it.account.id]["Extensions"] = {ENTERPRISE: {"costCenter": 12}}
    [hit] = await it.adapter.find_accounts(Person("12"))
    assert hit.account.employee_number == "12"


async def test_exact_lookups_list_nobody(clock: StillClock) -> None:
    it = aws.center(clock, exact_lookups=True)
    for person in (Person("7", (ADA,)), Person(links=(it.account.id,)), Person(links=(ADA,))):
        [hit] = await it.adapter.find_accounts(person)
        assert hit.account.id == it.account.id
    assert "POST /ListUsers" not in it.vendor.requests


async def test_of_several_instances_one_must_be_named(clock: StillClock) -> None:
    two = [
        {"InstanceArn": f"arn:aws:sso:::instance/ssoins-{n:016}", "IdentityStoreId": f"d-{n:010}"}
        for n in (1, 2)
    ]
    it = aws.center(clock, Instead(httpx.Response(200, json={"Instances": two})))
    with pytest.raises(NeedsHuman, match="2 instances"):
        await it.adapter.observe(it.account)


async def test_a_named_instance_is_not_looked_for(clock: StillClock) -> None:
    arn = "arn:aws:sso:::instance/ssoins-0123456789abcdef"
    it = aws.center(clock, instance_arn=arn, identity_store_id="d-1234567890")
    await it.adapter.check()
    assert "POST /ListInstances" not in it.vendor.requests


async def test_a_list_that_may_not_be_read_is_not_known_and_the_status_is(it: Center) -> None:
    real = it.vendor.operations()
    left = {k: v for k, v in real.items() if k != "ListGroupMembershipsForMember"}
    it.vendor.operations = lambda: left  # type: ignore[method-assign]
    settings = AwsIdentityCenter.Settings(**it.vendor.settings(BASE))
    wire = httpx.ASGITransport(it.vendor.app)
    adapter = AwsIdentityCenter.connect("sso", settings, it.vendor.clock, wire)
    state = await adapter.observe(it.account)
    assert (state.enabled, state.roles, state.grants) == (True, None, None)
    with pytest.raises(Unrecognised):
        await adapter.observe(it.account, Action.REVOKE_PRIVILEGES)
