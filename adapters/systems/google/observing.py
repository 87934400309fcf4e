"""Read an account: the user itself, then each part that hangs on it.

The user comes first and alone, so that a cut is read back whatever else is refused. A part that
cannot be read is None, but for what the asked verb changes: that raises.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from adapters.actions import Action
from adapters.errors import AdapterError
from adapters.nouns import NEXT, Account, Held, State
from adapters.reading import read_as
from adapters.systems.google import mail
from adapters.systems.google.door import (
    REFUSED,
    customer_at,
    licence_at,
    user_at,
)
from adapters.systems.google.looking import Looking
from adapters.systems.google.mail import Device, DeviceUser, Vacation
from adapters.systems.google.scopes import (
    LICENCES,
    ROLES,
    SECURITY,
)
from adapters.systems.google.shapes import (
    CALENDAR,
    DRIVE,
    AppPassword,
    Role,
    RoleAssignment,
    Token,
    User,
    to_hand_over,
)
from adapters.systems.google.signing import acting

Facts: TypeAlias = dict[str, Any]
BEFORE = frozenset(
    {
        Action.RESET_CREDENTIALS,
        Action.REVOKE_SESSIONS,
        Action.REVOKE_TOKENS,
        Action.REMOVE_FACTORS,
        Action.STOP_FORWARDING,
        Action.REVOKE_PRIVILEGES,
    }
)
"""Verbs that are said before the suspension, and must not hold it up."""
IN_THE_CLOUD = ("auth/cloud-platform", "auth/script.projects", "auth/script.deployments")


class Observing(Looking):
    async def observe(self, account: Account, verb: Action | None = None) -> State:
        if verb not in BEFORE:
            return await self._observe(account, verb)
        async with self._haste.before_suspension(account.id, lambda: self._is_open(account)):
            return await self._observe(account, verb)

    async def _observe(self, account: Account, verb: Action | None) -> State:
        user = await self._user(account.id)
        if user is None:
            return State.gone()
        parts = PARTS if verb is None else tuple(p for p in PARTS if p in FEEDS.get(verb, ()))
        found = await asyncio.gather(
            *(_known(verb, getattr(self, f"_{part}")(user)) for part in parts)
        )
        facts: Facts = {}
        for one in found:
            facts |= one
        return State(
            enabled=user.enabled,
            # No session from before this reading is let in as long as the user is suspended. When
            # sessions of one who is not were ended, Google does not tell.
            sessions_valid_from=None if user.enabled else self._clock.now(),
            listed=user.listed,
            privileged=user.super_admin or user.delegated_admin,
            notes=user.notes,
            **facts,
        )

    async def _groups(self, user: User) -> Facts:
        return {"grants": tuple(one.held for one in await self._memberships(user))}

    async def _owned(self, user: User) -> Facts:
        mine, transfers = await asyncio.gather(self._memberships(user), self._transfers(user))
        calendar = to_hand_over(CALENDAR, "calendar", user, transfers)
        owned = (one.owned for one in mine)
        return {"owns": (*calendar, *(held for held in owned if held))}

    async def _drive(self, user: User) -> Facts:
        return {"files": to_hand_over(DRIVE, "drive", user, await self._transfers(user))}

    async def _roles(self, user: User) -> Facts:
        here = customer_at(self._settings.customer, "roleassignments")
        with acting(ROLES):
            roles = await self._all(Role, customer_at(self._settings.customer, "roles"), "items")
            given = await self._all(
                RoleAssignment,
                here,
                "items",
                userKey=user.id,
                includeIndirectRoleAssignments="true",
            )
        names = {one.id: one.name or one.id for one in roles}
        # The super administrator's is not taken as an assignment: makeAdmin is the way.
        supers = {one.id for one in roles if one.is_super}
        held = [one.held(names) for one in given if one.role not in supers]
        if user.super_admin:
            held.insert(0, Held("super", "Super Admin", "super administrator"))
        return {"roles": tuple({one.key: one for one in held}.values())}

    async def _licences(self, user: User) -> Facts:
        """Google lists no licences of one user, so each that is configured is asked for."""

        async def one(pair: str) -> Held | None:
            with acting(LICENCES):
                reply = await self._doors.licensing.get(licence_at(pair, user.login), gone_ok=True)
            if reply.gone:
                return None
            return Held(pair, str(reply.body.get("skuName") or pair), "licence")

        found = await asyncio.gather(*map(one, self._settings.licences))
        return {"licences": tuple(held for held in found if held)}

    async def _tokens(self, user: User) -> Facts:
        with acting(SECURITY):
            tokens, passwords = await asyncio.gather(
                self._all(Token, user_at(user.id, "tokens"), "items"),
                self._all(AppPassword, user_at(user.id, "asps"), "items"),
            )
        held = (*(one.held for one in tokens), *(one.held for one in passwords))
        facts: Facts = {"tokens": held}
        if any(place in scope for t in tokens for scope in t.scopes for place in IN_THE_CLOUD):
            facts["residue"] = (_cloud(),)
        return facts

    async def _factors(self, user: User) -> Facts:
        """Backup codes. Security keys and the rest of 2-Step Verification have no list."""
        with acting(SECURITY):
            path = user_at(user.id, "verificationCodes")
            reply = await self._doors.admin.send("GET", path, codes=REFUSED)
        there = reply.status in REFUSED or bool(reply.body and reply.body.get("items"))
        held = []
        if there:
            later = None if user.enabled else "Google refuses this on a suspended user"
            held.append(Held("codes", "backup codes", "backup codes", later))
        if user.two_steps:
            why = "stays: it keeps whoever has the password out, and comes off with the account"
            held.append(Held("2sv", "2-Step Verification", "2-Step Verification", why))
        return {"factors": tuple(held)}

    async def _rules(self, user: User) -> Facts:
        if not user.has_mailbox:
            return {"forwards": ()}
        forwarding, filters = await asyncio.gather(self._forwarding(user), self._filters(user))
        return {"forwards": mail.leading_outside(forwarding, filters, self._inside(user))}

    def _inside(self, user: User) -> frozenset[str]:
        own = {mail.domain_of(name) for name in user.addresses}
        return frozenset(own | {domain.casefold() for domain in self._settings.internal_domains})

    async def _mailbox(self, user: User) -> Facts:
        if not user.has_mailbox:
            return {}
        forwarding, delegates, vacation = await asyncio.gather(
            self._forwarding(user), self._delegates(user), self._setting(user, "vacation")
        )
        reply = read_as(Vacation, {**vacation, "whole": vacation})
        return {
            "mailbox": mail.mailbox(delegates, forwarding),
            "copied": mail.copied(forwarding, self._inside(user)),
            "auto_reply": reply.held(self._settings.auto_reply),
        }

    async def _devices(self, user: User) -> Facts:
        users, books = await asyncio.gather(self._device_users(user), self._chromebooks(user))
        return {"devices": mail.lockable(users, books), **_managed_of(users)}

    async def _managed(self, user: User) -> Facts:
        return _managed_of(await self._device_users(user))


def _managed_of(users: list[tuple[DeviceUser, Device]]) -> Facts:
    return {"managed": mail.managed(users), "unwiped": mail.unwiped(users)}


PARTS = (
    "groups",
    "owned",
    "drive",
    "roles",
    "licences",
    "tokens",
    "factors",
    "rules",
    "mailbox",
    "devices",
    "managed",
)
FEEDS: dict[Action, tuple[str, ...]] = {
    Action.REVOKE_TOKENS: ("tokens",),
    Action.REMOVE_FACTORS: ("factors",),
    Action.STOP_FORWARDING: ("rules",),
    Action.REVOKE_PRIVILEGES: ("roles",),
    Action.REMOVE_ROLES: ("roles",),
    Action.LOCK_DEVICES: ("devices",),
    Action.TRANSFER_FILES: ("drive",),
    Action.TRANSFER_OWNERSHIP: ("owned",),
    Action.DELEGATE_MAILBOX: ("mailbox",),
    Action.SET_AUTO_REPLY: ("mailbox",),
    Action.FORWARD_MAIL: ("mailbox",),
    Action.REVOKE_GRANTS: ("groups",),
    Action.RELEASE_LICENCES: ("licences",),
    Action.RETIRE_DEVICES: ("managed",),
    Action.WIPE_DEVICES: ("managed",),
}
"""Which parts must be read to see what a verb has done; the user itself always is."""
Part: TypeAlias = Callable[[User], Awaitable[Facts]]


async def _known(verb: Action | None, reading: Awaitable[Facts]) -> Facts:
    """Nothing for what cannot be read, if nobody asked for just that: a cut waits for no list."""
    try:
        return await reading
    except AdapterError:
        if verb is not None:
            raise
        return {}


def _cloud() -> Held:
    return Held(
        "cloud",
        "Google Cloud and Apps Script",
        "projects",
        "an application could act on projects in the person's name, and none of them is seen here",
        {
            NEXT: "In Google Cloud, look at what the person made: keys of service accounts, roles "
            "in projects and Apps Script triggers live on; renew the keys and pass projects on."
        },
    )
