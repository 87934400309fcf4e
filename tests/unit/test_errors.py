"""What an adapter may raise: the same after it was stored, and only for what it is."""

import pickle
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters import errors
from adapters.errors import (
    AdapterError,
    CredentialDenied,
    NeedsHuman,
    TargetDenied,
    TryAgain,
    Unrecognised,
)

TEXT = st.text()
MADE: dict[type[AdapterError], st.SearchStrategy[AdapterError]] = {
    TryAgain: st.builds(TryAgain, TEXT, st.none() | st.floats(0, 1e12)),
    CredentialDenied: st.builds(CredentialDenied, TEXT, TEXT, TEXT),
    TargetDenied: st.builds(TargetDenied, TEXT, TEXT, TEXT),
    NeedsHuman: st.builds(NeedsHuman, TEXT, TEXT),
    Unrecognised: st.builds(Unrecognised, TEXT),
}
ANY = st.one_of(*MADE.values())


def kinds(above: type[AdapterError]) -> Iterator[type[AdapterError]]:
    for kind in above.__subclasses__():
        if kind.__module__ == errors.__name__ and not kind.__name__.startswith("_"):
            yield kind
        yield from kinds(kind)


def facts(error: AdapterError) -> dict[str, Any]:
    return {name: value for name, value in vars(error).items() if not name.startswith("__")}


def test_every_kind_of_error_is_held_here() -> None:
    assert {*kinds(AdapterError)} == {*MADE}


@given(ANY)
def test_every_error_is_the_same_after_it_was_stored(error: AdapterError) -> None:
    stored = pickle.loads(pickle.dumps(error))
    assert (type(stored), facts(stored), stored.args) == (type(error), facts(error), error.args)
    assert stored == error
    assert hash(stored) == hash(error)


@given(ANY)
def test_an_error_is_made_again_from_its_arguments(error: AdapterError) -> None:
    assert type(error)(*error.args) == error


@given(ANY, ANY)
def test_two_errors_are_equal_only_if_they_say_the_same(
    one: AdapterError, other: AdapterError
) -> None:
    same = type(one) is type(other) and facts(one) == facts(other)
    assert (one == other) is same


def test_the_same_words_in_another_kind_are_another_error() -> None:
    assert CredentialDenied("no", "P", "fix") != TargetDenied("no", "P", "fix")
    assert TryAgain("slow", 1.0) != TryAgain("slow", 2.0)
    assert Unrecognised("what") != "what"


@pytest.mark.parametrize("kind", MADE)
def test_the_message_can_be_read(kind: type[AdapterError]) -> None:
    assert kind("the vendor is odd").message == "the vendor is odd"
    assert "the vendor is odd" in str(kind("the vendor is odd"))
