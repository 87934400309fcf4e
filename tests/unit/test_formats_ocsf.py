"""OCSF: every event that Exeunt can record is valid by the published schema, leaf and all."""

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.conftest import NOON
from tests.event_types import emitted
from tests.ocsf_schema import complaints
from tests.rows import HOSTILE, events, row
from workflows.ledger.events import Actor, Event
from workflows.ledger.formats import OCSF_VERSION, OCSF_VERSIONS, Row, format_named
from workflows.ledger.formats.ocsf_map import MAP, RESULTS
from workflows.ledger.settings import AuditSettings

OCSF = format_named("ocsf")
OUTCOMES = [
    "changed",
    "failure",
    "alert",
    "pending",
    "contained",
    "by_hand",
    "partly",
    "unheard_of",
]
"""One of each kind that is told apart."""
SENT_ALONE = "log.checkpoint"
"""What sinks get between the events; it is no leaf."""
ACTORS = ("exeunt", "person", "service", "hr")
TYPES = sorted(emitted() | MAP.keys())


def told(event: Event | Row) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(OCSF.line(event if isinstance(event, Row) else row(event)))
    return found


def full(kind: str, outcome: str = "changed") -> Event:
    """With what events of every type have between them."""
    calls = [{"method": "PATCH", "status": 200, "request_id": "r-1", "ms": 12}]
    data = {"system": "directory", "account": "acc_1", "item": "item_1", "attempt": 1}
    return Event(kind, outcome, "case_1", "s_1", {**data, "error": None, "calls": calls})


def test_every_type_of_event_has_a_decision() -> None:
    assert emitted() - MAP.keys() == set(), "decide in workflows/ledger/formats/ocsf_map.py"
    assert MAP.keys() - emitted() == {SENT_ALONE}, "nothing records these any more"
    assert len(emitted()) > 2 * 4 * len(RESULTS)


@pytest.mark.parametrize("kind", TYPES)
def test_every_event_of_every_type_is_valid(kind: str) -> None:
    for outcome, actor in zip(OUTCOMES, 2 * ACTORS, strict=True):
        for event in (full(kind, outcome), Event(kind, outcome)):
            assert complaints(told(replace(event, actor=Actor(actor, "a")))) == []


@given(events(st.one_of(st.sampled_from(TYPES), st.sampled_from(HOSTILE))))
def test_whatever_an_event_says_it_is_valid_and_the_leaf_is_in_it(event: Event) -> None:
    made = row(event)
    said = told(made)
    assert complaints(said) == []
    assert said["raw_data"].encode() == made.d
    assert said["raw_data_hash"] == {
        "algorithm_id": 3,
        "value": hashlib.sha256(made.d).hexdigest(),
    }


def test_a_type_without_a_decision_claims_nothing() -> None:
    said = told(Event("x.unheard_of"))
    assert complaints(said) == []
    assert (said["class_uid"], said["type_uid"], said["activity_name"]) == (0, 99, "x.unheard_of")


def test_where_it_stands_in_the_log_and_what_it_belongs_to_is_told() -> None:
    metadata = told(full("block_sign_in.result"))["metadata"]
    assert (metadata["uid"], metadata["sequence"]) == ("evt_7", 7)
    assert (metadata["tenant_uid"], metadata["correlation_uid"]) == ("acme", "case_1")
    assert metadata["log_name"] == "exeunt.local/acme"
    named = format_named("ocsf", log_name="audit.acme.example/exeunt")
    line = json.loads(named.line(row(full("case.opened"))))
    assert line["metadata"]["log_name"] == "audit.acme.example/exeunt"
    assert line["time"] == int(NOON.timestamp() * 1000)


@pytest.mark.parametrize(
    ("kind", "type_uid"),
    [
        ("block_sign_in.result", 300105),
        ("restore.block_sign_in.result", 300102),
        ("delete_account.result", 300106),
        ("reset_credentials.result", 300104),
        ("remove_factors.result", 300111),
        ("revoke_sessions.result", 300202),
        ("revoke_tokens.result", 300404),
        ("remove_roles.result", 300502),
        ("case.judged", 200301),
        ("service.started", 600203),
    ],
)
def test_the_deeds_that_a_siem_looks_for_are_of_their_own_class(kind: str, type_uid: int) -> None:
    assert told(full(kind))["type_uid"] == type_uid


def test_only_the_result_counts_as_the_deed() -> None:
    for step in ("intent", "resumed", "read_back"):
        assert told(full(f"block_sign_in.{step}"))["class_uid"] == 3004


def test_the_account_is_named_by_our_own_id_and_its_system() -> None:
    said = told(full("block_sign_in.result"))
    assert said["user"] == {"uid": "acc_1", "domain": "directory"}
    assert said["status_code"] == "200"
    assert told(full("revoke_sessions.result"))["service"] == {"name": "directory"}


@pytest.mark.parametrize(
    ("outcome", "status", "severity"),
    [("changed", 1, 1), ("failure", 2, 3), ("pending", 99, 1), ("alert", 99, 4)],
)
def test_how_it_ended_and_how_bad_it_is(outcome: str, status: int, severity: int) -> None:
    said = told(full("block_sign_in.result", outcome))
    assert (said["status_id"], said["severity_id"], said["status_detail"]) == (
        status,
        severity,
        outcome,
    )


@pytest.mark.parametrize(
    ("verdict", "status", "open_"),
    [("contained", "Pass", 4), ("by_hand", "Warning", 1), ("not", "Fail", 1), ("x", "Unknown", 1)],
)
def test_a_verdict_is_a_finding(verdict: str, status: str, open_: int) -> None:
    said = told(full("case.judged", verdict))
    assert (said["compliance"]["status"], said["status_id"]) == (status, open_)


BROKEN: list[dict[str, Any]] = [
    {"time": None},
    {"severity_id": 7},
    {"activity_id": 77},
    {"status_id": "1"},
    {"surprise": 1},
    {"user": {}},
    {"user": {"uid": "acc_1", "surprise": 1}},
    {"cloud": {"provider": "aws"}},
    {"raw_data_hash": {"value": "x"}},
    {"actor": {"app_name": 1}},
]


@pytest.mark.parametrize("change", BROKEN)
def test_the_schema_refuses_what_is_no_event(change: dict[str, Any]) -> None:
    said = told(full("block_sign_in.result"))
    assert complaints({**said, **change}) != []


@pytest.mark.parametrize("name", ["time", "severity_id", "metadata", "user", "class_uid"])
def test_the_schema_refuses_an_event_without_what_is_required(name: str) -> None:
    said = told(full("block_sign_in.result"))
    whole = complaints(said)
    missing = {key: value for key, value in said.items() if key != name}
    if name in ("metadata", "class_uid"):
        with pytest.raises(KeyError):
            complaints(missing)
    else:
        assert (whole, len(complaints(missing))) == ([], 1)


def test_only_versions_whose_schema_is_validated_against_are_offered() -> None:
    assert OCSF_VERSION in OCSF_VERSIONS
    for version in OCSF_VERSIONS:
        made = format_named("ocsf", ocsf_version=version).line(row(full("case.opened")))
        assert complaints(json.loads(made)) == []
        assert AuditSettings.model_validate({"ocsf_version": version}).ocsf_version == version
    with pytest.raises(ValueError, match=r"OCSF 1\.9\.0 is not offered"):
        format_named("ocsf", ocsf_version="1.9.0")
    with pytest.raises(ValidationError):
        AuditSettings.model_validate({"ocsf_version": "1.9.0"})
