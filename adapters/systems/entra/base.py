"""What every chapter of the Entra adapter stands on: the door, the settings, the one user read."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any, TypeVar

from adapters.clock import Clock
from adapters.contract import Adapter
from adapters.errors import AdapterError, CredentialDenied
from adapters.reading import Answer, read_as
from adapters.systems.entra.door import GraphApi, granted, user_at
from adapters.systems.entra.settings import EntraSettings
from adapters.systems.entra.shapes import Group, chosen

M = TypeVar("M", bound=Answer)
T = TypeVar("T")
LARGEST_PAGE = 999
IN_TURN = 1
AT_ONCE = 5
"""Writes under way together; each has another object, so that none waits for another's lock."""


class EntraBase(Adapter):
    def __init__(
        self,
        system: str,
        api: GraphApi,
        settings: EntraSettings,
        clock: Clock,
        token: Callable[[], Awaitable[str]],
    ) -> None:
        super().__init__(system, settings.token_lifetime)
        self._api = api
        self._settings = settings
        self._clock = clock
        self._token = token

    async def _read(self, model: type[M], identifier: str) -> M | None:
        """The user itself; None if the directory says that it is gone."""
        with granted("User.Read.All"):
            reply = await self._api.send(
                "GET", user_at(identifier), params={"$select": chosen(model)}, gone_ok=True
            )
        return None if reply.gone else read_as(model, reply.body)

    async def _groups(self, identifier: str) -> list[Group]:
        """Direct memberships, complete over all pages."""
        path = f"{user_at(identifier)}/memberOf/{Group.graph_type}"
        with granted("Directory.Read.All"):
            found = self._api.pages(path, {"$select": chosen(Group), "$top": LARGEST_PAGE})
            return [read_as(Group, entry) async for entry in found]

    async def _list(self, permission: str, path: str, model: type[M], **query: str) -> list[M]:
        with granted(permission):
            return [read_as(model, e) async for e in self._pages(path, query)]

    def _pages(self, path: str, query: dict[str, str]) -> AsyncIterator[dict[str, Any]]:
        return self._api.pages(path, {f"${key}": value for key, value in query.items()})

    async def _each(self, deeds: Iterable[Awaitable[None]], *, at_once: int = AT_ONCE) -> int:
        """Do all of them, in their order; one refusal does not spare the others. How many."""
        turns = asyncio.Semaphore(at_once)

        async def careful(deed: Awaitable[None]) -> AdapterError | None:
            async with turns:
                try:
                    await deed
                except AdapterError as why:
                    return why
            return None

        ended = await asyncio.gather(*map(careful, deeds))
        if refused := [why for why in ended if why]:
            raise next((why for why in refused if isinstance(why, CredentialDenied)), refused[0])
        return len(ended)

    async def close(self) -> None:
        await self._api.close()
