"""Durable intake, beside a route that inserts one row and knows nothing."""

import asyncio
from pathlib import Path

import httpx
from fastapi import FastAPI, Request

from adapters.practice.scim import PracticeDirectory
from tests.bench.measured import Measured, seconds
from tests.house import House, house, leaves
from workflows.schema import migrate
from workflows.store import Store
from workflows.tables import Task

DELIVERIES = 400
AT_ONCE = 16


async def intake(folder: Path) -> Measured:
    """Signed, verified, stored, and a workflow started, in one transaction each."""
    body = leaves("worker.updated", termination=None)
    async with house(f"sqlite:///{folder / 'intake.db'}", {"d": PracticeDirectory()}) as exeunt:
        ours = DELIVERIES / await seconds(lambda: _many(exeunt, body))
    floor = DELIVERIES / await _bare(folder)
    return Measured(
        "durable webhook intake", ours, "/s", floor, "one inserted row", ours / floor, "≥ 0.7 ×"
    )


async def _many(exeunt: House, body: dict[str, object]) -> None:
    turns = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with turns:
            assert (await exeunt.hr_says(body)).status_code == 202

    await exeunt.client()
    await asyncio.gather(*(one() for _ in range(DELIVERIES)))


async def _bare(folder: Path) -> float:
    url = f"sqlite:///{folder / 'bare.db'}"
    await asyncio.to_thread(migrate, url)
    store, app, turns = Store(url), FastAPI(), asyncio.Semaphore(AT_ONCE)

    @app.post("/")
    async def take(request: Request) -> None:
        body = await request.json()
        async with store.write() as session:
            session.add(Task.model_validate({**ROW, "id": str(body["n"])}))

    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://bare.test"
    ) as client:

        async def one(n: int) -> None:
            async with turns:
                assert (await client.post("/", json={"n": n})).status_code == 200

        async def all_of_them() -> None:
            await asyncio.gather(*map(one, range(DELIVERIES)))

        took = await seconds(all_of_them)
    await store.close()
    return took


ROW = {
    "kind": "bench",
    "title": "a row",
    "owner": "nobody",
    "opened_at": "2026-09-01T12:00:00Z",
    "due_at": "2026-09-01T12:00:00Z",
}
