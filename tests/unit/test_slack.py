"""Slack: what `ok: false` means, what no plan can do, and the way back."""

from typing import Any

import httpx
import pytest

from adapters.actions import Action, Outcome
from adapters.contract import covered_by
from adapters.errors import (
    AdapterError,
    CredentialDenied,
    NeedsHuman,
    TargetDenied,
    TryAgain,
    Unrecognised,
)
from adapters.nouns import NEXT, Account, Kind, Person
from adapters.postconditions import TAKES, given_back, holds, removable
from adapters.practice.slack import PracticeSlack
from adapters.systems.slack import Slack
from tests.conftest import StillClock
from tests.contract.vendors import Wire
from tests.githubs import Instead
from tests.slacks import found, slack

ADA = "ada@acme.example"
RESET = "admin.users.session.reset"


@pytest.fixture
def org(clock: StillClock) -> PracticeSlack:
    return PracticeSlack(clock)


@pytest.fixture
def adapter(org: PracticeSlack) -> Slack:
    return slack(org, Wire(org))


ANSWERS: list[tuple[dict[str, Any], type[AdapterError]]] = [
    ({"error": "invalid_auth"}, CredentialDenied),
    ({"error": "token_revoked"}, CredentialDenied),
    ({"error": "account_inactive"}, CredentialDenied),
    ({"error": "missing_scope", "needed": "admin.users:write"}, TargetDenied),
    ({"error": "feature_not_enabled"}, TargetDenied),
    ({"error": "ratelimited"}, TryAgain),
    ({"error": "internal_error"}, TryAgain),
    ({"error": "cannot_reset_primary_owner"}, NeedsHuman),
    ({"error": "cannot_reset_bot"}, NeedsHuman),
    ({"error": "user_not_found"}, NeedsHuman),
    ({"error": "something_new"}, Unrecognised),
    ({"error": 7}, Unrecognised),
    ({}, Unrecognised),
]


@pytest.mark.parametrize(("said", "becomes"), ANSWERS)
async def test_a_200_that_is_no_success_is_never_read_as_one(
    org: PracticeSlack, adapter: Slack, said: dict[str, Any], becomes: type[AdapterError]
) -> None:
    org.hire(ADA)
    account = await found(adapter, ADA)
    org.refusals = {RESET: said}
    with pytest.raises(becomes) as why:
        await adapter.revoke_sessions(account)
    assert type(why.value) is becomes


async def test_a_missing_scope_is_named(org: PracticeSlack, adapter: Slack) -> None:
    org.hire(ADA)
    org.refusals = {RESET: {"error": "missing_scope", "needed": "admin.users:write"}}
    with pytest.raises(TargetDenied) as why:
        await adapter.revoke_sessions(await found(adapter, ADA))
    assert why.value.permission == "scope admin.users:write"


async def test_an_error_of_odd_letters_is_not_repeated(org: PracticeSlack, adapter: Slack) -> None:
    org.hire(ADA)
    org.refusals = {RESET: {"error": "ada@acme.example is odd"}}
    with pytest.raises(Unrecognised) as why:
        await adapter.revoke_sessions(await found(adapter, ADA))
    assert ADA not in why.value.message


async def test_sessions_of_an_account_that_is_deleted_are_ended(
    org: PracticeSlack, adapter: Slack
) -> None:
    org.hire(ADA)
    org.refusals = {RESET: {"error": "user_already_deleted"}}
    assert await adapter.revoke_sessions(await found(adapter, ADA)) == Outcome.ALREADY


async def test_sessions_are_reset_behind_the_block(org: PracticeSlack, adapter: Slack) -> None:
    identifier = org.hire(ADA)
    account = await found(adapter, ADA)
    for verb in adapter.contain:
        assert await adapter.perform(verb, account) == Outcome.CHANGED

    assert (org.enabled(identifier), org.resets) == (False, [identifier])
    assert adapter.contain[0] is Action.BLOCK_SIGN_IN


