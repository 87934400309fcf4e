"""Handing over and cleaning up in Google Workspace: transfers are never asked for twice."""

from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from adapters.actions import Action, Outcome, Undo
from adapters.contract import Brief
from adapters.errors import NeedsHuman, TryAgain, Unrecognised
from adapters.nouns import Account
from adapters.postconditions import holds
from adapters.practice.base import Fault
from adapters.practice.google.story import LICENCE
from adapters.systems.google import GoogleWorkspace
from tests.conftest import StillClock
from tests.workspaces import MARA, Interposed, Rich, error, google, rich

ROOT = Path(__file__).parents[2]
DRIVE, CALENDAR = "55656082996", "435070579839"
SLOW = timedelta(hours=2)


@pytest.fixture
def it(clock: StillClock) -> Rich:
    return rich(clock, transfers_take=SLOW)


def asked(it: Rich) -> list[str]:
    return [
        share["applicationId"]
        for transfer in it.workspace.transfers.values()
        for share in transfer["applicationDataTransfers"]
    ]


async def test_private_files_go_along(it: Rich) -> None:
    await it.google.transfer_files(it.account, Brief(it.successor))
    [transfer] = it.workspace.transfers.values()
    assert (transfer["oldOwnerUserId"], transfer["newOwnerUserId"]) == (
        it.leaver.id,
        it.successor.id,
    )
    [share] = transfer["applicationDataTransfers"]
    assert share["applicationTransferParams"] == [
        {"key": "PRIVACY_LEVEL", "value": ["PRIVATE", "SHARED"]}
    ]


async def test_a_transfer_is_waited_for_and_never_asked_for_twice(
    it: Rich, clock: StillClock
) -> None:
    brief = Brief(it.successor)
    await it.google.transfer_files(it.account, brief)
    for _ in range(3):
        with pytest.raises(TryAgain, match="still transferring"):
            await it.google.transfer_files(it.account, brief)
    state = await it.google.observe(it.account, Action.TRANSFER_FILES)
    assert holds(Action.TRANSFER_FILES, None, state) is False

    clock.advance(hours=2)
    assert await it.google.transfer_files(it.account, brief) == Outcome.ALREADY
    assert asked(it) == [DRIVE]


async def test_a_transfer_whose_answer_was_lost_is_found_again(it: Rich) -> None:
    adapter = google(it.workspace, httpx.ASGITransport(it.workspace.app))
    it.workspace.faults.append(Fault(503, after_effect=True, writes_only=True))
    for _ in range(2):
        with pytest.raises(TryAgain):
            await adapter.transfer_files(it.account, Brief(it.successor))
    assert asked(it) == [DRIVE]


async def test_somebodys_transfer_by_hand_counts(it: Rich, clock: StillClock) -> None:
    third = Account("google", it.workspace.hire("third@acme.example"), "third@acme.example")
    await it.google.transfer_files(it.account, Brief(third))
    clock.advance(hours=3)
    assert await it.google.transfer_files(it.account, Brief(it.successor)) == Outcome.ALREADY


async def test_a_transfer_from_before_the_last_sign_in_handed_over_older_things(
    it: Rich, clock: StillClock
) -> None:
    brief = Brief(it.successor)
    await it.google.transfer_files(it.account, brief)
    clock.advance(hours=3)
    it.user["lastLoginTime"] = clock.now().strftime("%Y-%m-%dT%H:%M:%S.000Z")
    clock.advance(hours=1)
    assert await it.google.transfer_files(it.account, brief) == Outcome.CHANGED
    assert asked(it) == [DRIVE, DRIVE]


async def test_a_transfer_that_failed_needs_a_person(it: Rich) -> None:
    await it.google.transfer_files(it.account, Brief(it.successor))
    for transfer in it.workspace.transfers.values():
        transfer["overallTransferStatusCode"] = "failed"
    with pytest.raises(NeedsHuman) as why:
        await it.google.transfer_files(it.account, Brief(it.successor))
    assert (ROOT / why.value.runbook).is_file()
    assert asked(it) == [DRIVE]


async def test_without_a_successor_nothing_is_transferred(it: Rich) -> None:
    for verb in (Action.TRANSFER_FILES, Action.TRANSFER_OWNERSHIP):
        with pytest.raises(NeedsHuman, match="successor"):
            await it.google.perform(verb, it.account, Brief())
    assert asked(it) == []


def test_what_has_no_way_back_says_so() -> None:
    assert GoogleWorkspace.actions[Action.TRANSFER_FILES].undo is Undo.DESTRUCTIVE
    assert Action.TRANSFER_FILES not in GoogleWorkspace.ways_back


async def test_a_group_has_its_new_owner_before_the_old_one_goes(it: Rich) -> None:
    await it.google.transfer_ownership(it.account, Brief(it.successor))
    members = it.workspace.members[it.leaver.owned]
    assert members[it.successor.id]["role"] == "OWNER"
    assert members[it.leaver.id]["role"] == "MEMBER"
    posts = [one for one in it.workspace.requests if one.split()[0] in ("POST", "PATCH")]
    assert posts[0].startswith("POST")
    assert asked(it) == [CALENDAR]


