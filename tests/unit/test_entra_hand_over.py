"""Handing over to the one who was named, and to nobody else; seen at the successor, not guessed."""

from dataclasses import replace

import pytest

from adapters.actions import Action, Outcome
from adapters.contract import Brief
from adapters.errors import NeedsHuman, TryAgain
from adapters.nouns import GIVEN_TO, Held, State
from adapters.postconditions import given_back, holds
from tests.conftest import StillClock
from tests.tenants import Replacing, Rich, rich
from tests.tenants import entra as entra_on

REFUSED = {"error": {"code": "Request_BadRequest", "message": "x"}}
FILES, OWNERSHIP = Action.TRANSFER_FILES, Action.TRANSFER_OWNERSHIP


@pytest.fixture
def it(clock: StillClock) -> Rich:
    return rich(clock)


async def brief_of(it: Rich) -> Brief:
    return Brief(it.successor, await it.entra.observe(it.account))


def drive_of(it: Rich) -> str:
    return str(it.tenant.hung[it.account.id]["drives"][0]["id"])


def share(it: Rich, user: str) -> None:
    permission = {"roles": ["write"], "grantedToV2": {"user": {"id": user}}}
    it.tenant.hang(drive_of(it), "permissions", permission)


def writers(it: Rich) -> set[str]:
    return {p["grantedToV2"]["user"]["id"] for p in it.tenant.hung[drive_of(it)]["permissions"]}


async def test_files_that_a_colleague_may_write_still_go_to_the_successor(it: Rich) -> None:
    colleague = it.tenant.hire("col@acme.example")
    share(it, colleague)
    brief = await brief_of(it)
    assert holds(FILES, None, brief.before, brief) is False
    assert await it.entra.perform(FILES, it.account, brief) == Outcome.CHANGED
    assert writers(it) == {colleague, it.successor.id}
    after = await it.entra.observe(it.account, FILES)
    assert holds(FILES, brief.before, after, brief) is True


async def test_files_that_the_successor_has_already_are_not_shared_again(it: Rich) -> None:
    share(it, it.successor.id)
    brief = await brief_of(it)
    assert holds(FILES, None, brief.before, brief) is True
    assert await it.entra.perform(FILES, it.account, brief) == Outcome.ALREADY


async def test_files_go_to_nobody_unnamed(it: Rich) -> None:
    share(it, it.tenant.hire("col@acme.example"))
    with pytest.raises(NeedsHuman):
        await it.entra.perform(FILES, it.account, Brief())


async def test_files_come_back_whoever_else_was_let_in_meanwhile(it: Rich) -> None:
    brief = await brief_of(it)
    await it.entra.perform(FILES, it.account, brief)
    share(it, it.tenant.hire("col@acme.example"))
    after = await it.entra.observe(it.account, FILES)
    [drive] = brief.before.files or ()
    assert drive.key not in {one.key for one in after.files or ()}  # so it counts as changed
    things = (given(drive, it),)
    assert given_back(FILES, brief.before, things, after) is False
    await it.entra.give_back(FILES, it.account, brief.before, things)
    after = await it.entra.observe(it.account, FILES)
    assert given_back(FILES, brief.before, things, after) is True
    assert it.successor.id not in writers(it)


def given(thing: Held, it: Rich) -> Held:
    return replace(thing, details={**thing.details, GIVEN_TO: it.successor.id})


async def test_the_successor_is_invited_by_id_whosever_address_the_login_is(it: Rich) -> None:
    other = it.tenant.hire("boss.login@acme.example")
    heir = replace(it.successor, login="boss.login@acme.example")
    await it.entra.perform(FILES, it.account, Brief(heir))
    assert writers(it) == {it.successor.id}
    assert other not in writers(it)


@pytest.mark.parametrize("mail", ["boss@public.example", None])
async def test_outsiders_are_told_a_mail_address_and_never_a_login(
    it: Rich, mail: str | None
) -> None:
    it.tenant.users[it.successor.id]["mail"] = mail
    await it.entra.set_auto_reply(it.account, Brief(it.successor))
    [box] = it.tenant.hung[it.account.id]["mailbox"]
    said = box["automaticRepliesSetting"]["externalReplyMessage"]
    assert it.successor.login not in said
    assert ("Please write to boss@public.example." in said) is bool(mail)