async def test_sessions_are_read_back_over_all_pages(org: PracticeSlack, adapter: Slack) -> None:
    for n in range(3):
        org.hire(f"colleague{n}@acme.example")
    org.hire(ADA)
    account, verb = await found(adapter, ADA), Action.REVOKE_SESSIONS
    before = await adapter.observe(account, verb)
    await adapter.revoke_sessions(account)

    assert holds(verb, None, before) is None
    assert holds(verb, before, await adapter.observe(account, verb)) is True


async def test_without_the_list_it_cannot_be_told_whether_sessions_ended(
    org: PracticeSlack, adapter: Slack
) -> None:
    org.hire(ADA)
    account, verb = await found(adapter, ADA), Action.REVOKE_SESSIONS
    org.refusals = {"admin.users.session.list": {"error": "missing_scope", "needed": "x"}}
    assert await adapter.revoke_sessions(account) == Outcome.CHANGED
    assert holds(verb, None, await adapter.observe(account, verb)) is None


async def test_the_primary_owner_is_left_to_a_person_and_nothing_is_sent(
    org: PracticeSlack, adapter: Slack
) -> None:
    identifier = org.hire(ADA)
    org.flags[identifier] = {"is_owner", "is_primary_owner"}
    with pytest.raises(NeedsHuman) as why:
        await adapter.block_sign_in(await found(adapter, ADA))

    assert why.value.runbook == "docs/runbooks/slack-primary-owner.md"
    assert (org.writes, org.enabled(identifier)) == (0, True)


async def test_a_block_does_not_wait_for_what_only_the_web_api_tells(
    org: PracticeSlack, adapter: Slack
) -> None:
    identifier = org.hire(ADA)
    account = await found(adapter, ADA)
    org.refusals = {"users.info": {"error": "missing_scope", "needed": "users:read"}}
    assert await adapter.block_sign_in(account) == Outcome.CHANGED
    assert org.enabled(identifier) is False


@pytest.mark.parametrize(
    ("flag", "kind"),
    [
        ("is_restricted", Kind.GUEST),
        ("is_ultra_restricted", Kind.GUEST),
        ("is_bot", Kind.SERVICE),
        ("is_owner", Kind.PERSON),
    ],
)
async def test_guests_and_bots_are_told_apart(
    org: PracticeSlack, adapter: Slack, flag: str, kind: Kind
) -> None:
    org.flags[org.hire(ADA)] = {flag}
    assert (await found(adapter, ADA)).kind is kind


async def test_owners_are_privileged_and_their_role_ends_with_the_account(
    org: PracticeSlack, adapter: Slack
) -> None:
    org.flags[org.hire(ADA)] = {"is_owner", "is_admin"}
    seen = await adapter.observe(await found(adapter, ADA))

    assert seen.privileged
    assert [one.id for one in seen.roles or ()] == ["owner"]
    assert removable(seen.roles or ()) == ()


@pytest.mark.parametrize("verb", sorted(Slack.ways_back), ids=str)
async def test_every_way_back_ends_where_it_began(
    org: PracticeSlack, adapter: Slack, verb: Action
) -> None:
    org.hire("bob@acme.example")
    org.hire(ADA)
    account = await found(adapter, ADA)
    before = await adapter.observe(account)
    await adapter.perform(verb, account)
    assert await adapter.observe(account) != before
    things = removable(getattr(before, TAKES[verb])) if verb in TAKES else ()
    for _ in range(2):
        await adapter.give_back(verb, account, before, things)

    after = await adapter.observe(account)
    assert given_back(verb, before, things, after)
    assert after == before


async def test_whoever_joined_a_user_group_meanwhile_stays_in_it(
    org: PracticeSlack, adapter: Slack
) -> None:
    """Slack takes the whole list: one that was read long ago would throw others out."""
    bob, ada = org.hire("bob@acme.example"), org.hire(ADA)
    account = await found(adapter, ADA)
    before = await adapter.observe(account)
    late = org.hire("late@acme.example")
    await adapter.revoke_grants(account)
    assert org.user_groups["S0ONCALL"] == [bob, late]
    await adapter.give_back(Action.REVOKE_GRANTS, account, before, before.grants or ())
    assert sorted(org.user_groups["S0ONCALL"]) == sorted([bob, late, ada])


