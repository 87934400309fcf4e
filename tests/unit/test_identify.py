"""Which candidates are this person's: certain ones at once, doubts to a person."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.nouns import Account, Kind, Match, Person, Rule
from tests.conftest import NOON
from workflows.identify import identify

ADA = "ada@acme.example"
PERSON = Person("7", (ADA,), ())


def hit(
    identifier: str = "u-1",
    rule: Rule = Rule.ADDRESS,
    *,
    login: str = ADA,
    kind: Kind = Kind.PERSON,
    disagreement: str | None = None,
    age: timedelta = timedelta(days=400),
) -> Match:
    account = Account("s", identifier, login, (login,), kind=kind, created_at=NOON - age)
    return Match(account, rule, disagreement)


def sure(*hits: Match, claimed: dict[str, str] | None = None) -> list[str]:
    found = identify(PERSON, hits, NOON, claimed or {})
    unsure = found.undecided.candidates if found.undecided else ()
    assert {*found.accounts, *unsure} == {*hits}
    assert not {*found.accounts} & {*unsure}
    return [one.account.id for one in found.accounts]


@pytest.mark.parametrize("rule", Rule)
def test_one_candidate_without_a_doubt_is_certain(rule: Rule) -> None:
    assert sure(hit(rule=rule)) == ["u-1"]


def test_nobody_is_nobody() -> None:
    found = identify(PERSON, (), NOON, {})
    assert (found.accounts, found.undecided) == ((), None)


@pytest.mark.parametrize(
    "doubtful",
    [
        hit(disagreement="it carries another employee number"),
        hit(kind=Kind.SHARED),
        hit(kind=Kind.SERVICE),
        hit(age=timedelta(days=-1)),
    ],
)
def test_a_doubt_is_for_a_person_even_if_there_is_no_other_candidate(doubtful: Match) -> None:
    assert sure(doubtful) == []


@pytest.mark.parametrize("rule", [Rule.ADDRESS, Rule.EMPLOYEE_NUMBER])
def test_what_may_be_somebody_elses_is_a_doubt_by_whatever_rule(rule: Rule) -> None:
    assert sure(hit(rule=rule), claimed={"u-1": "somebody has it"}) == []


def test_a_link_was_set_by_a_person_and_is_certain_all_the_same() -> None:
    assert sure(hit(rule=Rule.LINK), claimed={"u-1": "somebody has it"}) == ["u-1"]


def test_of_several_those_that_fit_by_number_and_by_address_are_certain() -> None:
    both = hit("u-1", Rule.EMPLOYEE_NUMBER)
    number_only = hit("u-2", Rule.EMPLOYEE_NUMBER, login="bob@acme.example")
    assert sure(both, number_only, hit("u-3")) == ["u-1"]


def test_an_account_made_on_the_last_moment_is_still_the_leavers() -> None:
    assert sure(hit(age=timedelta(0))) == ["u-1"]


def test_a_number_and_an_address_fit_however_the_address_is_written() -> None:
    both = hit("u-1", Rule.EMPLOYEE_NUMBER, login=" Ada@ACME.example")
    assert sure(both, hit("u-2")) == ["u-1"]


def test_of_several_by_address_alone_a_person_chooses() -> None:
    assert sure(hit("u-1"), hit("u-2")) == []


def test_every_linked_account_is_certain_whatever_stands_beside_it() -> None:
    links = [hit("u-1", Rule.LINK), hit("u-2", Rule.LINK, login="adm-ada")]
    assert sure(*links) == ["u-1", "u-2"]
    assert sure(*links, hit("u-3")) == ["u-1", "u-2", "u-3"]
    assert sure(*links, hit("u-3"), hit("u-4")) == ["u-1", "u-2"]


def test_the_reason_names_nobody() -> None:
    found = identify(PERSON, (hit("u-1"), hit("u-2")), NOON, {})
    assert found.undecided is not None
    assert "ada" not in found.undecided.reason.lower()


def test_every_doubt_is_told_once() -> None:
    doubtful = (hit("u-1"), hit("u-2"), hit("u-3", kind=Kind.SHARED))
    found = identify(PERSON, doubtful, NOON, {})
    assert found.undecided is not None
    assert found.undecided.reason == (
        "several accounts fit, and nothing says which of them is meant; "
        "it is a shared account, which others may be using"
    )


HITS = st.builds(
    hit,
    st.sampled_from(["u-1", "u-2", "u-3", "u-4"]),
    st.sampled_from(Rule),
    login=st.sampled_from([ADA, "adm-ada", "bob@acme.example"]),
    kind=st.sampled_from(Kind),
    disagreement=st.none() | st.just("it carries another employee number"),
    age=st.sampled_from([timedelta(days=-1), timedelta(days=400)]),
)


@given(
    st.lists(HITS, max_size=4, unique_by=lambda one: one.account.id),
    st.dictionaries(st.sampled_from(["u-1", "u-2"]), st.just("somebody has it")),
)
def test_what_is_certain_without_a_link_bears_no_doubt(
    hits: list[Match], claimed: dict[str, str]
) -> None:
    certain = set(sure(*hits, claimed=claimed))
    for one in hits:
        if one.rule is Rule.LINK:
            assert one.account.id in certain
        elif one.account.id in certain:
            assert one.account.kind in (Kind.PERSON, Kind.GUEST)
            assert not one.disagreement
            assert one.account.created_at
            assert one.account.created_at <= NOON


@given(st.lists(HITS, max_size=3, unique_by=lambda one: one.account.id), HITS)
def test_one_candidate_more_never_makes_another_more_certain(
    hits: list[Match], more: Match
) -> None:
    others = [one for one in hits if one.account.id != more.account.id]
    assert set(sure(*others, more)) <= {*sure(*others), more.account.id}
