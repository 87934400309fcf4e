"""Clean up and retire: what is left once the account is contained and its work handed over."""

import httpx

from adapters.actions import Action, Outcome, Undo
from adapters.contract import action, gives_back
from adapters.errors import NeedsHuman, TryAgain, Unrecognised
from adapters.nouns import Account, Held, State
from adapters.postconditions import removable
from adapters.systems.google.door import licence_at, user_at
from adapters.systems.google.mail import COMPANY
from adapters.systems.google.mailbox import Mailbox
from adapters.systems.google.scopes import DEVICES, GROUPS, LICENCES, MEMBERS, TRANSFER, USERS
from adapters.systems.google.shapes import Transfer
from adapters.systems.google.signing import acting

LICENCE_RUNBOOK = "docs/runbooks/google-licences.md"
LOOK_AGAIN_SECONDS = 60


class CleaningUp(Mailbox):
    @action(USERS, GROUPS, MEMBERS, calls="DELETE /groups/{id}/members/{user}")
    async def revoke_grants(self, account: Account) -> Outcome:
        seen = await self.observe(account, Action.REVOKE_GRANTS)
        if not seen.exists:
            return Outcome.ABSENT
        done = await self._each(self._leave(account, one) for one in removable(seen.grants or ()))
        return Outcome.CHANGED if done else Outcome.ALREADY

    @gives_back(Action.REVOKE_GRANTS)
    async def join_again(self, account: Account, _: State, things: tuple[Held, ...]) -> None:
        for group in things:
            await self._join(account, group)

    @action(
        USERS,
        LICENCES,
        TRANSFER,
        calls="DELETE /apps/licensing/v1/product/{product}/sku/{sku}/user/{address}",
    )
    async def release_licences(self, account: Account) -> Outcome:
        """Never while Google is still moving what the user owns."""
        user = await self._user(account.id)
        if user is None:
            return Outcome.ABSENT
        seen = await self.observe(account, Action.RELEASE_LICENCES)
        held = removable(seen.licences or ())
        if held:
            await self._nothing_moves(account)
        await self._each(self._release(user.login, one) for one in held)
        return Outcome.CHANGED if held else Outcome.ALREADY

    async def _release(self, address: str, held: Held) -> None:
        codes = frozenset({httpx.codes.PRECONDITION_FAILED})
        with acting(LICENCES):
            reply = await self._doors.licensing.send(
                "DELETE", licence_at(held.id, address), gone_ok=True, codes=codes
            )
        if reply.status in codes:
            raise NeedsHuman("Google keeps a licence, as where it assigns them", LICENCE_RUNBOOK)

    @gives_back(Action.RELEASE_LICENCES)
    async def license_again(self, account: Account, _: State, things: tuple[Held, ...]) -> None:
        seen = await self.observe(account, Action.RELEASE_LICENCES)
        there = {one.key for one in seen.licences or ()}
        address = await self._address(account)
        for one in things:
            if one.key not in there:
                with acting(LICENCES):
                    await self._doors.licensing.post(licence_at(one.id), {"userId": address})

    async def _nothing_moves(self, account: Account) -> None:
        user = await self._user(account.id)
        transfers = await self._transfers(user) if user else []
        if any(_is_running(one) for one in transfers):
            raise TryAgain("Google is still transferring what the user owns", LOOK_AGAIN_SECONDS)

    @action(USERS, calls="PUT /users/{id} includeInGlobalAddressList=false")
    async def hide_from_directory(self, account: Account) -> Outcome:
        user = await self._user(account.id)
        if user is None:
            return Outcome.ABSENT
        if user.listed is False:
            return Outcome.ALREADY
        reply = await self._update(account, {"includeInGlobalAddressList": False})
        return Outcome.ABSENT if reply.gone else Outcome.CHANGED

    @gives_back(Action.HIDE_FROM_DIRECTORY)
    async def show_in_directory(self, account: Account, _: State, __: tuple[Held, ...]) -> None:
        await self._update(account, {"includeInGlobalAddressList": True})

    @action(
        USERS,
        DEVICES,
        calls="POST /v1/devices/{id}/deviceUsers/{id}:wipe",
        undo=Undo.RE_ENROL,
        visible=True,
    )
    async def retire_devices(self, account: Account) -> Outcome:
        """The work account and its data go from each device; what is the holder's own stays."""
        return await self._give_up(account, Action.RETIRE_DEVICES, whole=False)

    @action(
        USERS,
        DEVICES,
        calls="POST /v1/devices/{id}:wipe of company devices, …/deviceUsers/{id}:wipe of others",
        undo=Undo.DESTRUCTIVE,
        visible=True,
    )
    async def wipe_devices(self, account: Account) -> Outcome:
        """Everything on what the company owns; on the holder's own device the work account only."""
        return await self._give_up(account, Action.WIPE_DEVICES, whole=True)

    async def _give_up(self, account: Account, verb: Action, *, whole: bool) -> Outcome:
        seen = await self.observe(account, verb)
        if not seen.exists:
            return Outcome.ABSENT
        devices = (seen.unwiped if whole else seen.managed) or ()
        for one in devices:
            everything = whole and one.kind == COMPANY
            await self._tell(one.details["device"] if everything else one.id, "wipe")
        return Outcome.CHANGED if devices else Outcome.ALREADY

    @action(USERS, TRANSFER, calls="DELETE /users/{id}", undo=Undo.DESTRUCTIVE)
    async def delete_account(self, account: Account) -> Outcome:
        """Files that were not transferred are lost with it; Google keeps a user for 20 days."""
        user = await self._user(account.id)
        if user is None:
            return Outcome.ABSENT
        if user.enabled:
            raise Unrecognised("an account that is not blocked is not deleted")
        await self._nothing_moves(account)
        with acting(USERS):
            reply = await self._doors.admin.delete(user_at(account.id), gone_ok=True)
        return Outcome.ABSENT if reply.gone else Outcome.CHANGED

    @gives_back(Action.DELETE_ACCOUNT)
    async def undelete(self, account: Account, _: State, __: tuple[Held, ...]) -> None:
        """Within 20 days, and blocked: sign-in comes back when all else is in place."""
        user = await self._user(account.id)
        if user is None:
            with acting(USERS):
                path, body = user_at(account.id, "undelete"), self._settings.undelete_to
                reply = await self._doors.admin.post(path, {"orgUnitPath": body}, gone_ok=True)
            if reply.gone:
                raise Unrecognised("the account is not among the deleted ones any more")
            user = await self._user(account.id)
        if user is None:
            raise TryAgain("the account is not back yet", LOOK_AGAIN_SECONDS)
        await self.block_sign_in(account)


def _is_running(transfer: Transfer) -> bool:
    return any(transfer.status_of(share.application) == "running" for share in transfer.shares)
