"""Containment is judged from read-backs, and one open question makes "contained" impossible."""

from datetime import timedelta
from itertools import combinations_with_replacement, product

import pytest

from adapters.actions import CUTS_ACCESS, Action
from adapters.nouns import State
from tests.conftest import NOON
from workflows.judge import AccountFacts, Lookup, judge_account, judge_case
from workflows.model import Containment

DONE: dict[str, str] = dict.fromkeys(map(str, CUTS_ACCESS), "confirmed")
BLOCKED = State(enabled=False)
STANDINGS = ("confirmed", "covered", "not_needed", "open", "by_hand", "said_done", "failed")
WORSE = (
    Containment.CONTAINED,
    Containment.BLOCKED_UNTIL_EXPIRY,
    Containment.PARTLY,
    Containment.BY_HAND,
    Containment.UNKNOWN,
    Containment.NOT,
)
"""From the best to the worst."""


def judged(state: State | None, *, later: float = 0, **verbs: str) -> Containment:
    return judge_account(
        AccountFacts(state, {**DONE, **verbs}, NOON + timedelta(seconds=later), NOON)
    )


def test_blocked_and_every_session_and_token_closed_is_contained() -> None:
    assert judged(BLOCKED) is Containment.CONTAINED


def test_a_call_that_was_accepted_proves_nothing() -> None:
    assert judged(State(enabled=True)) is Containment.NOT
    assert judged(None) is Containment.UNKNOWN
    assert judged(State(enabled=None)) is Containment.UNKNOWN


def test_an_old_token_that_may_still_live_is_said_until_it_has_died() -> None:
    assert judged(BLOCKED, later=1) is Containment.BLOCKED_UNTIL_EXPIRY
    assert judged(State.gone(), later=1) is Containment.BLOCKED_UNTIL_EXPIRY


@pytest.mark.parametrize("verb", [Action.REVOKE_SESSIONS, Action.REVOKE_TOKENS])
@pytest.mark.parametrize("standing", STANDINGS)
def test_sessions_and_tokens_count_only_if_confirmed_or_covered(
    verb: Action, standing: str
) -> None:
    fine = standing in ("confirmed", "covered", "not_needed")
    expected = Containment.CONTAINED if fine else Containment.PARTLY
    verbs = {**DONE, str(verb): standing}
    assert judge_account(AccountFacts(BLOCKED, verbs, NOON, NOON)) is expected


def test_an_account_that_is_gone_has_no_sessions_to_end() -> None:
    assert judged(State.gone(), revoke_sessions="failed") is Containment.CONTAINED


def test_a_block_that_a_person_still_has_to_make_durable_is_no_containment() -> None:
    assert judged(BLOCKED, block_sign_in="by_hand") is Containment.PARTLY
    assert judged(State(enabled=True), block_sign_in="by_hand") is Containment.BY_HAND


def test_a_persons_word_counts_once_the_system_says_so_too() -> None:
    assert judged(BLOCKED, block_sign_in="said_done") is Containment.CONTAINED


@pytest.mark.parametrize("size", [1, 2, 3])
def test_one_account_that_gets_worse_never_makes_the_case_better(size: int) -> None:
    for accounts in product(WORSE, repeat=size):
        before = judge_case(accounts, [Lookup.FOUND])
        for place, now in enumerate(accounts):
            for worse in WORSE[WORSE.index(now) :]:
                changed = [*accounts[:place], worse, *accounts[place + 1 :]]
                after = judge_case(changed, [Lookup.FOUND])
                assert WORSE.index(after) >= WORSE.index(before)


def test_a_case_is_contained_only_if_every_account_is_and_every_question_is_answered() -> None:
    for accounts in combinations_with_replacement(Containment, 2):
        for lookups in combinations_with_replacement(Lookup, 2):
            answered = set(lookups) <= {Lookup.FOUND, Lookup.NONE}
            proved = set(accounts) == {Containment.CONTAINED}
            contained = judge_case(accounts, lookups) is Containment.CONTAINED
            assert contained is (answered and proved)


def test_nobody_found_is_a_fact_of_its_own_and_never_contained() -> None:
    assert judge_case([], [Lookup.NONE, Lookup.NONE]) is Containment.NONE_FOUND
    assert judge_case([], [Lookup.NONE, Lookup.UNANSWERED]) is Containment.UNKNOWN
    assert judge_case([], []) is Containment.UNKNOWN


def test_what_is_known_to_be_open_is_said_before_what_is_not_known() -> None:
    for other in (Containment.NOT, Containment.UNKNOWN, Containment.BY_HAND):
        assert judge_case([Containment.NOT, other], [Lookup.FOUND]) is Containment.NOT


def test_what_is_left_to_people_makes_a_case_partly_contained() -> None:
    accounts = [Containment.CONTAINED]
    assert judge_case(accounts, [Lookup.FOUND, Lookup.BY_HAND]) is Containment.PARTLY


STATES = (State.gone(), BLOCKED, State(enabled=None), None, State(enabled=True))
"""From the best to the worst; what the system cannot tell is better than a no."""


@pytest.mark.parametrize("block", ["confirmed", "by_hand"])
def test_what_is_read_back_worse_never_makes_an_account_better(block: str) -> None:
    verbs = {Action.REVOKE_SESSIONS: STANDINGS, Action.REVOKE_TOKENS: STANDINGS}
    for standing in product(*verbs.values()):
        said = dict(zip(map(str, verbs), standing, strict=True))
        for later in (-1, 0, 1):
            found = [judged(one, later=later, block_sign_in=block, **said) for one in STATES]
            assert sorted(found, key=WORSE.index) == found


@pytest.mark.parametrize("verb", [Action.REVOKE_SESSIONS, Action.REVOKE_TOKENS])
def test_a_verb_that_is_not_closed_never_makes_an_account_better(verb: Action) -> None:
    for state, later in product(STATES, (-1, 1)):
        before = judged(state, later=later)
        for standing in STANDINGS:
            after = judged(state, later=later, **{str(verb): standing})
            assert WORSE.index(after) >= WORSE.index(before)


@pytest.mark.parametrize("state", STATES)
def test_an_account_is_contained_only_if_all_holds(state: State | None) -> None:
    fine = {"confirmed", "covered", "not_needed"}
    for block, sessions, tokens in product(STANDINGS, repeat=3):
        verbs = {"block_sign_in": block, "revoke_sessions": sessions, "revoke_tokens": tokens}
        closed = {sessions, tokens} <= fine or state == State.gone()
        blocked = state in (State.gone(), BLOCKED) and block != "by_hand"
        for later in (-1, 0, 1):
            contained = judged(state, later=later, **verbs) is Containment.CONTAINED
            assert contained is (blocked and closed and later <= 0)


def test_a_verb_of_which_nothing_is_known_is_open() -> None:
    assert judge_account(AccountFacts(BLOCKED, {}, None, NOON)) is Containment.PARTLY


@pytest.mark.parametrize("more", [Lookup.UNANSWERED, Lookup.UNDECIDED, Lookup.BY_HAND])
def test_one_open_question_more_never_makes_a_proved_case_better(more: Lookup) -> None:
    for accounts in product(WORSE[:3], repeat=2):
        assert judge_case(accounts, [Lookup.FOUND, more]) is Containment.PARTLY
