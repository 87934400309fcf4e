"""IAM users: what each verb does, how it is taken back, and IAM's traps."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import pytest

from adapters.actions import Action, Outcome
from adapters.errors import NeedsHuman, TargetDenied, TryAgain
from adapters.nouns import NEXT, Account, Kind, Person
from adapters.postconditions import TAKES, given_back, holds, removable
from adapters.practice.aws.wire import Asked, Refusal, Told
from adapters.systems.aws import AwsIam
from adapters.systems.aws.iam import policies
from tests import aws
from tests.aws import ADA, Iam
from tests.conftest import StillClock

ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
DENY_ALL = "arn:aws:iam::aws:policy/AWSDenyAll"


@pytest.fixture
def it(clock: StillClock) -> Iam:
    return aws.iam(clock)


def denied(_: object) -> dict[str, object]:
    raise Refusal("AccessDenied", 403)


def answering(it: Iam, **other: Callable[[Asked], Told]) -> None:
    """Practice AWS answers these operations in another way."""
    changed = {**it.vendor.operations(), **other}
    it.vendor.operations = lambda: changed  # type: ignore[method-assign]
    it.wire.serve(it.vendor)


async def do(it: Iam, verb: Action) -> Outcome:
    return await it.adapter.perform(verb, it.account)


async def test_every_verb_leaves_what_its_post_condition_asks_for(
    it: Iam, clock: StillClock
) -> None:
    for verb in (*AwsIam.contain, Action.REVOKE_GRANTS, Action.REMOVE_ROLES, Action.DELETE_ACCOUNT):
        before = await it.adapter.observe(it.account, verb)
        clock.advance(seconds=1)
        assert await do(it, verb) == Outcome.CHANGED
        assert holds(verb, before, await it.adapter.observe(it.account, verb)), verb


async def test_every_way_back_leads_to_the_state_before(it: Iam) -> None:
    before = await it.adapter.observe(it.account)
    for verb in AwsIam.ways_back:
        await do(it, verb)
    for verb in (*AwsIam.ways_back, *AwsIam.ways_back):  # each is safe to repeat
        things = removable(getattr(before, TAKES[verb])) if verb in TAKES else ()
        await it.adapter.give_back(verb, it.account, before, things)
        assert given_back(verb, before, things, await it.adapter.observe(it.account))
    assert await it.adapter.observe(it.account) == before


async def test_the_block_denies_everything_whatever_the_key(it: Iam) -> None:
    await do(it, Action.BLOCK_SIGN_IN)
    [said] = json.loads(it.vendor.inline[it.name]["ExeuntBlocked"])["Statement"]
    assert said == {"Effect": "Deny", "Action": "*", "Resource": "*"}


async def test_a_user_without_room_for_a_policy_is_blocked_by_awss_own(it: Iam) -> None:
    it.vendor.inline[it.name]["big"] = "x" * 2000
    before = await it.adapter.observe(it.account, Action.BLOCK_SIGN_IN)
    assert await do(it, Action.BLOCK_SIGN_IN) == Outcome.CHANGED
    assert DENY_ALL in it.vendor.attached[it.name]
    assert await do(it, Action.BLOCK_SIGN_IN) == Outcome.ALREADY
    assert await do(it, Action.REMOVE_ROLES) == Outcome.CHANGED
    assert it.vendor.enabled(it.account.id) is False
    await it.adapter.give_back(Action.BLOCK_SIGN_IN, it.account, before, ())
    assert it.vendor.enabled(it.account.id) is True


async def test_a_denial_that_stood_before_us_stays(it: Iam) -> None:
    it.vendor.attached[it.name].add(DENY_ALL)
    before = await it.adapter.observe(it.account)
    assert await do(it, Action.BLOCK_SIGN_IN) == Outcome.ALREADY
    await it.adapter.give_back(Action.BLOCK_SIGN_IN, it.account, before, ())
    assert it.vendor.enabled(it.account.id) is False


async def test_a_policy_of_our_name_that_denies_less_is_no_block(it: Iam) -> None:
    it.vendor.inline[it.name]["ExeuntBlocked"] = policies.deny_all().replace('"*"', '"s3:*"', 1)
    assert (await it.adapter.observe(it.account)).enabled is True
    assert await do(it, Action.BLOCK_SIGN_IN) == Outcome.CHANGED


async def test_credentials_are_switched_off_and_none_is_deleted(it: Iam) -> None:
    await do(it, Action.REVOKE_TOKENS)
    held = [one for kind in it.vendor.secrets.values() for one in kind.values()]
    assert [one["Status"] for one in held] == ["Inactive"] * 4
    assert await do(it, Action.REVOKE_TOKENS) == Outcome.ALREADY


async def test_a_key_that_was_off_before_is_not_switched_on(it: Iam) -> None:
    [old] = it.vendor.secrets["AccessKey"].values()
    old["Status"] = "Inactive"
    before = await it.adapter.observe(it.account)
    await do(it, Action.REVOKE_TOKENS)
    await it.adapter.give_back(
        Action.REVOKE_TOKENS, it.account, before, removable(before.tokens or ())
    )
    assert old["Status"] == "Inactive"


async def test_a_list_that_may_not_be_read_does_not_spare_the_keys(it: Iam) -> None:
    answering(it, ListServiceSpecificCredentials=denied)
    with pytest.raises(TargetDenied):
        await do(it, Action.REVOKE_TOKENS)
    for kind in ("AccessKey", "SSHPublicKey", "SigningCertificate"):
        assert [one["Status"] for one in it.vendor.secrets[kind].values()] == ["Inactive"]


async def test_old_sessions_stay_ended_once_the_block_is_lifted(it: Iam, clock: StillClock) -> None:
    before = await it.adapter.observe(it.account)
    await do(it, Action.BLOCK_SIGN_IN)
    clock.advance(minutes=1)
    await do(it, Action.REVOKE_SESSIONS)
    await it.adapter.give_back(Action.BLOCK_SIGN_IN, it.account, before, ())
    state = await it.adapter.observe(it.account)
    assert state.enabled is True
    assert state.sessions_valid_from == clock.now()


async def test_no_room_to_end_sessions_is_for_a_person(it: Iam) -> None:
    it.vendor.inline[it.name]["big"] = "x" * 2000
    with pytest.raises(NeedsHuman, match="no room"):
        await do(it, Action.REVOKE_SESSIONS)


async def test_without_a_password_there_is_none_to_take(it: Iam) -> None:
    assert await do(it, Action.RESET_CREDENTIALS) == Outcome.CHANGED
    assert it.name not in it.vendor.passwords
    assert await do(it, Action.RESET_CREDENTIALS) == Outcome.ALREADY


async def test_factors_stay_until_the_block_is_to_be_seen(it: Iam) -> None:
    with pytest.raises(TryAgain):
        await do(it, Action.REMOVE_FACTORS)
    await do(it, Action.BLOCK_SIGN_IN)
    assert await do(it, Action.REMOVE_FACTORS) == Outcome.CHANGED
    assert not it.vendor.devices


async def test_a_hardware_factor_is_let_go_and_not_deleted(it: Iam) -> None:
    it.vendor.devices = {"GAHT12345678": it.name}
    await do(it, Action.BLOCK_SIGN_IN)
    await do(it, Action.REMOVE_FACTORS)
    assert it.vendor.devices == {"GAHT12345678": None}


async def test_policies_go_but_for_those_that_deny(it: Iam) -> None:
    await do(it, Action.BLOCK_SIGN_IN)
    await do(it, Action.REVOKE_SESSIONS)
    assert await do(it, Action.REMOVE_ROLES) == Outcome.CHANGED
    assert set(it.vendor.inline[it.name]) == policies.OURS
    assert await do(it, Action.REMOVE_ROLES) == Outcome.ALREADY


async def test_a_boundary_is_left_and_said(it: Iam) -> None:
    it.vendor.users[it.account.id]["PermissionsBoundary"] = {
        "PermissionsBoundaryType": "PermissionsBoundaryPolicy",
        "PermissionsBoundaryArn": "arn:aws:iam::123456789012:policy/bounds",
    }
    assert "boundary" in (await it.adapter.observe(it.account)).notes[0]


async def test_delete_removes_all_that_would_be_a_conflict(it: Iam) -> None:
    await do(it, Action.BLOCK_SIGN_IN)
    assert await do(it, Action.DELETE_ACCOUNT) == Outcome.CHANGED
    assert not it.vendor.users
    assert await do(it, Action.DELETE_ACCOUNT) == Outcome.ABSENT


async def test_what_was_attached_meanwhile_makes_delete_worth_another_try(it: Iam) -> None:
    answering(it, ListGroupsForUser=lambda asked: it.vendor.page(asked, "Groups", []))
    with pytest.raises(TryAgain, match="DeleteConflict"):
        await do(it, Action.DELETE_ACCOUNT)
    assert it.vendor.users


async def test_a_renamed_user_is_found_by_its_id(it: Iam) -> None:
    gone = replace(it.account, login="ada.before.the.wedding")
    assert await it.adapter.perform(Action.BLOCK_SIGN_IN, gone) == Outcome.CHANGED
    assert it.vendor.enabled(it.account.id) is False


async def test_a_name_that_was_given_anew_is_somebody_else(it: Iam) -> None:
    before = Account("aws", "AIDAWASSOMEBODYELSE0", it.name)
    assert not (await it.adapter.observe(before)).exists
    assert await it.adapter.perform(Action.BLOCK_SIGN_IN, before) == Outcome.ABSENT
    assert it.vendor.enabled(it.account.id) is True


async def test_roles_that_trust_the_user_are_left_behind(it: Iam) -> None:
    arn = it.vendor.users[it.account.id]["Arn"]
    for name, who in {"deploy": arn, "stale": [it.account.id], "other": "123456789012"}.items():
        trust = {"Effect": "Allow", "Principal": {"AWS": who}, "Action": "sts:AssumeRole"}
        it.vendor.roles[name] = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    left = (await it.adapter.observe(it.account)).residue or ()
    assert [one.name for one in left] == ["deploy", "stale"]
    assert all(one.obstacle and one.details[NEXT] for one in left)


async def test_an_administrator_is_seen_as_one(it: Iam) -> None:
    assert (await it.adapter.observe(it.account)).privileged is None
    it.vendor.attached[it.name].add(ADMIN)
    assert (await it.adapter.observe(it.account)).privileged is True


async def test_tags_of_your_own_choice_say_who_it_is(clock: StillClock) -> None:
    it = aws.iam(clock, email_tag="Owner", employee_number_tag="HR-ID", service_paths=("/jobs/",))
    it.vendor.users[it.account.id]["Tags"] = [
        {"Key": "owner", "Value": "a@b.example"},
        {"Key": "hr-id", "Value": "9"},
    ]
    it.vendor.users[it.account.id]["Path"] = "/jobs/nightly/"
    [hit] = await it.adapter.find_accounts(Person("9", ("a@b.example",)))
    assert (hit.account.employee_number, hit.account.kind) == ("9", Kind.SERVICE)


async def test_the_user_that_we_sign_in_as_is_nobody_who_leaves(it: Iam) -> None:
    ours = it.vendor.users.pop(it.account.id) | {"UserId": "AIDAEXEUNT0000000000"}
    it.vendor.users["AIDAEXEUNT0000000000"] = ours
    [hit] = await it.adapter.find_accounts(Person("7", (ADA,)))
    assert hit.account.kind is Kind.SERVICE


async def test_a_name_that_is_an_address_needs_no_tag(it: Iam) -> None:
    it.vendor.users[it.account.id]["Tags"] = []
    [hit] = await it.adapter.find_accounts(Person(addresses=(ADA.upper(),)))
    assert hit.account.id == it.account.id


async def test_the_check_names_what_is_missing_and_what_is_too_much(it: Iam) -> None:
    it.vendor.forbidden.add("iam:DeleteUser")
    it.vendor.powers.add("iam:CreateAccessKey")
    check = await it.adapter.check()
    assert check.missing == {Action.DELETE_ACCOUNT: "iam:DeleteUser"}
    assert check.needless == ("iam:CreateAccessKey",)


async def test_the_check_asks_for_the_role_behind_a_session(it: Iam) -> None:
    it.vendor.as_role = True
    assert (await it.adapter.check()).missing == {}
    assert "sts:GetCallerIdentity" in it.wire.seen


async def test_a_check_that_may_not_simulate_says_so(it: Iam) -> None:
    answering(it, SimulatePrincipalPolicy=denied)
    assert "cannot be told" in (await it.adapter.check()).summary


async def test_a_refused_block_names_the_action(it: Iam) -> None:
    answering(it, PutUserPolicy=denied)
    with pytest.raises(TargetDenied) as why:
        await do(it, Action.BLOCK_SIGN_IN)
    assert why.value.permission == "iam:PutUserPolicy"


def test_policies_are_read_as_iam_writes_them(clock: StillClock) -> None:
    assert policies.denies_all(quote(policies.deny_all()))
    assert not policies.denies_all(policies.deny_sessions_before(clock.now()))
    assert policies.denied_before(policies.deny_sessions_before(clock.now())) == clock.now()
    assert policies.denied_before(policies.deny_all()) is None
    later = clock.now() + timedelta(milliseconds=5)
    assert policies.denied_before(policies.deny_sessions_before(later)) == later
