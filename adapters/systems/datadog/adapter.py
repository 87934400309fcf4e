"""Datadog by its own API v2, for what its SCIM does not reach: keys, roles and teams.

Source of every fact: Datadog's API description of 2026-04-14 (datadog-api-client-python). In the
order of containment the block comes first: whether keys of a disabled user still open anything is
not documented, so they are deleted right after it.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any, Self
from urllib.parse import quote

import httpx

from adapters.actions import Action, Outcome, Undo
from adapters.clock import Clock
from adapters.contract import (
    Adapter,
    Check,
    action,
    by_hand,
    covered_by,
    gives_back,
    not_applicable,
)
from adapters.errors import CredentialDenied, TargetDenied, Unrecognised
from adapters.http import Reply
from adapters.nouns import NEXT, Account, Held, Kind, Person, State
from adapters.reading import read_as
from adapters.systems.datadog.door import DatadogApi, DatadogSettings, auth
from adapters.systems.datadog.shapes import Key, Memberships, Page, Role, User, UserAnswer
from adapters.systems.datadog.things import body_of, held_team, is_of, membership, name_of

RUNBOOK = "docs/runbooks/datadog.md"
PERMISSIONS = "user_access_read and user_access_manage"
PROBES: Mapping[str, tuple[Action, str]] = {
    "/api/v2/application_keys": (
        Action.REVOKE_TOKENS,
        "org_app_keys_read and org_app_keys_write",
    ),
    "/api/v2/roles": (Action.REMOVE_ROLES, "user_access_read and user_access_manage"),
}
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Datadog(Adapter):
    Settings = DatadogSettings
    contain = (Action.BLOCK_SIGN_IN, Action.REVOKE_TOKENS)
    gaps = {
        # The API has no word for a session; how long one lives on is the user's `token_lifetime`.
        Action.REVOKE_SESSIONS: covered_by(Action.BLOCK_SIGN_IN),
        Action.RESET_CREDENTIALS: covered_by(Action.BLOCK_SIGN_IN),
        Action.REMOVE_FACTORS: covered_by(Action.BLOCK_SIGN_IN),
        Action.REVOKE_PRIVILEGES: covered_by(Action.BLOCK_SIGN_IN),
        Action.LOCK_DEVICES: not_applicable("Datadog knows no devices"),
        Action.STOP_FORWARDING: not_applicable("Datadog knows no mailboxes"),
        Action.TRANSFER_FILES: not_applicable("dashboards and monitors keep working"),
        Action.DELEGATE_MAILBOX: not_applicable("Datadog knows no mailboxes"),
        Action.FORWARD_MAIL: not_applicable("Datadog knows no mailboxes"),
        Action.SET_AUTO_REPLY: not_applicable("Datadog knows no mailboxes"),
        Action.TRANSFER_OWNERSHIP: by_hand(RUNBOOK),
        Action.CANCEL_MEETINGS: not_applicable("Datadog knows no calendars"),
        Action.RELEASE_LICENCES: by_hand(RUNBOOK),
        Action.HIDE_FROM_DIRECTORY: not_applicable("Datadog knows no address list"),
        Action.RETIRE_DEVICES: not_applicable("Datadog knows no devices"),
        Action.DELETE_ACCOUNT: not_applicable("Datadog disables accounts, it deletes none"),
        Action.WIPE_DEVICES: not_applicable("Datadog knows no devices"),
    }

    def __init__(self, system: str, api: DatadogApi, token_lifetime: timedelta) -> None:
        super().__init__(system, token_lifetime)
        self._api = api

    @classmethod
    def connect(
        cls,
        system: str,
        settings: DatadogSettings,
        clock: Clock,  # noqa: ARG003 - its rates are not published as numbers
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> Self:
        api = DatadogApi(
            settings.base_url,
            auth=auth(settings),
            mode=settings.mode,
            transport=transport,
            permission=PERMISSIONS,
            fix=f"put api_key and the application_key of a service account under systems.{system}",
        )
        return cls(system, api, settings.token_lifetime)

    async def check(self) -> Check:
        """Datadog answers 403 to a wrong key as to a missing permission: the first one decides."""
        try:
            read_as(Page, (await self._first("/api/v2/users")).body)
        except TargetDenied as why:
            fix = "look at the site in base_url, at both keys, and at the key's permissions"
            raise CredentialDenied(why.message, PERMISSIONS, fix) from None
        missing = {}
        for path, (verb, permission) in PROBES.items():
            try:
                read_as(Page, (await self._first(path)).body)
            except TargetDenied:
                missing[verb] = permission
        return Check("users can be read; whether they may be changed, only a change tells", missing)

    async def candidates(self, person: Person) -> tuple[Account, ...]:
        """`filter` offers whatever contains the text. An employee number is not kept there."""
        texts = {*person.addresses, *person.links} - {""}
        found = await asyncio.gather(
            *(self._search(text) for text in sorted(texts)),
            *(self._by_id(link) for link in person.links if _ID.fullmatch(link)),
        )
        return tuple(self._account(user) for users in found for user in users)

    async def observe(self, account: Account, verb: Action | None = None) -> State:
        reply = await self._api.get(_at(account), gone_ok=True)
        if reply.gone:
            return State.gone()
        user = read_as(UserAnswer, reply.body).data
        grants, roles, tokens, residue = await asyncio.gather(
            self._or_none(self._teams(account), wanted=verb is Action.REVOKE_GRANTS),
            self._or_none(self._roles(user), wanted=verb is Action.REMOVE_ROLES),
            self._or_none(self._keys_of(account), wanted=verb is Action.REVOKE_TOKENS),
            self._or_none(self._api_keys_by(account), wanted=False),
        )
        enabled = None if user.attributes.disabled is None else not user.attributes.disabled
        return State(enabled=enabled, grants=grants, roles=roles, tokens=tokens, residue=residue)

    async def accounts(self) -> AsyncIterator[Account]:
        async for body in self._api.pages("/api/v2/users"):
            yield self._account(read_as(User, body))

    @action("user_access_manage", calls="PATCH /api/v2/users/{id} disabled")
    async def block_sign_in(self, account: Account) -> Outcome:
        reply = await self._api.get(_at(account), gone_ok=True)
        if reply.gone:
            return Outcome.ABSENT
        if read_as(UserAnswer, reply.body).data.attributes.disabled is True:
            return Outcome.ALREADY
        await self._disable(account, disabled=True)
        return Outcome.CHANGED

    @gives_back(Action.BLOCK_SIGN_IN)
    async def let_sign_in(self, account: Account, _: State, __: tuple[Held, ...]) -> None:
        await self._disable(account, disabled=False)

    @action(
        "org_app_keys_read",
        "org_app_keys_write",
        calls="DELETE /api/v2/application_keys/{id} of keys that they own",
        undo=Undo.RE_ENROL,
    )
    async def revoke_tokens(self, account: Account) -> Outcome:
        keys = await self._keys_of(account)
        for key in keys:
            await self._api.delete(f"/api/v2/application_keys/{_safe(key.id)}", gone_ok=True)
        return await self._outcome(account, keys)

    @action("teams_read", calls="DELETE /api/v2/team/{team}/memberships/{id}")
    async def revoke_grants(self, account: Account) -> Outcome:
        teams = [team for team in await self._teams(account) if team.obstacle is None]
        for team in teams:
            path = f"/api/v2/team/{_safe(team.id)}/memberships/{_safe(account.id)}"
            await self._api.delete(path, gone_ok=True)
        return await self._outcome(account, teams)

    @gives_back(Action.REVOKE_GRANTS)
    async def join_teams(self, account: Account, _: State, things: tuple[Held, ...]) -> None:
        standing = {team.id for team in await self._teams(account)}
        for team in things:
            if team.id not in standing:
                body = {"data": membership(account, team)}
                await self._api.post(f"/api/v2/team/{_safe(team.id)}/memberships", body)

    @action("user_access_manage", calls="DELETE /api/v2/roles/{role}/users")
    async def remove_roles(self, account: Account) -> Outcome:
        reply = await self._api.get(_at(account), gone_ok=True)
        if reply.gone:
            return Outcome.ABSENT
        roles = read_as(UserAnswer, reply.body).data.relationships.roles.data
        for role in roles:
            path = f"/api/v2/roles/{_safe(role.id)}/users"
            await self._api.send("DELETE", path, body=body_of(account), gone_ok=True)
        return Outcome.CHANGED if roles else Outcome.ALREADY

    @gives_back(Action.REMOVE_ROLES)
    async def give_roles(self, account: Account, _: State, things: tuple[Held, ...]) -> None:
        for role in things:
            await self._api.post(f"/api/v2/roles/{_safe(role.id)}/users", body_of(account))

    async def close(self) -> None:
        await self._api.close()

    async def _first(self, path: str) -> Reply:
        return await self._api.send("GET", path, params={"page[size]": 1})

    async def _disable(self, account: Account, *, disabled: bool) -> None:
        """PATCH and not DELETE, which does the same: the ledger names what was meant."""
        user = {"id": account.id, "type": "users", "attributes": {"disabled": disabled}}
        await self._api.patch(_at(account), {"data": user})

    async def _outcome(self, account: Account, taken: Any) -> Outcome:
        if taken:
            return Outcome.CHANGED
        reply = await self._api.get(_at(account), gone_ok=True)
        return Outcome.ABSENT if reply.gone else Outcome.ALREADY

    async def _or_none(self, reading: Any, *, wanted: bool) -> tuple[Held, ...] | None:
        """What may not be read is None, unless it is just what a verb changes."""
        try:
            held: tuple[Held, ...] = await reading
        except TargetDenied:
            if wanted:
                raise
            return None
        return held

    async def _search(self, text: str) -> list[User]:
        pages = self._api.pages("/api/v2/users", {"filter": text})
        return [read_as(User, body) async for body in pages]

    async def _by_id(self, link: str) -> list[User]:
        reply = await self._api.get(f"/api/v2/users/{_safe(link)}", gone_ok=True)
        return [] if reply.gone else [read_as(UserAnswer, reply.body).data]

    async def _teams(self, account: Account) -> tuple[Held, ...]:
        reply = await self._api.get(f"{_at(account)}/memberships", gone_ok=True)
        found = () if reply.gone else read_as(Memberships, reply.body).data
        return tuple(held_team(one) for one in found)

    async def _roles(self, user: User) -> tuple[Held, ...]:
        """The names come from the list of roles: the user shows ids alone."""
        held = {role.id for role in user.relationships.roles.data}
        if not held:
            return ()
        roles = [read_as(Role, body) async for body in self._api.pages("/api/v2/roles")]
        names = {role.id: role.attributes.name for role in roles}
        return tuple(Held(role, names.get(role, role), "role") for role in sorted(held))

    async def _keys_of(self, account: Account) -> tuple[Held, ...]:
        keys = [read_as(Key, k) async for k in self._api.pages("/api/v2/application_keys")]
        if any(key.relationships.owned_by is None for key in keys):
            raise Unrecognised("GET /api/v2/application_keys: a key does not say whose it is")
        mine = (k for k in keys if (o := k.relationships.owned_by) and is_of(o.data, account))
        return tuple(Held(key.id, name_of(key), "application_key") for key in mine)

    async def _api_keys_by(self, account: Account) -> tuple[Held, ...]:
        """API keys are the organisation's, so no verb takes them; who made one may know it."""
        keys = [read_as(Key, body) async for body in self._api.pages("/api/v2/api_keys")]
        made = (k for k in keys if (c := k.relationships.created_by) and is_of(c.data, account))
        why = "the organisation's own key outlives whoever made it"
        next_ = "Make a new API key, put it where this one is used, then revoke this one."
        return tuple(Held(key.id, name_of(key), "api_key", why, {NEXT: next_}) for key in made)

    def _account(self, user: User) -> Account:
        about = user.attributes
        return Account(
            self.system,
            user.id,
            about.handle,
            (about.email,) if about.email else (),
            kind=Kind.SERVICE if about.service_account else Kind.PERSON,
            created_at=about.created_at,
            enabled=None if about.disabled is None else not about.disabled,
        )


def _at(account: Account) -> str:
    return f"/api/v2/users/{_safe(account.id)}"


def _safe(part: str) -> str:
    return quote(part, safe="")
