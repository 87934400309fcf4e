"""What Google refuses once a user is suspended is done before, and must never hold that up.

Sign-out, backup codes and Gmail's settings fail on a suspended user. So these verbs come first,
share a few seconds for each account, and after the first error the rest waits: the suspension is
next. This memory is the process's own; after a crash the seconds begin anew.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from adapters.clock import Clock
from adapters.errors import AdapterError, TryAgain

SECONDS = 8.0
"""All that the verbs before the suspension may take, so that it comes within ten."""
LOOK_SECONDS = 2.0
FORGOTTEN_AFTER_SECONDS = 60.0
SOON_SECONDS = 1.0


class Haste:
    """For each account: since when the verbs before its suspension are under way."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began: dict[str, float] = {}
        self._failed: set[str] = set()

    @asynccontextmanager
    async def before_suspension(
        self, account: str, is_open: Callable[[], Awaitable[bool]]
    ) -> AsyncIterator[None]:
        """Do what is inside within the seconds that are left. Raises TryAgain if none are.

        `is_open` tells whether the account still has to be suspended; if not, nothing is urgent.
        """
        left = self._left(account)
        if left <= 0:
            if await self._within(LOOK_SECONDS, is_open()):
                raise TryAgain("suspended first: an earlier step failed or took long", SOON_SECONDS)
            yield
            return
        try:
            async with asyncio.timeout(left):
                yield
        except TimeoutError:
            self._failed.add(account)
            raise TryAgain("suspended first: this took too long", SOON_SECONDS) from None
        except AdapterError:
            self._failed.add(account)
            raise

    def over(self, account: str) -> None:
        """The suspension was tried: what is done next has its time again."""
        self._began.pop(account, None)
        self._failed.discard(account)

    def _left(self, account: str) -> float:
        now = self._clock.seconds()
        for old in [a for a, t in self._began.items() if now - t > FORGOTTEN_AFTER_SECONDS]:
            self.over(old)
        began = self._began.setdefault(account, now)
        return 0.0 if account in self._failed else SECONDS - (now - began)

    async def _within(self, seconds: float, look: Awaitable[bool]) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await look
        except (TimeoutError, AdapterError):
            return True
