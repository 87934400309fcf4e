"""From what Graph's lists say to the facts of a State. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from adapters.nouns import NEXT, PASSES_ON, Held
from adapters.reading import Answer
from adapters.systems.entra.lists import OPTIONAL
from adapters.systems.entra.powers import (
    AppRole,
    Package,
    PimMembership,
    RoleAssignment,
    RoleDefinition,
    Schedule,
)
from adapters.systems.entra.shapes import Group, Observed
from adapters.systems.entra.things import Device, Managed, Number, Rule

M = TypeVar("M", bound=Answer)
MEMBER = "member"
"""`accessId` of a membership by PIM; the other one is "owner"."""


@dataclass
class Lists:
    """What was read. A name that is missing was not asked for or could not be read."""

    found: dict[str, list[Answer]] = field(default_factory=dict)
    denied: dict[str, str] = field(default_factory=dict)
    """Lists that may not be read, with the permission that would let us."""
    none_said: set[str] = field(default_factory=set)
    """Lists of which the service itself says that there is none."""

    def unread(self, *names: str) -> list[Held]:
        """What may be there and cannot be seen is left, and is said to be."""
        return [
            Held(name, OPTIONAL[name], OPTIONAL[name], f"cannot be read: grant {self.denied[name]}")
            for name in names
            if name in self.denied
        ]

    def read(self, name: str, model: type[M]) -> list[M] | None:
        entries = self.found.get(name)
        return None if entries is None else [one for one in entries if isinstance(one, model)]


@dataclass
class Owned:
    """A thing that the user owns, and who else does."""

    kind: str
    id: str
    name: str
    group: Group | None
    owners: tuple[str, ...]


def grants(lists: Lists, *, app_roles: bool) -> tuple[Held, ...] | None:
    """Groups, application roles and access packages. `app_roles`: whether we may take these.

    None if any of them could not be read: a part is not the whole state before.
    """
    groups, roles = lists.read("groups", Group), lists.read("app_roles", AppRole)
    packages = lists.read("packages", Package)
    if groups is None or roles is None or packages is None:
        return None
    held = [group.held for group in groups] + [role.held(may=app_roles) for role in roles]
    held += lists.unread("app_roles", "packages")
    return (*held, *(one.held for one in packages if one.held))


def every(things: Iterable[Any] | None) -> tuple[Held, ...] | None:
    """What counts of a list, each thing once; None if it could not be read."""
    if things is None:
        return None
    held = [one.held for one in things if one.held is not None]
    return tuple({one.key: one for one in held}.values())


def roles(lists: Lists, owned: list[Owned] | None) -> tuple[Held, ...] | None:
    """Everything by which the user administers, or could make itself an administrator."""
    direct = lists.read("roles", RoleAssignment)
    eligible, scheduled = lists.read("eligible", Schedule), lists.read("scheduled", Schedule)
    groups = lists.read("groups", Group)
    enter, entered = (lists.read(f"pim_{n}", PimMembership) for n in ("eligible", "active"))
    read = (direct, eligible, scheduled, groups, enter, entered, owned)
    if any(one is None for one in read):
        return None
    named = {one.id: one.name or one.id for one in lists.read("definitions", RoleDefinition) or ()}
    by_pim = {one.place for one in scheduled or ()}
    held = [one.held("eligible role", named) for one in eligible or ()]
    held += [one.held("role by schedule", named) for one in scheduled or ()]
    held += [one.held for one in direct or () if one.place not in by_pim]
    held += [one.held("eligible membership") for one in enter or ()]
    held += [one.held("membership by schedule") for one in entered or ()]
    # A membership by schedule is a direct one, too. Ownership by schedule says nothing of it.
    by_pim = {one.group for one in entered or () if one.access == MEMBER}
    held += [
        Held(group.id, group.name or group.id, "role-assignable group")
        for group in groups or ()
        if group.assigns_roles and group.id not in by_pim
    ]
    return (*held, *(_administers(one) for one in owned or () if _is_power(one)))


def _is_power(one: Owned) -> bool:
    return one.group is None or bool(one.group.assigns_roles)


def _administers(one: Owned) -> Held:
    """Whoever owns an application can make credentials for it."""
    return Held(one.id, one.name, f"owned {one.kind}", None, {"owners": list(one.owners)})


def residue(owned: list[Owned] | None) -> tuple[Held, ...] | None:
    """Ownership goes; what the owner learnt of an application's credentials does not."""
    if owned is None:
        return None
    return tuple(
        Held(
            one.id,
            one.name,
            f"credentials of an owned {one.kind}",
            "the person may know its secrets, and they work without the person",
            {NEXT: "Renew the client secrets and certificates of this application."},
        )
        for one in owned
        if one.group is None
    )


def owns(owned: list[Owned] | None, *, applications: bool) -> tuple[Held, ...] | None:
    """What goes to a successor. `applications`: whether we may change who owns those."""
    if owned is None:
        return None
    groups = tuple(
        Held(
            one.id,
            one.name,
            "team" if one.group.is_team else "group",
            "mastered on premises: change it there" if one.group.synced else None,
            {"owners": list(one.owners)},
        )
        for one in owned
        if one.group and not one.group.assigns_roles
    )
    return (*groups, *(_application(one, may=applications) for one in owned if one.group is None))


def _application(one: Owned, *, may: bool) -> Held:
    """Its ownership may go with the privileges, long before it is handed over."""
    obstacle = None if may else "needs the profile `privileged` (Application.ReadWrite.All)"
    owners = list(one.owners)
    return Held(one.id, one.name, one.kind, obstacle, {"owners": owners, PASSES_ON: owners})


def licences(user: Observed, lists: Lists) -> tuple[Held, ...] | None:
    """Direct and inherited ones, and the phone number that one of them carries."""
    if lists.read("numbers", Number) is None or lists.read("groups", Group) is None:
        return None
    groups = {one.id: one for one in lists.read("groups", Group) or ()}
    numbers = lists.read("numbers", Number) or []
    return (
        *lists.unread("numbers"),
        *(one.held for one in numbers if one.target == user.id),
        *(one.held(groups.get(one.by_group or "")) for one in user.licences),
    )


def lockable(
    devices: list[Device] | None, managed: list[Managed] | None, now: datetime
) -> tuple[Held, ...] | None:
    if devices is None or managed is None:
        return None
    own = [device.held for device in devices if device.held]
    return (*own, *(held for one in managed if (held := one.lockable(now))))


def unwiped(managed: list[Managed] | None) -> tuple[Held, ...] | None:
    if managed is None:
        return None
    return tuple(one.thing for one in managed if not one.is_wiped)


def forwards(rules: list[Rule] | None, inside: frozenset[str]) -> tuple[Held, ...] | None:
    if rules is None:
        return None
    return tuple(held for rule in rules if (held := rule.held(inside)))


def privileged(lists: Lists, owned: list[Owned] | None, entered: list[Group] | None) -> bool | None:
    """Microsoft: any role, direct, by a group or only eligible; member or owner of such a group.

    `entered` are the groups that PIM lets the user into, or might.
    """
    read = [lists.found.get(name) for name in ("roles", "eligible", "scheduled")]
    groups = lists.read("groups", Group)
    known: list[Any] = [one for each in read for one in each or ()]
    known += [group for group in (*(groups or ()), *(entered or ())) if group.assigns_roles]
    known += [one for one in owned or () if one.group and one.group.assigns_roles]
    if known:
        return True
    return None if None in (*read, groups, owned, entered) else False
