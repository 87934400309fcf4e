"""The real program, killed when a sink has taken a parcel and before it can note so."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response

from tests.collectors import SECRET, Receiver
from tests.house import eventually
from tests.processes import Program, program

pytestmark = [pytest.mark.live, pytest.mark.slow]

KILLS = 3


class Deadly(Receiver):
    """Stores a parcel, and kills the sender before it can hear so."""

    def __init__(self) -> None:
        super().__init__()
        self.victim: Program | None = None
        self.kills = 0
        self.died = asyncio.Event()

    async def take(self, request: Request) -> Response:
        answer = await super().take(request)
        if self.victim and self.kills < KILLS:
            self.kills += 1
            await asyncio.to_thread(self.victim.kill)
            self.died.set()
        return answer

    def events(self) -> list[dict[str, Any]]:
        return [one for body in self.parsed for one in body]


async def test_a_sender_that_is_killed_after_each_parcel_sends_it_again_and_loses_none(
    tmp_path: Path,
) -> None:
    receiver = Deadly()
    async with receiver.serve() as target:
        sinks = {"hook": {"sink": "webhook", "url": target, "secret": SECRET}}
        systems = {"badge": {"adapter": "manual", "owner": "facilities@acme.example"}}
        exeunt = program(tmp_path, {"systems": systems, "audit": {"sinks": sinks}}, {})
        token = exeunt.run("token", "create", "--role", "auditor").stdout.strip()
        receiver.victim = exeunt
        try:
            for _ in range(KILLS):
                receiver.died.clear()
                with suppress(AssertionError):  # it may be dead before it can be seen alive
                    await exeunt.start()
                async with asyncio.timeout(30):
                    await receiver.died.wait()
            await exeunt.start()
            seen = await _all_shipped(exeunt, receiver, token)
        finally:
            exeunt.kill()
    assert receiver.kills == KILLS
    ids = [event["id"] for event in receiver.events() if event["type"] != "log.checkpoint"]
    logged = [event["id"] for event in seen]
    assert list(dict.fromkeys(ids))[: len(logged)] == logged
    assert ids.count(logged[0]) == KILLS + 1, "the parcel that was in danger came again each time"


async def _all_shipped(exeunt: Program, receiver: Receiver, token: str) -> list[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=exeunt.url, headers=headers, trust_env=False) as client:

        async def events() -> list[dict[str, Any]]:
            answer = await client.get("/api/v1/audit/events", params={"limit": "1000"})
            items: list[dict[str, Any]] = answer.json()["items"]
            return items

        def there(items: list[dict[str, Any]]) -> bool:
            got = {event["id"] for body in receiver.parsed for event in body}
            return got >= {event["id"] for event in items}

        found: list[dict[str, Any]] = await eventually(events, there)
        return found
