"""Contain, for administrators: the right of a super one, roles, and groups that give roles."""

from adapters.actions import Action, Outcome
from adapters.contract import action, gives_back
from adapters.nouns import Account, Held, State
from adapters.postconditions import removable
from adapters.systems.google.base import accepted
from adapters.systems.google.containing import Containing
from adapters.systems.google.door import REFUSED, customer_at, member_at, user_at
from adapters.systems.google.scopes import MEMBERS, ROLES, USERS
from adapters.systems.google.signing import acting

SUPER = "super administrator"


class Privileges(Containing):
    @action(
        USERS,
        ROLES,
        MEMBERS,
        calls="POST /users/{id}/makeAdmin status=false; DELETE …/roleassignments/{id}; "
        "DELETE /groups/{id}/members/{user} of groups that give a role",
    )
    async def revoke_privileges(self, account: Account) -> Outcome:
        """Only a super administrator can take these; Google keeps the last one there is."""
        async with self._haste.before_suspension(account.id, lambda: self._is_open(account)):
            seen = await self._observe(account, Action.REVOKE_PRIVILEGES)
            if not seen.exists:
                return Outcome.ABSENT
            held = removable(seen.roles or ())
            await self._each(self._strip(account, one) for one in held)
        return Outcome.CHANGED if held else Outcome.ALREADY

    async def _strip(self, account: Account, held: Held) -> None:
        if held.kind == SUPER:
            await self._make_admin(account, status=False)
        elif held.kind == "role":
            with acting(ROLES):
                path = customer_at(self._settings.customer, "roleassignments", held.id)
                reply = await self._doors.admin.send("DELETE", path, gone_ok=True, codes=REFUSED)
            accepted(reply, "a role")
        else:
            await self._leave(account, held)

    async def _make_admin(self, account: Account, *, status: bool) -> None:
        with acting(USERS):
            path = user_at(account.id, "makeAdmin")
            reply = await self._doors.admin.send(
                "POST", path, body={"status": status}, gone_ok=True, codes=REFUSED
            )
        accepted(reply, "the right of a super administrator")

    async def _leave(self, account: Account, held: Held) -> None:
        with acting(MEMBERS):
            path = member_at(held.id, account.id)
            reply = await self._doors.admin.send("DELETE", path, gone_ok=True, codes=REFUSED)
            if reply.status in REFUSED:
                # Google answers 400 to one who is no member, and refuses in a dynamic group.
                there = await self._doors.admin.get(path, gone_ok=True)
                if not there.gone:
                    accepted(reply, "a group, such as a dynamic one, whose query decides")

    async def _join(self, account: Account, held: Held) -> None:
        body = {"id": account.id, "role": held.details.get("role", "MEMBER")}
        if held.details.get("delivery"):
            body["delivery_settings"] = held.details["delivery"]
        with acting(MEMBERS):
            there = await self._doors.admin.get(member_at(held.id, account.id), gone_ok=True)
            if there.gone:
                await self._doors.admin.post(member_at(held.id), body)

    @gives_back(Action.REVOKE_PRIVILEGES)
    async def make_administrator(
        self, account: Account, _: State, things: tuple[Held, ...]
    ) -> None:
        """Each because somebody named it; what stands there already is left alone."""
        seen = await self._observe(account, Action.REVOKE_PRIVILEGES)
        there = {one.key for one in seen.roles or ()}
        for held in things:
            if held.key in there:
                continue
            if held.kind == SUPER:
                await self._make_admin(account, status=True)
            elif held.kind == "role":
                with acting(ROLES):
                    path = customer_at(self._settings.customer, "roleassignments")
                    body = {**held.details["body"], "assignedTo": account.id}
                    await self._doors.admin.post(path, body)
            else:
                await self._join(account, held)
