"""A leaver who has everything: verb by verb, each call held to Microsoft's description."""

from dataclasses import replace

import pytest

from adapters.actions import Action, Outcome
from adapters.calls import recording
from adapters.contract import Brief
from adapters.errors import NeedsHuman, TargetDenied, TryAgain, Unrecognised
from adapters.nouns import GIVEN_TO, NO_WAY_BACK, State
from adapters.postconditions import FACTS, TAKES, given_back, holds, removable
from adapters.systems.entra import Entra
from tests.conftest import StillClock
from tests.tenants import Rich, forbidding, rich
from tests.tenants import entra as entra_on


@pytest.fixture
def it(clock: StillClock) -> Rich:
    return rich(clock)


async def cut(it: Rich, *verbs: Action) -> State:
    before = await it.entra.observe(it.account)
    for verb in verbs:
        await it.entra.perform(verb, it.account, Brief(it.successor, before))
    return before


async def test_everything_that_hangs_on_a_user_is_seen(it: Rich) -> None:
    seen = await it.entra.observe(it.account)
    for fact in set(FACTS.values()) - {"sessions_valid_from", "password_changed_at", "copied"}:
        assert getattr(seen, fact) is not None, fact
    assert seen.privileged
    assert {one.kind for one in seen.roles or ()} == {
        "eligible role",
        "role by schedule",
        "role",
        "owned application",
    }
    assert len(removable(seen.grants or ())) == 41  # some only others can change
    assert [one.name for one in seen.meetings or ()] == ["meeting", "meeting"]


@pytest.mark.parametrize("verb", list(Action), ids=str)
async def test_every_verb_is_seen_on_reading_back(it: Rich, verb: Action) -> None:
    if verb not in it.entra.actions:
        return
    before = await cut(it, Action.BLOCK_SIGN_IN)
    it.tenant.convert_mailbox(it.account.id)
    await it.entra.perform(verb, it.account, Brief(it.successor, before))
    after = await it.entra.observe(it.account, verb)
    assert holds(verb, before, after) is True


@pytest.mark.parametrize("verb", list(Action), ids=str)
async def test_every_verb_can_be_said_again_and_then_changes_nothing(
    it: Rich, verb: Action
) -> None:
    if verb not in it.entra.actions:
        return
    before = await cut(it, Action.BLOCK_SIGN_IN)
    it.tenant.convert_mailbox(it.account.id)
    brief = Brief(it.successor, before)
    assert await it.entra.perform(verb, it.account, brief) in (Outcome.CHANGED, Outcome.ALREADY)
    again = await it.entra.perform(verb, it.account, brief)
    if verb in (Action.REVOKE_SESSIONS, Action.RESET_CREDENTIALS, Action.SET_AUTO_REPLY):
        assert again == Outcome.CHANGED  # said anew, with the same end
    else:
        assert again in (Outcome.ALREADY, Outcome.ABSENT)


async def test_factors_stay_until_the_block_is_seen(it: Rich) -> None:
    with pytest.raises(TryAgain):
        await it.entra.remove_factors(it.account)
    assert len(it.tenant.hung[it.account.id]["methods"]) == 4


async def test_the_default_factor_goes_last_and_sessions_end_once_more(it: Rich) -> None:
    await cut(it, Action.BLOCK_SIGN_IN, Action.REMOVE_FACTORS)
    deleted = [call.split("/")[-2] for call in it.tenant.requests if call.startswith("DELETE")]
    assert deleted[0] == deleted[-1] == "microsoftAuthenticatorMethods"  # refused, then taken
    assert it.tenant.requests[-1].endswith("revokeSignInSessions")
    [left] = it.tenant.hung[it.account.id]["methods"]
    assert "password" in left["@odata.type"]


async def test_pim_that_denies_what_it_did_is_believed_by_its_lists_alone(it: Rich) -> None:
    it.tenant.pim_denies = True
    before = await cut(it, Action.REVOKE_PRIVILEGES)
    after = await it.entra.observe(it.account, Action.REVOKE_PRIVILEGES)
    assert holds(Action.REVOKE_PRIVILEGES, before, after) is True


