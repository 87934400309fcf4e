"""The log over HTTP: every format, bounded, resumable, packed if that is asked for."""

import gzip
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from adapters.practice.scim import PracticeDirectory
from tests.house import House, house
from tests.ocsf_schema import complaints
from workflows.ledger.formats import FORMATS


@pytest.fixture
async def exeunt(sqlite_url: str) -> AsyncIterator[House]:
    async with house(sqlite_url, {"directory": PracticeDirectory()}) as made:
        yield made


async def get(exeunt: House, **asked: str) -> httpx.Response:
    client = await exeunt.client()
    headers = {"Accept-Encoding": "identity"}
    answer = await client.get("/audit/export", params=asked, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer


@pytest.mark.parametrize("form", FORMATS)
async def test_every_format_is_a_line_for_every_event(exeunt: House, form: str) -> None:
    answer = await get(exeunt, format=form)
    lines = answer.text.splitlines()
    assert len(lines) == int(answer.headers["Exeunt-Log-Size"]) + (form == "csv")
    if form == "ocsf":
        assert [complaints(json.loads(line)) for line in lines] == [[] for _ in lines]


async def test_what_the_reader_has_is_left_out_by_index_and_by_id(exeunt: House) -> None:
    lines = (await get(exeunt)).text.splitlines()
    for _ in range(2):
        last = json.loads(lines[-1])["id"]
        for cursor in (str(len(lines) - 1), last):
            more = (await get(exeunt, cursor=cursor)).text.splitlines()
        # Asking is an event itself: by index there was one, by id there are two.
        assert [json.loads(line)["type"] for line in more] == ["audit.exported"] * 2
        assert json.loads(more[1])["data"]["cursor"] == last
        lines += more
    assert (await get(exeunt)).text.splitlines()[:-1] == lines


async def test_an_unknown_id_is_a_problem_that_says_what_to_do(exeunt: House) -> None:
    client = await exeunt.client()
    for path in ("/audit/export", "/audit/events"):
        answer = await client.get(path, params={"cursor": "evt_0"})
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"].startswith("there is no event evt_0 in this log")
        assert answer.json()["next_step"]


@pytest.mark.parametrize("cursor", ["evt_", "evt_'; --", "1e3", "-2", "9" * 19, "²"])
async def test_a_cursor_of_another_shape_is_refused(exeunt: House, cursor: str) -> None:
    client = await exeunt.client()
    answer = await client.get("/audit/export", params={"cursor": cursor})
    assert answer.status_code == 422


async def test_it_is_packed_if_that_is_asked_for_and_only_then(exeunt: House) -> None:
    client = await exeunt.client()
    for accepted, packed in [("gzip", True), ("br, GZIP;q=0.5", True), ("gzip;q=0, br", False)]:
        asked = client.stream("GET", "/audit/export", headers={"Accept-Encoding": accepted})
        async with asked as answer:
            raw = b"".join([part async for part in answer.aiter_raw()])
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert (answer.headers.get("Content-Encoding") == "gzip") is packed
        lines = (gzip.decompress(raw) if packed else raw).splitlines()
        assert len(lines) == int(answer.headers["Exeunt-Log-Size"])


async def test_a_page_has_the_events_and_where_they_stand(exeunt: House) -> None:
    lines = [json.loads(line) for line in (await get(exeunt)).text.splitlines()]
    client = await exeunt.client()
    seen, cursor = [], "-1"
    for _ in range(len(lines)):
        page = (await client.get("/audit/events", params={"cursor": cursor, "limit": "1"})).json()
        seen += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = page["next_cursor"]
    assert seen == [{"index": n, **line} for n, line in enumerate(lines)]
