"""A person's names are found wherever they stand, and nobody else's."""

import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.privacy.names import Names, named_in

MARK = "erased:s_x"
ADA = Names.of(("ada@acme.example", "Ada Lovelace", "  ", None, "1207"), MARK)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("ada@acme.example", MARK),
        ("SMTP:ADA@acme.example", f"SMTP:{MARK}"),
        ("Mailbox of Ada Lovelace.", f"Mailbox of {MARK}."),
        ("<ada@acme.example>,bob@acme.example", f"<{MARK}>,bob@acme.example"),
        ("rada@acme.example", "rada@acme.example"),
        ("x.ada@acme.example", "x.ada@acme.example"),
        ("x-ada@acme.example", "x-ada@acme.example"),
        ("ada@acme.example.org", "ada@acme.example.org"),
        ("Ada Lovelacey", "Ada Lovelacey"),
        ("room 1207", "room 1207"),
    ],
)
def test_whole_names_go_and_what_only_looks_alike_stays(text: str, left: str) -> None:
    assert ADA.without(text) == left
    assert ADA.in_text(text) == (text != left)


def _around(name: str) -> st.SearchStrategy[Any]:
    leaf = st.none() | st.booleans() | st.integers() | st.just(name) | st.just(f"({name})")
    return st.recursive(
        leaf, lambda one: st.lists(one) | st.dictionaries(st.just(name) | st.text("abc"), one)
    )


@given(_around("Ada Lovelace"))
def test_nothing_of_a_name_is_left_anywhere_in_json(value: Any) -> None:
    after = ADA.without(value)
    assert "Lovelace" not in json.dumps(after)
    assert ADA.without(after) == after


@pytest.mark.parametrize(
    "word", ["cancelled", "waiting", "Member", "case_account", "1207", "ada.b"]
)
def test_a_word_that_is_ours_or_everybodys_is_not_looked_for(word: str) -> None:
    assert Names.of((word,), MARK).words == frozenset()


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=6))
def test_sql_finds_the_same_values_as_text_and_as_json(text: str) -> None:
    names = Names.of((text,), MARK)
    database = sqlite3.connect(":memory:")
    with closing(database):
        for stored in (text, json.dumps({"who": [text]})):
            hits = [
                database.execute("SELECT lower(?) LIKE ? ESCAPE '!'", (stored, like)).fetchone()[0]
                for like in names.likes
            ]
            assert any(hits) == bool(names.words)


def test_of_somebody_without_any_long_value_nothing_is_looked_for() -> None:
    nobody = Names.of(("1207", None), MARK)
    assert (nobody.likes, nobody.in_text("1207"), nobody.without("1207")) == ([], False, "1207")


@pytest.mark.parametrize(
    ("basis", "found"),
    [
        ("ticket of Blauvogel", "Blauvogel"),
        ("DPO-31, BLAUVOGEL", "BLAUVOGEL"),
        ("asked by q.blauvogel@acme.example", "q.blauvogel@acme.example"),
        ("record 1207", "1207"),
        ("login qblau", "qblau"),
        ("Art. 17(1)(a) GDPR, ticket DPO-31, of acme.example", None),
        ("ou=staff, Blauvogels", None),
    ],
)
def test_a_basis_is_searched_for_parts_of_a_name_too(basis: str, found: str | None) -> None:
    mara = ("q.blauvogel@acme.example", "Mara Blauvogel", "1207", "qblau", "CN=X Y,OU=staff", None)
    assert named_in(basis, mara) == found