async def test_an_owner_stays_until_the_successor_is_seen_among_the_owners(it: Rich) -> None:
    it.tenant.own(it.tenant.hire("second@acme.example"), it.leaver.team)
    refusing = entra_on(it.tenant, Replacing("/owners/$ref", REFUSED, it.tenant, 400))
    with pytest.raises(TryAgain):
        await refusing.perform(OWNERSHIP, it.account, await brief_of(it))
    assert it.account.id in it.tenant.owners[it.leaver.team]
    await it.entra.perform(OWNERSHIP, it.account, await brief_of(it))
    assert it.account.id not in it.tenant.owners[it.leaver.team]
    assert it.successor.id in it.tenant.owners[it.leaver.team]


async def test_an_application_is_handed_on_although_the_leaver_lost_it_with_the_privileges(
    it: Rich,
) -> None:
    it.tenant.owners[it.leaver.team].clear()
    brief = await brief_of(it)
    await it.entra.perform(Action.REVOKE_PRIVILEGES, it.account)
    after = await it.entra.observe(it.account, OWNERSHIP)
    assert after.owns == ()
    assert holds(OWNERSHIP, after, after, brief) is None  # the leaver's state cannot tell
    assert await it.entra.perform(OWNERSHIP, it.account, brief) == Outcome.CHANGED
    assert it.tenant.owners[it.leaver.application] == [it.successor.id]
    assert await it.entra.perform(OWNERSHIP, it.account, brief) == Outcome.ALREADY


async def test_an_application_that_refuses_the_successor_is_not_done(it: Rich) -> None:
    it.tenant.owners[it.leaver.team].clear()
    brief = await brief_of(it)
    await it.entra.perform(Action.REVOKE_PRIVILEGES, it.account)
    refusing = entra_on(it.tenant, Replacing("/owners/$ref", REFUSED, it.tenant, 400))
    with pytest.raises(TryAgain):
        await refusing.perform(OWNERSHIP, it.account, brief)


async def test_a_restore_takes_an_application_from_the_successor_and_gives_it_to_nobody(
    it: Rich,
) -> None:
    brief = await brief_of(it)
    await it.entra.perform(Action.REVOKE_PRIVILEGES, it.account)
    await it.entra.perform(OWNERSHIP, it.account, brief)
    things = tuple(given(one, it) for one in brief.before.owns or ())
    await it.entra.give_back(OWNERSHIP, it.account, brief.before, things)
    assert it.tenant.owners[it.leaver.application] == []
    assert it.tenant.owners[it.leaver.team] == [it.account.id]


async def test_below_the_profile_privileged_applications_are_left_and_said_to_be(
    it: Rich,
) -> None:
    standard = entra_on(it.tenant, it.transport, profile="standard")
    before = await standard.observe(it.account)
    await standard.perform(OWNERSHIP, it.account, Brief(it.successor, before))
    assert it.tenant.owners[it.leaver.application] == [it.account.id]
    [left] = (await standard.observe(it.account, OWNERSHIP)).owns or ()
    assert (left.kind, "Application.ReadWrite.All" in (left.obstacle or "")) == (
        "application",
        True,
    )


@pytest.mark.parametrize(("profile", "declared"), [("standard", False), ("privileged", True)])
def test_only_the_profile_that_changes_applications_asks_for_the_permission(
    it: Rich, profile: str, declared: bool
) -> None:
    facts = entra_on(it.tenant, it.transport, profile=profile).facts()
    assert ("Application.ReadWrite.All" in facts[OWNERSHIP].permissions) is declared


async def test_without_a_mailbox_there_is_nothing_to_answer(it: Rich) -> None:
    it.tenant.hung[it.account.id]["mailbox"].clear()
    brief = await brief_of(it)
    assert await it.entra.perform(Action.SET_AUTO_REPLY, it.account, brief) == Outcome.ALREADY
    after = await it.entra.observe(it.account, Action.SET_AUTO_REPLY)
    assert holds(Action.SET_AUTO_REPLY, State(), after, brief) is None