async def test_eligibility_goes_before_the_roles_that_it_could_bring_back(it: Rich) -> None:
    await cut(it, Action.REVOKE_PRIVILEGES)
    posts = [call for call in it.tenant.requests if call.startswith("POST") and "Request" in call]
    assert [call.rpartition("/")[2] for call in posts] == [
        "roleEligibilityScheduleRequests",
        "roleAssignmentScheduleRequests",
    ]


async def test_licences_stay_while_the_mailbox_is_somebodys_own(it: Rich) -> None:
    with pytest.raises(TryAgain, match="shared"):
        await it.entra.release_licences(it.account)
    assert not [call for call in it.tenant.requests if call.endswith("/assignLicense")]
    assert not [call for call in it.tenant.requests if call.startswith("DELETE")]


async def test_licences_of_somebody_without_a_mailbox_wait_for_nothing(it: Rich) -> None:
    it.tenant.hung[it.account.id]["mailbox"].clear()
    assert await it.entra.release_licences(it.account) == Outcome.CHANGED
    assert it.tenant.users[it.account.id]["licenseAssignmentStates"] == []


async def test_a_licence_that_outlives_its_group_is_not_gone_until_it_is_processed(
    it: Rich,
) -> None:
    it.tenant.convert_mailbox(it.account.id)
    it.tenant.slow_licences = True
    for _ in range(2):
        await it.entra.release_licences(it.account)
        between = await it.entra.observe(it.account)
        assert holds(Action.RELEASE_LICENCES, None, between) is False
    it.tenant.process_licences()
    after = await it.entra.observe(it.account)
    assert holds(Action.RELEASE_LICENCES, None, after) is True


async def test_one_refusal_spares_no_other(it: Rich) -> None:
    it.tenant.refuses = "Reports Reader"
    with pytest.raises(TargetDenied):
        await it.entra.revoke_privileges(it.account)
    left = (await it.entra.observe(it.account)).roles or ()
    assert [one.name for one in left] == ["Reports Reader"]


async def test_a_team_keeps_its_last_owner_until_somebody_takes_over(it: Rich) -> None:
    with pytest.raises(NeedsHuman, match="successor"):
        await it.entra.transfer_ownership(it.account, Brief())
    assert it.tenant.owners[it.leaver.team] == [it.account.id]
    await it.entra.transfer_ownership(it.account, Brief(it.successor))
    assert it.tenant.owners[it.leaver.team] == [it.successor.id]
    asked = [call for call in it.tenant.requests if f"{it.leaver.team}/owners/" in call]
    assert [call.partition(" ")[0] for call in asked[:2]] == ["POST", "DELETE"]


async def test_a_request_that_is_throttled_within_a_batch_is_throttled(it: Rich) -> None:
    it.tenant.inner_throttles = 1
    with pytest.raises(TryAgain) as why:
        await it.entra.observe(it.account, Action.REMOVE_FACTORS)
    assert why.value.retry_after == 2


async def test_a_cut_is_read_back_whatever_else_is_throttled(it: Rich) -> None:
    it.tenant.inner_throttles = 100
    seen = await it.entra.observe(it.account)
    assert (seen.enabled, seen.factors, seen.roles, seen.grants) == (True, None, None, None)
    it.tenant.inner_throttles = 100
    assert (await it.entra.observe(it.account, Action.BLOCK_SIGN_IN)).enabled is True


async def test_each_device_is_locked_once_and_only_those_that_can_be(it: Rich) -> None:
    await cut(it, Action.LOCK_DEVICES, Action.LOCK_DEVICES)
    asked = it.tenant.requests
    assert sum(call.endswith("/remoteLock") for call in asked) == 2
    assert sum(call.startswith("PATCH /v1.0/devices/") for call in asked) == 1
    left = (await it.entra.observe(it.account)).devices or ()
    assert [one.obstacle for one in left] == ["Graph disables Windows devices only"]


async def test_what_is_mastered_on_premises_is_left_to_a_person(it: Rich) -> None:
    it.tenant.users[it.account.id]["onPremisesSyncEnabled"] = True
    await cut(it, Action.BLOCK_SIGN_IN)
    seen = await it.entra.observe(it.account)
    assert seen.mastered_elsewhere
    for verb in (Action.RESET_CREDENTIALS, Action.REMOVE_FACTORS):
        with pytest.raises(NeedsHuman) as why:
            await it.entra.perform(verb, it.account)
        assert why.value.runbook == "docs/runbooks/mastered-elsewhere.md"


