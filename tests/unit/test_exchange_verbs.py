"""What is changed at a mailbox, what is read back, and the way back of each verb."""

from dataclasses import replace

import httpx
import pytest

from adapters.actions import Action, Outcome
from adapters.contract import Brief
from adapters.errors import NeedsHuman, TargetDenied
from adapters.nouns import GIVEN_TO, HOLDERS, SHARED, Account, State
from adapters.postconditions import given_back, holds
from adapters.practice.exchange import PracticeExchange
from adapters.practice.exchange_memory import PROJECTS, PROTOCOLS
from adapters.systems.exchange import Exchange
from adapters.systems.exchange.shapes import RUNBOOK
from tests.conftest import StillClock
from tests.mailboxes import ADA, HEIR, Wire, connected


@pytest.fixture
def tenant(clock: StillClock) -> PracticeExchange:
    return PracticeExchange(clock)


@pytest.fixture
def wire(tenant: PracticeExchange) -> Wire:
    return Wire(tenant)


@pytest.fixture
def exchange(tenant: PracticeExchange, wire: Wire) -> Exchange:
    return connected(tenant, wire)


@pytest.fixture
def ada(tenant: PracticeExchange) -> Account:
    return Account("mail", tenant.hire(ADA), ADA)


@pytest.fixture
def heir(tenant: PracticeExchange) -> Account:
    return Account("mail", tenant.hire(HEIR), HEIR)


async def cut_and_give_back(exchange: Exchange, verb: Action, who: Account, brief: Brief) -> State:
    """Do it, look, take it back twice, and say what stood there before."""
    before = await exchange.observe(who)
    await exchange.perform(verb, who, brief)
    for _ in range(4):  # a conversion takes a few reads to show
        after = await exchange.observe(who, verb)
    assert holds(verb, before, after) is not False
    things = getattr(
        before, {"stop_forwarding": "forwards", "revoke_grants": "grants"}.get(verb, ""), ()
    )
    taken = tuple(one for one in things if one.obstacle is None)
    if verb is Action.DELEGATE_MAILBOX and before.mailbox and brief.successor:
        given = {**before.mailbox.details, GIVEN_TO: brief.successor.id}
        taken = (replace(before.mailbox, details=given),)
    for _ in range(2):
        await exchange.give_back(verb, who, before, taken)
    for _ in range(4):
        after = await exchange.observe(who, verb)
    assert given_back(verb, before, taken, after) is not False
    return before


async def test_a_blocked_mailbox_opens_by_no_protocol_and_opens_again_as_before(
    exchange: Exchange, tenant: PracticeExchange, ada: Account
) -> None:
    before = await exchange.observe(ada)
    await exchange.perform(Action.BLOCK_SIGN_IN, ada)
    assert tenant.protocols[ada.id] == dict.fromkeys(PROTOCOLS, False)
    for _ in range(2):
        await exchange.give_back(Action.BLOCK_SIGN_IN, ada, before, ())
    flags = tenant.protocols[ada.id]
    assert (flags["OWAEnabled"], flags["PopEnabled"], flags["EwsEnabled"]) == (True, False, None)


async def test_protocols_that_nobody_wrote_down_are_not_guessed(
    exchange: Exchange, ada: Account
) -> None:
    with pytest.raises(NeedsHuman):
        await exchange.give_back(Action.BLOCK_SIGN_IN, ada, State(), ())


async def test_mail_that_leads_outside_is_stopped_and_only_that(
    exchange: Exchange, tenant: PracticeExchange, ada: Account
) -> None:
    before = await cut_and_give_back(exchange, Action.STOP_FORWARDING, ada, Brief())
    assert [one.obstacle is None for one in before.forwards or ()] == [True, False]
    assert tenant.boxes[ada.id]["ForwardingSmtpAddress"] == "smtp:ada@private.example"
    await exchange.perform(Action.STOP_FORWARDING, ada)
    box = tenant.boxes[ada.id]
    assert (box["ForwardingSmtpAddress"], box["ForwardingAddress"]) == (None, "reception")


