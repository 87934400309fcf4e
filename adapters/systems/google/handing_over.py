"""Hand over files, the calendar and groups, to somebody who is named, enabled and was found."""

from typing import Any

from adapters.actions import Action, Outcome, Undo
from adapters.contract import Brief, action, gives_back
from adapters.errors import NeedsHuman, TryAgain
from adapters.nouns import GIVEN_TO, Account, Held, State
from adapters.postconditions import removable
from adapters.systems.google.door import member_at
from adapters.systems.google.looking import TRANSFERS
from adapters.systems.google.privileges import Privileges
from adapters.systems.google.scopes import GROUPS, MEMBERS, TRANSFER, USERS
from adapters.systems.google.shapes import CALENDAR, DRIVE
from adapters.systems.google.signing import acting

RUNBOOK = "docs/runbooks/google-hand-over.md"
LOOK_AGAIN_SECONDS = 60
# Google's default moves only what is shared; a leaver's private files are the company's too.
PARAMETERS: dict[str, dict[str, Any]] = {
    DRIVE: {"key": "PRIVACY_LEVEL", "value": ["PRIVATE", "SHARED"]},
    CALENDAR: {"key": "RELEASE_RESOURCES", "value": ["TRUE"]},
}


class HandingOver(Privileges):
    @action(
        USERS,
        TRANSFER,
        calls="POST /admin/datatransfer/v1/transfers of Drive (PRIVATE and SHARED)",
        undo=Undo.DESTRUCTIVE,
    )
    async def transfer_files(self, account: Account, brief: Brief) -> Outcome:
        """All that the user owns in My Drive becomes the successor's. Google takes its time.

        There is no way back: a transfer the other way would take the successor's own files along.
        """
        seen = await self.observe(account, Action.TRANSFER_FILES)
        if not seen.exists:
            return Outcome.ABSENT
        for drive in removable(seen.files or ()):
            await self._transfer(account, drive, brief)
        return Outcome.CHANGED if seen.files else Outcome.ALREADY

    async def _transfer(self, account: Account, what: Held, brief: Brief) -> None:
        """Once. A transfer is not idempotent, so what was asked for already is waited for."""
        status = what.details["status"]
        if status == "failed":
            raise NeedsHuman(f"Google's transfer of the {what.name} has failed", RUNBOOK)
        if status:
            raise TryAgain(f"Google is still transferring the {what.name}", LOOK_AGAIN_SECONDS)
        share = {"applicationId": what.id, "applicationTransferParams": [PARAMETERS[what.id]]}
        body = {
            "oldOwnerUserId": account.id,
            "newOwnerUserId": successor_in(brief, f"the {what.name}").id,
            "applicationDataTransfers": [share],
        }
        with acting(TRANSFER):
            await self._doors.admin.post(TRANSFERS, body)

    @action(
        USERS,
        TRANSFER,
        GROUPS,
        MEMBERS,
        calls="POST /groups/{id}/members OWNER, then PATCH …/members/{user} MEMBER; "
        "POST /admin/datatransfer/v1/transfers of Calendar",
    )
    async def transfer_ownership(self, account: Account, brief: Brief) -> Outcome:
        """Groups get their new owner before the old one goes; then the calendar's meetings.

        Google moves future meetings that have a guest or a room and are not private.
        """
        seen = await self.observe(account, Action.TRANSFER_OWNERSHIP)
        if not seen.exists:
            return Outcome.ABSENT
        mine = removable(seen.owns or ())
        for held in (one for one in mine if one.kind == "group"):
            if not held.details["owners"] or brief.successor:
                await self._set_role(held.id, successor_in(brief, "a group").id, "OWNER")
            await self._set_role(held.id, account.id, "MEMBER")
        for held in (one for one in mine if one.kind == "calendar"):
            await self._transfer(account, held, brief)
        return Outcome.CHANGED if mine else Outcome.ALREADY

    async def _set_role(self, group: str, user: str, role: str) -> None:
        with acting(MEMBERS):
            there = await self._doors.admin.get(member_at(group, user), gone_ok=True)
            if not there.gone:
                await self._doors.admin.patch(member_at(group, user), {"role": role})
            elif role == "OWNER":
                await self._doors.admin.post(member_at(group), {"id": user, "role": role})

    @gives_back(Action.TRANSFER_OWNERSHIP)
    async def own_again(self, account: Account, _: State, things: tuple[Held, ...]) -> None:
        """Own it, then take back what the successor was given; nobody else is touched."""
        for held in things:
            await self._set_role(held.id, account.id, "OWNER")
            successor = held.details.get(GIVEN_TO)
            if not successor or successor in held.details["owners"]:
                continue
            if successor in held.details["members"]:
                await self._set_role(held.id, successor, "MEMBER")
            elif not held.details["owners"]:
                with acting(MEMBERS):
                    await self._doors.admin.delete(member_at(held.id, successor), gone_ok=True)


def successor_in(brief: Brief, what: str) -> Account:
    if brief.successor is None:
        raise NeedsHuman(
            f"nobody was found to take over {what}: name a `successor` in the policy", RUNBOOK
        )
    return brief.successor
