"""What a verb came to, and what its way back may know."""

from adapters.actions import Action, Outcome
from adapters.nouns import GIVEN_TO, Account, Held, State
from workflows.deeds import Cut, GiveBack

MARA = Account("tenant", "1", "mara@acme.example")
APP = Held("a", "Payroll", "owned application", None, {"owners": []})
BOX = Held("UserMailbox", "UserMailbox", "mailbox", None, {"full_access": []})
REPLY = Held("disabled", "disabled", "automatic reply", None, {"status": "disabled"})


def cut(action: Action, before: State) -> Cut:
    return Cut(action, MARA, before, before)


def test_where_the_state_before_cannot_tell_the_verb_is_believed() -> None:
    unread = cut(Action.SET_AUTO_REPLY, State(auto_reply=None))
    assert unread.outcome(State(), Outcome.ALREADY) == Outcome.ALREADY
    assert unread.outcome(State(), Outcome.CHANGED) == Outcome.CHANGED


def test_a_verb_that_leaves_nothing_to_be_seen_is_believed() -> None:
    forwarded = cut(Action.FORWARD_MAIL, State())
    assert forwarded.outcome(State(), Outcome.ALREADY) == Outcome.ALREADY


def test_where_the_state_before_can_tell_no_reply_is_believed() -> None:
    was_open = cut(Action.BLOCK_SIGN_IN, State(enabled=True))
    assert was_open.outcome(State(enabled=False), Outcome.ALREADY) == Outcome.CHANGED
    was_shut = cut(Action.BLOCK_SIGN_IN, State(enabled=False))
    assert was_shut.outcome(State(enabled=False), Outcome.CHANGED) == Outcome.ALREADY


def test_the_way_back_knows_who_had_got_what_even_if_nothing_was_taken_by_the_list() -> None:
    before = State(roles=(APP,), mailbox=BOX, auto_reply=REPLY)
    back = GiveBack(Action.TRANSFER_OWNERSHIP, MARA, before, State(), ()).given_to("boss")
    assert back.before.roles is not None
    assert back.before.roles[0].details == {"owners": [], GIVEN_TO: "boss"}
    assert back.before.mailbox is not None
    assert back.before.mailbox.details[GIVEN_TO] == "boss"


def test_what_goes_back_to_the_vendor_as_it_stood_is_left_alone() -> None:
    before = State(mailbox=BOX, auto_reply=REPLY)
    back = GiveBack(Action.SET_AUTO_REPLY, MARA, before, State(), ()).given_to("boss")
    assert back.before.auto_reply is not None
    assert back.before.auto_reply.details == {"status": "disabled"}
