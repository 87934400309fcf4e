"""Clean up and retire: what is left once the account is contained and its work handed over."""

from collections.abc import Iterable

import httpx

from adapters.actions import Action, Outcome, Undo
from adapters.contract import action, gives_back
from adapters.errors import NeedsHuman, TargetDenied, TryAgain, Unrecognised
from adapters.nouns import SHARED, Account, Held, State
from adapters.postconditions import TAKES, removable
from adapters.systems.entra.door import granted, member_at, user_at
from adapters.systems.entra.handing_over import HandingOver
from adapters.systems.entra.lists import FEEDS
from adapters.systems.entra.observing import MAILBOX_RUNBOOK
from adapters.systems.entra.shapes import Observed
from adapters.systems.entra.things import Mailbox, Member

PACKAGES = "/identityGovernance/entitlementManagement/assignmentRequests"
UNASSIGN = "/admin/teams/telephoneNumberManagement/numberAssignments/unassignNumber"
MANAGED = "/deviceManagement/managedDevices"
NOBODYS = frozenset({SHARED, "room", "equipment"})
"""`userPurpose` of a mailbox that lives without a licence (Microsoft Graph, mailboxSettings)."""
WAITS_FOR = (None, "user")
"""What may become one of those in time. Of the others nobody knows what a licence is to them."""
LOOK_AGAIN_SECONDS = 60