async def test_the_last_one_in_a_user_group_stays_and_it_is_said_why(
    org: PracticeSlack, adapter: Slack
) -> None:
    org.hire(ADA)
    account = await found(adapter, ADA)
    await adapter.revoke_grants(account)
    [left] = (await adapter.observe(account, Action.REVOKE_GRANTS)).grants or ()
    assert "empty" in (left.obstacle or "")


async def test_without_user_groups_none_are_asked_for(org: PracticeSlack) -> None:
    adapter = slack(org, Wire(org), user_groups=False)
    org.hire(ADA)
    seen = await adapter.observe(await found(adapter, ADA))

    assert {one.kind for one in seen.grants or ()} == {"group"}
    assert "GET /api/usergroups.list" not in org.requests


async def test_what_stays_in_slack_is_said_with_what_to_do(
    org: PracticeSlack, adapter: Slack
) -> None:
    org.hire(ADA)
    left = (await adapter.observe(await found(adapter, ADA))).residue or ()
    assert [one.id for one in left] == ["apps", "workflows"]
    assert all(one.obstacle and one.details[NEXT] for one in left)


async def test_business_plus_has_no_reset_and_says_what_is_not_known(org: PracticeSlack) -> None:
    adapter = slack(org, Wire(org), plan="business_plus")
    org.hire(ADA)

    assert Action.REVOKE_SESSIONS not in adapter.facts()
    assert adapter.lacks()[Action.REVOKE_SESSIONS] == covered_by(Action.BLOCK_SIGN_IN)
    assert any("publish" in n for n in (await adapter.observe(await found(adapter, ADA))).notes)


async def test_gov_slack_deactivates_by_delete_and_comes_back_by_hand(org: PracticeSlack) -> None:
    wire = Wire(org)
    adapter = slack(org, wire, scim_url="https://slack.example/scim/v1")
    identifier = org.hire(ADA)
    account = await found(adapter, ADA)
    before = await adapter.observe(account)
    assert await adapter.block_sign_in(account) == Outcome.CHANGED
    with pytest.raises(NeedsHuman):
        await adapter.give_back(Action.BLOCK_SIGN_IN, account, before, ())

    assert (org.enabled(identifier), wire.sent[-1].method) == (False, "DELETE")
    assert "DELETE" in adapter.facts()[Action.BLOCK_SIGN_IN].calls


async def test_scopes_are_judged(org: PracticeSlack, adapter: Slack) -> None:
    good = await adapter.check()
    org.scopes = "admin,im:history"
    bad = await adapter.check()

    assert (good.missing, good.needless) == ({}, ())
    assert (
        bad.missing[Action.REVOKE_SESSIONS] == "scope admin.users:read and scope admin.users:write"
    )
    assert "usergroups:write" in bad.missing[Action.REVOKE_GRANTS]
    assert Action.BLOCK_SIGN_IN not in bad.missing
    assert bad.needless == ("im:history",)


async def test_sessions_are_reset_with_the_token_of_the_organisation(org: PracticeSlack) -> None:
    org.hire(ADA)
    account = await found(slack(org, Wire(org)), ADA)
    with pytest.raises(CredentialDenied) as why:
        await slack(org, Wire(org), admin_token="other").revoke_sessions(account)
    assert why.value.permission == "scope admin.users:write"


async def test_a_filter_that_is_refused_lists_everybody(org: PracticeSlack) -> None:
    """Whether Slack knows every filter is not published."""
    wanted = org.hire(ADA, employee_number="7")
    adapter = slack(org, RefusingFilters(org))
    [hit] = await adapter.find_accounts(Person("7", (ADA,)))
    assert hit.account.id == wanted


class RefusingFilters(Wire):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if "filter" in request.url.params:
            return httpx.Response(400, json={"detail": "invalidFilter"})
        return await super().handle_async_request(request)


async def test_an_outage_of_the_web_api_stops_what_needs_it(org: PracticeSlack) -> None:
    org.hire(ADA)
    down = Instead(org, "POST", RESET, httpx.Response(503))
    account = Account("chat", "U00000001", "ada")
    with pytest.raises(TryAgain):
        await slack(org, down).revoke_sessions(account)
