"""What every chapter of the Google adapter stands on: the doors, the settings, the one user."""

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Any, TypeVar

from adapters.clock import Clock
from adapters.contract import Adapter
from adapters.errors import AdapterError, NeedsHuman, TargetDenied, Unrecognised
from adapters.http import Reply
from adapters.nouns import Account
from adapters.reading import Answer, read_as
from adapters.systems.google.door import REFUSED, Doors, user_at
from adapters.systems.google.haste import Haste
from adapters.systems.google.scopes import USERS
from adapters.systems.google.settings import GoogleSettings
from adapters.systems.google.shapes import User
from adapters.systems.google.signing import acting

M = TypeVar("M", bound=Answer)
AT_ONCE = 5
SUSPENDED = "docs/runbooks/google-suspended.md"


class GoogleBase(Adapter):
    def __init__(self, system: str, doors: Doors, settings: GoogleSettings, clock: Clock) -> None:
        super().__init__(system, settings.token_lifetime)
        self._doors = doors
        self._settings = settings
        self._clock = clock
        self._haste = Haste(clock)

    async def _user(self, identifier: str) -> User | None:
        """The user itself; None if Google says that there is none, or that it is deleted."""
        with acting(USERS):
            reply = await self._doors.admin.send(
                "GET", user_at(identifier), params={"projection": "full"}, gone_ok=True
            )
        return None if reply.gone else read_as(User, reply.body)

    async def _is_open(self, account: Account) -> bool:
        user = await self._user(account.id)
        return user is not None and user.enabled

    async def _update(
        self, account: Account, body: dict[str, Any], codes: frozenset[int] = frozenset()
    ) -> Reply:
        """Google: update also has patch semantics, and is what should be used."""
        with acting(USERS):
            return await self._doors.admin.send(
                "PUT", user_at(account.id), body=body, gone_ok=True, codes=codes
            )

    async def _all(self, model: type[M], path: str, key: str, **query: str | int) -> list[M]:
        """Of the Admin SDK."""
        found = self._doors.admin.pages(path, key, query)
        return [read_as(model, entry) async for entry in found]

    async def _each(self, deeds: Iterable[Awaitable[None]]) -> int:
        """Do all of them, a few at once; one refusal does not spare the others. How many."""
        turns = asyncio.Semaphore(AT_ONCE)

        async def careful(deed: Awaitable[None]) -> AdapterError | None:
            async with turns:
                try:
                    await deed
                except (TargetDenied, Unrecognised, NeedsHuman) as why:
                    return why
            return None

        ended = await asyncio.gather(*map(careful, deeds), return_exceptions=True)
        for one in ended:
            if isinstance(one, BaseException):
                raise one
        return len(ended)

    async def close(self) -> None:
        await self._doors.close()


def accepted(reply: Reply, what: str) -> None:
    """Raises NeedsHuman where Google refused for the state that the user is in."""
    if reply.status in REFUSED:
        raise NeedsHuman(
            f"{what}: {reply.status}; Google refuses some of this on a suspended user", SUSPENDED
        )
