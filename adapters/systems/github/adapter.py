"""A GitHub organisation of personal accounts: an account is not ours, its membership is.

Losing the membership is the cut. It sends the person a mail, cancels a pending invitation, takes
the teams along, and deletes private forks of private repositories; GitHub keeps the former
privileges for three months (GitHub, "Reinstating a former member of your organization").
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Self

import httpx

from adapters.actions import Action
from adapters.auth import Bearer
from adapters.clock import Clock
from adapters.contract import (
    Check,
    Facts,
    Gap,
    by_hand,
    covered_by,
    not_applicable,
)
from adapters.matching import normal_address
from adapters.nouns import Account, Kind, Person
from adapters.reading import read_as
from adapters.systems.github.app import AppAuth
from adapters.systems.github.base import INVITED, MEMBERS
from adapters.systems.github.changing import Changing
from adapters.systems.github.door import RATES, GithubApi, at, granted
from adapters.systems.github.permissions import judge
from adapters.systems.github.settings import GithubSettings
from adapters.systems.github.shapes import Invitation, Licence, Organisation, User

NO_MAIL = not_applicable("GitHub knows no mailboxes")
NO_DEVICES = not_applicable("GitHub knows no devices")
OUT = covered_by(Action.BLOCK_SIGN_IN)


class Github(Changing):
    Settings = GithubSettings
    # The membership first: credentials and rights count for nothing without it. What is left of
    # them goes behind it, so that none counts again when somebody is let in once more.
    contain = (Action.BLOCK_SIGN_IN, Action.REVOKE_TOKENS, Action.REVOKE_PRIVILEGES)
    rates = RATES
    gaps = {
        Action.REVOKE_SESSIONS: OUT,
        Action.RESET_CREDENTIALS: not_applicable("the password is the person's own"),
        Action.REMOVE_FACTORS: not_applicable("the factors are the person's own"),
        Action.LOCK_DEVICES: NO_DEVICES,
        Action.STOP_FORWARDING: NO_MAIL,
        Action.TRANSFER_FILES: by_hand("docs/runbooks/github-hand-over.md"),
        Action.TRANSFER_OWNERSHIP: by_hand("docs/runbooks/github-hand-over.md"),
        Action.DELEGATE_MAILBOX: NO_MAIL,
        Action.FORWARD_MAIL: NO_MAIL,
        Action.SET_AUTO_REPLY: NO_MAIL,
        Action.CANCEL_MEETINGS: not_applicable("GitHub knows no calendars"),
        Action.REMOVE_ROLES: covered_by(Action.REVOKE_PRIVILEGES),
        Action.RELEASE_LICENCES: not_applicable("a seat is held by being a member"),
        Action.HIDE_FROM_DIRECTORY: not_applicable("GitHub knows no address list"),
        Action.RETIRE_DEVICES: NO_DEVICES,
        Action.DELETE_ACCOUNT: not_applicable("the account is the person's own"),
        Action.WIPE_DEVICES: NO_DEVICES,
    }

    @classmethod
    def connect(
        cls,
        system: str,
        settings: GithubSettings,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> Self:
        app = _app(settings, clock)
        common = {"mode": settings.mode, "transport": transport}
        fix = f"put a valid credential under systems.{system}"
        token = Bearer(settings.token) if settings.token else None
        api = GithubApi(
            settings.base_url, clock, auth=token or app, permission=MEMBERS, fix=fix, **common
        )
        licences = api
        if settings.enterprise_token:
            licences = GithubApi(
                settings.base_url,
                clock,
                auth=Bearer(settings.enterprise_token),
                permission="scope read:enterprise",
                fix=f"{fix} (enterprise_token)",
                **common,
            )
        return cls(system, api, licences, settings, clock, app)

    def facts(self) -> Mapping[Action, Facts]:
        return {verb: facts for verb, facts in self.actions.items() if self._settings.may(verb)}

    def lacks(self) -> Mapping[Action, Gap]:
        return {**self.gaps, **{v: OUT for v in self.actions if not self._settings.may(v)}}

    async def check(self) -> Check:
        """One harmless read of the members, and what GitHub says that our credential may do."""
        reply = await self._api.get(at("orgs", self._settings.organisation))
        read_as(Organisation, reply.body)
        members = await self._api.send("GET", self._org("members"), params={"per_page": 1})
        seen = [read_as(User, one) for one in members.body]
        allowed = self._app.permissions if self._app else None
        scopes = reply.headers.get("X-OAuth-Scopes")
        return judge(self.facts(), allowed, scopes, sees_members=bool(seen))

    async def candidates(self, person: Person) -> tuple[Account, ...]:
        """Everybody, because GitHub finds nobody by mail; and logins that somebody stored."""
        logins = [link for link in person.links if not link.isdecimal()]
        linked = await asyncio.gather(*map(self._by_login, logins))
        everybody = [account async for account in self.accounts()]
        inside = {account.id for account in everybody}
        return (*everybody, *(one for one in linked if one and one.id not in inside))

    async def _by_login(self, login: str) -> Account | None:
        """Somebody with a stored login who has nothing here (any more) is found, and is out."""
        user = await self._user(login)
        if user is None:
            return None
        return Account(self.system, str(user.id), user.login, kind=user.kind, enabled=False)

    async def accounts(self) -> AsyncIterator[Account]:
        """Members, outside collaborators, and those who are invited by mail or by login."""
        await self._is_ours()
        known_mail = await self._mail()
        with granted(MEMBERS):
            async for entry in self._pages("members"):
                yield self._account(read_as(User, entry), known_mail)
            async for entry in self._pages("outside_collaborators"):
                outside = self._account(read_as(User, entry), known_mail)
                yield replace(outside, kind=Kind.GUEST)
            async for entry in self._pages("invitations"):
                invited = await self._invitee(read_as(Invitation, entry), known_mail)
                if invited:
                    yield invited

    async def _is_ours(self) -> None:
        reply = await self._api.get(at("orgs", self._settings.organisation))
        read_as(Organisation, reply.body)

    async def _mail(self) -> dict[str, tuple[str, ...]]:
        """Login to addresses, from the licences of the enterprise; nothing without one."""
        if self._settings.enterprise is None:
            return {}
        path = at("enterprises", self._settings.enterprise, "consumed-licenses")
        with granted("scope read:enterprise of an administrator of the enterprise"):
            rows = [read_as(Licence, e) async for e in self._licences.pages(path, key="users")]
        return {normal_address(row.login): row.addresses for row in rows if row.login}

    def _account(self, user: User, mail: Mapping[str, tuple[str, ...]]) -> Account:
        addresses = mail.get(normal_address(user.login), ())
        return Account(
            self.system, str(user.id), user.login, addresses, kind=user.kind, enabled=True
        )

    async def _invitee(
        self, one: Invitation, mail: Mapping[str, tuple[str, ...]]
    ) -> Account | None:
        if one.login:
            user = await self._user(one.login)
            return self._account(user, mail) if user else None
        if one.email:
            return Account(self.system, f"{INVITED}{one.id}", one.email, (one.email,), enabled=True)
        return None


def _app(settings: GithubSettings, clock: Clock) -> AppAuth | None:
    if settings.token or not (settings.app_id and settings.installation_id):
        return None
    if settings.private_key is None:
        return None
    return AppAuth(
        settings.base_url, settings.app_id, settings.installation_id, settings.private_key, clock
    )
