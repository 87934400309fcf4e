"""What a system says about an account, and whether an account is that person."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.actions import CUTS_ACCESS, Action, Wave
from adapters.matching import match, normal_address, same_address
from adapters.nouns import Account, Held, Match, Person, Rule, State
from adapters.postconditions import holds
from tests.conftest import NOON

ADA = "ada@acme.example"
GROUP = Held("g-1", "Finance")
INHERITED = Held("g-2", "Everybody", obstacle="a rule of the vendor's puts everybody there")
TAKES = {
    Action.REVOKE_GRANTS: "grants",
    Action.REMOVE_ROLES: "roles",
    Action.RELEASE_LICENCES: "licences",
    Action.REMOVE_FACTORS: "factors",
    Action.REVOKE_TOKENS: "tokens",
}
MOVES = {
    Action.REVOKE_SESSIONS: "sessions_valid_from",
    Action.RESET_CREDENTIALS: "password_changed_at",
}


def seen(**told: Any) -> State:
    return State(**told)


@pytest.mark.parametrize("verb", Action)
def test_an_account_that_is_gone_has_nothing_left_to_take(verb: Action) -> None:
    assert holds(verb, State(enabled=True), State.gone()) is True


@pytest.mark.parametrize("verb", [one for one in Action if one is not Action.DELETE_ACCOUNT])
def test_what_a_system_cannot_tell_is_neither_yes_nor_no(verb: Action) -> None:
    assert holds(verb, None, State()) is None
    assert holds(verb, State(), State()) is None


def test_an_account_that_is_there_is_not_deleted() -> None:
    assert holds(Action.DELETE_ACCOUNT, State(), State(enabled=False)) is False


@pytest.mark.parametrize(
    ("verb", "field"),
    [(Action.BLOCK_SIGN_IN, "enabled"), (Action.HIDE_FROM_DIRECTORY, "listed")],
)
def test_what_is_turned_off_holds_once_it_is_off(verb: Action, field: str) -> None:
    assert holds(verb, None, seen(**{field: False})) is True
    assert holds(verb, seen(**{field: False}), seen(**{field: True})) is False


@pytest.mark.parametrize(("verb", "field"), TAKES.items())
def test_what_is_taken_holds_once_nothing_is_left_that_we_can_take(
    verb: Action, field: str
) -> None:
    expected = {(): True, (GROUP,): False, (INHERITED,): True, (INHERITED, GROUP): False}
    for held, told in expected.items():
        assert holds(verb, None, seen(**{field: held})) is told


INSTANTS = st.none() | st.integers(-5, 5).map(lambda n: NOON + timedelta(microseconds=n))


@pytest.mark.parametrize(("verb", "field"), MOVES.items())
@given(before=INSTANTS, after=INSTANTS)
def test_what_leaves_an_instant_behind_holds_once_the_instant_moved_on(
    verb: Action, field: str, before: datetime | None, after: datetime | None
) -> None:
    told = holds(verb, seen(**{field: before}), seen(**{field: after}))
    moved = after is not None and (before is None or after > before)
    assert told is (None if after is None else moved)


STATES = st.builds(
    State,
    enabled=st.none() | st.booleans(),
    sessions_valid_from=INSTANTS,
    tokens=st.none() | st.lists(st.sampled_from([GROUP, INHERITED])).map(tuple),
)


@given(st.sampled_from(CUTS_ACCESS), st.none() | STATES, STATES)
def test_a_cut_is_judged_by_what_it_changes_and_by_nothing_else(
    verb: Action, before: State | None, after: State
) -> None:
    other = State(
        enabled=after.enabled,
        sessions_valid_from=after.sessions_valid_from,
        tokens=after.tokens,
        grants=(GROUP,),
        listed=True,
        notes=("mastered on premises",),
    )
    assert holds(verb, before, after) == holds(verb, before, other)


def test_every_verb_belongs_to_one_wave_and_what_cuts_access_contains() -> None:
    assert {verb.wave for verb in Action} == {*Wave} - {Wave.RESTORE}
    assert {verb.wave for verb in CUTS_ACCESS} == {Wave.CONTAIN}


def account(*, login: str = "a.lovelace", mail: str = ADA, number: str | None = None) -> Account:
    return Account("s", "u-1", login, (mail,), number)


@pytest.mark.parametrize(
    ("person", "rule"),
    [
        (Person(links=("u-1",)), Rule.LINK),
        (Person(links=("a.lovelace",)), Rule.LINK),
        (Person(links=("A.Lovelace",)), Rule.LINK),
        (Person("7", (ADA,), ("u-1",)), Rule.LINK),
        (Person("7", (ADA,)), Rule.EMPLOYEE_NUMBER),
        (Person("7"), Rule.EMPLOYEE_NUMBER),
        (Person(addresses=("x@acme.example", " ADA@Acme.Example ")), Rule.ADDRESS),
        (Person(addresses=("A.Lovelace",)), Rule.ADDRESS),
    ],
)
def test_the_strongest_rule_that_holds_is_told(person: Person, rule: Rule) -> None:
    found = match(person, account(number="7"))
    assert found is not None
    assert (found.rule, found.disagreement) == (rule, None)


def test_the_id_of_a_link_has_no_case_if_it_is_a_uuid_and_else_has() -> None:
    """Okta's ids differ by case alone; a directory takes a UUID in either."""
    uuid = "0c0ffee0-0000-4000-8000-00000e17ea0f"
    for stored, there, same in ((uuid.upper(), uuid, True), ("00uAb", "00uaB", False)):
        found = match(Person(links=(stored,)), Account("s", there, "a.lovelace"))
        assert bool(found) is same


