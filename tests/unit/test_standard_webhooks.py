"""Deliveries that are signed by Standard Webhooks 1.0.0."""

import base64
import json
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from standardwebhooks import Webhook

from adapters.clock import Clock
from adapters.hr.contract import BadSignature, EventType, Unreadable
from adapters.hr.standard_webhooks import StandardWebhooks
from tests.house import SECRET, leaves
from tests.samples import headers_of, sample

NOW = datetime(2026, 9, 1, 9, 22, 3, tzinfo=UTC)
OTHER = "whsec_" + base64.b64encode(b"another key of more than 16 bytes").decode()


def source(**told: object) -> StandardWebhooks:
    settings = StandardWebhooks.Settings.model_validate(
        {"source": "standard_webhooks", "secret": SECRET, **told}
    )
    connected: StandardWebhooks = StandardWebhooks.connect("people", settings, Clock())
    return connected


def signed(body: bytes = b"{}", *, secret: str = SECRET, at: datetime = NOW) -> dict[str, str]:
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", at, body.decode()),
    }


def test_the_sample_is_proved_and_read() -> None:
    found = sample("standardwebhooks_worker_termination_scheduled")
    body = found["raw_body"].encode()
    people = source(secret=found["test_vector_secret"])
    at = datetime.fromtimestamp(int(found["headers"]["webhook-timestamp"]), UTC)
    envelope = people.verify(headers_of(found), body, at)
    [event] = people.parse(body)
    assert envelope.dedupe_key == found["headers"]["webhook-id"]
    assert event.type is EventType.TERMINATION_SCHEDULED
    assert event.worker is not None
    assert event.worker.termination is not None
    assert event.worker.termination.last_working_day == date(2026, 9, 25)


def test_the_official_vector_is_proved() -> None:
    vector = sample("standardwebhooks_worker_termination_scheduled")["official_vector"]
    headers = {
        "webhook-id": vector["id"],
        "webhook-timestamp": vector["timestamp"],
        "webhook-signature": vector["signature"],
    }
    at = datetime.fromtimestamp(int(vector["timestamp"]), UTC)
    assert source(secret=vector["secret"]).verify(headers, vector["body"].encode(), at)


def test_one_changed_byte_is_refused() -> None:
    with pytest.raises(BadSignature):
        source().verify(signed(b'{"a": 1}'), b'{"a": 2}', NOW)


def test_the_former_secret_counts_while_it_is_being_changed() -> None:
    people = source(secret=OTHER, previous_secret=SECRET)
    assert people.verify(signed(), b"{}", NOW)
    assert people.verify(signed(secret=OTHER), b"{}", NOW)


def test_one_right_signature_among_many_is_enough() -> None:
    headers = signed()
    headers["webhook-signature"] = f"v1a,x v1 v2,abc v1,AAAA {headers['webhook-signature']}"
    assert source().verify(headers, b"{}", NOW)


@pytest.mark.parametrize("away", [timedelta(minutes=-6), timedelta(minutes=6)])
def test_too_old_and_from_the_future_are_refused(away: timedelta) -> None:
    with pytest.raises(BadSignature, match=r"stale|future"):
        source().verify(signed(at=NOW + away), b"{}", NOW)
    assert source(tolerance="10m").verify(signed(at=NOW + away), b"{}", NOW)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("webhook-id", ""),
        ("webhook-id", "x" * 300),
        ("webhook-id", "msg_é"),
        ("webhook-timestamp", ""),
        ("webhook-timestamp", "-1"),
        ("webhook-timestamp", "1e9"),
        ("webhook-timestamp", "٣"),
        ("webhook-timestamp", "9" * 5000),
        ("webhook-signature", ""),
        ("webhook-signature", "v1"),
        ("webhook-signature", "v1,\udcff"),
    ],
)
def test_malformed_headers_are_a_bad_signature_and_never_a_crash(name: str, value: str) -> None:
    with pytest.raises(BadSignature):
        source().verify({**signed(), name: value}, b"{}", NOW)


@given(st.dictionaries(st.sampled_from(sorted(signed())), st.text()), st.binary())
def test_nothing_unsigned_gets_in(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(BadSignature):
        source().verify(headers, body, NOW)


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_read_or_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        source().parse(body)


def test_what_is_not_named_is_dropped() -> None:
    body = leaves(worker={"bank_account": "DE00", "salary": 1})
    [event] = source().parse(json.dumps(body).encode())
    assert "DE00" not in repr(event)


def test_a_message_names_the_field_and_never_the_value() -> None:
    body = json.dumps(leaves(worker={"time_zone": 7, "work_email": ["secret@acme.example"]}))
    with pytest.raises(Unreadable) as why:
        source().parse(body.encode())
    assert why.value.field == "data.worker.work_email"
    assert "secret" not in why.value.message


@pytest.mark.parametrize("secret", ["whsec_?", "whsec_" + base64.b64encode(b"short").decode()])
def test_a_secret_that_is_no_key_is_refused_without_being_shown(secret: str) -> None:
    with pytest.raises(ValidationError) as why:
        source(secret=secret)
    assert secret not in str(why.value)
