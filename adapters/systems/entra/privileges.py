"""Contain, for administrators: what lets somebody govern the tenant, or become who does.

Eligibility goes first: whoever may activate a role is an administrator again in a minute.
"""

from typing import Any

import httpx

from adapters.actions import Action, Outcome
from adapters.contract import action, gives_back
from adapters.errors import TryAgain, Unrecognised
from adapters.nouns import GIVEN_TO, Account, Held, State
from adapters.postconditions import removable
from adapters.systems.entra.base import IN_TURN
from adapters.systems.entra.containing import Containing
from adapters.systems.entra.door import granted, member_at, owner_at

ROLES = "/roleManagement/directory"
PIM = "/identityGovernance/privilegedAccess/group"
WHY = "leaves the company"
PERMISSION = "RoleManagement.ReadWrite.Directory"
ORDER = (
    "eligible role",
    "eligible membership",
    "activated role",
    "role by schedule",
    "membership by schedule",
    "role",
    "role-assignable group",
    "owned application",
    "owned service principal",
    "owned group",
)
REQUESTS = {
    "eligible role": f"{ROLES}/roleEligibilityScheduleRequests",
    "activated role": f"{ROLES}/roleAssignmentScheduleRequests",
    "role by schedule": f"{ROLES}/roleAssignmentScheduleRequests",
    "eligible membership": f"{PIM}/eligibilityScheduleRequests",
    "membership by schedule": f"{PIM}/assignmentScheduleRequests",
}
"""What PIM gives is not deleted but asked to end; its answer is not to be trusted, the list is."""
OWNED = {
    "owned application": "applications",
    "owned service principal": "servicePrincipals",
    "owned group": "groups",
}
ANSWERED = frozenset({httpx.codes.BAD_REQUEST, httpx.codes.NOT_FOUND})


class Privileges(Containing):
    @action(
        "RoleManagement.ReadWrite.Directory",
        "RoleEligibilitySchedule.ReadWrite.Directory",
        "RoleAssignmentSchedule.ReadWrite.Directory",
        "PrivilegedEligibilitySchedule.Remove.AzureADGroup",
        "PrivilegedAssignmentSchedule.Remove.AzureADGroup",
        "GroupMember.ReadWrite.All",
        "Group.ReadWrite.All",
        "Application.ReadWrite.All",
        calls="POST …ScheduleRequests adminRemove (PIM, eligible first); DELETE …/roleAssignments/"
        "{id}; DELETE …/members|owners/{id}/$ref of role-assignable groups and applications",
    )
    async def revoke_privileges(self, account: Account) -> Outcome:
        seen = await self.observe(account, Action.REVOKE_PRIVILEGES)
        if not seen.exists:
            return Outcome.ABSENT
        if seen.roles is None:
            raise Unrecognised("not everything that makes an administrator can be read")
        held = sorted(removable(seen.roles), key=lambda one: ORDER.index(one.kind))
        with granted(PERMISSION):
            done = await self._each((self._strip(account, one) for one in held), at_once=IN_TURN)
        return Outcome.CHANGED if done else Outcome.ALREADY

    async def _strip(self, account: Account, held: Held) -> None:
        if held.kind in REQUESTS:
            # PIM was seen to answer "does not exist" although it had done it: what the lists say
            # on reading back decides (field notes; M365DSC and others).
            await self._ask_pim(held, account, "adminRemove")
        elif held.kind == "role":
            await self._remove(f"{ROLES}/roleAssignments/{held.id}")
        elif held.kind == "role-assignable group":
            await self._remove(member_at(held.id, account.id))
        else:
            await self._disown(held, account)

    async def _disown(self, held: Held, account: Account) -> None:
        """The last owner of a group cannot go (Microsoft); of an application it can."""
        reply = await self._api.send(
            "DELETE",
            owner_at(OWNED[held.kind], held.id, account.id),
            gone_ok=True,
            codes=frozenset({httpx.codes.BAD_REQUEST}),
        )
        if reply.status == httpx.codes.BAD_REQUEST:
            raise Unrecognised("the last owner of a role-assignable group: add another one first")

    async def _ask_pim(self, held: Held, account: Account, what: str) -> None:
        body: dict[str, Any] = {
            "action": what,
            "principalId": account.id,
            "justification": WHY if what == "adminRemove" else "given back",
        }
        details = held.details
        if "group" in details:
            body |= {"groupId": details["group"], "accessId": details["access"]}
        else:
            body |= {"roleDefinitionId": details["role"], "directoryScopeId": details["scope"]}
        if what == "adminAssign":
            body["scheduleInfo"] = _schedule(details)
        reply = await self._api.send("POST", REQUESTS[held.kind], body=body, codes=ANSWERED)
        if reply.status in ANSWERED and what == "adminAssign":
            raise TryAgain("PIM does not take the assignment yet", 300)

    @gives_back(Action.REVOKE_PRIVILEGES)
    async def make_administrator(
        self, account: Account, _: State, things: tuple[Held, ...]
    ) -> None:
        """Each because somebody named it; what stands there already is left alone."""
        seen = await self.observe(account, Action.REVOKE_PRIVILEGES)
        there = {one.key for one in seen.roles or ()}
        missing = (held for held in things if held.key not in there)
        with granted(PERMISSION):
            await self._each((self._reinstate(account, held) for held in missing), at_once=IN_TURN)

    async def _reinstate(self, account: Account, held: Held) -> None:
        if held.kind in REQUESTS:
            await self._ask_pim(held, account, "adminAssign")
        elif held.kind == "role":
            body = {
                "principalId": account.id,
                "roleDefinitionId": held.details["role"],
                "directoryScopeId": held.details["scope"],
            }
            await self._api.post(f"{ROLES}/roleAssignments", body)
        elif held.kind == "role-assignable group":
            await self._link(f"/groups/{held.id}/members", account.id)
        else:
            await self._own_again(OWNED[held.kind], held, account)

    async def _own_again(self, place: str, held: Held, account: Account) -> None:
        """Own it, then take back what the successor was given; nobody else is touched."""
        await self._link(f"/{place}/{held.id}/owners", account.id)
        await self._out_again(place, held)

    async def _out_again(self, place: str, held: Held) -> None:
        successor = held.details.get(GIVEN_TO)
        if successor and successor not in held.details["owners"]:
            await self._remove(owner_at(place, held.id, successor))

    async def _link(self, path: str, user: str) -> None:
        """Add a reference. A 400 says that it stands already, or cannot: reading back decides."""
        target = f"{self._api.base_url}/directoryObjects/{user}"
        await self._api.send(
            "POST",
            f"{path}/$ref",
            body={"@odata.id": target},
            codes=frozenset({httpx.codes.BAD_REQUEST}),
        )


def _schedule(details: dict[str, Any]) -> dict[str, Any]:
    """As it stood; the start of a membership is not told, so it starts now."""
    if info := details.get("info"):
        return {key: info[key] for key in ("startDateTime", "expiration") if info.get(key)}
    ends = details.get("ends")
    if ends:
        return {"expiration": {"type": "afterDateTime", "endDateTime": ends}}
    return {"expiration": {"type": "noExpiration"}}