@pytest.mark.parametrize(
    "person",
    [
        Person(),
        Person("07"),
        Person("7 "),
        Person(addresses=("ada@acme.example.org",)),
        Person(addresses=("xada@acme.example", "ada@acme")),
        Person(links=("U-1", "a.lovelac", "u-", "u-11")),
    ],
)
def test_what_is_nearly_equal_is_somebody_else(person: Person) -> None:
    assert match(person, account(number="7")) is None


def test_nobody_is_matched_by_what_both_of_them_lack() -> None:
    assert match(Person(), Account("s", "u-1", "ada")) is None
    assert match(Person(""), Account("s", "u-1", "ada", employee_number="")) is None


def test_another_number_speaks_against_an_address_and_not_against_a_link() -> None:
    by_address = match(Person("8", (ADA,)), account(number="7"))
    by_link = match(Person("8", (ADA,), ("u-1",)), account(number="7"))
    assert by_address is not None
    assert by_address.disagreement
    assert by_link is not None
    assert by_link.disagreement is None


def test_a_number_that_only_one_side_knows_speaks_against_nothing() -> None:
    for person, found in (
        (Person("8", (ADA,)), account()),
        (Person("", (ADA,)), account(number="7")),
    ):
        assert match(person, found) == Match(found, Rule.ADDRESS)


def test_a_stronger_rule_is_trusted_more_and_a_disagreement_least() -> None:
    trusted = [Match(account(), rule).confidence for rule in Rule]
    doubted = [Match(account(), rule, "another number").confidence for rule in Rule]
    assert trusted == sorted(set(trusted), reverse=True)
    assert max(doubted) < min(trusted)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ß@x.example", "ss@x.example"),
        ("ſam@x.example", "sam@x.example"),
        ("\u212aim@x.example", "kim@x.example"),
        ("É@x.example", "é@x.example"),
        ("a\u0301@x.example", "á@x.example"),
    ],
)
def test_letters_that_only_unicode_calls_equal_are_different_people(one: str, other: str) -> None:
    assert not same_address(one, other)


@given(st.text(), st.text())
def test_addresses_are_the_same_only_if_they_differ_in_ascii_case_or_space(
    one: str, other: str
) -> None:
    lower = one.encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass").strip()
    assert normal_address(one) == lower
    assert same_address(one, other) is (normal_address(other) == lower)