async def test_a_successor_who_was_a_member_is_one_again(it: Rich) -> None:
    it.workspace.join(it.leaver.owned, it.successor.id)
    before = await it.google.observe(it.account)
    await it.google.transfer_ownership(it.account, Brief(it.successor))
    [group] = [one for one in before.owns or () if one.kind == "group"]
    group.details["given_to"] = it.successor.id
    await it.google.own_again(it.account, before, (group,))

    roles = {who: m["role"] for who, m in it.workspace.members[it.leaver.owned].items()}
    assert roles == {it.leaver.id: "OWNER", it.successor.id: "MEMBER"}


async def test_licences_and_the_account_stay_while_files_are_moving(
    it: Rich, clock: StillClock
) -> None:
    it.user["suspended"] = True
    await it.google.transfer_files(it.account, Brief(it.successor))
    for verb in (Action.RELEASE_LICENCES, Action.DELETE_ACCOUNT):
        with pytest.raises(TryAgain):
            await it.google.perform(verb, it.account)
    clock.advance(hours=2)
    for verb in (Action.RELEASE_LICENCES, Action.DELETE_ACCOUNT):
        assert await it.google.perform(verb, it.account) == Outcome.CHANGED
    assert it.workspace.licences[LICENCE] == set()


async def test_a_licence_that_google_assigns_needs_a_person(it: Rich) -> None:
    def kept(request: httpx.Request) -> httpx.Response | None:
        is_it = request.method == "DELETE" and "licensing" in request.url.path
        return error(412, "conditionNotMet") if is_it else None

    adapter = google(it.workspace, Interposed(it.transport, kept))
    with pytest.raises(NeedsHuman) as why:
        await adapter.release_licences(it.account)
    assert (ROOT / why.value.runbook).is_file()


async def test_only_licences_that_are_configured_are_asked_for(clock: StillClock) -> None:
    it = rich(clock, licences=[LICENCE])
    await it.google.observe(it.account, Action.RELEASE_LICENCES)
    assert len([one for one in it.workspace.requests if "licensing" in one]) == 1
    with pytest.raises(ValueError, match="PRODUCT/SKU"):
        rich(clock, licences=["1010020028"])


@pytest.mark.parametrize(
    "verb", [Action.DELEGATE_MAILBOX, Action.SET_AUTO_REPLY, Action.FORWARD_MAIL]
)
async def test_the_mailbox_of_a_suspended_user_needs_a_person(it: Rich, verb: Action) -> None:
    it.user["suspended"] = True
    with pytest.raises(NeedsHuman) as why:
        await it.google.perform(verb, it.account, Brief(it.successor))
    assert (ROOT / why.value.runbook).is_file()
    assert it.workspace.enabled(it.leaver.id) is False


async def test_the_mailbox_of_an_open_account_is_handed_over_once(it: Rich) -> None:
    brief = Brief(it.successor)
    for verb in (Action.DELEGATE_MAILBOX, Action.SET_AUTO_REPLY, Action.FORWARD_MAIL):
        outcomes = [await it.google.perform(verb, it.account, brief) for _ in range(2)]
        assert outcomes == [Outcome.CHANGED, Outcome.ALREADY]
    gmail = it.workspace.gmail[it.leaver.id]
    assert [one["delegateEmail"] for one in gmail["delegates"]] == [it.successor.login]
    assert gmail["vacation"]["responseBodyPlainText"].endswith(f"write to {it.successor.login}.")
    assert gmail["autoForwarding"]["emailAddress"] == it.successor.login


async def test_forwarding_waits_until_the_successor_has_confirmed(it: Rich) -> None:
    pending = {"forwardingEmail": it.successor.login, "verificationStatus": "pending"}
    it.workspace.gmail[it.leaver.id]["forwardingAddresses"].append(pending)
    with pytest.raises(NeedsHuman, match="confirm"):
        await it.google.forward_mail(it.account, Brief(it.successor))


async def test_who_is_not_suspended_is_not_deleted(it: Rich) -> None:
    with pytest.raises(Unrecognised):
        await it.google.delete_account(it.account)
    assert it.leaver.id in it.workspace.users


async def test_an_undeleted_account_comes_back_blocked(it: Rich) -> None:
    it.user["suspended"] = True
    before = await it.google.observe(it.account)
    await it.google.delete_account(it.account)
    assert not (await it.google.observe(it.account)).exists
    await it.google.undelete(it.account, before, ())
    assert (await it.google.observe(it.account)).enabled is False
    assert MARA in it.user["primaryEmail"]


async def test_what_is_gone_for_good_cannot_be_undeleted(it: Rich) -> None:
    it.workspace.remove(it.leaver.id)
    it.workspace.deleted.clear()
    with pytest.raises(Unrecognised, match="any more"):
        await it.google.undelete(it.account, await it.google.observe(it.account), ())
