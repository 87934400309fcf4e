"""A whole Exeunt in a test: real database, real engine, real HTTP to practice vendors."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml
from standardwebhooks import Webhook

from adapters.clock import Clock
from adapters.practice.base import Practice
from app.config import read_config
from app.main import build_world, create_app, running
from app.security.tokens import Role, create_token
from app.settings import Settings
from workflows.schema import migrate
from workflows.world import World

SECRET = "whsec_aWRsYy1leGFtcGxlLWtleS0wMTIzNDU2Nzg5YWJjZGVm"
ADDRESS, NUMBER = "mara.okafor@acme.example", "1207"
PATIENCE_SECONDS = 30


@dataclass
class House:
    """The service as its callers see it."""

    world: World
    app: Any
    clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)

    async def token(self, role: Role, *, person: bool = True, address: str = "") -> str:
        world = self.world
        return await create_token(
            world.store,
            world.ledger,
            world.clock,
            role=role,
            name=role,
            person=person,
            address=address,
        )

    async def client(
        self, role: Role = Role.ADMIN, *, person: bool = True, address: str = ""
    ) -> httpx.AsyncClient:
        """Somebody with this role. Asked twice for the same, it is the same person."""
        key = f"{role} {person} {address}"
        if key not in self.clients:
            token = await self.token(role, person=person, address=address)
            self.clients[key] = httpx.AsyncClient(
                transport=httpx.ASGITransport(self.app, raise_app_exceptions=False),
                base_url="http://exeunt.test/api/v1",
                headers={"Authorization": f"Bearer {token}"},
            )
        return self.clients[key]

    async def hr_says(
        self, body: Mapping[str, Any] | bytes, *, message_id: str = "", secret: str = SECRET
    ) -> httpx.Response:
        client = await self.client()
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        now, name = self.world.clock.now(), message_id or self.world.clock.id("msg")
        headers = {
            "webhook-id": name,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign(name, now, raw.decode()),
        }
        return await client.post("/hr/people/events", content=raw, headers=headers)

    async def case(self, number: str = NUMBER) -> dict[str, Any]:
        """The newest case of a worker; {} if there is none yet."""
        client = await self.client()
        found = (await client.get("/cases", params={"worker": number})).json()["items"]
        if not found:
            return {}
        case: dict[str, Any] = (await client.get(f"/cases/{found[0]['id']}")).json()
        return case

    async def until(
        self, fits: Callable[[dict[str, Any]], bool], number: str = NUMBER
    ) -> dict[str, Any]:
        """The worker's case as soon as it fits."""
        found: dict[str, Any] = await eventually(
            lambda: self.case(number), lambda case: bool(case) and fits(case)
        )
        return found

    async def events(self, **filters: str) -> list[dict[str, Any]]:
        client = await self.client()
        page = (await client.get("/audit/events", params={"limit": "1000", **filters})).json()
        items: list[dict[str, Any]] = page["items"]
        return items


async def eventually(ask: Callable[[], Awaitable[Any]], fits: Callable[[Any], bool]) -> Any:
    """Ask until it fits; the last answer is in the message if it never does."""
    async with asyncio.timeout(PATIENCE_SECONDS + 1):
        for _ in range(PATIENCE_SECONDS * 20):
            answer = await ask()
            if fits(answer):
                return answer
            await asyncio.sleep(0.05)
    raise AssertionError(f"never came true; last seen: {json.dumps(answer, default=str)[:2000]}")


@asynccontextmanager
async def house(
    url: str,
    vendors: Mapping[str, Practice],
    *,
    extra: Mapping[str, Any] | None = None,
    clock: Clock | None = None,
    hr: Mapping[str, Any] | None = None,
    policy: Path | None = None,
    audit_key: Path | None = None,
    audit: Mapping[str, Any] | None = None,
) -> AsyncIterator[House]:
    """Exeunt, running on the database at `url`, with these systems. `extra` adds to their keys."""
    async with AsyncExitStack() as stack:
        systems: dict[str, Any] = {}
        for name, vendor in vendors.items():
            systems[name] = vendor.settings(await stack.enter_async_context(vendor.serve()))
        for name, keys in (extra or {}).items():
            systems[name] = systems.get(name, {}) | keys
        told: dict[str, Any] = {
            "hr": hr or {"people": {"source": "standard_webhooks", "secret": SECRET}}
        }
        told |= {"policy": str(policy)} if policy else {}
        told |= {"audit": dict(audit)} if audit else {}
        told |= {"audit": dict(audit)} if audit else {}
        text = yaml.safe_dump({**told, "systems": systems})
        await asyncio.to_thread(migrate, url)
        settings = Settings(database_url=url, audit_key=audit_key)
        config = read_config(text, "exeunt.yaml", {}, Path())
        world = build_world(settings, config, clock or Clock())
        await stack.enter_async_context(running(world, "test", PATIENCE_SECONDS))
        inside = House(world, create_app(world))
        yield inside
        for client in inside.clients.values():
            await client.aclose()


def leaves(kind: str = "worker.access_revoke_now", **changes: Any) -> dict[str, Any]:
    """What HR sends, by the sample of a full record."""
    worker = {
        "source_worker_id": NUMBER,
        "employee_number": NUMBER,
        "work_email": ADDRESS,
        "display_name": "Mara Okafor",
        "department": "Finance",
        "country": "DE",
        "time_zone": "Europe/Berlin",
        "status": "active",
    } | changes.pop("worker", {})
    termination = {
        "termination_date": "2026-09-30",
        "last_working_day": "2026-09-25",
        "type": "voluntary",
        "reason": "resignation",
    }
    return {
        "type": kind,
        "timestamp": changes.pop("timestamp", "2026-09-01T09:22:00Z"),
        "data": {"worker": worker, "termination": changes.pop("termination", termination)},
    }
