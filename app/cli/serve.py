"""exeunt serve"""

import asyncio

import structlog
import uvicorn

from adapters.clock import Clock
from app.cli.common import configured, ready_database
from app.logs import set_up_logs
from app.main import build_world, create_app, running
from app.settings import Settings
from workflows.world import World

PATIENCE_SECONDS = 10
"""How long running calls may go on after a stop was asked for. What is cut off goes on later."""


def serve() -> None:
    """Take HR's webhooks, run the offboardings, answer the REST interface."""
    settings = Settings()
    set_up_logs(settings.log_level)
    config = configured(settings)
    ready_database(settings)
    asyncio.run(_serve(settings, build_world(settings, config, Clock())))


async def _serve(settings: Settings, world: World) -> None:
    async with running(world, settings.node, PATIENCE_SECONDS):
        structlog.get_logger().info(
            "serving",
            url=f"http://{settings.host}:{settings.port}",
            hr=[f"/api/v1/hr/{name}/events" for name in world.hr],
            systems={name: str(system.can.mode) for name, system in world.systems.items()},
            policy=world.policy.identity,
        )
        await server(world, settings.host, settings.port).serve()


def server(world: World, host: str, port: int) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            create_app(world),
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=PATIENCE_SECONDS,
        )
    )
