"""Splunk's collector: what it is sent, and what its answers mean."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from starlette.responses import JSONResponse, Response

from adapters.clock import Clock
from adapters.errors import (
    AdapterError,
    CredentialDenied,
    NeedsHuman,
    TargetDenied,
    TryAgain,
    Unrecognised,
)
from adapters.sinks.contract import Item
from adapters.sinks.splunk_hec import SplunkHec
from tests.collectors import TOKEN, Collector, concatenated
from tests.conftest import NOON, StillClock
from tests.logs import HOSTILE, ORIGIN, item, log_at, parcel
from workflows.ledger.deliver import deliver_once
from workflows.ledger.read import Filters, page


@asynccontextmanager
async def splunk(
    collector: Collector, clock: Clock | None = None, **told: Any
) -> AsyncIterator[SplunkHec]:
    async with collector.serve() as url:
        settings = {"sink": "splunk_hec", "url": url, "token": TOKEN, **told}
        sink = SplunkHec.connect("siem", SplunkHec.Settings(**settings), clock or StillClock())
        yield sink
        await sink.close()


async def test_splunk_is_given_the_events_as_they_are_with_their_time_and_place() -> None:
    collector = Collector()
    one = item(7, HOSTILE, at=datetime(2026, 9, 1, 12, 0, 0, 123456, UTC))
    async with splunk(collector, index="audit", sourcetype="exeunt", source="hr") as sink:
        await sink.deliver(parcel(one, item(8)))
    first, second = collector.events
    assert first["event"]["text"] == HOSTILE
    assert first["time"] == 1788264000.123
    assert (first["host"], first["index"], first["source"], first["sourcetype"]) == (
        "audit.acme.example",
        "audit",
        "hr",
        "exeunt",
    )
    assert one.leaf_hash
    assert first["fields"] == {
        "log": ORIGIN,
        "event_id": "evt_7",
        "log_index": "7",
        "leaf_hash": one.leaf_hash.hex(),
    }
    assert second["fields"]["log_index"] == "8"


async def test_the_bytes_of_a_leaf_reach_splunk_unchanged() -> None:
    collector = Collector()
    one = item(0, HOSTILE)
    async with splunk(collector) as sink:
        await sink.deliver(parcel(one))
    [request] = collector.requests
    assert one.line in await request.body()


async def test_cef_reaches_splunk_as_a_text() -> None:
    collector = Collector()
    line = 'CEF:0|Exeunt|Exeunt|1|x|"x"|2|msg=\\= é'.encode()
    cef = Item(0, "evt_0", "x.done", NOON, 1, None, b"h" * 32, line)
    async with splunk(collector, format="cef") as sink:
        await sink.deliver(parcel(cef))
    assert collector.events[0]["event"] == line.decode()


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (1, CredentialDenied),
        (4, CredentialDenied),
        (6, TargetDenied),
        (7, NeedsHuman),
        (8, TryAgain),
        (9, TryAgain),
        (10, NeedsHuman),
        (13, TargetDenied),
        (15, TargetDenied),
    ],
)
async def test_every_code_of_splunk_means_what_to_do_next(
    code: int, error: type[AdapterError]
) -> None:
    collector = Collector()
    collector.faults.append(code)
    async with splunk(collector) as sink:
        with pytest.raises(error) as why:
            await sink.deliver(parcel())
        assert TOKEN not in str(why.value)
        await sink.deliver(parcel())
    assert len(collector.events) == 2


async def test_a_token_that_splunk_does_not_know_pages_the_operator() -> None:
    async with splunk(Collector(), token="another-t0ken") as sink:
        with pytest.raises(CredentialDenied) as why:
            await sink.deliver(parcel())
    assert "another-t0ken" not in repr(why.value) + repr(vars(sink))
    assert "token" in why.value.fix


async def test_what_is_too_large_for_splunk_is_refused_by_itself() -> None:
    async with splunk(Collector()) as sink:
        with pytest.raises(TargetDenied, match="413"):
            await sink.deliver(parcel(*[item(n, "x" * 60_000) for n in range(20)]))


async def test_an_answer_of_something_else_than_splunk_is_no_success() -> None:
    class Proxy(Collector):
        async def take(self, request: Any) -> Response:
            return Response("<html>Sign in</html>")

    class Odd(Collector):
        async def take(self, request: Any) -> Response:
            return JSONResponse({"text": "?", "code": 99})

    for collector in (Proxy(), Odd()):
        async with splunk(collector) as sink:
            with pytest.raises(Unrecognised):
                await sink.deliver(parcel())


async def test_with_acknowledgement_it_is_taken_when_the_indexers_have_it() -> None:
    collector, clock = Collector(acknowledges=True), StillClock()
    async with splunk(collector, clock, acknowledge=True) as sink:
        before = clock.seconds()
        await sink.deliver(parcel())
        assert clock.seconds() - before == 4
    [left] = collector.pending.values()
    assert left == -1


async def test_without_acknowledgement_in_time_the_parcel_is_sent_again() -> None:
    collector = Collector(acknowledges=True, asked_before_indexed=10_000)
    async with splunk(collector, acknowledge=True, acknowledge_within="30s") as sink:
        with pytest.raises(TryAgain, match="indexed"):
            await sink.deliver(parcel())


@pytest.mark.parametrize(("token", "told"), [(True, False), (False, True)])
async def test_a_token_that_acknowledges_and_a_sink_that_does_not_is_for_a_person(
    token: bool, told: bool
) -> None:
    async with splunk(Collector(acknowledges=token), acknowledge=told) as sink:
        with pytest.raises(NeedsHuman, match="acknowledge"):
            await sink.deliver(parcel())


async def test_splunk_that_is_away_is_tried_again() -> None:
    settings = {"sink": "splunk_hec", "url": "http://127.0.0.1:9", "token": TOKEN}
    sink = SplunkHec.connect("siem", SplunkHec.Settings(**settings), Clock())
    with pytest.raises(TryAgain):
        await sink.deliver(parcel())
    await sink.close()


def test_a_file_of_authorities_that_holds_none_is_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    for content, said in (("", "no certificate"), ("nonsense", "no certificate")):
        file.write_text(content)
        with pytest.raises(ValidationError, match=said):
            SplunkHec.Settings(
                sink="splunk_hec", url="https://hec.acme.example", token=TOKEN, ca_file=str(file)
            )


@given(st.lists(st.text(), min_size=1, max_size=5))
async def test_whatever_an_event_holds_it_arrives_as_it_was(texts: list[str]) -> None:
    items = [
        item(n, text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
        for n, text in enumerate(texts)
    ]
    sink = SplunkHec.connect(
        "siem",
        SplunkHec.Settings(sink="splunk_hec", url="http://127.0.0.1:9", token=TOKEN),
        StillClock(),
    )
    body = b"".join(sink._event(one, ORIGIN) for one in items)
    await sink.close()
    assert [one["event"] for one in concatenated(body.decode())] == [
        json.loads(one.line) for one in items
    ]


@pytest.mark.parametrize("form", ["jsonl", "ocsf", "cef"])
async def test_a_whole_log_arrives_at_splunk_in_every_format(tmp_path: Path, form: str) -> None:
    collector = Collector()
    collector.faults.extend([9, 0, 6])
    async with (
        log_at(f"sqlite:///{tmp_path}/log.db", tmp_path) as log,
        splunk(collector, format=form) as sink,
    ):
        await log.grow(700, text=HOSTILE)
        parts = log.to(sink, form=form)
        for _ in range(6):
            await deliver_once(parts)
            log.clock.advance(minutes=20)
        leaves = await page(log.store, Filters(), 1000)
    indexes = [
        one["fields"]["log_index"] for one in collector.events if "log_index" in one["fields"]
    ]
    assert indexes == [str(leaf.idx) for leaf in leaves]
    assert sum("log_index" not in one["fields"] for one in collector.events) == 1
