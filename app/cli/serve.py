"""exeunt serve"""

import asyncio
import signal

import structlog
import uvicorn

from adapters.clock import Clock
from adapters.serving import Server
from app.cli.common import configured, ready_database
from app.logs import set_up_logs
from app.main import build_world, create_app, running
from app.settings import Settings
from workflows.world import World

log = structlog.get_logger()

PATIENCE_SECONDS = 10
"""How long running calls may go on after a stop was asked for. What is cut off goes on later."""


def serve() -> None:
    """Take HR's webhooks, run the offboardings, answer the REST interface."""
    settings = Settings()
    set_up_logs(settings.log_level)
    config = configured(settings)
    ready_database(settings, upgrade=True)
    asyncio.run(_serve(settings, build_world(settings, config, Clock())))


async def _serve(settings: Settings, world: World) -> None:
    async with running(world, settings.node, PATIENCE_SECONDS):
        log.info(
            "serving",
            url=f"http://{settings.host}:{settings.port}",
            hr=[f"/api/v1/hr/{name}/events" for name in world.hr],
            systems={name: str(system.can.mode) for name, system in world.systems.items()},
            policy=world.policy.identity,
        )
        server = _server(settings, world)
        loop = asyncio.get_running_loop()
        for signum in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(signum, server.handle_exit, signum, None)
        await server.serve()
    log.info("stopped")


def _server(settings: Settings, world: World) -> Server:
    return Server(
        uvicorn.Config(
            create_app(world),
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=PATIENCE_SECONDS,
        )
    )