async def test_a_contact_of_the_organisation_is_outside_it(
    exchange: Exchange, tenant: PracticeExchange, ada: Account
) -> None:
    tenant.add_contact("friend", "friend@rival.example")
    tenant.boxes[ada.id]["ForwardingAddress"] = "friend"
    await exchange.perform(Action.STOP_FORWARDING, ada)
    box = tenant.boxes[ada.id]
    assert (box["ForwardingAddress"], box["DeliverToMailboxAndForward"]) == (None, False)


async def test_a_name_that_means_nobody_counts_as_outside(
    exchange: Exchange, tenant: PracticeExchange, ada: Account
) -> None:
    tenant.boxes[ada.id]["ForwardingAddress"] = "gone long ago"
    seen = await exchange.observe(ada, Action.STOP_FORWARDING)
    assert all(one.obstacle is None for one in seen.forwards or ())


async def test_mail_is_forwarded_to_the_successor_and_kept_again(
    exchange: Exchange, tenant: PracticeExchange, ada: Account, heir: Account
) -> None:
    before = await exchange.observe(ada)
    assert await exchange.perform(Action.FORWARD_MAIL, ada, Brief(heir)) == Outcome.CHANGED
    assert tenant.boxes[ada.id]["ForwardingAddress"] == tenant.boxes[heir.id]["Name"]
    assert await exchange.perform(Action.FORWARD_MAIL, ada, Brief(heir)) == Outcome.ALREADY
    after = await exchange.observe(ada, Action.STOP_FORWARDING)
    assert [one.obstacle is None for one in after.forwards or ()] == [True, False]
    await exchange.give_back(Action.FORWARD_MAIL, ada, before, ())
    assert tenant.boxes[ada.id]["ForwardingAddress"] == "reception"


async def test_mail_goes_to_nobody_unasked(
    exchange: Exchange, tenant: PracticeExchange, ada: Account, heir: Account
) -> None:
    """A shared mailbox that gets it already is enough; a colleague whom the leaver chose is not."""
    assert await exchange.perform(Action.FORWARD_MAIL, ada) == Outcome.ALREADY
    for other in (None, tenant.boxes[heir.id]["Name"]):
        tenant.boxes[ada.id]["ForwardingAddress"] = other
        with pytest.raises(NeedsHuman) as why:
            await exchange.perform(Action.FORWARD_MAIL, ada)
        assert why.value.runbook == RUNBOOK


async def test_the_successor_is_let_in_before_the_mailbox_is_converted(
    exchange: Exchange, tenant: PracticeExchange, ada: Account, heir: Account
) -> None:
    """What is read back is the type: were it first, a crash in between would leave nobody in."""
    tenant.full_access[ada.id] = ["assistant@acme.example"]
    before = await exchange.observe(ada)
    tenant.cmdlets.clear()
    await exchange.perform(Action.DELEGATE_MAILBOX, ada, Brief(heir))
    written = [one for one in tenant.cmdlets if not one.startswith("Get-")]
    assert written == ["Add-MailboxPermission", "Set-Mailbox"]
    assert tenant.full_access[ada.id] == ["assistant@acme.example", HEIR]
    assert before.mailbox
    assert before.mailbox.details[HOLDERS] == ["assistant@acme.example"]


async def test_a_conversion_shows_late_and_is_told_to_others(clock: StillClock) -> None:
    told: list[str] = []
    tenant = PracticeExchange(clock, on_convert=told.append)
    ada = Account(
        "mail", tenant.hire(ADA, identifier="0a" * 4 + "-0000-4000-8000-" + "0b" * 6), ADA
    )
    exchange = connected(tenant, Wire(tenant))
    await exchange.perform(Action.DELEGATE_MAILBOX, ada)
    early = await exchange.observe(ada, Action.DELEGATE_MAILBOX)
    assert (early.mailbox and early.mailbox.id, told) == ("user", [])
    late = [await exchange.observe(ada, Action.DELEGATE_MAILBOX) for _ in range(3)][-1]
    assert (late.mailbox and late.mailbox.id, told) == (SHARED, [ada.id])
    assert any("nobody was given access" in note for note in late.notes)


async def test_a_mailbox_comes_back_without_those_who_were_let_in(
    exchange: Exchange, tenant: PracticeExchange, ada: Account, heir: Account
) -> None:
    tenant.full_access[ada.id] = []
    await cut_and_give_back(exchange, Action.DELEGATE_MAILBOX, ada, Brief(heir))
    assert tenant.boxes[ada.id]["RecipientTypeDetails"] == "UserMailbox"
    assert tenant.full_access[ada.id] == []


