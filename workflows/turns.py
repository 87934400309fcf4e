"""One writer at a time, in the order of asking, for coroutines and threads alike.

SQLite lets one writer in and makes the others sleep and guess. Queueing here wakes the next at
once: with the engine's threads beside our own transactions, that is most of the waiting.
"""

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

PATIENCE_SECONDS = 20.0


class Turns:
    """A fair lock. Whoever is let in is told by a callback, in whatever thread lets go."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._held = False
        self._queue: deque[Callable[[], bool]] = deque()

    def take(self, patience: float = PATIENCE_SECONDS) -> bool:
        """Block this thread until it is its turn; False if that took too long: then go without.

        SQLite's own lock still holds. Only a turn that was taken is given back.
        """
        mine = threading.Event()

        def wake() -> bool:
            mine.set()
            return True

        if self._enter(wake) or mine.wait(patience):
            return True
        with self._guard:
            if wake in self._queue:
                self._queue.remove(wake)
                return False
        return True

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait without blocking the loop. Whoever is cancelled while waiting gives way."""
        loop = asyncio.get_running_loop()
        mine: asyncio.Future[None] = loop.create_future()
        gone = False

        def wake() -> bool:
            if gone or loop.is_closed():
                return False
            loop.call_soon_threadsafe(_set, mine)
            return True

        if not self._enter(wake):
            try:
                await mine
            except asyncio.CancelledError:
                with self._guard:
                    gone = True
                    woken = wake not in self._queue
                if woken:
                    self.give()
                raise
        try:
            yield
        finally:
            self.give()

    def give(self) -> None:
        """Let the next one in."""
        with self._guard:
            while self._queue:
                if self._queue.popleft()():
                    return
            self._held = False

    def _enter(self, wake: Callable[[], bool]) -> bool:
        with self._guard:
            if not self._held:
                self._held = True
                return True
            self._queue.append(wake)
            return False


def _set(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
