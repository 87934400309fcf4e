"""SCIM 2.0 (RFC 7643, RFC 7644), as servers really speak it.

What is known of their dialects, with its sources, is in docs/runbooks/scim-dialects.md.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Self
from urllib.parse import quote

import httpx

from adapters.actions import Action, Outcome, Undo
from adapters.auth import Bearer
from adapters.clock import Clock
from adapters.contract import (
    Adapter,
    Check,
    Facts,
    action,
    by_hand,
    covered_by,
    gives_back,
    not_applicable,
)
from adapters.errors import Unrecognised
from adapters.http import Api
from adapters.nouns import Account, Held, Person, State
from adapters.reading import read_as
from adapters.systems.scim.shapes import (
    ENTERPRISE,
    Group,
    Page,
    ProviderConfig,
    ScimSettings,
    User,
)

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
JSON_TYPE = "application/scim+json"
PAGE = 100
REFUSED = frozenset({400, 403, 404, 405, 501})
"""A server that does not know a filter, a path or a method may say so with any of these."""


class Scim(Adapter):
    Settings = ScimSettings
    contain = (Action.BLOCK_SIGN_IN,)
    gaps = {
        # RFC 7644 has no word for a session. What a vendor does with open ones when an account is
        # deactivated, the user writes down as `token_lifetime` (docs/runbooks/scim-sessions.md).
        Action.REVOKE_SESSIONS: covered_by(Action.BLOCK_SIGN_IN),
        Action.REVOKE_TOKENS: covered_by(Action.BLOCK_SIGN_IN),
        Action.RESET_CREDENTIALS: covered_by(Action.BLOCK_SIGN_IN),
        Action.REMOVE_FACTORS: covered_by(Action.BLOCK_SIGN_IN),
        Action.REVOKE_PRIVILEGES: covered_by(Action.BLOCK_SIGN_IN),
        Action.STOP_FORWARDING: not_applicable("SCIM knows no mailboxes"),
        Action.LOCK_DEVICES: not_applicable("SCIM knows no devices"),
        Action.TRANSFER_FILES: by_hand("docs/runbooks/scim-hand-over.md"),
        Action.DELEGATE_MAILBOX: not_applicable("SCIM knows no mailboxes"),
        Action.FORWARD_MAIL: not_applicable("SCIM knows no mailboxes"),
        Action.SET_AUTO_REPLY: not_applicable("SCIM knows no mailboxes"),
        Action.TRANSFER_OWNERSHIP: by_hand("docs/runbooks/scim-hand-over.md"),
        Action.CANCEL_MEETINGS: not_applicable("SCIM knows no calendars"),
        Action.REMOVE_ROLES: by_hand("docs/runbooks/scim-roles.md"),
        Action.RELEASE_LICENCES: not_applicable("a seat is held by being active"),
        Action.HIDE_FROM_DIRECTORY: not_applicable("SCIM knows no address list"),
        Action.RETIRE_DEVICES: not_applicable("SCIM knows no devices"),
        Action.WIPE_DEVICES: not_applicable("SCIM knows no devices"),
    }

    def __init__(
        self, system: str, api: Api, token_lifetime: timedelta, *, deactivation_deletes: bool
    ) -> None:
        super().__init__(system, token_lifetime)
        self._api = api
        self._deactivation_deletes = deactivation_deletes

    @classmethod
    def connect(
        cls,
        system: str,
        settings: ScimSettings,
        clock: Clock,  # noqa: ARG003 - RFC 7644 needs no clock
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> Self:
        api = Api(
            settings.base_url,
            auth=_auth(settings),
            mode=settings.mode,
            headers={"Accept": f"{JSON_TYPE}, application/json", "Content-Type": JSON_TYPE},
            transport=transport,
            permission="read and write /Users and /Groups over SCIM",
            fix=f"put a valid credential under systems.{system} (token, or user and password)",
        )
        return cls(
            system,
            api,
            settings.token_lifetime,
            deactivation_deletes=settings.deactivation_deletes,
        )

    def facts(self) -> Mapping[Action, Facts]:
        block = self.actions[Action.BLOCK_SIGN_IN]
        undo = Undo.DESTRUCTIVE if self._deactivation_deletes else block.undo
        return {**self.actions, Action.BLOCK_SIGN_IN: replace(block, undo=undo)}

    async def check(self) -> Check:
        config = await self._api.send("GET", "/ServiceProviderConfig", codes=REFUSED)
        patches = (
            config.status == httpx.codes.OK and read_as(ProviderConfig, config.body).patch.supported
        )
        page = read_as(Page, (await self._api.get("/Users", startIndex=1, count=1)).body)
        way = "PATCH" if patches else "PUT, because PATCH is not announced"
        return Check(f"{page.total} users can be read; changes go by {way}")

    async def candidates(self, person: Person) -> tuple[Account, ...]:
        """Ask by every key at once. Where one filter is refused, everybody is listed instead."""
        found = await asyncio.gather(
            *(self._search(text) for text in _filters(person)),
            *(self._by_id(link) for link in person.links),
        )
        number = person.employee_number
        if any(users is None for users in found):
            everybody = [read_as(User, body) async for body in self._pages("/Users")]
            return tuple(self._account(user, number) for user in everybody)
        return tuple(self._account(user, number) for users in found if users for user in users)

    async def observe(self, account: Account, verb: Action | None = None) -> State:  # noqa: ARG002
        reply, groups = await asyncio.gather(
            self._api.get(_at("Users", account.id), gone_ok=True), self._groups(account.id)
        )
        if reply.gone:
            return State.gone()
        user = read_as(User, reply.body)
        if groups is None and user.groups:
            groups = [Group(id=g.value, displayName=g.display or "") for g in user.groups]
        held = None if groups is None else tuple(Held(g.id, g.name, "group") for g in groups)
        return State(enabled=user.active, grants=held)

    async def accounts(self) -> AsyncIterator[Account]:
        async for body in self._pages("/Users"):
            yield self._account(read_as(User, body))

    @action("write /Users", calls="PATCH /Users/{id}, or PUT where PATCH is refused")
    async def block_sign_in(self, account: Account) -> Outcome:
        reply = await self._api.get(_at("Users", account.id), gone_ok=True)
        if reply.gone:
            return Outcome.ABSENT
        user = read_as(User, reply.body)
        if user.active is False:
            return Outcome.ALREADY
        await self._set_active(user, reply.body, active=False)
        return Outcome.CHANGED

    @gives_back(Action.BLOCK_SIGN_IN)
    async def let_sign_in(self, account: Account, _: State, __: tuple[Held, ...]) -> None:
        reply = await self._api.get(_at("Users", account.id))
        await self._set_active(read_as(User, reply.body), reply.body, active=True)

    @action("write /Groups", calls="PATCH /Groups/{id}")
    async def revoke_grants(self, account: Account) -> Outcome:
        groups = await self._groups(account.id)
        if groups is None:
            raise Unrecognised("the memberships of an account cannot be read at /Groups")
        for group in groups:
            await self._leave(group.id, account.id)
        return Outcome.CHANGED if groups else Outcome.ALREADY

    @gives_back(Action.REVOKE_GRANTS)
    async def join_groups(self, account: Account, _: State, things: tuple[Held, ...]) -> None:
        for group in things:
            add = {"op": "add", "path": "members", "value": [{"value": account.id}]}
            body = {"schemas": [PATCH_OP], "Operations": [add]}
            await self._api.patch(_at("Groups", group.id), body)

    @action("write /Users", calls="DELETE /Users/{id}", undo=Undo.DESTRUCTIVE)
    async def delete_account(self, account: Account) -> Outcome:
        reply = await self._api.delete(_at("Users", account.id), gone_ok=True)
        return Outcome.ABSENT if reply.gone else Outcome.CHANGED

    async def close(self) -> None:
        await self._api.close()

    async def _set_active(self, user: User, body: dict[str, Any], *, active: bool) -> None:
        """PATCH with a path, PATCH without one, PUT of the whole resource: the first that works."""
        path = _at("Users", user.id)
        headers = {"If-Match": user.meta.version} if user.meta.version else None
        value = str(active) if isinstance(body.get("active"), str) else active
        operations: tuple[dict[str, object], ...] = (
            {"op": "replace", "path": "active", "value": value},
            {"op": "replace", "value": {"active": value}},
        )
        for operation in operations:
            patch = {"schemas": [PATCH_OP], "Operations": [operation]}
            reply = await self._api.send(
                "PATCH", path, body=patch, headers=headers, codes=frozenset({400, 405, 501})
            )
            if reply.status < httpx.codes.BAD_REQUEST:
                return
            if reply.status != httpx.codes.BAD_REQUEST:
                break
        # What PUT leaves out is erased, so everything goes back but what only the server writes.
        whole = {k: v for k, v in body.items() if k not in ("meta", "groups")} | {"active": value}
        await self._api.send("PUT", path, body=whole, headers=headers)

    async def _leave(self, group: str, user: str) -> None:
        by_path: dict[str, object] = {"op": "remove", "path": f"members[value eq {_quoted(user)}]"}
        by_value = {"op": "remove", "path": "members", "value": [{"value": user}]}
        codes = frozenset({400, 404})
        for operation in (by_path, by_value):
            patch = {"schemas": [PATCH_OP], "Operations": [operation]}
            path = _at("Groups", group)
            reply = await self._api.send("PATCH", path, body=patch, codes=codes)
            if reply.status != httpx.codes.BAD_REQUEST:
                return
        raise Unrecognised("PATCH /Groups: neither way of removing a member is understood")

    async def _groups(self, user: str) -> list[Group] | None:
        """By a filter, because `User.groups` is often empty. None: the server cannot say."""
        first = await self._first("/Groups", f"members.value eq {_quoted(user)}")
        if first is None:
            return None
        pages = self._pages("/Groups", f"members.value eq {_quoted(user)}", first)
        return [read_as(Group, body) async for body in pages]

    async def _search(self, text: str) -> list[User] | None:
        first = await self._first("/Users", text)
        if first is None:
            return None
        return [read_as(User, body) async for body in self._pages("/Users", text, first)]

    async def _by_id(self, link: str) -> list[User]:
        reply = await self._api.send("GET", _at("Users", link), codes=frozenset({400, 404}))
        return [] if reply.status != httpx.codes.OK else [read_as(User, reply.body)]

    async def _first(self, path: str, text: str) -> Page | None:
        """The first page; None if the server refuses the question."""
        params: dict[str, str | int] = {"filter": text, "startIndex": 1, "count": PAGE}
        reply = await self._api.send("GET", path, params=params, codes=REFUSED)
        return read_as(Page, reply.body) if reply.status == httpx.codes.OK else None

    async def _pages(
        self, path: str, text: str = "", first: Page | None = None
    ) -> AsyncIterator[dict[str, Any]]:
        """Every resource. `startIndex` counts from 1, and a server may give less than `count`."""
        asked: dict[str, str | int] = {"filter": text} if text else {}
        start, seen, page = 1, "", first or await self._page(path, asked, 1)
        while page.resources:
            top = str(page.resources[0].get("id"))
            if top == seen:
                raise Unrecognised(f"GET {path}: the server gives the same page again and again")
            for resource in page.resources:
                yield resource
            start, seen = start + len(page.resources), top
            if start > page.total:
                return
            page = await self._page(path, asked, start)
        if start <= page.total:
            raise Unrecognised(f"GET {path}: {page.total} were announced, fewer came")

    async def _page(self, path: str, asked: dict[str, str | int], start: int) -> Page:
        params = {**asked, "startIndex": start, "count": PAGE}
        return read_as(Page, (await self._api.send("GET", path, params=params)).body)

    def _account(self, user: User, wanted: str | None = None) -> Account:
        """`externalId` counts as an employee number only if it is the one that is looked for:

        elsewhere it may hold anything, and must not look like somebody else's number.
        """
        outside = user.external_id if user.external_id == wanted else None
        number = user.enterprise.employee_number or outside
        addresses = tuple(email.value for email in user.emails if email.value)
        return Account(
            self.system, user.id, user.login, addresses, number or None, enabled=user.active
        )


def _auth(settings: ScimSettings) -> httpx.Auth:
    if settings.token:
        return Bearer(settings.token)
    password = settings.password.get_secret_value() if settings.password else ""
    return httpx.BasicAuth(settings.user or "", password)


def _filters(person: Person) -> list[str]:
    number, found = person.employee_number, []
    if number:
        found += [f"{ENTERPRISE}:employeeNumber eq {_quoted(number)}"]
        found += [f"externalId eq {_quoted(number)}"]
    for address in person.addresses:
        found += [f"userName eq {_quoted(address)}", f"emails.value eq {_quoted(address)}"]
    return found + [f"userName eq {_quoted(link)}" for link in person.links]


def _quoted(value: str) -> str:
    """RFC 7644 section 3.4.2.2: values are JSON strings."""
    return json.dumps(value, ensure_ascii=False)


def _at(resource: str, identifier: str) -> str:
    return f"/{resource}/{quote(identifier, safe='')}"
