"""SCIM 2.0 (RFC 7643, RFC 7644), as servers really speak it.

What is known of their dialects, with its sources, is in docs/runbooks/scim-dialects.md; what is
known of single vendors is in vendors/, and for people in docs/scim-vendors.md.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Self

import httpx

from adapters.actions import Action, Outcome, Undo
from adapters.clock import Clock
from adapters.contract import (
    Adapter,
    Check,
    Facts,
    Gap,
    action,
    by_hand,
    covered_by,
    gives_back,
    not_applicable,
)
from adapters.errors import NeedsHuman, Unrecognised
from adapters.nouns import NEXT, Account, Held, Person, State
from adapters.reading import read_as
from adapters.systems.scim.door import REFUSED, ScimApi, at
from adapters.systems.scim.settings import ScimSettings
from adapters.systems.scim.shapes import Group, Page, ProviderConfig, User
from adapters.systems.scim.sign_in import auth
from adapters.systems.scim.vendors import Left, Vendor, Way

DELETED = "docs/runbooks/scim-deactivation-deletes.md"


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

    def __init__(self, system: str, api: ScimApi, settings: ScimSettings) -> None:
        super().__init__(system, settings.lifetime)
        self._api = api
        self._vendor = settings.profile
        self._deactivation_deletes = settings.deletes

    @classmethod
    def connect(
        cls,
        system: str,
        settings: ScimSettings,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> Self:
        vendor = settings.profile
        permission, fix = _advice(system, vendor)
        api = ScimApi(
            settings.base_url,
            vendor,
            clock,
            auth=auth(settings, clock, fix),
            mode=settings.mode,
            transport=transport,
            permission=permission,
            fix=fix,
        )
        return cls(system, api, settings)

    def facts(self) -> Mapping[Action, Facts]:
        block = self.actions[Action.BLOCK_SIGN_IN]
        undo = Undo.DESTRUCTIVE if self._deactivation_deletes else block.undo
        first, *others = dict.fromkeys(way.split()[0] for way in self._vendor.ways)
        calls = f"{first} /Users/{{id}}"
        calls += "".join(f", or {other} where {first} is refused" for other in others)
        said = {**self.actions, Action.BLOCK_SIGN_IN: replace(block, undo=undo, calls=calls)}
        return {verb: facts for verb, facts in said.items() if verb not in self._vendor.gaps}

    def lacks(self) -> Mapping[Action, Gap]:
        return {**self.gaps, **self._vendor.gaps}

    async def check(self) -> Check:
        config = await self._api.send("GET", "/ServiceProviderConfig", codes=REFUSED)
        patches = (
            config.status == httpx.codes.OK and read_as(ProviderConfig, config.body).patch.supported
        )
        page = read_as(Page, (await self._api.get("/Users", startIndex=1, count=1)).body)
        way = "PATCH" if patches else "PUT, because PATCH is not announced"
        if self._vendor.ways == (Way.DELETE,):
            way = "DELETE, which is this vendor's only known way"
        return Check(f"{page.total} users can be read; changes go by {way}")

    async def candidates(self, person: Person) -> tuple[Account, ...]:
        """Ask by every key at once. Where one filter is refused, everybody is listed instead."""
        number, texts = person.employee_number, self._api.questions(person)
        found = await asyncio.gather(
            *(self._api.search(text) for text in texts or ()),
            *(self._api.by_id(link) for link in person.links),
        )
        if texts is None or any(users is None for users in found):
            everybody = [read_as(User, body) async for body in self._api.pages("/Users")]
            return tuple(self._account(user, number) for user in everybody)
        return tuple(self._account(user, number) for users in found if users for user in users)

    async def observe(self, account: Account, verb: Action | None = None) -> State:  # noqa: ARG002
        reply, groups = await asyncio.gather(
            self._api.get(at("Users", account.id), gone_ok=True), self._api.groups(account.id)
        )
        if reply.gone:
            return State.gone()
        user = read_as(User, reply.body)
        groups = _or_as_shown(groups, user)
        held = None if groups is None else tuple(Held(g.id, g.name, "group") for g in groups)
        residue = tuple(_unseen(left) for left in self._vendor.left) or None
        return State(enabled=user.active, grants=held, residue=residue)

    async def accounts(self) -> AsyncIterator[Account]:
        async for body in self._api.pages("/Users"):
            yield self._account(read_as(User, body))

    @action("write /Users", calls="PATCH /Users/{id}, or PUT where PATCH is refused")
    async def block_sign_in(self, account: Account) -> Outcome:
        reply = await self._api.get(at("Users", account.id), gone_ok=True)
        if reply.gone:
            return Outcome.ABSENT
        user = read_as(User, reply.body)
        if user.active is False:
            return Outcome.ALREADY
        await self._api.set_active(user, reply.body, active=False)
        return Outcome.CHANGED

    @gives_back(Action.BLOCK_SIGN_IN)
    async def let_sign_in(self, account: Account, _: State, __: tuple[Held, ...]) -> None:
        if self._deactivation_deletes:
            raise NeedsHuman("deactivation deleted the account: it has to be made anew", DELETED)
        reply = await self._api.get(at("Users", account.id))
        await self._api.set_active(read_as(User, reply.body), reply.body, active=True)

    @action("write /Groups", calls="PATCH /Groups/{id}")
    async def revoke_grants(self, account: Account) -> Outcome:
        reply = await self._api.get(at("Users", account.id), gone_ok=True)
        if reply.gone:
            return Outcome.ABSENT
        groups = _or_as_shown(await self._api.groups(account.id), read_as(User, reply.body))
        if groups is None:
            raise Unrecognised("the memberships of an account cannot be read at /Groups")
        for group in groups:
            await self._api.leave(group.id, account.id)
        return Outcome.CHANGED if groups else Outcome.ALREADY

    @gives_back(Action.REVOKE_GRANTS)
    async def join_groups(self, account: Account, _: State, things: tuple[Held, ...]) -> None:
        for group in things:
            await self._api.join(group.id, account.id)

    @action("write /Users", calls="DELETE /Users/{id}", undo=Undo.DESTRUCTIVE)
    async def delete_account(self, account: Account) -> Outcome:
        reply = await self._api.delete(at("Users", account.id), gone_ok=True)
        return Outcome.ABSENT if reply.gone else Outcome.CHANGED

    async def close(self) -> None:
        await self._api.close()

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


def _or_as_shown(groups: list[Group] | None, user: User) -> list[Group] | None:
    """Where groups cannot be asked by their members, what the account shows of them."""
    if groups is not None or not user.groups:
        return groups
    return [Group(id=g.value, displayName=g.display or "") for g in user.groups]


def _unseen(left: Left) -> Held:
    obstacle = f"cannot be seen over SCIM: {left.why}"
    return Held(f"unseen:{left.kind}", left.name, left.kind, obstacle, {NEXT: left.next})


def _advice(system: str, vendor: Vendor) -> tuple[str, str]:
    """What to grant, and where to put it, for when the vendor refuses us."""
    permission = "read and write /Users and /Groups over SCIM"
    ways = "token, or user and password"
    if vendor.sign_in:
        ways += ", or client_id and client_secret"
    fix = f"put a valid credential under systems.{system} ({ways})"
    if vendor.plan:
        permission += f" ({vendor.name}: {vendor.plan.says})"
    if vendor.token:
        fix += f"; it comes from {vendor.token.says}"
    return permission, fix
