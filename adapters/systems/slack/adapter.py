"""Slack: accounts over its SCIM API, sessions over the Web API of an Enterprise organisation.

A deactivated account can be activated again; nothing deletes one. What stands in SCIM and in the
Web API has the same id.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Self

import httpx

from adapters.actions import Action, Outcome, Undo
from adapters.auth import Bearer
from adapters.budget import Budget
from adapters.clock import Clock
from adapters.contract import (
    Check,
    Facts,
    Gap,
    action,
    by_hand,
    covered_by,
    gives_back,
    not_applicable,
)
from adapters.errors import AdapterError, NeedsHuman
from adapters.http import Api
from adapters.matching import match
from adapters.nouns import Account, Held, Person, State
from adapters.postconditions import removable
from adapters.reading import read_as
from adapters.scim_lists import patch, resources
from adapters.systems.scim.shapes import ENTERPRISE, Page, User
from adapters.systems.slack.door import DEACTIVATED, NOBODY, PRIMARY_OWNER, RATES, SlackWeb
from adapters.systems.slack.observing import Observing, at, known
from adapters.systems.slack.permissions import judge
from adapters.systems.slack.settings import SlackSettings

SCIM = "scope admin of an owner or an administrator (SCIM)"
OUT = covered_by(Action.BLOCK_SIGN_IN)
HAND_OVER = by_hand("docs/runbooks/slack-hand-over.md")
NO_MAIL = not_applicable("Slack knows no mailboxes")
NO_DEVICES = not_applicable("Slack knows no devices")
SESSIONS_BOOK = "docs/runbooks/slack-sessions.md"


class Slack(Observing):
    Settings = SlackSettings
    # The account first: whoever is still active signs in again right after a reset of sessions.
    contain = (Action.BLOCK_SIGN_IN, Action.REVOKE_SESSIONS)
    rates = RATES
    gaps = {
        # auth.revoke works only with the token itself, and no method lists somebody else's.
        Action.REVOKE_TOKENS: OUT,
        Action.RESET_CREDENTIALS: OUT,
        Action.REMOVE_FACTORS: OUT,
        Action.REVOKE_PRIVILEGES: OUT,
        Action.REMOVE_ROLES: OUT,
        Action.STOP_FORWARDING: NO_MAIL,
        Action.LOCK_DEVICES: NO_DEVICES,
        Action.TRANSFER_FILES: HAND_OVER,
        Action.TRANSFER_OWNERSHIP: HAND_OVER,
        Action.DELEGATE_MAILBOX: NO_MAIL,
        Action.FORWARD_MAIL: NO_MAIL,
        Action.SET_AUTO_REPLY: NO_MAIL,
        Action.CANCEL_MEETINGS: not_applicable("Slack knows no calendars"),
        Action.RELEASE_LICENCES: not_applicable("a seat is held by being active"),
        Action.HIDE_FROM_DIRECTORY: OUT,
        Action.RETIRE_DEVICES: NO_DEVICES,
        Action.DELETE_ACCOUNT: not_applicable("Slack keeps a deactivated profile"),
        Action.WIPE_DEVICES: NO_DEVICES,
    }

    @classmethod
    def connect(
        cls,
        system: str,
        settings: SlackSettings,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> Self:
        common: dict[str, Any] = {
            "mode": settings.mode,
            "transport": transport,
            "fix": f"put a valid credential under systems.{system}",
        }
        token = Bearer(settings.token)
        admin = Bearer(settings.admin_token) if settings.admin_token else token
        budget = Budget(RATES, clock)
        scim = Api(settings.scim_url, auth=token, permission=SCIM, budget=budget, **common)
        web = SlackWeb(settings.base_url, auth=token, permission="scope users:read", **common)
        org = SlackWeb(
            settings.base_url, auth=admin, permission="scope admin.users:write", **common
        )
        return cls(system, scim, web, org, settings, clock)

    def facts(self) -> Mapping[Action, Facts]:
        told = dict(self.actions)
        if self._settings.scim_is_old:
            block = told[Action.BLOCK_SIGN_IN]
            told[Action.BLOCK_SIGN_IN] = replace(block, calls="DELETE /scim/v1/Users/{id}")
        return {verb: facts for verb, facts in told.items() if self._settings.may(verb)}

    def lacks(self) -> Mapping[Action, Gap]:
        return {**self.gaps, **{v: OUT for v in self.actions if not self._settings.may(v)}}

    async def check(self) -> Check:
        """One harmless read over SCIM, and who our tokens are by auth.test."""
        page = read_as(Page, (await self._scim.get("/Users", startIndex=1, count=1)).body)
        web, admin = await asyncio.gather(self._web.ask("auth.test"), self._admin.ask("auth.test"))
        return judge(self._settings, self.facts(), page.total, web.scopes, admin.scopes)

    async def candidates(self, person: Person) -> tuple[Account, ...]:
        """Ask by every key at once. Where one filter is refused, everybody is listed instead."""
        number = person.employee_number
        found = await asyncio.gather(
            *map(self._search, _filters(person)), *map(self._by_id, person.links)
        )
        if any(users is None for users in found):
            everybody = [read_as(User, one) async for one in resources(self._scim, "/Users")]
            found = [everybody]
        accounts = {u.id: self._account(u, number) for users in found for u in users or ()}
        return tuple([await self._told(person, one) for one in accounts.values()])

    async def _told(self, person: Person, account: Account) -> Account:
        """Guests and bots are told apart by users.info; only for those who may be meant."""
        if match(person, account) is None:
            return account
        with suppress(AdapterError):
            member = await self._member(account.id)
            return replace(account, kind=member.kind) if member else account
        return account

    async def accounts(self) -> AsyncIterator[Account]:
        async for body in resources(self._scim, "/Users"):
            yield self._account(read_as(User, body), None)

    def _account(self, user: User, wanted: str | None) -> Account:
        """`externalId` is an employee number only if it is the one that is looked for."""
        outside = user.external_id if user.external_id == wanted else None
        mail = tuple(one.value for one in user.emails if one.value)
        number = user.enterprise.employee_number or outside or None
        return Account(self.system, user.id, user.login, mail, number, enabled=user.active)

    @action(SCIM, calls="PATCH /scim/v2/Users/{id} active false")
    async def block_sign_in(self, account: Account) -> Outcome:
        """In all workspaces of an organisation. The primary owner can never be deactivated."""
        user, member = await asyncio.gather(
            self._user(account.id), known(None, self._member(account.id))
        )
        if user is None:
            return Outcome.ABSENT
        if user.active is False:
            return Outcome.ALREADY
        if member and member.primary_owner:
            raise NeedsHuman("the primary owner: have the ownership handed on", PRIMARY_OWNER)
        await self._set_active(account, active=False)
        return Outcome.CHANGED

    @gives_back(Action.BLOCK_SIGN_IN)
    async def let_sign_in(self, account: Account, _: State, __: tuple[Held, ...]) -> None:
        """The seat is billed again."""
        if self._settings.scim_is_old:
            raise NeedsHuman("activate the account under Manage members", "docs/runbooks/slack.md")
        await self._set_active(account, active=True)

    async def _set_active(self, account: Account, *, active: bool) -> None:
        path = at("Users", account.id)
        if self._settings.scim_is_old:
            await self._scim.delete(path, gone_ok=True)
            return
        body = patch({"op": "replace", "path": "active", "value": active})
        await self._scim.patch(path, body, gone_ok=not active)

    @action(
        "scope admin.users:write of an Enterprise organisation",
        "scope admin.users:read of an Enterprise organisation",
        calls="POST admin.users.session.reset",
        undo=Undo.RE_ENROL,
    )
    async def revoke_sessions(self, account: Account) -> Outcome:
        """On all devices. A session bears no instant, so the reset is asked for each time."""
        known_answers = NOBODY | DEACTIVATED
        body = {"user_id": account.id}
        said = await self._admin.do("admin.users.session.reset", body, known=known_answers)
        if not said.error:
            return Outcome.CHANGED
        if said.error in DEACTIVATED:
            return Outcome.ALREADY
        if await self._user(account.id) is None:
            return Outcome.ABSENT
        raise NeedsHuman("Slack resets no sessions of this account: look at it", SESSIONS_BOOK)

    @action(
        SCIM,
        "scopes usergroups:read and usergroups:write, where user_groups is set",
        calls="PATCH /scim/v2/Groups/{id}; POST usergroups.users.update",
    )
    async def revoke_grants(self, account: Account) -> Outcome:
        seen = await self.observe(account, Action.REVOKE_GRANTS)
        if not seen.exists:
            return Outcome.ABSENT
        held = removable(seen.grants or ())
        for one in held:
            await self._change(one, account, member=False)
        return Outcome.CHANGED if held else Outcome.ALREADY

    @gives_back(Action.REVOKE_GRANTS)
    async def join_again(self, account: Account, _: State, things: tuple[Held, ...]) -> None:
        for one in things:
            await self._change(one, account, member=True)

    async def _change(self, held: Held, account: Account, *, member: bool) -> None:
        if held.kind == "user group":
            await self._change_user_group(held.id, account, member=member)
            return
        operation = {"op": "add", "path": "members", "value": [{"value": account.id}]}
        if not member:
            path = f"members[value eq {json.dumps(account.id)}]"
            operation = {"op": "remove", "path": path}
        await self._scim.patch(at("Groups", held.id), patch(operation), gone_ok=not member)

    async def _change_user_group(self, group: str, account: Account, *, member: bool) -> None:
        """Slack takes the whole list only, so the one of just now is sent, but for this account."""
        for one in await self._user_groups():
            others = [user for user in one.users if user != account.id]
            users = [*others, account.id] if member else others
            if one.id == group and set(users) != set(one.users) and users:
                body = {"usergroup": group, "users": ",".join(users)}
                await self._web.do("usergroups.users.update", body)


def _filters(person: Person) -> list[str]:
    number, found = person.employee_number, []
    if number:
        found += [f"{ENTERPRISE}:employeeNumber eq {json.dumps(number)}"]
        found += [f"externalId eq {json.dumps(number)}"]
    for address in person.addresses:
        found += [f"{key} eq {json.dumps(address)}" for key in ("userName", "email")]
    return found + [f"userName eq {json.dumps(link)}" for link in person.links]