async def test_a_mailbox_of_which_nothing_is_known_is_not_given_back(
    exchange: Exchange, ada: Account
) -> None:
    with pytest.raises(NeedsHuman):
        await exchange.give_back(Action.DELEGATE_MAILBOX, ada, State(), ())


@pytest.mark.parametrize(
    ("told", "size", "said"),
    [
        ({}, "1.5 GB (1,610,612,736 bytes)", None),
        ({}, "50.1 GB (53,794,465,382 bytes)", "larger than 50 GB"),
        ({"ArchiveStatus": "Active"}, "unlimited", "with an archive"),
        ({"LitigationHoldEnabled": True}, "0 B (0 bytes)", "on litigation hold"),
    ],
)
async def test_a_licence_that_is_still_needed_is_said(
    told: dict[str, object], size: str, said: str | None, tenant: PracticeExchange, ada: Account
) -> None:
    tenant.boxes[ada.id] |= told
    tenant.sizes[ada.id] = size
    notes = (await connected(tenant, Wire(tenant)).observe(ada)).notes
    assert [said in note for note in notes if said] == [True] * bool(said)
    assert bool(notes) is bool(said)


async def test_statistics_are_not_waited_for(exchange: Exchange, wire: Wire, ada: Account) -> None:
    wire.instead["Get-MailboxStatistics"] = httpx.Response(503)
    assert (await exchange.observe(ada, Action.DELEGATE_MAILBOX)).mailbox


async def test_lists_are_left_by_id_and_joined_again(
    exchange: Exchange, tenant: PracticeExchange, wire: Wire, ada: Account
) -> None:
    before = await cut_and_give_back(exchange, Action.REVOKE_GRANTS, ada, Brief())
    held = {one.id for one in before.grants or ()}
    removed = [s["Parameters"] for s in wire.sent if s["CmdletName"].startswith("Remove-")]
    assert {one["Identity"] for one in removed} == held
    assert all(one["Member"] == ada.id for one in removed)
    assert all(ada.id in tenant.members[group] for group in held)


async def test_a_list_that_is_mastered_on_premises_is_left_alone(
    exchange: Exchange, tenant: PracticeExchange, ada: Account
) -> None:
    tenant.groups[PROJECTS]["IsDirSynced"] = True
    assert await exchange.perform(Action.REVOKE_GRANTS, ada) == Outcome.CHANGED
    [left] = (await exchange.observe(ada, Action.REVOKE_GRANTS)).grants or ()
    assert left.obstacle
    assert left.kind == "mail-enabled security group"


async def test_one_list_that_refuses_spares_no_other(
    exchange: Exchange, tenant: PracticeExchange, wire: Wire, ada: Account
) -> None:
    wire.instead["Remove-DistributionGroupMember"] = httpx.Response(403)
    with pytest.raises(TargetDenied) as why:
        await exchange.perform(Action.REVOKE_GRANTS, ada)
    assert "Exchange.ManageAsApp" in why.value.permission
    assert len([s for s in wire.sent if s["CmdletName"].startswith("Remove-")]) == 2


async def test_a_hidden_mailbox_is_listed_again(exchange: Exchange, ada: Account) -> None:
    await cut_and_give_back(exchange, Action.HIDE_FROM_DIRECTORY, ada, Brief())


async def test_a_synchronised_person_is_hidden_on_premises(
    exchange: Exchange, tenant: PracticeExchange, ada: Account
) -> None:
    tenant.boxes[ada.id]["IsDirSynced"] = True
    with pytest.raises(NeedsHuman):
        await exchange.perform(Action.HIDE_FROM_DIRECTORY, ada)
    assert any("on premises" in note for note in (await exchange.observe(ada)).notes)


async def test_devices_lose_the_mail(
    exchange: Exchange, tenant: PracticeExchange, ada: Account, heir: Account
) -> None:
    assert await exchange.perform(Action.RETIRE_DEVICES, ada) == Outcome.CHANGED
    assert [one["owner"] for one in tenant.devices.values()] == [heir.id]
    assert (await exchange.observe(ada, Action.RETIRE_DEVICES)).managed == ()
