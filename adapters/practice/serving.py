"""Put an application on a free loopback port, for the demo and for tests: real HTTP."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp


class _Quiet(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave Ctrl-C to the program around it."""
        yield


@asynccontextmanager
async def served(app: ASGIApp, port: int = 0) -> AsyncIterator[str]:
    """The base URL, while it answers. Port 0 takes any that is free."""
    server = _Quiet(
        uvicorn.Config(
            app, host="127.0.0.1", port=port, log_config=None, access_log=False, lifespan="off"
        )
    )
    task = asyncio.create_task(server.serve())
    while not server.started:
        if task.done():
            await task  # says why it did not start
        await asyncio.sleep(0.005)
    address = server.servers[0].sockets[0].getsockname()
    try:
        yield f"http://127.0.0.1:{address[1]}"
    finally:
        server.should_exit = True
        await task
