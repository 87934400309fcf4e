"""What every chapter of the Okta adapter stands on: the door, the settings, the one user read."""

import base64
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from adapters.actions import Action, Outcome
from adapters.clock import Clock
from adapters.contract import Adapter, Brief
from adapters.errors import NeedsHuman
from adapters.http import Reply
from adapters.nouns import Account
from adapters.reading import Answer, read_as
from adapters.systems.okta.door import OktaApi, granted, user_at
from adapters.systems.okta.settings import OktaSettings
from adapters.systems.okta.shapes import User

M = TypeVar("M", bound=Answer)
MANAGE_USERS = "okta.users.manage"
OURSELVES = "docs/runbooks/okta.md"
LARGEST_PAGE = 200


class OktaBase(Adapter):
    def __init__(
        self,
        system: str,
        api: OktaApi,
        settings: OktaSettings,
        clock: Clock,
        ourselves: Callable[[OktaApi], Awaitable[str | None]],
    ) -> None:
        super().__init__(system, settings.token_lifetime)
        self._api = api
        self._settings = settings
        self._clock = clock
        self._ask_ourselves = ourselves
        self._ourselves: tuple[str | None] | None = None

    async def perform(self, verb: Action, account: Account, brief: Brief | None = None) -> Outcome:
        """Never on the owner of our own token: it would be the last thing that we did."""
        if account.id == await self._our_own_id():
            raise NeedsHuman(
                "this account owns the token that we sign in with: give us another one first",
                OURSELVES,
            )
        return await super().perform(verb, account, brief)

    async def _our_own_id(self) -> str | None:
        """The user whom our credential belongs to; None for a service app."""
        if self._ourselves is None:
            self._ourselves = (await self._ask_ourselves(self._api),)
        return self._ourselves[0]

    async def _read(self, identifier: str) -> User | None:
        """The user itself; None if Okta says that it is gone."""
        with granted("okta.users.read"):
            reply = await self._api.get(user_at(identifier), gone_ok=True)
        return None if reply.gone else read_as(User, reply.body)

    async def _list(self, scope: str, path: str, model: type[M], **query: str | int) -> list[M]:
        with granted(scope):
            return [read_as(model, entry) async for entry in self._api.pages(path, **query)]

    async def _tell(
        self,
        account: Account,
        what: str,
        body: Any = None,
        *,
        codes: frozenset[int] = frozenset(),
        **params: str | int,
    ) -> Reply:
        """POST to the user; a 404 comes back as a reply."""
        path = f"{user_at(account.id)}{what}"
        with granted(MANAGE_USERS):
            return await self._api.send(
                "POST", path, params=params, body=body, gone_ok=True, codes=codes
            )

    async def _remove(self, scope: str, path: str, **params: str | int) -> None:
        """A 404 means that it is not there any more."""
        with granted(scope):
            await self._api.send("DELETE", path, params=params, gone_ok=True)

    def _new_password(self) -> dict[str, Any]:
        """One that nobody learns, with a character of every kind that policies ask for."""
        secret = base64.b64encode(self._clock.token(36)).decode("ascii")
        return {"credentials": {"password": {"value": f"{secret}aA1!"}}}

    async def close(self) -> None:
        await self._api.close()
