"""A webhook: signed, never redirected, and every answer means what to do next."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

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
from adapters.sinks.webhook import Webhook
from tests.collectors import SECRET, Receiver
from tests.conftest import NOON
from tests.logs import HOSTILE, ORIGIN, item, log_at, parcel
from workflows.ledger.deliver import deliver_once
from workflows.ledger.read import Filters, page
from workflows.ledger.verify import leaf_hash


@asynccontextmanager
async def webhook(
    receiver: Receiver, path: str = "/audit?t=1", **told: Any
) -> AsyncIterator[Webhook]:
    async with receiver.serve() as url:
        settings = {"sink": "webhook", "url": url + path, "secret": SECRET, **told}
        sink = Webhook.connect("hook", Webhook.Settings(**settings), Clock())
        yield sink
        await sink.close()


async def test_a_webhook_is_signed_so_that_the_library_of_its_owner_takes_it() -> None:
    receiver = Receiver()
    async with webhook(receiver) as sink:
        await sink.deliver(parcel())
    assert receiver.targets == ["POST /audit?t=1"]
    assert [one["text"] for one in receiver.parsed[0]] == ["", HOSTILE]
    assert receiver.bodies[0] == b"[" + b",".join(one.line for one in parcel().items) + b"]"
    assert receiver.types == ["application/json"]


async def test_as_lines_every_line_is_a_leaf() -> None:
    receiver = Receiver()
    async with webhook(receiver, body="ndjson") as sink:
        await sink.deliver(parcel())
    lines = receiver.bodies[0].splitlines()
    assert [leaf_hash(line) for line in lines] == [one.leaf_hash for one in parcel().items]
    assert receiver.types == ["application/x-ndjson"]


async def test_the_same_content_has_the_same_id_and_no_full_stop_in_it() -> None:
    receiver = Receiver()
    head = Item(1, f"{ORIGIN}@2", "log.checkpoint", NOON, 1, None, None, b"{}")
    async with webhook(receiver) as sink:
        for items in ((item(0), item(1)), (item(0), item(1)), (item(1),), (head,), (item(1), head)):
            await sink.deliver(parcel(*items))
    assert receiver.ids[0] == receiver.ids[1] == "audit_acme_example/exeunt#0-1"
    assert len(set(receiver.ids)) == 4


async def test_while_a_secret_is_changed_both_are_used() -> None:
    new = "whsec_" + "bmV3" * 8
    for known in (SECRET, new):
        receiver = Receiver(secret=known)
        async with webhook(receiver, secret=new, previous_secret=SECRET) as sink:
            await sink.deliver(parcel())
        assert len(receiver.parsed) == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, TargetDenied),
        (401, CredentialDenied),
        (403, CredentialDenied),
        (404, Unrecognised),
        (410, NeedsHuman),
        (413, TargetDenied),
        (422, TargetDenied),
        (429, TryAgain),
        (500, TryAgain),
        (502, TryAgain),
        (504, TryAgain),
    ],
)
async def test_every_status_of_a_webhook_means_what_to_do_next(
    status: int, error: type[AdapterError]
) -> None:
    receiver = Receiver()
    receiver.answers.append(Response("secret answer", status))
    async with webhook(receiver) as sink:
        with pytest.raises(error) as why:
            await sink.deliver(parcel())
    assert "secret answer" not in str(why.value)
    assert "t=1" not in str(why.value)


async def test_retry_after_is_heeded() -> None:
    receiver = Receiver()
    receiver.answers.append(Response(status_code=503, headers={"Retry-After": "120"}))
    async with webhook(receiver) as sink:
        with pytest.raises(TryAgain) as why:
            await sink.deliver(parcel())
    assert why.value.retry_after == 120


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_never_followed(status: int) -> None:
    receiver = Receiver()
    receiver.answers.append(RedirectResponse("/elsewhere", status))
    async with webhook(receiver) as sink:
        with pytest.raises(Unrecognised, match="not followed"):
            await sink.deliver(parcel())
    assert receiver.targets == ["POST /audit?t=1"]


def test_plain_http_goes_to_loopback_only() -> None:
    with pytest.raises(ValidationError, match="https"):
        Webhook.Settings(sink="webhook", url="http://hooks.acme.example/", secret=SECRET)


async def test_a_whole_log_arrives_at_a_webhook_although_it_fails_in_between(
    tmp_path: Path,
) -> None:
    receiver = Receiver()
    receiver.answers.extend([Response(), Response(status_code=503), Response()])
    async with (
        log_at(f"sqlite:///{tmp_path}/log.db", tmp_path) as log,
        webhook(receiver) as sink,
    ):
        await log.grow(250, text=HOSTILE)
        parts = log.to(sink)
        for _ in range(8):
            await deliver_once(parts)
            log.clock.advance(minutes=20)
        leaves = await page(log.store, Filters(), 1000)
    got = [one["id"] for body in receiver.parsed for one in body if one["type"] != "log.checkpoint"]
    assert got == [leaf.id for leaf in leaves]
    assert timedelta(minutes=20) < log.clock.now() - NOON
