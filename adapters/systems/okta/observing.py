"""Read an account: the user itself, and what hangs on it.

The user is read by its id, which Okta never answers from the search index. The lists come beside
it; what cannot be read is None, but for what the asked verb changes.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from adapters.actions import Action
from adapters.errors import AdapterError, TargetDenied
from adapters.nouns import NEXT, Account, Held, State
from adapters.systems.okta.base import LARGEST_PAGE, OktaBase
from adapters.systems.okta.door import equals, granted, user_at
from adapters.systems.okta.shapes import (
    DIRECTORIES,
    MASTERS,
    ApiToken,
    Application,
    Client,
    Consent,
    Factor,
    Group,
    Role,
    User,
    UserDevice,
)

T = TypeVar("T")
API_TOKENS = "okta.apiTokens.manage"
FEEDS: dict[Action, tuple[str, ...]] = {
    Action.REVOKE_TOKENS: ("tokens",),
    Action.REMOVE_FACTORS: ("factors",),
    Action.REVOKE_PRIVILEGES: ("roles",),
    Action.REMOVE_ROLES: ("roles",),
    Action.REVOKE_GRANTS: ("groups", "applications"),
}
"""Which lists must be read to see what a verb has done; what is not here shows on the user."""


class Observing(OktaBase):
    async def observe(self, account: Account, verb: Action | None = None) -> State:
        user = await self._read(account.id)
        if user is None:
            return State.gone()
        wanted = None if verb is None else FEEDS.get(verb, ())
        groups, applications, roles, factors, tokens, devices = await asyncio.gather(
            self._if("groups", wanted, lambda: self._groups(user.id)),
            self._if("applications", wanted, lambda: self._applications(user.id)),
            self._if("roles", wanted, lambda: self._roles(user.id)),
            self._if("factors", wanted, lambda: self._factors(user)),
            self._if("tokens", wanted, lambda: self._tokens(user.id)),
            self._if("devices", wanted, lambda: self._devices(user.id)),
        )
        held, unread = tokens or (None, ())
        return State(
            enabled=user.enabled,
            # Okta lists no sessions, but clears them at a suspension ("Role permissions"), and whom
            # it lets in nowhere has none: whatever is older than this reading is refused.
            sessions_valid_from=self._clock.now() if user.enabled is False else None,
            password_changed_at=user.password_changed_at,
            grants=self._grants(groups, applications),
            roles=roles,
            factors=factors,
            tokens=held,
            privileged=bool(roles) if roles is not None else None,
            mastered_elsewhere=self._mastered(user, applications),
            # A read-back of one verb says nothing of it, or what was seen before would be lost.
            residue=(*(devices or ()), *unread) if wanted is None else None,
            notes=(*user.notes, *_unseen(devices if wanted is None else ())),
        )

    async def _if(
        self, name: str, wanted: tuple[str, ...] | None, read: Callable[[], Awaitable[T]]
    ) -> T | None:
        """Read it if it is wanted. If all is, what cannot be read is None: no cut waits for it."""
        if wanted is not None and name not in wanted:
            return None
        try:
            return await read()
        except AdapterError:
            if wanted is not None:
                raise
            return None

    async def _groups(self, user: str) -> list[Group]:
        return await self._list("okta.users.read", f"{user_at(user)}/groups", Group)

    async def _applications(self, user: str) -> list[Application]:
        """With the assignment in each: whether a group gives it, and its profile."""
        return await self._list(
            "okta.apps.read",
            "/api/v1/apps",
            Application,
            filter=equals("user.id", user),
            expand=f"user/{user}",
            limit=LARGEST_PAGE,
        )

    async def _roles(self, user: str) -> tuple[Held, ...]:
        """What may be limited to some things is asked for once more, to see whether it is."""
        path = f"{user_at(user)}/roles"
        found = await self._list("okta.roles.read", path, Role)
        limited: set[str] = set()
        for expand in {Role.LIMITED[one.type] for one in found if one.type in Role.LIMITED}:
            more = await self._list("okta.roles.read", path, Role, expand=expand)
            limited |= {one.id for one in more if one.targets}
        return tuple(one.held(limited=one.id in limited) for one in found)

    async def _factors(self, user: User) -> tuple[Held, ...]:
        """Okta lists those only that the user's enrolment policy knows."""
        found = await self._list("okta.users.read", f"{user_at(user.id)}/factors", Factor)
        return tuple(h for one in found if (h := one.held(deactivated=user.deactivated)))

    async def _tokens(self, user: str) -> tuple[tuple[Held, ...], tuple[Held, ...]]:
        """What lets somebody in without signing in, and what of it may be there and is not seen."""
        clients = await self._list("okta.users.read", f"{user_at(user)}/clients", Client)
        consents = await self._list(
            "okta.users.read", f"{user_at(user)}/grants", Consent, limit=LARGEST_PAGE
        )
        held = [one.held for one in clients] + [h for one in consents if (h := one.held)]
        try:
            mine = await self._api_tokens(user)
        except TargetDenied:
            return tuple(held), (_UNREAD,)
        return (*held, *(one.held for one in mine)), ()

    async def _api_tokens(self, user: str) -> list[ApiToken]:
        """Okta lists those of everybody."""
        with granted(API_TOKENS):
            if not self._settings.may(API_TOKENS):
                raise TargetDenied("API tokens are not asked for", API_TOKENS)
            found = await self._list(API_TOKENS, "/api/v1/api-tokens", ApiToken)
        return [one for one in found if one.user == user]

    async def _devices(self, user: str) -> tuple[Held, ...]:
        found = await self._list("okta.users.read", f"{user_at(user)}/devices", UserDevice)
        return tuple(held for one in found if (held := one.left))

    def _mastered(self, user: User, applications: list[Application] | None) -> bool | None:
        """A directory that checks the password, or an application that is the authority of the

        user's life (Okta, PROFILE_MASTERING). The HR system is none: it says itself who leaves.
        """
        if user.provider in DIRECTORIES:
            return True
        if applications is None:
            return None
        sources = [one for one in applications if MASTERS in one.features]
        return any(one.label not in self._settings.hr_apps for one in sources)

    def _grants(
        self, groups: list[Group] | None, applications: list[Application] | None
    ) -> tuple[Held, ...] | None:
        """Groups and applications. Who leaves a group loses what it assigns: both are looked at."""
        if groups is None or applications is None:
            return None
        may = self._settings.deprovision
        by = {one.group: one.label for one in applications if one.deactivates and not may}
        unnamed = by.get("")  # then it may be any of the groups
        held = [one.held(by.get(one.id, unnamed)) for one in groups]
        return (*held, *(one.held(deprovision=may) for one in applications))


_UNREAD = Held(
    "api-tokens",
    "API tokens",
    "API token",
    f"cannot be read: grant {API_TOKENS}",
    {NEXT: "Look under Security, API, Tokens in Okta for tokens of this account; revoke them."},
)


def _unseen(devices: tuple[Held, ...] | None) -> tuple[str, ...]:
    return ("registered devices cannot be read",) if devices is None else ()
