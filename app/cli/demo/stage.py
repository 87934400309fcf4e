"""What the demo runs on: practice vendors and the whole service, all on loopback."""

import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import httpx
import yaml

from adapters.clock import Clock
from adapters.practice.base import Practice
from adapters.practice.graph import PracticeTenant
from adapters.practice.scim import PracticeCrm, PracticeDirectory
from adapters.serving import served
from app.config import read_config
from app.main import build_world, create_app, running
from app.security.tokens import Role, create_token
from app.settings import Settings
from workflows.schema import migrate
from workflows.world import World

CONNECTION = "people"
POLICY = "policy.yaml"
PATIENCE_SECONDS = 20


@dataclass(frozen=True)
class Stage:
    """The service as its callers see it: a URL, a signing secret, a client with a token."""

    url: str
    secret: str
    client: httpx.AsyncClient
    clock: Clock
    vendors: Mapping[str, Practice]
    world: World


def _write_policy(folder: Path) -> None:
    """The default, but that it cleans up at once: nobody watches a demo for a week."""
    text = files("workflows.policy").joinpath("default.yaml").read_text("utf-8")
    told = text.replace("name: careful default", "name: demo, cleans up at once")
    (folder / POLICY).write_text(told.replace("after: 7d ", "after: 0  "), "utf-8")


def practice_vendors(clock: Clock) -> dict[str, Practice]:
    """A Graph tenant, a directory by the book, and a CRM that is not; each takes its time."""
    return {
        "microsoft365": PracticeTenant(clock, latency=0.06),
        "directory": PracticeDirectory(clock, latency=0.03),
        "crm": PracticeCrm(clock, latency=0.04),
    }


# A Graph access token outlives the cut by an hour or more; here it does by two seconds.
EXTRA: dict[str, dict[str, object]] = {"microsoft365": {"token_lifetime": "2s"}}


@asynccontextmanager
async def staged(
    folder: Path,
    clock: Clock,
    vendors: Mapping[str, Practice],
    extra: Mapping[str, dict[str, object]],
) -> AsyncIterator[Stage]:
    """Everything up and running; the database and the configuration are files in `folder`.

    `extra` is what the configuration says of a system beside how it is reached.
    """
    secret = "whsec_" + base64.b64encode(clock.token(32)).decode("ascii")
    async with AsyncExitStack() as stack:
        systems = {}
        for name, vendor in vendors.items():
            base_url = await stack.enter_async_context(vendor.serve())
            told = {"token": f"${{{_variable(name)}}}", **extra.get(name, {})}
            systems[name] = vendor.settings(base_url) | told
        tokens = {_variable(name): vendor.token for name, vendor in vendors.items()}
        world = _world(folder, systems, secret, tokens, clock)
        await stack.enter_async_context(running(world, "demo", PATIENCE_SECONDS))
        url = await stack.enter_async_context(served(create_app(world)))
        client = await stack.enter_async_context(
            httpx.AsyncClient(base_url=f"{url}/api/v1", timeout=30, trust_env=False)
        )
        stage = Stage(url, secret, client, clock, vendors, world)
        client.headers["Authorization"] = await bearer(stage, Role.ADMIN)
        yield stage


async def bearer(stage: Stage, role: Role, address: str = "") -> str:
    """The header of a caller: a person if an address is given, else a service."""
    world, person = stage.world, bool(address)
    token = await create_token(
        world.store,
        world.ledger,
        stage.clock,
        role=role,
        name=f"demo {role}",
        person=person,
        address=address,
    )
    return f"Bearer {token}"


def _variable(system: str) -> str:
    return f"TOKEN_OF_{system.upper()}"


def _world(
    folder: Path,
    systems: dict[str, dict[str, object]],
    secret: str,
    tokens: dict[str, str],
    clock: Clock,
) -> World:
    _write_policy(folder)
    told = {
        "policy": POLICY,
        "hr": {CONNECTION: {"source": "standard_webhooks", "secret": "${HR_SECRET}"}},
        "systems": systems,
    }
    text = yaml.safe_dump(told, sort_keys=False)
    path = folder / "exeunt.yaml"
    path.write_text(text, "utf-8")
    environ = {"HR_SECRET": secret} | tokens
    settings = Settings(database_url=f"sqlite:///{folder / 'exeunt.db'}", config=path)
    migrate(settings.database_url)
    return build_world(settings, read_config(text, str(path), environ, folder), clock)
