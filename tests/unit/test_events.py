"""One event as bytes: the same for the same, sealed for whoever has no disclosure."""

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import NOON
from workflows.ledger.events import (
    LARGEST_LEAF,
    Actor,
    Event,
    Sealed,
    canonical,
    digest,
    disclose,
    seal,
    stamp,
)
from workflows.ledger.verify import leaf_hash

PLAIN = st.characters(codec="utf-8")
TEXT = st.text(PLAIN)
DATA = st.dictionaries(
    TEXT,
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
        max_leaves=5,
    ),
    max_size=4,
)
SALTS = st.binary(min_size=16, max_size=16)


def sealed(event: Event, salt: bytes = b"0123456789abcdef", seq: int | None = 1) -> Sealed:
    return seal(
        event,
        event_id="evt_1",
        time=NOON,
        tenant="acme",
        case_seq=seq,
        salts=dict.fromkeys(event.personal, salt),
    )


def open_(disclosure: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(disclosure + "=" * (-len(disclosure) % 4)))


@given(DATA)
def test_the_bytes_are_canonical_whatever_is_told(data: dict[str, Any]) -> None:
    d = sealed(Event("x.done", data=data)).d
    assert rfc8785.dumps(json.loads(d)) == d
    assert json.loads(d).get("data", {}) == data


class Word(str):
    """A text that is more than a text."""

    __slots__ = ()


class Choice(StrEnum):
    ONE = "öne"


ODD_KEYS = st.one_of(TEXT, st.sampled_from(("😀", "\ue000", "é", "\u2028", "", "\0", '"')))
ANYTHING = st.dictionaries(
    ODD_KEYS,
    st.recursive(
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(),
            st.floats(),
            TEXT,
            TEXT.map(Word),
            st.sampled_from(Choice),
            st.sampled_from((2**53, -(2**53), 2**53 - 1, 1e16, 1e21, 1e-7, -0.0, 5e-324, "\ud800")),
        ),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.tuples(inner, inner),
            st.dictionaries(ODD_KEYS, inner, max_size=3),
        ),
        max_leaves=8,
    ),
    max_size=4,
)


def told_by(write: Callable[[dict[str, Any]], bytes], value: dict[str, Any]) -> bytes | None:
    """None for what has no bytes: great integers, NaN, half a pair of surrogates."""
    try:
        return write(value)
    except ValueError:
        return None


@given(ANYTHING)
def test_the_fast_writer_gives_the_bytes_of_rfc_8785_whatever_it_is_given(
    value: dict[str, Any],
) -> None:
    assert told_by(canonical, value) == told_by(rfc8785.dumps, value)


@pytest.mark.parametrize("value", [2**53, -(2**53), float("nan"), float("inf"), "\ud800"])
def test_what_has_no_bytes_is_refused(value: Any) -> None:
    for held in (value, [value], {"b": value}):
        with pytest.raises(ValueError):  # noqa: PT011 - each writer says it in its own words
            canonical({"a": held})


@given(st.data(), DATA)
def test_the_order_in_which_it_was_told_changes_no_byte(
    draw: st.DataObject, data: dict[str, Any]
) -> None:
    mixed = dict(draw.draw(st.permutations(list(data.items()))))
    assert sealed(Event("x.done", data=mixed)).d == sealed(Event("x.done", data=data)).d


def test_the_bytes_are_these_and_stay_these() -> None:
    event = Event("x.done", "failure", "case_1", "s_1", {"b": 1}, actor=Actor("hr", "main"))
    assert sealed(event).d == (
        b'{"actor":{"id":"main","kind":"hr"},"case":"case_1","case_seq":1,"data":{"b":1},'
        b'"id":"evt_1","outcome":"failure","subject":"s_1","tenant":"acme",'
        b'"time":"2026-09-01T12:00:00.000000Z","type":"x.done","v":1}'
    )


def test_what_is_not_there_takes_no_room() -> None:
    members = json.loads(sealed(Event("x.done"), seq=None).d)
    assert not {"case", "case_seq", "subject", "data", "sd"} & members.keys()
    assert sealed(Event("x.done", personal={"name": None})).disclosures == {}


@given(st.dictionaries(st.text(PLAIN, min_size=1), TEXT, max_size=3), SALTS)
def test_every_digest_is_opened_by_its_disclosure_and_by_no_other(
    personal: dict[str, str], salt: bytes
) -> None:
    made = sealed(Event("x.done", personal=personal), salt)
    digests = json.loads(made.d).get("sd", {})
    assert digests == {name: digest(text) for name, text in made.disclosures.items()}
    assert len(set(digests.values())) == len(personal)
    for name, value in personal.items():
        assert open_(made.disclosures[name])[1:] == [name, value]


@given(TEXT, SALTS, SALTS)
def test_the_same_value_has_another_digest_with_another_salt(
    value: str, one: bytes, other: bytes
) -> None:
    same = disclose(one, "name", value) == disclose(other, "name", value)
    assert same is (one == other)


def test_a_disclosure_is_that_of_rfc_9901() -> None:
    # Section 4.2.1 and 4.2.3: the example of the family name.
    text = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"
    salt = base64.urlsafe_b64decode("_26bc4LT-ac6q2KI6cBW5es=")
    assert disclose(salt, "family_name", "Möbius") == text
    assert digest(text) == "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"


def test_a_leaf_may_be_as_long_as_a_leaf_can_be_and_no_longer() -> None:
    room = LARGEST_LEAF - len(sealed(Event("x.done", data={"a": ""})).d)
    assert len(sealed(Event("x.done", data={"a": "x" * room})).d) == LARGEST_LEAF
    with pytest.raises(ValueError, match=r"x\.done is 65536 bytes; a leaf holds 65535"):
        sealed(Event("x.done", data={"a": "x" * (room + 1)}))


@given(st.binary())
def test_a_leaf_hash_is_no_plain_hash_of_the_same_bytes(d: bytes) -> None:
    assert leaf_hash(d) == hashlib.sha256(b"\x00" + d).digest()
    assert leaf_hash(d) != hashlib.sha256(d).digest()


OFFSETS = st.timedeltas(timedelta(hours=-14), timedelta(hours=14)).map(timezone)
INSTANTS = st.datetimes(timezones=OFFSETS).filter(lambda at: 1970 <= at.year < 9999)


@given(INSTANTS, INSTANTS)
def test_texts_of_instants_sort_as_instants_do_wherever_they_were_told(
    one: datetime, other: datetime
) -> None:
    assert (stamp(one) < stamp(other)) is (one < other)
    assert (stamp(one) == stamp(other)) is (one == other)
    assert datetime.fromisoformat(stamp(one)) == one.astimezone(UTC)
