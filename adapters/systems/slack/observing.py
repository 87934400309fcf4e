"""Read an account of Slack: over SCIM what decides, over the Web API what SCIM leaves out."""

import json
from collections.abc import Awaitable
from typing import TypeVar
from urllib.parse import quote

import httpx

from adapters.actions import Action
from adapters.contract import Adapter
from adapters.errors import AdapterError
from adapters.http import Api
from adapters.nouns import Account, Held, State
from adapters.reading import read_as
from adapters.scim_lists import resources
from adapters.systems.scim.shapes import Group, Page, User
from adapters.systems.slack.door import NOBODY, SlackWeb
from adapters.systems.slack.residue import LEFT, SESSIONS
from adapters.systems.slack.settings import SlackSettings
from adapters.systems.slack.shapes import Member, UserGroup, UserGroups

T = TypeVar("T")
REFUSED = frozenset({400, 403, 404, 405, 501})
"""A server that does not know a filter may say so with any of these."""


class Observing(Adapter):
    def __init__(
        self, system: str, scim: Api, web: SlackWeb, admin: SlackWeb, settings: SlackSettings
    ) -> None:
        super().__init__(system, settings.token_lifetime)
        self._scim, self._web, self._admin = scim, web, admin
        self._settings = settings

    async def observe(self, account: Account, verb: Action | None = None) -> State:
        """Slack tells of no instant from which sessions count, and of no tokens."""
        user = await self._user(account.id)
        if user is None:
            return State.gone()
        wants = verb in (None, Action.REVOKE_GRANTS)
        grants = await known(verb, self._grants(user)) if wants else None
        member = await known(None, self._member(account.id)) if verb is None else None
        return State(
            enabled=user.active,
            grants=grants,
            roles=member.roles if member else None,
            residue=LEFT if verb is None else None,
            privileged=bool(member.roles) if member else None,
            notes=(SESSIONS,) if self._settings.plan == "business_plus" else (),
        )

    async def _grants(self, user: User) -> tuple[Held, ...]:
        """Groups that an identity provider writes, and user groups where the settings say so."""
        asked = f"members.value eq {json.dumps(user.id)}"
        reply = await self._scim.send("GET", "/Groups", params=_first(asked), codes=REFUSED)
        if reply.status == httpx.codes.OK:
            groups = [read_as(Group, one) async for one in resources(self._scim, "/Groups", asked)]
        else:
            groups = [Group(id=one.value, displayName=one.display or "") for one in user.groups]
        held = [Held(one.id, one.name or one.id, "group") for one in groups]
        if self._settings.user_groups:
            held += [one.held for one in await self._user_groups() if user.id in one.users]
        return tuple(held)

    async def _user_groups(self) -> tuple[UserGroup, ...]:
        """Those in use: a disabled one, too, keeps its members, but lets nobody in."""
        said = await self._web.ask("usergroups.list", include_users="true")
        return tuple(one for one in read_as(UserGroups, said.body).groups if not one.deleted_at)

    async def _user(self, identifier: str) -> User | None:
        reply = await self._scim.get(at("Users", identifier), gone_ok=True)
        return None if reply.gone else read_as(User, reply.body)

    async def _member(self, identifier: str) -> Member | None:
        said = await self._web.ask("users.info", known=NOBODY, user=identifier)
        return None if said.error else read_as(Member, said.body.get("user"))

    async def _search(self, text: str) -> list[User] | None:
        """None if Slack refuses the question."""
        reply = await self._scim.send("GET", "/Users", params=_first(text), codes=REFUSED)
        if reply.status != httpx.codes.OK:
            return None
        if read_as(Page, reply.body).total == 0:
            return []
        return [read_as(User, one) async for one in resources(self._scim, "/Users", text)]

    async def _by_id(self, link: str) -> list[User]:
        path, codes = at("Users", link), frozenset({400, 404})
        reply = await self._scim.send("GET", path, codes=codes)
        return [read_as(User, reply.body)] if reply.status == httpx.codes.OK else []

    async def close(self) -> None:
        for door in (self._scim, self._web, self._admin):
            await door.close()


async def known(verb: Action | None, reading: Awaitable[T]) -> T | None:
    """None for what cannot be read, if nobody asked for just that: a cut waits for no list."""
    try:
        return await reading
    except AdapterError:
        if verb is not None:
            raise
        return None


def at(*parts: str) -> str:
    return "/" + "/".join(quote(part, safe="") for part in parts)


def _first(text: str) -> dict[str, str | int]:
    return {"filter": text, "startIndex": 1, "count": 1}
