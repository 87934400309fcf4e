"""Read a user: the block always, the rest as far as it can be read."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from adapters.actions import Action
from adapters.clock import Clock
from adapters.contract import Adapter
from adapters.errors import AdapterError
from adapters.nouns import NEXT, Account, Held, State
from adapters.reading import read_as
from adapters.systems.aws.door import ABSENT, AwsApi
from adapters.systems.aws.iam import policies
from adapters.systems.aws.iam.things import (
    SECRETS,
    Attached,
    Device,
    Inline,
    Named,
    Profile,
    Role,
    Secret,
    User,
)
from adapters.systems.aws.settings import IamSettings

T = TypeVar("T")
PAGE = 1000
"""The most that IAM gives at once (its description: maxItemsType)."""


class Observing(Adapter):
    def __init__(self, system: str, api: AwsApi, settings: IamSettings, clock: Clock) -> None:
        super().__init__(system, settings.token_lifetime)
        self._api = api
        self._settings = settings
        self._clock = clock

    async def observe(self, account: Account, verb: Action | None = None) -> State:
        user = await self._user(account)
        if user is None:
            return State.gone()
        name = user.name
        standing, (tokens, factors, groups, roles, password, residue) = await asyncio.gather(
            self._standing(name),
            asyncio.gather(
                _if_asked(verb, Action.REVOKE_TOKENS, lambda: self._tokens(name)),
                _if_asked(verb, Action.REMOVE_FACTORS, lambda: self._factors(name)),
                _if_asked(verb, Action.REVOKE_GRANTS, lambda: self._groups(name)),
                _if_asked(verb, Action.REMOVE_ROLES, lambda: self._roles(name)),
                _if_asked(verb, Action.RESET_CREDENTIALS, lambda: self._password(name)),
                _if_asked(verb, None, lambda: self._residue(user)),
            ),
        )
        return State(
            enabled=not standing.blocked,
            sessions_valid_from=standing.sessions_valid_from,
            password_changed_at=password,
            tokens=tokens,
            factors=factors,
            grants=groups,
            roles=roles,
            residue=residue,
            privileged=standing.powerful or None,
            notes=user.notes,
        )

    async def _user(self, account: Account) -> User | None:
        """By its name, which may have been given to somebody else since: the id decides.

        IAM finds nobody by id, so one that was renamed is looked for in the list.
        """
        if account.login:
            answer = await self._api.call("GetUser", ABSENT, UserName=account.login)
            user = read_as(User, answer.get("User")) if answer is not None else None
            if user and user.id == account.id:
                return user
        async for entry in self._api.pages("ListUsers", "Users", MaxItems=PAGE):
            if entry.get("UserId") == account.id:
                return read_as(User, entry)
        return None

    async def _standing(self, user: str) -> "Standing":
        return Standing(
            *await asyncio.gather(
                self._document(user, policies.BLOCK),
                self._document(user, policies.SESSIONS),
                self._attached(user),
            )
        )

    async def _document(self, user: str, policy: str) -> str | None:
        """An inline policy; None if the user has none of this name."""
        answer = await self._api.call("GetUserPolicy", ABSENT, UserName=user, PolicyName=policy)
        return None if answer is None else policies.plain(read_as(Inline, answer).document)

    async def _attached(self, user: str) -> list[Attached]:
        found = self._of("ListAttachedUserPolicies", "AttachedPolicies", user)
        return [read_as(Attached, one) async for one in found]

    async def _secrets(self, user: str, secret: Secret) -> list[dict[str, Any]]:
        return [one async for one in self._of(secret.lists, secret.key, user)]

    async def _tokens(self, user: str) -> tuple[Held, ...]:
        """Those that are active: what is inactive lets nobody in, and goes with the user."""
        found = await asyncio.gather(*(self._secrets(user, one) for one in SECRETS.values()))
        return tuple(
            secret.held(entry)
            for secret, entries in zip(SECRETS.values(), found, strict=True)
            for entry in entries
            if secret.lets_in(entry)
        )

    async def _devices(self, user: str) -> list[Device]:
        found = self._of("ListMFADevices", "MFADevices", user)
        return [read_as(Device, one) async for one in found]

    async def _factors(self, user: str) -> tuple[Held, ...]:
        return tuple(one.held for one in await self._devices(user))

    async def _groups(self, user: str) -> tuple[Held, ...]:
        found = self._of("ListGroupsForUser", "Groups", user)
        return tuple([read_as(Named, one).held async for one in found])

    async def _inline(self, user: str) -> list[str]:
        return [str(one) async for one in self._of("ListUserPolicies", "PolicyNames", user)]

    async def _roles(self, user: str) -> tuple[Held, ...]:
        """Policies of the user's own, but for those that deny: they are the block."""
        attached, inline = await asyncio.gather(self._attached(user), self._inline(user))
        names = [one for one in inline if one not in policies.OURS]
        documents = await asyncio.gather(*(self._document(user, one) for one in names))
        own = (
            Held(name, name, "inline policy", None, {"document": document})
            for name, document in zip(names, documents, strict=True)
            if document is not None
        )
        held = (one.held for one in attached if not one.denies_all)
        return (*held, *own)

    async def _password(self, user: str) -> datetime:
        """Since when a password opens the console. Without one, none from before now does."""
        answer = await self._api.call("GetLoginProfile", ABSENT, UserName=user)
        if answer is None:
            return self._clock.now()
        return read_as(Profile, answer.get("LoginProfile")).created_at

    async def _residue(self, user: User) -> tuple[Held, ...]:
        """Roles of this AWS account that let the user in; those of others cannot be seen here."""
        ours = {user.arn, user.id}
        found = self._api.pages(
            "GetAccountAuthorizationDetails", "RoleDetailList", Filter=["Role"], MaxItems=PAGE
        )
        roles = [read_as(Role, one) async for one in found]
        return tuple(
            Held(one.id, one.name, "trusting role", TRUSTS, {NEXT: TAKE_OUT})
            for one in roles
            if ours & policies.trusted(one.trust)
        )

    def _of(self, operation: str, key: str, user: str) -> AsyncIterator[dict[str, Any]]:
        return self._api.pages(operation, key, UserName=user)

    async def close(self) -> None:
        await self._api.close()


TRUSTS = "the trust policy of a role is not the user's; it outlives them"
TAKE_OUT = "Take the user out of the trust policy of this role."


@dataclass(frozen=True)
class Standing:
    """What decides whether any request of the user could be allowed."""

    block: str | None
    sessions: str | None
    attached: list[Attached]

    @property
    def blocked(self) -> bool:
        """Whether everything is denied: by our policy, or by AWS's own."""
        ours = self.block is not None and policies.denies_all(self.block)
        return ours or any(one.denies_all for one in self.attached)

    @property
    def sessions_valid_from(self) -> datetime | None:
        return policies.denied_before(self.sessions) if self.sessions else None

    @property
    def powerful(self) -> bool:
        return any(one.arn.endswith(policies.ALL_POWERFUL) for one in self.attached)


async def _if_asked(
    verb: Action | None, feeds: Action | None, reading: Callable[[], Awaitable[T]]
) -> T | None:
    """None for what nobody asked for, and for what fails while nobody asked for just that."""
    if verb not in (None, feeds):
        return None
    try:
        return await reading()
    except AdapterError:
        if verb is not None:
            raise
        return None
