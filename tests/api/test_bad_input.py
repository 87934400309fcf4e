"""Bad input gets a clear answer that names the field and the next step, and loses nothing."""

import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from sqlmodel import select

from adapters.practice.scim import PracticeDirectory
from app.security.tokens import Role
from tests.conftest import DATABASES, new_database
from tests.house import ADDRESS, NUMBER, House, eventually, house, leaves
from workflows.ledger.events import digest, opened
from workflows.ledger.tables import Disclosure

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=DATABASES)
async def exeunt(request: pytest.FixtureRequest) -> AsyncIterator[House]:
    """One house for all of them: bad input changes nothing, so none is in another's way."""
    url = new_database(request, request.param)
    async with house(url, {"directory": PracticeDirectory()}) as running:
        yield running


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The answer as a problem: typed, with a next step, and no trace of our insides."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Traceback" not in answer.text
    said: dict[str, Any] = answer.json()
    assert said["detail"]
    assert said["next_step"]
    return said


async def test_a_bad_signature_is_401_and_leaves_no_trace(exeunt: House) -> None:
    other = "whsec_b3RoZXIta2V5LW90aGVyLWtleS1vdGhlci1rZXk="
    before = await exeunt.events()
    problem(await exeunt.hr_says(leaves(), secret=other), 401)
    assert await exeunt.events() == before


async def test_a_delivery_without_signature_headers_is_401(exeunt: House) -> None:
    client = await exeunt.client()
    problem(await client.post("/hr/people/events", content=b"{}"), 401)


async def test_an_unknown_connection_is_404_and_says_where_to_look(exeunt: House) -> None:
    client = await exeunt.client()
    said = problem(await client.post("/hr/nobody/events", content=b"{}"), 404)
    assert "exeunt.yaml" in said["next_step"]


def says(**changes: Any) -> bytes:
    return json.dumps(leaves(**changes)).encode()


UNREADABLE = [
    (b"{", ""),
    (b"[]", ""),
    (b'{"type": NaN}', ""),
    (b'{"type": "a", "type": "b"}', ""),
    (b'{"type": ' + b"9" * 5000 + b"}", ""),
    (b"[" * 100_000, ""),
    (says(kind="worker.exploded"), "type"),
    (says(timestamp="yesterday"), "timestamp"),
    (says(timestamp="2026-09-01T09:22:00"), "timestamp"),
    (b'{"type": "worker.hired", "timestamp": "2026-09-01T09:22:00Z"}', "data"),
    (says(worker={"source_worker_id": ""}), "data.worker.source_worker_id"),
    (says(worker={"work_email": 7}), "data.worker.work_email"),
    (says(worker={"display_name": "a\x00b"}), "data.worker.display_name"),
    (says(worker={"display_name": "\ud800"}), "data.worker.display_name"),
    (says(termination={"last_working_day": "2026-02-30"}), "data.termination.last_working_day"),
]


@pytest.mark.parametrize(("body", "field"), UNREADABLE)
async def test_what_is_signed_but_unreadable_is_400_names_the_field_and_is_on_record(
    exeunt: House, body: bytes, field: str
) -> None:
    said = problem(await exeunt.hr_says(body), 400)
    assert [error["field"] for error in said.get("errors", [])] == ([field] if field else [])
    event = (await exeunt.events(type="hr.delivery_unreadable"))[-1]
    assert event["data"].get("field", "") == field
    async with exeunt.world.store.read() as session:
        mine = select(Disclosure.disclosure).where(Disclosure.event_id == event["id"])
        [kept] = (await session.exec(mine)).all()
    assert digest(kept) == event["sd"]["body_sha256"]
    assert opened(kept) == ("body_sha256", hashlib.sha256(body).hexdigest())


async def test_an_oversized_delivery_is_413(exeunt: House) -> None:
    answer = await exeunt.hr_says(b" " * 300_000)
    assert answer.status_code == 413
    assert "bytes" in answer.json()["detail"]


async def test_an_oversized_stream_that_names_no_length_is_413(exeunt: House) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(1000):
            yield b" " * 1000

    client = await exeunt.client()
    answer = await client.post("/hr/people/events", content=endless())
    assert answer.status_code == 413


async def test_a_worker_without_any_address_or_number_is_found_nowhere_and_said_so(
    exeunt: House,
) -> None:
    nameless = {"source_worker_id": "n", "employee_number": None, "work_email": None}
    assert (await exeunt.hr_says(leaves(worker=nameless))).status_code == 202
    case = await exeunt.until(lambda c: c["status"] == "closed", "n")
    assert case["containment"] == "none_found"


