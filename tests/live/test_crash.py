"""Kill the real program at random points of running cases, start it again, and count."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from adapters.practice.base import PracticeVendor
from adapters.practice.scim import PracticeCrm, PracticeDirectory
from adapters.serving import served
from tests.house import SECRET, eventually, leaves
from tests.processes import program

pytestmark = [pytest.mark.live, pytest.mark.slow]

KILLS = 20
LONGEST_LIFE_SECONDS = 0.9
"""A case takes about this long: kills are spread over all of it."""
WRITES = ("PATCH", "PUT", "POST", "DELETE")


async def test_twenty_kills_lose_nothing_and_repeat_each_write_at_most_once_per_kill(
    tmp_path: Path, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """On each database: every leaver contained, ledger complete, writes bounded by kills."""
    chance = random.Random(url.partition(":")[0])
    vendors = {"directory": PracticeDirectory(latency=0.03), "crm": PracticeCrm(latency=0.05)}
    async with AsyncExitStack() as stack:
        systems = {
            name: vendor.settings(await stack.enter_async_context(served(vendor.app)))
            for name, vendor in vendors.items()
        }
        told = {"hr": {"people": {"source": "standard_webhooks", "secret": SECRET}}}
        exeunt = program(tmp_path, {**told, "systems": systems}, {}, url)
        await asyncio.to_thread(exeunt.run, "migrate")
        token = exeunt.run("token", "create", "--role", "admin").stdout.strip()
        await exeunt.start()
        stack.callback(exeunt.kill)
        client = await stack.enter_async_context(
            httpx.AsyncClient(
                base_url=exeunt.url,
                headers={"Authorization": f"Bearer {token}"},
                trust_env=False,
                limits=httpx.Limits(max_keepalive_connections=0),
            )
        )
        for n in range(KILLS):
            number = str(5000 + n)
            for vendor in vendors.values():
                vendor.hire(f"leaver{number}@acme.example", employee_number=number)
            await _tell(client, number)
            await asyncio.sleep(chance.uniform(0, LONGEST_LIFE_SECONDS))
            exeunt.kill()
            await exeunt.start()
            await eventually(partial(_case, client, number), _contained)
        seen = await _events(client)
    _check_writes(vendors)
    _check_ledger(seen)
    with capsys.disabled():
        print(f"\n{_report(url, vendors, seen)}")


async def _tell(client: httpx.AsyncClient, number: str) -> None:
    worker = {
        "source_worker_id": number,
        "employee_number": number,
        "work_email": f"leaver{number}@acme.example",
    }
    body, now = json.dumps(leaves(worker=worker)), datetime.now(UTC)
    headers = {
        "webhook-id": f"msg_{number}",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign(f"msg_{number}", now, body),
    }
    answer = await client.post("/api/v1/hr/people/events", content=body, headers=headers)
    assert answer.status_code == 202


async def _case(client: httpx.AsyncClient, number: str) -> dict[str, Any]:
    found = (await client.get("/api/v1/cases", params={"worker": number})).json()["items"]
    return found[0] if found else {}


def _contained(case: dict[str, Any]) -> bool:
    return case.get("containment") == "contained"


async def _events(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    answer = await client.get("/api/v1/audit/export", params={"format": "jsonl"})
    return [json.loads(line) for line in answer.text.splitlines()]


def _check_writes(vendors: Mapping[str, PracticeVendor]) -> None:
    for vendor in vendors.values():
        writes = Counter(r for r in vendor.requests if r.startswith(WRITES))
        assert all(not vendor.enabled(account) for account in vendor.users)  # type: ignore[attr-defined]
        # Each leaver saw one kill: what was under way may have been said twice, and no more.
        assert max(writes.values()) <= 2


def _check_ledger(events: list[dict[str, Any]]) -> None:
    """Each case's events are numbered without a gap, and no intent is left without a result."""
    cases: dict[str, list[int]] = {}
    open_attempts: Counter[tuple[str, int]] = Counter()
    for event in events:
        if "case" in event:
            cases.setdefault(event["case"], []).append(event["case_seq"])
        _, _, step = event["type"].partition(".")
        place = event.get("data", {})
        if step == "intent" and "attempt" in place:
            open_attempts[place["item"], place["attempt"]] += 1
        if step == "result" and "attempt" in place:
            open_attempts[place["item"], place["attempt"]] -= 1
    assert len(cases) == KILLS
    for numbers in cases.values():
        assert sorted(numbers) == list(range(1, len(numbers) + 1))
    assert not +open_attempts
    assert not -open_attempts


def _report(url: str, vendors: Mapping[str, PracticeVendor], events: list[dict[str, Any]]) -> str:
    resumed = sum(event["type"].endswith(".resumed") for event in events)
    repeated = sum(
        count - 1
        for vendor in vendors.values()
        for count in Counter(r for r in vendor.requests if r.startswith("PATCH")).values()
    )
    return (
        f"crash test on {url.partition(':')[0]}: {KILLS} kills, {KILLS} cases contained, "
        f"{len(events)} events without a gap, {resumed} attempts found cut short and looked at "
        f"first, {repeated} writes said twice"
    )
