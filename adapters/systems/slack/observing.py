"""Read an account of Slack: over SCIM what decides, over the Web API what SCIM leaves out."""

import json
from collections.abc import Awaitable
from typing import TypeVar
from urllib.parse import quote

import httpx

from adapters.actions import Action
from adapters.clock import Clock
from adapters.contract import Adapter
from adapters.errors import AdapterError, TargetDenied
from adapters.http import Api
from adapters.nouns import Account, Held, State
from adapters.reading import read_as
from adapters.scim_lists import resources
from adapters.systems.scim.shapes import Group, Page, User
from adapters.systems.slack.door import NOBODY, SlackWeb
from adapters.systems.slack.residue import LEFT, SESSIONS
from adapters.systems.slack.settings import SlackSettings
from adapters.systems.slack.shapes import Member, Sessions, UserGroup, UserGroups

T = TypeVar("T")
MOST_PAGES = 20
"""Slack lets such a method be asked about twenty times a minute (Tier 2)."""
REFUSED = frozenset({400, 403, 404, 405, 501})
"""A server that does not know a filter may say so with any of these."""


class Observing(Adapter):
    def __init__(
        self,
        system: str,
        scim: Api,
        web: SlackWeb,
        admin: SlackWeb,
        settings: SlackSettings,
        clock: Clock,
    ) -> None:
        super().__init__(system, settings.token_lifetime)
        self._scim, self._web, self._admin = scim, web, admin
        self._settings = settings
        self._clock = clock

    async def observe(self, account: Account, verb: Action | None = None) -> State:
        """Slack tells of no tokens. Its long list of sessions is read after a reset only."""
        user = await self._user(account.id)
        if user is None:
            return State.gone()
        wants = verb in (None, Action.REVOKE_GRANTS)
        grants = await known(verb, self._grants(user)) if wants else None
        member = await known(None, self._member(account.id)) if verb is None else None
        ended = verb is Action.REVOKE_SESSIONS and await self._has_no_session(account.id)
        return State(
            enabled=user.active,
            sessions_valid_from=self._clock.now() if ended else None,
            grants=grants,
            roles=member.roles if member else None,
            residue=LEFT if verb is None else None,
            privileged=bool(member.roles) if member else None,
            notes=(SESSIONS,) if self._settings.plan == "business_plus" else (),
        )

    async def _has_no_session(self, identifier: str) -> bool:
        """False, too, if it cannot be told: a plan or a token without the list, or too long a one.

        The list of one user needs a workspace with it and would leave the others out, so all
        sessions of the organisation are read (Slack, "admin.users.session.list").
        """
        body: dict[str, str | int] = {"limit": 1_000}
        for _ in range(MOST_PAGES if self._settings.plan == "enterprise" else 0):
            try:
                said = await self._admin.do("admin.users.session.list", body, only_reads=True)
            except TargetDenied:
                return False
            page = read_as(Sessions, said.body)
            if any(one.user == identifier for one in page.sessions):
                return False
            if not page.metadata.following:
                return True
            body["cursor"] = page.metadata.following
        return False

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
