"""Time, randomness and identifiers: taken from here, so that a test can hand in its own."""

import asyncio
import random
import secrets
from datetime import UTC, datetime
from time import monotonic

from ulid import ULID


class Clock:
    """The real one. All instants are aware and in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def seconds(self) -> float:
        """Only differences count; they never run backwards."""
        return monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def id(self, prefix: str) -> str:
        """A sortable, unique identifier such as `case_01J7Z0…`."""
        return f"{prefix}_{ULID.from_datetime(self.now())}"

    def token(self, size: int = 16) -> bytes:
        return secrets.token_bytes(size)

    def jitter(self) -> float:
        """A number in [0, 1) that spreads retries; nothing secret hangs on it."""
        return random.random()
