"""CEF, read back by a little parser that knows only ArcSight's rules."""

import json
import re

import pytest
from hypothesis import given

from tests.conftest import NOON
from tests.rows import HOSTILE, events, row
from workflows.ledger.events import Actor, Event
from workflows.ledger.formats import format_named

CEF = format_named("cef")
LOST = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 127, 0x85, 0x2028, 0x2029), "\ufffd")


def parse(line: bytes) -> tuple[list[str], dict[str, str]]:
    """The header has seven fields that end at a bare `|`; a value ends before the next ` key=`."""
    fields = re.findall(r"((?:[^\\|]|\\.)*)(?:\||$)", line.decode(), re.DOTALL)
    header = [re.sub(r"\\([|\\])", r"\1", field) for field in fields[:7]]
    rest = line.decode()[sum(len(field) + 1 for field in fields[:7]) :]
    values: dict[str, str] = {}
    key, at = "", 0
    for found in re.finditer(r"(?:^| )([A-Za-z0-9]+)=|\\.", rest):
        if found[1] is None:
            continue  # an escaped sign: whatever it is, it begins no key
        if key:
            values[key] = _unescaped(rest[at : found.start()])
        key, at = found[1], found.end()
    values[key] = _unescaped(rest[at:])
    return header, values


def _unescaped(value: str) -> str:
    signs = {"n": "\n", "r": "\r", "=": "=", "\\": "\\"}
    return re.sub(r"\\(.)", lambda found: signs[found[1]], value)


@given(events())
def test_every_event_is_one_line_that_says_what_the_event_says(event: Event) -> None:
    made = row(event)
    line = CEF.line(made)
    assert len(line.decode().splitlines()) == 1
    header, told = parse(line)
    assert header[:3] == ["CEF:0", "Exeunt", "Exeunt"]
    assert len(header) == 7
    assert header[6].isdecimal()
    assert told["rt"] == str(int(NOON.timestamp() * 1000))
    assert (told["externalId"], told["cn1"], told["cs3"]) == ("evt_7", "7", made.lh.hex())
    assert told["outcome"] == event.outcome.translate(LOST)
    assert told["suid"] == event.actor.id.translate(LOST)
    assert told["cs1"] == (event.case_id or "").translate(LOST)
    if event.data and "msg" not in told:
        expected = json.dumps(dict(event.data), ensure_ascii=False).translate(LOST)
        assert json.loads(told["cs5"]) == json.loads(expected)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_stays_in_its_field(text: str) -> None:
    header, told = parse(CEF.line(row(Event(f"x{text}", actor=Actor("person", text)))))
    plain = text.translate(LOST)
    assert header[4] == f"x{plain}".replace("\n", " ").replace("\r", " ")
    assert told["suid"] == plain
    assert told["cs4"] == "person"


def test_the_line_is_this() -> None:
    event = Event(
        "block_sign_in.result",
        "failure",
        "case_1",
        "s_1",
        {"account": "acc_1", "system": "directory"},
        actor=Actor("exeunt", "exeunt"),
    )
    made = row(event)
    header, told = parse(CEF.line(made))
    assert header[4:] == ["block_sign_in.result", "block_sign_in.result: failure", "6"]
    assert told == {
        "rt": "1788264000000",
        "externalId": "evt_7",
        "outcome": "failure",
        "suid": "exeunt",
        "duid": "acc_1",
        "destinationServiceName": "directory",
        "cs5Label": "data",
        "cs5": '{"account":"acc_1","system":"directory"}',
        "cn1Label": "leaf_index",
        "cn1": "7",
        "cs1Label": "case",
        "cs1": "case_1",
        "cs2Label": "tenant",
        "cs2": "acme",
        "cs3Label": "leaf_hash",
        "cs3": made.lh.hex(),
        "cs4Label": "actor_kind",
        "cs4": "exeunt",
    }


def test_data_that_does_not_fit_a_field_is_left_out_and_said_to_be() -> None:
    _, told = parse(CEF.line(row(Event("x.done", data={"a": "x" * 5000}))))
    assert "cs5" not in told
    assert told["msg"] == "data left out: 5008 characters, see the JSON lines"


@pytest.mark.parametrize(
    ("outcome", "severity"),
    [("success", "2"), ("cannot_tell", "4"), ("failure", "6"), ("alert", "8")],
)
def test_what_is_worse_is_more_severe(outcome: str, severity: str) -> None:
    assert parse(CEF.line(row(Event("x.done", outcome))))[0][6] == severity
