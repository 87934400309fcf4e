"""Contain: suspend, sign out, and take what could let somebody back in.

Suspended, not deactivated: deactivating takes every application away and may destroy what is in
them, and Okta cannot bring that back (okta-management-openapi-spec, deactivateUser).
"""

import httpx

from adapters.actions import Action, Outcome, Undo
from adapters.contract import action, gives_back
from adapters.errors import NeedsHuman, TargetDenied, TryAgain, Unrecognised
from adapters.http import Reply
from adapters.nouns import Account, Held, State
from adapters.postconditions import removable
from adapters.reading import read_as
from adapters.systems.okta.base import LARGEST_PAGE, MANAGE_USERS
from adapters.systems.okta.door import INVALID, WRONG_STATUS, code_of, granted, part, user_at
from adapters.systems.okta.observing import API_TOKENS, Observing
from adapters.systems.okta.shapes import (
    DIRECTORIES,
    ELSEWHERE,
    SETS_A_PASSWORD,
    Role,
    Status,
    User,
)

MASTERED = "docs/runbooks/mastered-elsewhere.md"
NOT_ACTIVE = "docs/runbooks/okta-not-active.md"
PRIVILEGED = "docs/runbooks/okta.md"
SUPER_ADMIN = "SUPER_ADMIN"
REFUSED = frozenset({httpx.codes.BAD_REQUEST, httpx.codes.FORBIDDEN})
LOOK_AGAIN_SECONDS = 60


