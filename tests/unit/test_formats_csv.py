"""CSV for people: nothing in it runs, nothing breaks its line, and each text can be read back."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rows import HOSTILE, TEXT, events, row
from workflows.ledger.events import Actor, Event
from workflows.ledger.formats import Row, format_named
from workflows.ledger.formats.csv_cells import COLUMNS, inert, written
from workflows.ledger.formats.leaf import plain, told, told_slowly

CSV = format_named("csv")
RUNS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")


def read(text: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.decode(), newline=""), strict=True))


def cells(made: Row) -> dict[str, str]:
    [one] = read(CSV.encode([made]))
    return dict(zip(COLUMNS, one, strict=True))


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\0=", "="]
)
def test_a_formula_is_told_as_a_text(cell: str) -> None:
    assert cells(row(Event("x.done", actor=Actor("hr", cell))))["actor_id"] == f"'{cell}"


@pytest.mark.parametrize(
    "cell", [" =1", "\u00a0=1", "'=1", '"=1', " \"'=1", "\ufeff=1", "\u200b@x"]
)
def test_nor_does_it_hide_behind_what_an_importer_takes_away(cell: str) -> None:
    assert inert(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["main", "12", "", "ünï", "a=b", "<script>", "it's", "'quoted'"])
def test_what_is_harmless_stays_as_it_is(cell: str) -> None:
    assert inert(cell) == cell


@given(TEXT)
def test_an_inert_text_can_be_read_back(cell: str) -> None:
    told_as = inert(cell)
    assert not told_as.startswith(RUNS)
    bare = told_as[1:] if told_as[:1] == "'" and inert(told_as[1:]) == told_as else told_as
    assert bare == cell


@given(events())
def test_no_cell_of_any_event_runs_and_each_can_be_read_back(event: Event) -> None:
    made = row(event)
    said = cells(made)
    assert not [cell for cell in said.values() if cell.startswith(RUNS)]
    assert (said["leaf_index"], said["leaf_hash"]) == ("7", made.lh.hex())
    assert said["actor_id"] == inert(event.actor.id)
    assert said["type"] == inert(event.type)
    assert json.loads(said["data"] or "{}") == event.data
    assert (said["case"], said["case_seq"]) == (
        inert(event.case_id or ""),
        "3" if event.case_id else "",
    )


@given(events())
def test_a_leaf_is_read_fast_as_it_is_read_slowly(event: Event) -> None:
    made = row(event)
    assert told(made.d) == told_slowly(made.d)


@given(events())
def test_only_what_is_inert_as_it_is_counts_as_plain(event: Event) -> None:
    found = plain(row(event).d)
    assert found is None or [inert(cell) for cell in found] == list(found)


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_the_data_can_pose_as_what_stands_behind_it(text: str) -> None:
    data = {"a": text, "outcome": "forged", "type": "forged", "z": {"id": "x", "outcome": "forged"}}
    made = row(Event("x.done", "changed", data=data))
    assert plain(made.d) is not None
    assert (told(made.d).type, told(made.d).outcome) == ("x.done", "changed")
    assert json.loads(told(made.d).data) == data


def test_the_usual_events_are_read_fast() -> None:
    event = Event("x.done", "changed", "case_1", "s_1", {"a": 1}, {"name": "Ada"})
    assert plain(row(event).d) is not None


@given(st.lists(st.lists(TEXT, min_size=1, max_size=3), max_size=3))
def test_quotes_commas_and_line_ends_stay_in_their_cell(lines: list[list[str]]) -> None:
    assert read("".join(map(written, lines)).encode()) == lines


def test_every_cell_stands_in_quotes_and_a_quote_is_doubled() -> None:
    assert written(['say "hi", x', "7", ""]) == '"say ""hi"", x","7",""\r\n'


def test_the_header_names_the_columns() -> None:
    assert read(CSV.header) == [list(COLUMNS)]


def test_one_line_is_the_line_without_its_end() -> None:
    made = row(Event("x.done"))
    assert CSV.line(made) + b"\r\n" == CSV.encode([made])