class CleaningUp(HandingOver):
    @action(
        "Directory.Read.All",
        "GroupMember.ReadWrite.All",
        "TeamMember.ReadWrite.All",
        "EntitlementManagement.ReadWrite.All",
        calls="POST …/assignmentRequests adminRemove; DELETE …/appRoleAssignments/{id}; "
        "DELETE /teams/{id}/members/{membership}; DELETE /groups/{id}/members/{user}/$ref",
    )
    async def revoke_grants(self, account: Account) -> Outcome:
        """Packages first: what they gave would come back through them."""
        seen = await self.observe(account, Action.REVOKE_GRANTS)
        if not seen.exists:
            return Outcome.ABSENT
        if seen.grants is None:
            raise TargetDenied("the memberships cannot be read", "Directory.Read.All")
        held = removable(seen.grants)
        done = await self._each(self._leave(account, one) for one in _packages_first(held))
        return Outcome.CHANGED if done else Outcome.ALREADY

    async def _leave(self, account: Account, held: Held) -> None:
        if held.kind == "access package":
            await self._end_package(held)
        elif held.kind == "application role":
            with granted("AppRoleAssignment.ReadWrite.All"):
                await self._remove(f"{user_at(account.id)}/appRoleAssignments/{held.id}")
        else:
            if held.details.get("team"):
                await self._leave_team(account, held.id)
            with granted("GroupMember.ReadWrite.All"):
                await self._remove(member_at(held.id, account.id))

    async def _end_package(self, held: Held) -> None:
        """Removal takes its time, and to ask again meanwhile is refused with a 400.

        Its code (ExistingOpenRequest) is known from practice only, so a 400 is never the end: the
        list says whether the package is gone.
        """
        body = {"requestType": "adminRemove", "assignment": {"id": held.id}}
        with granted("EntitlementManagement.ReadWrite.All"):
            reply = await self._api.send(
                "POST", PACKAGES, body=body, codes=frozenset({httpx.codes.BAD_REQUEST})
            )
        if reply.status == httpx.codes.BAD_REQUEST:
            raise TryAgain("an access package is not removed yet", LOOK_AGAIN_SECONDS)

    async def _leave_team(self, account: Account, team: str) -> None:
        """Through Teams itself: a change of the group took it up to two days (Microsoft).

        Ids of members are opaque, so the membership is found by whose it is.
        """
        path = f"/teams/{team}/members"
        for one in await self._list("TeamMember.Read.All", path, Member):
            if one.user == account.id:
                with granted("TeamMember.ReadWrite.All"):
                    await self._remove(f"{path}/{one.id}")

    @gives_back(Action.REVOKE_GRANTS)
    async def join_again(self, account: Account, _: State, things: tuple[Held, ...]) -> None:
        seen = await self.observe(account, Action.REVOKE_GRANTS)
        there = {one.key for one in seen.grants or ()}
        await self._each(self._join(account, held) for held in things if held.key not in there)

    async def _join(self, account: Account, held: Held) -> None:
        if held.kind == "group":
            with granted("GroupMember.ReadWrite.All"):
                await self._link(f"/groups/{held.id}/members", account.id)
        elif held.kind == "application role":
            body = {
                "principalId": account.id,
                "resourceId": held.details["resource"],
                "appRoleId": held.details["role"],
            }
            with granted("AppRoleAssignment.ReadWrite.All"):
                await self._api.post(f"{user_at(account.id)}/appRoleAssignments", body)

    @action(
        "User.Read.All",
        "LicenseAssignment.ReadWrite.All",
        "GroupMember.ReadWrite.All",
        "MailboxSettings.Read",
        calls="POST …/unassignNumber; DELETE /groups/{id}/members/{user}/$ref of licence groups; "
        "POST /users/{id}/assignLicense removeLicenses",
    )
    async def release_licences(self, account: Account) -> Outcome:
        """Never before the mailbox is nobody's own: without a licence it is lost after 30 days.

        All direct ones go in one call, because service plans depend on each other across licences.
        Inherited ones are never in it: one of them fails the whole call (Microsoft). They go some
        time after the membership. `reprocessLicenseAssignment` would hurry them, but it takes
        User.ReadWrite.All (permissions.json), which is never worth it.
        """
        seen = await self.observe(account, Action.RELEASE_LICENCES)
        if not seen.exists:
            return Outcome.ABSENT
        held = removable(seen.licences or ())
        if not held:
            return Outcome.ALREADY
        await self._mailbox_is_safe(account)
        numbers = [one for one in held if one.kind == "phone number"]
        await self._each(self._unassign(number) for number in numbers)
        groups = _licence_groups(held)
        with granted("GroupMember.ReadWrite.All"):
            await self._each(self._remove(member_at(group, account.id)) for group in groups)
        await self._assign(account, remove=_direct(held))
        return Outcome.CHANGED

    async def _unassign(self, number: Held) -> None:
        body = {"telephoneNumber": number.id, "numberType": number.details["type"]}
        with granted("TeamsTelephoneNumber.ReadWrite.All"):
            await self._api.post(UNASSIGN, body)

    async def _mailbox_is_safe(self, account: Account) -> None:
        """What the mailbox really is, asked right before: a timer would only hope.

        Only that it is nobody's own, or that Exchange says there is none, is safe.
        """
        lists = await self._lists(
            account.id, FEEDS[Action.DELEGATE_MAILBOX], Action.DELEGATE_MAILBOX
        )
        if "mailbox" in lists.none_said:
            return
        [box] = lists.read("mailbox", Mailbox) or [Mailbox()]
        if box.purpose in WAITS_FOR:
            raise TryAgain(
                f"licences stay until the mailbox is {SHARED}: convert it, or remove it by hand"
            )
        if box.purpose not in NOBODYS:
            raise NeedsHuman(
                "whether the mailbox needs a licence is not known: it is neither a user's nor "
                f"{SHARED}",
                MAILBOX_RUNBOOK,
            )

    async def _assign(
        self, account: Account, *, add: Iterable[Held] = (), remove: Iterable[Held] = ()
    ) -> None:
        body = {
            "addLicenses": [
                {"skuId": one.id, "disabledPlans": one.details["disabled"]} for one in add
            ],
            "removeLicenses": [one.id for one in remove],
        }
        if not any(body.values()):
            return
        with granted("LicenseAssignment.ReadWrite.All"):
            await self._api.post(f"{user_at(account.id)}/assignLicense", body)

    @gives_back(Action.RELEASE_LICENCES)
    async def license_again(self, account: Account, _: State, things: tuple[Held, ...]) -> None:
        """Plans that were switched off stay off. Graph refuses if no licence is free."""
        groups = _licence_groups(things)
        with granted("GroupMember.ReadWrite.All"):
            await self._each(self._link(f"/groups/{g}/members", account.id) for g in groups)
        seen = await self.observe(account, Action.RELEASE_LICENCES)
        there = {one.key for one in seen.licences or ()}
        await self._assign(account, add=[one for one in _direct(things) if one.key not in there])

    @action(
        "DeviceManagementManagedDevices.PrivilegedOperations.All",
        calls="POST /deviceManagement/managedDevices/{id}/retire",
        undo=Undo.RE_ENROL,
        visible=True,
    )
    async def retire_devices(self, account: Account) -> Outcome:
        """Company data goes when the device next reports in; what is the holder's own stays."""
        return await self._tell_devices(account, Action.RETIRE_DEVICES, "retire", None)

    @action(
        "DeviceManagementManagedDevices.PrivilegedOperations.All",
        calls="POST /deviceManagement/managedDevices/{id}/wipe",
        undo=Undo.DESTRUCTIVE,
        visible=True,
    )
    async def wipe_devices(self, account: Account) -> Outcome:
        """Everything goes, the holder's own too."""
        keep = {"keepEnrollmentData": False, "keepUserData": False}
        return await self._tell_devices(account, Action.WIPE_DEVICES, "wipe", keep)

    async def _tell_devices(
        self, account: Account, verb: Action, what: str, body: dict[str, bool] | None
    ) -> Outcome:
        seen = await self.observe(account, verb)
        if not seen.exists:
            return Outcome.ABSENT
        devices: tuple[Held, ...] = getattr(seen, TAKES[verb]) or ()
        with granted("DeviceManagementManagedDevices.PrivilegedOperations.All"):
            done = await self._each(
                self._tell(f"{MANAGED}/{device.id}/{what}", body) for device in devices
            )
        return Outcome.CHANGED if done else Outcome.ALREADY

    async def _tell(self, path: str, body: object) -> None:
        await self._api.post(path, body, gone_ok=True)

    @action(
        "User.DeleteRestore.All",
        calls="DELETE /users/{id} (30 days to restore)",
        undo=Undo.DESTRUCTIVE,
    )
    async def delete_account(self, account: Account) -> Outcome:
        """Gone for 30 days, then for good. Where it is written elsewhere, it would come back."""
        user = await self._read(Observed, account.id)
        if user is None:
            return Outcome.ABSENT
        if user.enabled is not False:
            raise Unrecognised("an account that is not blocked is not deleted")
        with granted("User.DeleteRestore.All"):
            await self._api.send("DELETE", user_at(account.id), gone_ok=True, deletes_a_user=True)
        return Outcome.CHANGED

    @gives_back(Action.DELETE_ACCOUNT)
    async def undelete(self, account: Account, _: State, __: tuple[Held, ...]) -> None:
        """Within 30 days. It comes back as it was deleted: blocked."""
        with granted("User.DeleteRestore.All"):
            reply = await self._api.send(
                "POST",
                f"/directory/deletedItems/{account.id}/restore",
                codes=frozenset({httpx.codes.NOT_FOUND}),
            )
        if reply.status == httpx.codes.NOT_FOUND and await self._read(Observed, account.id) is None:
            raise Unrecognised("the account is not among the deleted ones any more")


def _packages_first(held: Iterable[Held]) -> list[Held]:
    return sorted(held, key=lambda one: one.kind != "access package")


def _direct(held: Iterable[Held]) -> list[Held]:
    return [one for one in held if one.kind == "licence" and not one.details["group"]]


def _licence_groups(held: Iterable[Held]) -> list[str]:
    groups = [one.details["group"] for one in held if one.kind == "licence"]
    return list(dict.fromkeys(group for group in groups if group))