class Containing(Observing):
    @action(
        MANAGE_USERS,
        calls="POST /users/{id}/lifecycle/suspend; before it, where the status is not ACTIVE, a "
        "random password",
    )
    async def block_sign_in(self, account: Account) -> Outcome:
        """Okta suspends who is ACTIVE only. A user in between gets a password that nobody learns,

        because that may make it ACTIVE; if not, a person decides whether to deactivate.
        """
        user = await self._read(account.id)
        if user is None:
            return Outcome.ABSENT
        if user.enabled is False:
            return Outcome.ALREADY
        await self._not_the_last_super_admin(account)
        if user.status in SETS_A_PASSWORD and user.provider not in ELSEWHERE:
            await self._tell(account, "", self._new_password(), codes=REFUSED)
            user = await self._read(account.id)
        if user is not None and user.status != Status.ACTIVE:
            raise NeedsHuman(
                f"Okta suspends active users only, and this one is {user.status}: deactivating "
                "it is for a person to decide",
                NOT_ACTIVE,
            )
        reply = await self._tell(account, "/lifecycle/suspend", codes=REFUSED)
        return await self._suspended(account, reply)

    async def _suspended(self, account: Account, reply: Reply) -> Outcome:
        if reply.gone:
            return Outcome.ABSENT
        if reply.status not in REFUSED:
            return Outcome.CHANGED
        now = await self._read(account.id)
        if now is None:
            return Outcome.ABSENT
        if now.enabled is False:  # somebody else was faster
            return Outcome.ALREADY
        raise _refused("suspending", reply, now)

    @gives_back(Action.BLOCK_SIGN_IN)
    async def let_sign_in(self, account: Account, _: State, __: tuple[Held, ...]) -> None:
        user = await self._read(account.id)
        if user is None or user.enabled:
            return
        if user.status != Status.SUSPENDED:
            raise NeedsHuman(f"it is {user.status} by now: activate it by hand", NOT_ACTIVE)
        await self._tell(account, "/lifecycle/unsuspend")

    @action(
        MANAGE_USERS,
        calls="DELETE /users/{id}/sessions?oauthTokens=true&forgetDevices=true",
        undo=Undo.RE_ENROL,
    )
    async def revoke_sessions(self, account: Account) -> Outcome:
        """With the tokens that Okta gave out. Sessions of web and native apps go on (Okta)."""
        with granted(MANAGE_USERS):
            reply = await self._api.send(
                "DELETE",
                f"{user_at(account.id)}/sessions",
                params={"oauthTokens": "true", "forgetDevices": "true"},
                gone_ok=True,
                codes=frozenset({httpx.codes.FORBIDDEN}),
            )
            if reply.gone:
                return Outcome.ABSENT
            if reply.status != httpx.codes.FORBIDDEN:
                return Outcome.CHANGED
            user = await self._read(account.id)
            if code_of(reply.body) == WRONG_STATUS and user and user.enabled is False:
                return Outcome.ALREADY  # a suspension clears sessions (Okta, role permissions)
            raise TargetDenied(f"the sessions: 403 {code_of(reply.body) or ''}".strip())

    @action(
        MANAGE_USERS,
        API_TOKENS,
        calls="DELETE /api-tokens/{id}; DELETE /users/{id}/clients/{client}/tokens; "
        "DELETE /users/{id}/grants",
        undo=Undo.RE_ENROL,
    )
    async def revoke_tokens(self, account: Account) -> Outcome:
        """API tokens first: Okta ends them at deactivation; of a suspension it does not say so."""
        seen = await self.observe(account, Action.REVOKE_TOKENS)
        if not seen.exists:
            return Outcome.ABSENT
        held = removable(seen.tokens or ())
        for one in sorted(held, key=lambda one: one.kind != "API token"):
            if one.kind == "API token":
                await self._remove(API_TOKENS, f"/api/v1/api-tokens/{part(one.id)}")
            elif one.kind == "client":
                path = f"{user_at(account.id)}/clients/{part(one.id)}/tokens"
                await self._remove(MANAGE_USERS, path)
        if any(one.kind != "API token" for one in held):
            await self._remove(MANAGE_USERS, f"{user_at(account.id)}/grants")
        return Outcome.CHANGED if held else Outcome.ALREADY

    @action(
        "okta.roles.manage",
        calls="DELETE /users/{id}/roles/{assignment} of roles that are not given by a group",
    )
    async def revoke_privileges(self, account: Account) -> Outcome:
        seen = await self.observe(account, Action.REVOKE_PRIVILEGES)
        if not seen.exists:
            return Outcome.ABSENT
        held = removable(seen.roles or ())
        for one in sorted(held, key=_is_super):
            if _is_super(one):  # last, so that the others are gone if this one has to stay
                await self._not_the_last_super_admin(account)
            path = f"{user_at(account.id)}/roles/{part(one.id)}"
            await self._remove("okta.roles.manage", path)
        return Outcome.CHANGED if held else Outcome.ALREADY

    @gives_back(Action.REVOKE_PRIVILEGES)
    async def make_administrator(
        self, account: Account, _: State, things: tuple[Held, ...]
    ) -> None:
        """Each because somebody named it; what stands there already is left alone."""
        seen = await self.observe(account, Action.REVOKE_PRIVILEGES)
        there = {one.key for one in seen.roles or ()}
        for one in things:
            if one.key in there:
                continue
            body = {"type": one.details["type"]}
            if one.details["type"] == "CUSTOM":
                body |= {"role": one.details["role"], "resource-set": one.details["resources"]}
            with granted("okta.roles.manage"):
                await self._api.post(f"{user_at(account.id)}/roles", body)

    async def _not_the_last_super_admin(self, account: Account) -> None:
        """Okta names no refusal of this, so we refuse. Where roles may not be read, nobody can

        tell, and a cut does not wait for that.
        """
        try:
            mine = await self._super_admin(account.id)
        except TargetDenied:
            return
        if not mine:
            return
        with granted("okta.roles.read"):
            pages = self._api.pages("/api/v1/iam/assignees/users", limit=LARGEST_PAGE // 2)
            async for entry in pages:
                other = str(entry.get("id"))
                if other != account.id and await self._stands_in(other):
                    return
        raise NeedsHuman(
            "this is the last super administrator who can sign in: make another one first",
            PRIVILEGED,
        )

    async def _stands_in(self, other: str) -> bool:
        if not await self._super_admin(other):
            return False
        user = await self._read(other)
        return user is not None and user.status == Status.ACTIVE

    async def _super_admin(self, user: str) -> bool:
        with granted("okta.roles.read"):
            reply = await self._api.get(f"{user_at(user)}/roles", gone_ok=True)
        if reply.gone:
            return False
        if not isinstance(reply.body, list):
            raise Unrecognised("roles of a user: a list was asked for, and something else came")
        return any(read_as(Role, one).type == SUPER_ADMIN for one in reply.body)

    @action(
        MANAGE_USERS,
        calls="POST /users/{id} credentials.password, to a random one",
        undo=Undo.RE_ENROL,
    )
    async def reset_credentials(self, account: Account) -> Outcome:
        """Not by expire_password: that makes the user PASSWORD_EXPIRED, who cannot be suspended,

        and it expires the password in Active Directory as well (okta-management-openapi-spec).
        """
        user = await self._read(account.id)
        if user is None:
            return Outcome.ABSENT
        if user.deactivated:
            return Outcome.ALREADY  # Okta keeps no way in that a password would open
        if user.provider in ELSEWHERE:
            where = ELSEWHERE[user.provider or ""]
            twice = ", twice" if user.provider in DIRECTORIES else ""
            raise NeedsHuman(f"the password is kept by {where}: reset it there{twice}", MASTERED)
        reply = await self._tell(account, "", self._new_password(), codes=REFUSED)
        if reply.status in REFUSED:
            raise _refused("setting a password", reply, user)
        return Outcome.ABSENT if reply.gone else Outcome.CHANGED

    @action(
        MANAGE_USERS,
        calls="POST /users/{id}/lifecycle/reset_factors, or DELETE …/factors/{factor}",
        undo=Undo.RE_ENROL,
    )
    async def remove_factors(self, account: Account) -> Outcome:
        """Only behind a block that was read back: else whoever has the password signs up anew.

        All at once, with those that the list does not show; one by one where that is refused.
        """
        user = await self._read(account.id)
        if user is None:
            return Outcome.ABSENT
        if user.enabled is not False:
            raise TryAgain("factors stay until the block is to be seen", LOOK_AGAIN_SECONDS)
        held = removable(await self._factors(user))
        if not held:
            return Outcome.ALREADY
        reply = await self._tell(account, "/lifecycle/reset_factors", codes=REFUSED)
        if reply.status in REFUSED:
            if code_of(reply.body) not in (WRONG_STATUS, INVALID):
                raise _refused("removing factors", reply, user)
            for one in held:  # with the first of Okta Verify its others go too (Okta)
                await self._remove(MANAGE_USERS, f"{user_at(account.id)}/factors/{part(one.id)}")
        return Outcome.CHANGED


def _is_super(role: Held) -> bool:
    return bool(role.details["type"] == SUPER_ADMIN)


def _refused(what: str, reply: Reply, user: User) -> NeedsHuman | TargetDenied:
    """What the status forbids is for a person; all else is a matter of what we are granted."""
    code = code_of(reply.body) or "no code"
    if reply.status == httpx.codes.FORBIDDEN and code != WRONG_STATUS:
        return TargetDenied(
            f"{what}: 403 {code}",
            MANAGE_USERS,
            "an administrator is changed only by a super administrator (docs/runbooks/okta.md)",
        )
    return NeedsHuman(f"{what} is refused for a user who is {user.status} ({code})", NOT_ACTIVE)
