"""Read an account: the user itself, and what hangs on it, in as few calls as may be.

The user is read on its own, so that a cut is read back whatever else is throttled or refused. The
rest comes in batches of twenty; what cannot be read is None, but for what the asked verb changes.
"""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

import httpx

from adapters.actions import Action
from adapters.errors import AdapterError, TargetDenied, TryAgain, Unrecognised
from adapters.nouns import Account, Held, State
from adapters.reading import Answer, read_as
from adapters.statuses import retry_after
from adapters.systems.entra import state
from adapters.systems.entra.base import EntraBase
from adapters.systems.entra.door import GONE, code_of
from adapters.systems.entra.lists import FEEDS, LISTS, OPTIONAL, SINGLE, lists_of
from adapters.systems.entra.permissions import governs_administrators
from adapters.systems.entra.powers import Consent
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

M = TypeVar("M", bound=Answer)
T = TypeVar("T")
UNKNOWN_POWER = (
    "whether they administer anything cannot be read: grant RoleManagement.Read.Directory and "
    "RoleEligibilitySchedule.Read.Directory (docs/runbooks/entra-permissions.md)"
)
TOO_POWERFUL = (
    "an administrator, and our token names no role that may block one: without Privileged "
    "Authentication Administrator Graph refuses (docs/runbooks/entra-privileged.md)"
)
NO_MAILBOX = frozenset({"MailboxNotEnabledForRESTAPI", "MailboxNotFound"})
WRITES = frozenset({"write", "owner"})
GROUP_TYPE = "#microsoft.graph.group"
APPLICATIONS = {
    "#microsoft.graph.application": ("applications", "application"),
    "#microsoft.graph.servicePrincipal": ("servicePrincipals", "service principal"),
}
"""What else can be owned: where its links are, and how it is called."""


class Observing(EntraBase):
    async def observe(self, account: Account, verb: Action | None = None) -> State:
        user, lists = await asyncio.gather(
            self._read(Observed, account.id), self._lists(account.id, verb)
        )
        if user is None:
            return State.gone()
        owned = await _known(verb, self._owned(account.id, lists))
        devices = await _known(verb, self._devices(lists))
        files = await _known(verb, self._files(account.id, lists))
        managed = lists.read("managed", Managed)
        box = next(iter(lists.read("mailbox", Mailbox) or ()), None)
        own_apps = self._settings.profile is Profile.PRIVILEGED
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
            devices=state.lockable(devices, managed),
            managed=state.every(managed),
            forwards=state.forwards(lists.read("rules", Rule), user.domains),
            owns=state.owns(owned),
            meetings=state.every(lists.read("meetings", Meeting)),
            files=files,
            mailbox=box.held if box else None,
            auto_reply=box.reply(self._settings.auto_reply) if box else None,
            residue=state.residue(owned),
            privileged=state.privileged(lists, owned),
            notes=user.notes + await self._reach(verb, state.privileged(lists, owned)),
        )

    async def _reach(self, verb: Action | None, privileged: bool | None) -> tuple[str, ...]:
        """What our own power will not reach, told before anything is tried."""
        if verb is not None or privileged is False:
            return ()
        if privileged is None:
            return (UNKNOWN_POWER,)
        return () if governs_administrators(await self._token()) else (TOO_POWERFUL,)

    async def _lists(self, user: str, verb: Action | None) -> Lists:
        """Every list, or those that show what the verb has done: these must be readable."""
        paths = lists_of(user, self._clock.now())
        names = list(paths) if verb is None else list(FEEDS[verb])
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
            there = raise_inner(answer, permission)
        except TargetDenied:
            if name not in OPTIONAL:
                raise
            lists.denied[name] = permission
            return []
        if not there:
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
        about = [_one(Group, answer) for answer in told] + [None] * len(others)
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
        if not raise_inner(answer, "Directory.Read.All"):
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
        return [device for one in answers if (device := _one(Device, one))]

    async def _files(self, user: str, lists: Lists) -> tuple[Held, ...] | None:
        """The drive, as long as nobody but the user may write at its root."""
        drives = lists.read("drive", Drive)
        if not drives:
            return None if drives is None else ()
        drive = drives[0].id
        root = await self._api.send("GET", f"/drives/{drive}/root", params={"$select": "id"})
        item = read_as(Linked, root.body).id
        path = f"/drives/{drive}/items/{item}/permissions"
        found = [read_as(Permission, one) async for one in self._api.pages(path, {})]
        others = [one for one in found if one.holder not in (None, user)]
        if any(WRITES & set(one.roles) for one in others):
            return ()
        details = {"root": item, "permissions": [one.id for one in others]}
        return (Held(drive, "OneDrive", "drive", None, details),)


def raise_inner(answer: BatchAnswer, permission: str) -> bool:
    """Whether there is something to read; False: the service says that there is none.

    Raises what the same answer outside of a batch would have raised.
    """
    code = code_of(answer.body) or ""
    nothing = code in NO_MAILBOX or "PremiumLicense" in code
    missing = answer.status == httpx.codes.NOT_FOUND and code in GONE
    if nothing or missing:
        return False
    if answer.status < httpx.codes.BAD_REQUEST:
        return True
    what = f"GET in a batch: {answer.status} {code}"
    if answer.status == httpx.codes.FORBIDDEN:
        raise TargetDenied(what, permission, f"grant {permission}")
    if answer.status == httpx.codes.TOO_MANY_REQUESTS or answer.status >= 500:  # noqa: PLR2004
        raise TryAgain(what, retry_after(httpx.Headers(answer.headers)))
    raise Unrecognised(what)


async def _known(verb: Action | None, reading: Awaitable[T]) -> T | None:
    """None for what cannot be read, if nobody asked for just that: a cut waits for no list."""
    try:
        return await reading
    except AdapterError:
        if verb is not None:
            raise
        return None


def _one(model: type[M], answer: BatchAnswer) -> M | None:
    return read_as(model, answer.body) if raise_inner(answer, "Directory.Read.All") else None
