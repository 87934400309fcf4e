"""Anybody with the public key can check, offline, what the interface gives them."""

import base64
import json
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from adapters.practice.scim import PracticeDirectory
from app.security.tokens import Role
from tests.conftest import new_database
from tests.house import ADDRESS, NUMBER, House, eventually, house, leaves
from workflows.ledger.keys import KeyFile
from workflows.ledger.verify import (
    Checkpoint,
    Key,
    check_checkpoint,
    check_consistency,
    check_inclusion,
    leaf_hash,
    parse_proof,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["sqlite", "postgresql"])
async def exeunt(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    vendor = PracticeDirectory()
    vendor.hire(ADDRESS, employee_number=NUMBER)
    key = tmp_path_factory.mktemp("key") / "log.key"
    KeyFile(key).create()
    url = new_database(request, request.param)
    async with house(url, {"directory": vendor}, audit_key=key) as running:
        await running.hr_says(leaves())
        await running.until(lambda c: c["status"] == "waiting")
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def auditor(exeunt: House) -> httpx.AsyncClient:
    return await exeunt.client(Role.AUDITOR)


async def keys_of(auditor: httpx.AsyncClient) -> list[Key]:
    told = (await auditor.get("/audit/key")).json()
    return [Key.parse(key["vkey"]) for key in told["keys"]]


async def head_of(auditor: httpx.AsyncClient, **params: str) -> Checkpoint:
    answer = await auditor.get("/audit/checkpoint", params=params)
    assert answer.status_code == 200, answer.text
    return check_checkpoint(answer.text, await keys_of(auditor))


async def lines_of(auditor: httpx.AsyncClient) -> list[bytes]:
    return (await auditor.get("/audit/export")).content.splitlines()


async def test_every_event_is_proved_to_be_under_the_signed_head(
    exeunt: House, auditor: httpx.AsyncClient
) -> None:
    keys, lines = await keys_of(auditor), await lines_of(auditor)
    for n, line in enumerate(lines[:40]):
        text = (await auditor.get(f"/audit/events/{json.loads(line)['id']}/proof")).text
        proof = parse_proof(text)
        head = check_checkpoint(proof.checkpoint, keys)
        assert proof.index == n
        check_inclusion(n, head.size, leaf_hash(line), proof.path, head.root)


async def test_what_was_signed_before_begins_what_is_signed_now(
    exeunt: House, auditor: httpx.AsyncClient
) -> None:
    old = await head_of(auditor)
    await exeunt.hr_says(leaves("worker.updated", termination=None))
    await eventually(lambda: head_of(auditor), lambda head: head.size > old.size)
    new = await head_of(auditor)
    again = await head_of(auditor, size=str(old.size))
    asked = {"from": str(old.size), "to": str(new.size)}
    answer = await auditor.get("/audit/consistency", params=asked)
    path = [base64.b64decode(line) for line in answer.text.splitlines()]
    check_consistency(old.size, old.root, new.size, new.root, path)
    assert again.root == old.root


async def test_the_tiles_hold_the_leaves_and_their_hashes(
    exeunt: House, auditor: httpx.AsyncClient
) -> None:
    lines = await lines_of(auditor)
    width = len(lines)
    assert width < 256
    hashes = (await auditor.get(f"/audit/tile/0/000.p/{width}")).content
    assert hashes == b"".join(map(leaf_hash, lines))
    entries = (await auditor.get(f"/audit/tile/entries/000.p/{width}")).content
    assert entries == b"".join(len(line).to_bytes(2, "big") + line for line in lines)


@pytest.mark.parametrize(
    "path", ["0/000", "0/x000/000", "0/1", "entries/000.p/0", "9/000.p/1", "0/%00"]
)
async def test_there_is_no_tile_but_those_that_are(auditor: httpx.AsyncClient, path: str) -> None:
    assert (await auditor.get(f"/audit/tile/{path}")).status_code == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/audit/events/evt_none/proof", 404),
        ("/audit/events/99999999/proof", 404),
        ("/audit/checkpoint?size=99999999", 404),
        ("/audit/checkpoint?witnessed=true", 404),
        ("/audit/checkpoint/time-stamp", 404),
        ("/audit/consistency?from=5&to=4", 404),
        ("/audit/consistency?from=0&to=4", 422),
        ("/audit/consistency?from=1&to=99999999999999999999999", 404),
    ],
)
async def test_what_there_is_not_is_answered_with_the_next_step(
    auditor: httpx.AsyncClient, path: str, status: int
) -> None:
    answer = await auditor.get(path)
    assert answer.status_code == status
    assert answer.json()["next_step"]


async def test_the_log_is_not_for_everybody(exeunt: House) -> None:
    viewer = await exeunt.client(Role.VIEWER)
    for path in ("checkpoint", "events/0/proof", "tile/0/000.p/1", "consistency?from=1&to=1"):
        assert (await viewer.get(f"/audit/{path}")).status_code == 403
    assert (await viewer.get("/audit/key")).status_code == 200


async def test_the_head_is_signed_by_itself(exeunt: House, auditor: httpx.AsyncClient) -> None:
    """Whoever published it may have died: the loop goes on by itself."""
    events = await exeunt.events(type="log.key.announced")
    assert len(events) == 1
    assert events[0]["data"]["vkey"] == (await auditor.get("/audit/key")).json()["keys"][0]["vkey"]


@pytest.mark.parametrize(
    "path",
    [
        f"/audit/events/{'9' * 5000}/proof",
        "/audit/events/%00/proof",
        f"/audit/export?type={'%01' * 20_000}",
        "/audit/export?case=Ada%20Lovelace",
        f"/audit/tile/0/{'x000/' * 1500}000",
        f"/audit/consistency?from=1&to={'9' * 4000}",
    ],
    ids=lambda path: path[:30],
)
async def test_what_is_without_end_or_no_name_is_refused_and_stands_in_no_log(
    auditor: httpx.AsyncClient, path: str
) -> None:
    before = (await head_of(auditor)).size
    assert (await auditor.get(path)).status_code in {404, 422}
    assert (await head_of(auditor)).size == before