async def test_only_the_leavers_own_membership_of_a_team_goes(it: Rich) -> None:
    it.tenant.members[it.leaver.team].add(it.successor.id)
    await cut(it, Action.REVOKE_GRANTS)
    assert it.tenant.members[it.leaver.team] == {it.successor.id}


async def test_what_everybody_consented_to_stays(it: Rich) -> None:
    it.tenant.hang(it.account.id, "consents", {"clientId": "c", "consentType": "AllPrincipals"})
    await cut(it, Action.REVOKE_TOKENS)
    [left] = it.tenant.hung[it.account.id]["consents"]
    assert left["consentType"] == "AllPrincipals"


async def test_a_rule_that_stays_inside_stays_on_and_the_other_is_kept_as_evidence(
    it: Rich,
) -> None:
    before = await cut(it, Action.STOP_FORWARDING)
    outside, inside = it.tenant.hung[it.account.id]["rules"]
    assert (outside["isEnabled"], inside["isEnabled"]) == (False, True)
    [kept] = before.forwards or ()
    assert "elsewhere.example" in str(kept.details["actions"])
    assert "elsewhere.example" not in kept.name


async def test_the_automatic_reply_cannot_be_made_to_say_more(it: Rich) -> None:
    it.tenant.users[it.successor.id]["mail"] = "<script>@acme.example"
    await it.entra.set_auto_reply(it.account, Brief(it.successor))
    [box] = it.tenant.hung[it.account.id]["mailbox"]
    said = box["automaticRepliesSetting"]["externalReplyMessage"]
    assert ("<script>" in said, "&lt;script&gt;@acme.example" in said) == (False, True)


async def test_only_what_is_blocked_is_deleted_and_it_comes_back_blocked(it: Rich) -> None:
    with pytest.raises(Unrecognised):
        await it.entra.delete_account(it.account)
    before = await cut(it, Action.BLOCK_SIGN_IN, Action.DELETE_ACCOUNT)
    assert not (await it.entra.observe(it.account)).exists
    await it.entra.give_back(Action.DELETE_ACCOUNT, it.account, before, ())
    assert (await it.entra.observe(it.account)).enabled is False


async def test_a_random_password_is_never_the_same_and_never_shown(it: Rich) -> None:
    sent: list[str] = []
    for _ in range(2):
        with recording() as calls:
            await it.entra.reset_credentials(it.account)
        sent.append(repr(calls))
    assert "password" not in "".join(sent).casefold().replace("passwordprofile", "")


@pytest.mark.parametrize("verb", sorted(Entra.ways_back), ids=str)
async def test_each_way_back_can_be_walked_twice(it: Rich, verb: Action) -> None:
    before = await cut(it, Action.BLOCK_SIGN_IN)
    it.tenant.convert_mailbox(it.account.id)
    await it.entra.perform(verb, it.account, Brief(it.successor, before))
    things = removable(getattr(before, TAKES[verb]) or ()) if verb in TAKES else ()
    things = tuple(
        replace(one, details={**one.details, GIVEN_TO: it.successor.id})
        for one in things
        if NO_WAY_BACK not in one.details
    )
    for _ in range(2):
        await it.entra.give_back(verb, it.account, before, things)
    if verb is Action.DELETE_ACCOUNT:
        return
    after = await it.entra.observe(it.account, verb)
    # Who owns an application again is given back by name, with the privileges.
    expected = None if verb is Action.TRANSFER_OWNERSHIP else True
    assert given_back(verb, before, things, after) is expected


async def test_a_list_that_may_not_be_read_is_left_and_said_to_be(clock: StillClock) -> None:
    it = rich(clock)
    entra = entra_on(it.tenant, forbidding("entitlementManagement", it.tenant))
    await entra.revoke_grants(it.account)
    left = (await entra.observe(it.account)).grants or ()
    assert "cannot be read: grant EntitlementManagement.Read.All" in {one.obstacle for one in left}
    assert not removable(left)
