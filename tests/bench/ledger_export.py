"""Exports in processes of their own, so that what they take of memory is theirs alone."""

import asyncio
import json
import sqlite3
import sys
from pathlib import Path
from time import perf_counter

import httpx

from adapters.practice.scim import PracticeDirectory
from tests.bench.measured import Measured, percentile
from tests.house import house
from workflows.ledger.formats import FORMATS

GOALS = {"jsonl": "≥ 300,000/s", "csv": "≥ 80,000/s", "ocsf": "≥ 40,000/s", "cef": "≥ 40,000/s"}
PAGES = 200
AT_REST = 0.02


async def export_rates(log: Path, folder: Path) -> list[Measured]:
    floor = await asyncio.to_thread(_plain_loop, log, folder / "loop.jsonl")
    found, largest = [], 0.0
    for form in FORMATS:
        rate, mebibytes = await _in_a_process(log, form, folder / f"log.{form}")
        largest = max(largest, mebibytes)
        what = f"ledger: export {form} to a file"
        loop = "plain loop of bytes"
        found.append(Measured(what, rate, "/s", floor, loop, rate / floor, GOALS[form]))
    what = "ledger: export, most memory of any format"
    return [*found, Measured(what, largest, "MiB", None, "", None, "≤ 200 MiB")]


def _plain_loop(log: Path, out: Path) -> float:
    connection = sqlite3.connect(log)
    begun, count = perf_counter(), 0
    with out.open("wb") as file:
        for (d,) in connection.execute("SELECT d FROM leaf ORDER BY idx"):
            file.write(d + b"\n")
            count += 1
    took = perf_counter() - begun
    connection.close()
    return count / took


async def _in_a_process(log: Path, form: str, out: Path) -> tuple[float, float]:
    told = (sys.executable, "-m", "tests.bench.exporting", str(log), form, str(out))
    process = await asyncio.create_subprocess_exec(*told, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    rate, mebibytes = json.loads(said)
    return rate, mebibytes


async def page_latency(log: Path) -> Measured:
    """A thousand events by HTTP, at places all over the log."""
    async with house(f"sqlite:///{log}", {"d": PracticeDirectory()}) as exeunt:
        client, times = await exeunt.client(), []
        for _ in range(PAGES):  # a node that has just started looks its log through
            if await _page(client, 0) < AT_REST:
                break
        for n in range(PAGES):
            times.append(await _page(client, n * 997))  # noqa: PERF401 - one after the other
    p50, p95 = (percentile(times, share) * 1000 for share in (0.5, 0.95))
    what = f"ledger: page of 1,000 events by HTTP, p95 (p50: {p50:.1f} ms)"
    return Measured(what, p95, "ms", None, "", None, "p95 ≤ 10 ms")


async def _page(client: httpx.AsyncClient, cursor: int) -> float:
    begun = perf_counter()
    asked = {"limit": "1000", "cursor": str(cursor)}
    answer = await client.get("/audit/events", params=asked)
    assert answer.status_code == 200
    return perf_counter() - begun
