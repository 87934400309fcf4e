"""Read an account: the user itself, and what hangs on it, in as few calls as may be.

The user is read on its own, so that a cut is read back whatever else is throttled or refused. The
rest comes in batches of twenty; what cannot be read is None, but for what the asked verb changes.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import TypeVar

from adapters.actions import Action
from adapters.errors import AdapterError, NeedsHuman, TargetDenied
from adapters.nouns import HOLDERS, Account, Held, State
from adapters.reading import Answer, read_as
from adapters.systems.entra import state
from adapters.systems.entra.answers import NONE_SAID, only, something_in
from adapters.systems.entra.base import EntraBase
from adapters.systems.entra.lists import (
    FEEDS,
    IN_THE_MAILBOX,
    LISTS,
    OF_ROLES,
    OF_THE_MAILBOX,
    OPTIONAL,
    SINGLE,
    lists_of,
)
from adapters.systems.entra.permissions import governs_administrators
from adapters.systems.entra.powers import Consent, PimMembership
from adapters.systems.entra.settings import Profile
from adapters.systems.entra.shapes import BatchAnswer, Group, Observed, chosen
from adapters.systems.entra.state import Lists, Owned
from adapters.systems.entra.things import (
    Device,
    Drive,
    Linked,
    Mailbox,
    Managed,
    Meeting,
    Method,
    Permission,
    Rule,
)

T = TypeVar("T")
UNKNOWN_POWER = (
    "whether they administer anything cannot be read: grant RoleManagement.Read.Directory, "
    "RoleEligibilitySchedule.Read.Directory, RoleAssignmentSchedule.Read.Directory and, for PIM of "
    "groups, …EligibilitySchedule and …AssignmentSchedule.Read.AzureADGroup "
    "(docs/runbooks/entra-permissions.md)"
)
TOO_POWERFUL = (
    "an administrator, and our token names no role that may block one: without Privileged "
    "Authentication Administrator Graph refuses (docs/runbooks/entra-privileged.md)"
)
ON_PREMISES = (
    "mastered on premises and no mailbox in the cloud: if there is one on premises, its rules, "
    "replies and meetings are seen only there"
)
MAILBOX_RUNBOOK = "docs/runbooks/entra-mailbox.md"
WRITES = frozenset({"write", "owner"})
GROUP_TYPE = "#microsoft.graph.group"
APPLICATIONS = {
    "#microsoft.graph.application": ("applications", "application"),
    "#microsoft.graph.servicePrincipal": ("servicePrincipals", "service principal"),
}
"""What else can be owned: where its links are, and how it is called."""


class Observing(EntraBase):
    async def observe(self, account: Account, verb: Action | None = None) -> State:
        return await self._state(account, list(LISTS) if verb is None else FEEDS[verb], verb)

    async def glance(self, account: Account) -> State:
        """The user, and what makes an administrator. Meetings and files can wait for the block."""
        return await self._state(account, OF_ROLES, None)

    async def _state(self, account: Account, names: Sequence[str], verb: Action | None) -> State:
        user, lists = await asyncio.gather(
            self._read(Observed, account.id), _or_why(self._lists(account.id, names, verb))
        )
        if user is None:
            return State.gone()
        if isinstance(lists, AdapterError):
            raise lists
        elsewhere = _mailbox_elsewhere(user, lists, verb)
        owned = await _known(verb, self._owned(account.id, lists))
        devices = await _known(verb, self._devices(lists))
        files = await _known(verb, self._files(account.id, lists))
        managed = lists.read("managed", Managed)
        box = next(iter(lists.read("mailbox", Mailbox) or ()), None)
        own_apps = self._settings.profile is Profile.PRIVILEGED
        privileged = state.privileged(lists, owned, await _known(verb, self._entered(lists)))
        return State(
            enabled=user.enabled,
            sessions_valid_from=user.sessions_valid_from,
            password_changed_at=user.password_changed_at,
            listed=user.listed,
            mastered_elsewhere=bool(user.synced),
            grants=state.grants(lists, app_roles=own_apps),
            roles=state.roles(lists, owned),
            licences=state.licences(user, lists),
            factors=state.every(lists.read("methods", Method)),
            tokens=state.every(lists.read("consents", Consent)),
            devices=state.lockable(devices, managed, self._clock.now()),
            managed=state.every(managed),
            unwiped=state.unwiped(managed),
            forwards=state.forwards(lists.read("rules", Rule), user.domains),
            owns=state.owns(owned, applications=own_apps),
            meetings=state.every(lists.read("meetings", Meeting)),
            files=files,
            mailbox=box.held if box else None,
            auto_reply=box.reply(self._settings.auto_reply) if box else None,
            residue=state.residue(owned),
            privileged=privileged,
            notes=user.notes + elsewhere + await self._reach(verb, privileged),
        )

    async def _reach(self, verb: Action | None, privileged: bool | None) -> tuple[str, ...]:
        """What our own power will not reach, told before anything is tried."""
        if verb is not None or privileged is False:
            return ()
        if privileged is None:
            return (UNKNOWN_POWER,)
        return () if governs_administrators(await self._token()) else (TOO_POWERFUL,)

    async def _lists(self, user: str, names: Sequence[str], verb: Action | None) -> Lists:
        """Those that show what the verb has done must be readable."""
        paths = lists_of(user, self._clock.now())
        lists = Lists()
        answers = await _known(verb, self._api.batch([paths[name] for name in names]))
        for name, answer in zip(names, answers or (), strict=answers is not None):
            entries = await _known(verb, self._entries(name, answer, lists))
            if entries is not None:
                lists.found[name] = entries
        return lists

    async def _entries(self, name: str, answer: BatchAnswer, lists: Lists) -> list[Answer]:
        permission, model = LISTS[name]
        try:
            there = something_in(answer, permission, NONE_SAID.get(name, frozenset()))
        except TargetDenied:
            if name not in OPTIONAL:
                raise
            lists.denied[name] = permission
            return []
        if not there:
            lists.none_said.add(name)
            return []
        if name in SINGLE:
            return [read_as(model, answer.body)]
        return [read_as(model, entry) async for entry in self._api.rest_of(answer.body)]

    async def _owned(self, user: str, lists: Lists) -> list[Owned] | None:
        """What is owned, with its other owners: a successor that is added can be told apart."""
        things = lists.read("owned", Linked)
        if things is None:
            return None
        groups = [one for one in things if one.type == GROUP_TYPE]
        others = [one for one in things if one.type in APPLICATIONS]
        paths = [f"/groups/{one.id}?$select={chosen(Group)}" for one in groups]
        paths += [f"/groups/{one.id}/owners?$select=id" for one in groups]
        paths += [f"/{APPLICATIONS[one.type][0]}/{one.id}/owners?$select=id" for one in others]
        answers = await self._api.batch(paths)
        told, owners = answers[: len(groups)], answers[len(groups) :]
        about = [only(Group, answer) for answer in told] + [None] * len(others)
        return [
            Owned(
                APPLICATIONS.get(one.type, ("groups", "group"))[1],
                one.id,
                one.name or one.id,
                group,
                await self._ids(answer, user),
            )
            for one, group, answer in zip([*groups, *others], about, owners, strict=True)
        ]

    async def _ids(self, answer: BatchAnswer, but: str) -> tuple[str, ...]:
        if not something_in(answer, "Directory.Read.All"):
            return ()
        found = [read_as(Linked, one).id async for one in self._api.rest_of(answer.body)]
        return tuple(one for one in found if one != but)

    async def _devices(self, lists: Lists) -> list[Device] | None:
        owned = lists.read("devices", Linked)
        if owned is None:
            return None
        answers = await self._api.batch(
            [f"/devices/{one.id}?$select={chosen(Device)}" for one in owned]
        )
        return [device for one in answers if (device := only(Device, one))]

    async def _entered(self, lists: Lists) -> list[Group] | None:
        """The groups behind memberships and ownerships by PIM: whether they give roles."""
        rows = [lists.read(name, PimMembership) for name in ("pim_eligible", "pim_active")]
        if any(one is None for one in rows):
            return None
        ids = dict.fromkeys(one.group for many in rows for one in many or ())
        paths = [f"/groups/{one}?$select={chosen(Group)}" for one in ids]
        return [g for one in await self._api.batch(paths) if (g := only(Group, one))]

    async def _files(self, user: str, lists: Lists) -> tuple[Held, ...] | None:
        """The drive, and who besides the user may write at its root."""
        drives = lists.read("drive", Drive)
        if not drives:
            return None if drives is None else ()
        drive = drives[0].id
        root = await self._api.send("GET", f"/drives/{drive}/root", params={"$select": "id"})
        item = read_as(Linked, root.body).id
        path = f"/drives/{drive}/items/{item}/permissions"
        found = [read_as(Permission, one) async for one in self._api.pages(path, {})]
        others = [one for one in found if one.holder not in (None, user)]
        holders = sorted({str(one.holder) for one in others if WRITES & set(one.roles)})
        details = {
            # Open to others, it is not what was there before: so it comes to be given back.
            "again": f"{drive}:{','.join(holders)}",
            "root": item,
            "permissions": [one.id for one in others],
            HOLDERS: holders,
        }
        return (Held(drive, "OneDrive", "drive", None, details),)


def _mailbox_elsewhere(user: Observed, lists: Lists, verb: Action | None) -> tuple[str, ...]:
    """Graph says the same of no mailbox and of one on premises: "none" is not believed there.

    What was read as none is then not known. Raises NeedsHuman if a verb asked for just that.
    """
    said = lists.none_said & OF_THE_MAILBOX if user.synced else frozenset()
    if not said:
        return ()
    if verb in IN_THE_MAILBOX:
        raise NeedsHuman(ON_PREMISES, MAILBOX_RUNBOOK)
    for name in said:
        del lists.found[name]
    return (f"{ON_PREMISES} ({MAILBOX_RUNBOOK})",) if verb is None else ()


async def _or_why(reading: Awaitable[T]) -> T | AdapterError:
    """A user who is gone has no lists, whatever is answered to that."""
    try:
        return await reading
    except AdapterError as why:
        return why


async def _known(verb: Action | None, reading: Awaitable[T]) -> T | None:
    """None for what cannot be read, if nobody asked for just that: a cut waits for no list."""
    try:
        return await reading
    except AdapterError:
        if verb is not None:
            raise
        return None
