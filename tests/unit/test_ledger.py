"""Events as bytes: canonical, without personal data, and inert in a spreadsheet."""

import base64
import hashlib
import json
from datetime import timedelta

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import NOON
from workflows.ledger.events import Event, Sealed, seal, stamp
from workflows.ledger.formats.csv_cells import inert
from workflows.ledger.verify import leaf_hash

SALT = b"0123456789abcdef"


def sealed(event: Event) -> Sealed:
    return seal(
        event,
        event_id="evt_1",
        time=NOON,
        tenant="acme",
        case_seq=7,
        salts=dict.fromkeys(event.personal, SALT),
    )


def test_the_bytes_are_canonical_and_say_all_that_is_not_personal() -> None:
    d = sealed(Event("x.done", case_id="case_1", data={"b": 1, "a": "é"})).d
    body = json.loads(d)
    assert rfc8785.dumps(body) == d
    assert body["time"] == "2026-09-01T12:00:00.000000Z"
    assert (body["case"], body["case_seq"], body["data"]) == ("case_1", 7, {"a": "é", "b": 1})


@given(st.text(min_size=5).filter(lambda text: text.isprintable()))
def test_a_personal_value_is_there_as_a_digest_only_and_its_disclosure_opens_it(name: str) -> None:
    made = sealed(Event("x.done", personal={"name": name, "none": None}))
    disclosure = made.disclosures["name"]
    digest = hashlib.sha256(disclosure.encode()).digest()
    opened = json.loads(base64.urlsafe_b64decode(disclosure + "=="))
    assert json.loads(made.d)["sd"] == {"name": base64.urlsafe_b64encode(digest).decode()[:-1]}
    assert opened[1:] == ["name", name]


def test_the_leaf_hash_is_that_of_rfc_6962() -> None:
    assert leaf_hash(b"").hex() == (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    )


def test_instants_sort_as_texts() -> None:
    times = [NOON + timedelta(microseconds=n) for n in (0, 1, 10, 999_999, 1_000_000)]
    assert sorted(map(stamp, times)) == list(map(stamp, times))


def test_what_is_too_long_for_a_leaf_is_refused() -> None:
    with pytest.raises(ValueError, match="a leaf holds"):
        sealed(Event("x.done", data={"a": "x" * 70_000}))


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_what_a_spreadsheet_would_run_is_inert(cell: str) -> None:
    assert inert(cell) == "'" + cell


@given(st.text())
def test_every_cell_is_harmless_and_loses_nothing(cell: str) -> None:
    assert not inert(cell).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert inert(cell).endswith(cell)
