"""A mailbox and its mail go to the successor, are seen to, and come back without anybody else."""

from dataclasses import replace

import httpx
import pytest

from adapters.actions import Action, Outcome
from adapters.contract import Brief
from adapters.errors import NeedsHuman, TryAgain
from adapters.nouns import GIVEN_TO, HOLDERS, NOBODY, Account, Held, State
from adapters.postconditions import given_back, holds
from adapters.practice.exchange import PracticeExchange
from adapters.systems.exchange import Exchange
from tests.conftest import StillClock
from tests.mailboxes import ADA, HEIR, Wire, connected

DELEGATE, FORWARD = Action.DELEGATE_MAILBOX, Action.FORWARD_MAIL
AUDITOR = "auditor@acme.example"


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


def given(before: State, heir: Account) -> tuple[Held, ...]:
    """The mailbox as it was, with the one who got it."""
    assert before.mailbox
    return (replace(before.mailbox, details={**before.mailbox.details, GIVEN_TO: heir.id}),)


async def delegated(exchange: Exchange, ada: Account, heir: Account) -> State:
    before = await exchange.observe(ada)
    await exchange.perform(DELEGATE, ada, Brief(heir, before))
    return before


async def test_a_mailbox_that_is_shared_already_still_goes_to_the_successor(
    exchange: Exchange, tenant: PracticeExchange, ada: Account, heir: Account
) -> None:
    tenant.boxes[ada.id]["RecipientTypeDetails"] = "SharedMailbox"
    brief = Brief(heir, await exchange.observe(ada))
    assert holds(DELEGATE, None, brief.before, brief) is False
    assert holds(DELEGATE, None, brief.before, Brief(None, brief.before)) is True
    assert await exchange.perform(DELEGATE, ada, brief) == Outcome.CHANGED
    after = await exchange.observe(ada, DELEGATE)
    assert holds(DELEGATE, brief.before, after, brief) is True
    assert tenant.full_access[ada.id] == [HEIR]


async def test_a_mailbox_is_known_only_with_those_who_may_open_it(
    exchange: Exchange, wire: Wire, ada: Account
) -> None:
    wire.instead["Get-MailboxPermission"] = httpx.Response(503)
    seen = await exchange.observe(ada)
    assert (seen.mailbox, seen.enabled) == (None, True)
    assert seen.protocols  # the way back of a block waits for no list
    with pytest.raises(TryAgain):
        await exchange.observe(ada, DELEGATE)
    del wire.instead["Get-MailboxPermission"]
    now = (await exchange.observe(ada, DELEGATE)).mailbox
    assert now
    assert now.details[HOLDERS] == []


async def test_a_restore_puts_out_nobody_whom_we_did_not_let_in(
    exchange: Exchange, tenant: PracticeExchange, ada: Account, heir: Account
) -> None:
    before = await delegated(exchange, ada, heir)
    tenant.hire(AUDITOR)
    tenant.full_access[ada.id].append(AUDITOR)  # by an administrator, since
    told = given(before, heir)
    for things, mailbox in ((told, before.mailbox), ((), told[0])):  # named there, or in the state
        await exchange.give_back(DELEGATE, ada, replace(before, mailbox=mailbox), things)
        assert tenant.full_access[ada.id] == [AUDITOR]
        tenant.full_access[ada.id].append(HEIR)


async def test_a_successor_who_was_inside_before_stays_inside(
    exchange: Exchange, tenant: PracticeExchange, ada: Account, heir: Account
) -> None:
    tenant.full_access[ada.id] = [HEIR.upper()]
    before = await delegated(exchange, ada, heir)
    await exchange.give_back(DELEGATE, ada, before, given(before, heir))
    assert tenant.full_access[ada.id] == [HEIR.upper()]


async def test_a_restore_that_does_not_know_who_was_let_in_asks_a_person(
    exchange: Exchange, tenant: PracticeExchange, ada: Account, heir: Account
) -> None:
    before = await delegated(exchange, ada, heir)
    with pytest.raises(NeedsHuman):
        await exchange.give_back(DELEGATE, ada, before, ())
    assert tenant.full_access[ada.id] == [HEIR]


async def test_a_forward_is_read_back_at_the_one_who_gets_it(
    exchange: Exchange, tenant: PracticeExchange, ada: Account, heir: Account
) -> None:
    tenant.boxes[ada.id]["ForwardingAddress"] = None
    brief = Brief(heir, await exchange.observe(ada))
    assert brief.before.copied
    assert brief.before.copied.id == NOBODY
    assert holds(FORWARD, None, brief.before, brief) is False
    await exchange.perform(FORWARD, ada, brief)
    after = await exchange.observe(ada, FORWARD)
    assert holds(FORWARD, brief.before, after, brief) is True
    assert given_back(FORWARD, brief.before, (), after) is False
    await exchange.give_back(FORWARD, ada, brief.before, ())
    after = await exchange.observe(ada, FORWARD)
    assert given_back(FORWARD, brief.before, (), after) is True


async def test_mail_that_leaves_the_mailbox_altogether_is_no_copy(
    exchange: Exchange, tenant: PracticeExchange, ada: Account, heir: Account
) -> None:
    name = tenant.boxes[heir.id]["Name"]
    tenant.boxes[ada.id] |= {"ForwardingAddress": name, "DeliverToMailboxAndForward": False}
    brief = Brief(heir, await exchange.observe(ada))
    assert holds(FORWARD, None, brief.before, brief) is False
    assert await exchange.perform(FORWARD, ada, brief) == Outcome.CHANGED
    after = await exchange.observe(ada, FORWARD)
    assert holds(FORWARD, brief.before, after, brief) is True


async def test_without_a_successor_a_shared_mailbox_that_gets_the_mail_is_enough(
    exchange: Exchange, tenant: PracticeExchange, ada: Account
) -> None:
    brief = Brief(None, await exchange.observe(ada))  # it goes to the reception
    assert holds(FORWARD, None, brief.before, brief) is True
    tenant.add_contact("friend", "friend@rival.example")
    tenant.boxes[ada.id]["ForwardingAddress"] = "friend"
    outside = await exchange.observe(ada)
    assert outside.copied
    assert outside.copied.id == NOBODY  # what leads outside is stopped, not handed over


async def test_a_forward_that_is_not_told_is_not_known(
    exchange: Exchange, tenant: PracticeExchange, ada: Account, heir: Account
) -> None:
    del tenant.boxes[ada.id]["ForwardingAddress"]
    seen = await exchange.observe(ada)
    assert (seen.copied, seen.forwards) == (None, None)
    assert holds(FORWARD, None, seen, Brief(heir)) is None
