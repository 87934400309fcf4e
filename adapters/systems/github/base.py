"""What every chapter of the GitHub adapter stands on: the doors, and where somebody stands.

An id is GitHub's number of a user, which stays when the login changes. Paths take the login, so it
is looked up again before each verb: a login that was given up may be somebody else's today.
"""

from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from typing import Any, TypeVar

from adapters.actions import Action
from adapters.clock import Clock
from adapters.contract import Adapter
from adapters.errors import AdapterError
from adapters.nouns import Account
from adapters.reading import read_as
from adapters.systems.github.app import AppAuth
from adapters.systems.github.door import GithubApi, at, granted
from adapters.systems.github.settings import GithubSettings
from adapters.systems.github.shapes import Invitation, Membership, User

T = TypeVar("T")
INVITED = "invitation:"
"""How the id of an account begins that is only a mail with an invitation so far."""
MEMBERS = "organization permission Members (write), or scope admin:org of an owner"


@dataclass(frozen=True)
class Standing:
    """Where a user of GitHub stands in the organisation right now."""

    login: str
    membership: Membership | None = None
    outside: bool = False
    """A collaborator on single repositories, who is no member."""
    invitation: str | None = None

    @property
    def inside(self) -> bool:
        return self.membership is not None or self.outside or self.invitation is not None

    @property
    def owner(self) -> bool:
        return self.membership is not None and self.membership.role == "admin"


class GithubBase(Adapter):
    def __init__(
        self,
        system: str,
        api: GithubApi,
        licences: GithubApi,
        settings: GithubSettings,
        clock: Clock,
        app: AppAuth | None,
    ) -> None:
        super().__init__(system, settings.token_lifetime)
        self._api = api
        self._licences = licences
        self._settings = settings
        self._clock = clock
        self._app = app

    def _org(self, *parts: str | int) -> str:
        return at("orgs", self._settings.organisation, *parts)

    def _pages(self, *parts: str | int, **params: str | int) -> AsyncIterator[Any]:
        return self._api.pages(self._org(*parts), params)

    async def _standing(self, account: Account) -> Standing | None:
        """None only if GitHub says that neither the login nor the number is there any more."""
        with granted(MEMBERS):
            if account.id.startswith(INVITED):
                return await self._invited(account)
            membership = await self._membership(account.login)
            if membership and str(membership.user.id) == account.id:
                return Standing(membership.user.login, membership)
            user = await self._user(account.login)
            if user and str(user.id) == account.id:
                return Standing(user.login, outside=await self._outside(account.id) is not None)
            return await self._renamed(account)

    async def _invited(self, account: Account) -> Standing | None:
        number = account.id.removeprefix(INVITED)
        async for entry in self._pages("invitations"):
            if str(read_as(Invitation, entry).id) == number:
                return Standing(account.login, invitation=number)
        return None

    async def _renamed(self, account: Account) -> Standing | None:
        """The login is another's, or nobody's: the number is looked for among all of ours."""
        async for entry in self._pages("members"):
            user = read_as(User, entry)
            if str(user.id) == account.id:
                return Standing(user.login, await self._membership(user.login))
        user_outside = await self._outside(account.id)
        return Standing(user_outside.login, outside=True) if user_outside else None

    async def _outside(self, number: str) -> User | None:
        async for entry in self._pages("outside_collaborators"):
            user = read_as(User, entry)
            if str(user.id) == number:
                return user
        return None

    async def _membership(self, login: str) -> Membership | None:
        reply = await self._api.get(self._org("memberships", login), gone_ok=True)
        return None if reply.gone else read_as(Membership, reply.body)

    async def _user(self, login: str) -> User | None:
        reply = await self._api.get(at("users", login), gone_ok=True)
        return None if reply.gone else read_as(User, reply.body)

    async def close(self) -> None:
        await self._api.close()
        if self._licences is not self._api:
            await self._licences.close()


async def known(verb: Action | None, reading: Awaitable[T]) -> T | None:
    """None for what cannot be read, if nobody asked for just that: a cut waits for no list."""
    try:
        return await reading
    except AdapterError:
        if verb is not None:
            raise
        return None
