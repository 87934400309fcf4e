"""Clean up and retire: groups and applications, and in the end the account itself."""

import httpx

from adapters.actions import Action, Outcome, Undo
from adapters.contract import action, gives_back
from adapters.errors import TryAgain, Unrecognised
from adapters.nouns import Account, Held, State
from adapters.postconditions import removable
from adapters.systems.okta.base import MANAGE_USERS
from adapters.systems.okta.containing import LOOK_AGAIN_SECONDS, Containing
from adapters.systems.okta.door import granted, part, user_at

GROUPS = "okta.groups.manage"
APPS = "okta.apps.manage"


class CleaningUp(Containing):
    @action(
        GROUPS,
        APPS,
        calls="DELETE /apps/{app}/users/{id}; DELETE /groups/{group}/users/{id}",
    )
    async def revoke_grants(self, account: Account) -> Outcome:
        """Direct assignments, then groups. What deactivates the account in an application is left,

        unless `deprovision` is set: then Okta's own word for it is "destructive".
        """
        seen = await self.observe(account, Action.REVOKE_GRANTS)
        if not seen.exists:
            return Outcome.ABSENT
        held = removable(seen.grants or ())
        for one in sorted(held, key=lambda one: one.kind):
            if one.kind == "application":
                await self._remove(APPS, f"/api/v1/apps/{part(one.id)}/users/{part(account.id)}")
            else:
                await self._remove(
                    GROUPS, f"/api/v1/groups/{part(one.id)}/users/{part(account.id)}"
                )
        await self._stays_out(account, held)
        return Outcome.CHANGED if held else Outcome.ALREADY

    async def _stays_out(self, account: Account, left: tuple[Held, ...]) -> None:
        """A group rule may put back whom somebody takes out: the rule has to change then."""
        were = {one.id for one in left if one.kind == "group"}
        if were and any(group.id in were for group in await self._groups(account.id)):
            raise TryAgain(
                "a group that was left has the account again: a group rule puts it there "
                "(docs/runbooks/okta-groups.md)",
                LOOK_AGAIN_SECONDS,
            )

    @gives_back(Action.REVOKE_GRANTS)
    async def join_again(self, account: Account, _: State, things: tuple[Held, ...]) -> None:
        """Groups first: what they assign need not be assigned again."""
        for one in sorted(things, key=lambda one: one.kind, reverse=True):
            if one.kind == "group":
                with granted(GROUPS):
                    path = f"/api/v1/groups/{part(one.id)}/users/{part(account.id)}"
                    await self._api.send("PUT", path)
        there = {one.id for one in await self._applications(account.id) if one.direct}
        for one in things:
            if one.kind == "application" and one.id not in there:
                await self._assign(account, one)

    async def _assign(self, account: Account, held: Held) -> None:
        """With the profile that it had. Okta refuses attributes that a mapping fills: then without

        them, and the mapping fills them again.
        """
        path = f"/api/v1/apps/{part(held.id)}/users"
        bare = {"id": account.id, "scope": "USER"}
        full = bare | {"profile": held.details["profile"]}
        if held.details.get("user_name"):
            full |= {"credentials": {"userName": held.details["user_name"]}}
        codes = frozenset({httpx.codes.BAD_REQUEST})
        with granted(APPS):
            reply = await self._api.send("POST", path, body=full, codes=codes)
            if reply.status == httpx.codes.BAD_REQUEST:
                await self._api.post(path, bare)

    @action(
        MANAGE_USERS,
        calls="POST /users/{id}/lifecycle/deactivate, then DELETE /users/{id}",
        undo=Undo.DESTRUCTIVE,
    )
    async def delete_account(self, account: Account) -> Outcome:
        """Deactivating takes the account out of every application, and deactivates it there.

        The first DELETE on an active user would only do that, so it is done by its own name.
        """
        user = await self._read(account.id)
        if user is None:
            return Outcome.ABSENT
        if user.enabled is not False:
            raise Unrecognised("an account that is not blocked is not deleted")
        if not user.deactivated:
            await self._tell(account, "/lifecycle/deactivate", sendEmail="false")
            user = await self._read(account.id)
            if user is not None and not user.deactivated:
                raise TryAgain("Okta is still deactivating the account", LOOK_AGAIN_SECONDS)
        await self._remove(MANAGE_USERS, user_at(account.id), sendEmail="false")
        return Outcome.CHANGED