async def test_dangerous_names_are_carried_as_they_are_and_harm_nothing(exeunt: House) -> None:
    names = ("=cmd|' /C calc'!A0", "<script>alert(1)</script>", "Robert'); DROP TABLE leaf;--")
    for number, name in enumerate(names):
        worker = {"source_worker_id": f"=d{number}", "display_name": name}
        assert (await exeunt.hr_says(leaves(worker=worker))).status_code == 202
        case = await exeunt.until(lambda c: c["status"] == "closed", f"=d{number}")
        assert case["worker"]["display_name"] == name
    exported = await (await exeunt.client()).get("/audit/export", params={"format": "csv"})
    assert "<script>" not in exported.text
    assert "calc" not in exported.text


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"worker": {}},
        {"worker": {"email": ADDRESS, "employee_number": NUMBER}},
        {"worker": {"email": ADDRESS}, "kind": "fired"},
        {"worker": {"email": ADDRESS}, "effective_at": "2026-02-30T00:00:00Z"},
        {"worker": {"email": ADDRESS}, "effective_at": "2026-09-01T00:00:00"},
        {"worker": {"email": ADDRESS}, "surprise": True},
        {"worker": {"email": "a\x00b@acme.example"}},
        {"worker": {"email": ADDRESS}, "reason": "\ud800"},
    ],
)
async def test_a_case_that_makes_no_sense_is_422_and_names_the_field(
    exeunt: House, body: dict[str, Any]
) -> None:
    client = await exeunt.client()
    before = (await client.get("/cases")).json()
    headers = {"content-type": "application/json"}
    said = problem(await client.post("/cases", content=json.dumps(body), headers=headers), 422)
    assert all(error["field"] or "exactly one" in error["problem"] for error in said["errors"])
    assert (await client.get("/cases")).json() == before


async def test_two_workers_that_match_are_a_conflict_that_names_both(exeunt: House) -> None:
    mine, before = "twins@acme.example", len(await exeunt.events(type="hr.decision"))
    for number in ("t1", "t2"):
        worker = {"source_worker_id": number, "employee_number": number, "work_email": mine}
        await exeunt.hr_says(leaves("worker.hired", worker=worker, termination=None))
    await eventually(
        lambda: exeunt.events(type="hr.decision"), lambda seen: len(seen) == before + 2
    )
    client = await exeunt.client()
    said = problem(await client.post("/cases", json={"worker": {"email": mine}}), 409)
    assert "people/t1" in said["detail"]
    assert "people/t2" in said["detail"]


@pytest.mark.parametrize(
    "path", ["/cases/case_1", "/cases/case_1/timeline", "/cases/%00", "/nowhere", "/tasks/x/close"]
)
async def test_what_is_not_there_is_a_problem_too(exeunt: House, path: str) -> None:
    client = await exeunt.client()
    answer = await client.get(path)
    assert answer.status_code in (404, 405, 422)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("cursor", ["-2", "x", "99999999999999999999999"])
async def test_a_cursor_that_is_none_is_refused(exeunt: House, cursor: str) -> None:
    client = await exeunt.client()
    problem(await client.get("/audit/events", params={"cursor": cursor}), 422)


async def test_no_token_or_a_wrong_one_is_401(exeunt: House) -> None:
    client = await exeunt.client()
    for header in ({"Authorization": ""}, {"Authorization": "Bearer exn_wrong"}):
        problem(await client.get("/cases", headers=header), 401)


@pytest.mark.parametrize(
    ("role", "method", "path"),
    [
        (Role.VIEWER, "GET", "/audit/events"),
        (Role.VIEWER, "POST", "/plans"),
        (Role.VIEWER, "POST", "/cases"),
        (Role.AUDITOR, "POST", "/systems/directory/check"),
        (Role.OPERATOR, "GET", "/audit/export"),
        (Role.OPERATOR, "POST", "/cases/c/approve"),
        (Role.APPROVER, "POST", "/cases"),
    ],
)
async def test_a_role_that_may_not_is_403_and_says_which_may(
    exeunt: House, role: Role, method: str, path: str
) -> None:
    body = {"worker": {"email": ADDRESS}, "wave": "retire", "digest": "x"}
    client = await exeunt.client(role)
    said = problem(await client.request(method, path, json=body), 403)
    assert "admin" in said["next_step"]
