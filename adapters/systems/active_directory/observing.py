"""Read an account: itself always, its groups and its place as far as they can be read."""

import asyncio
from collections.abc import Sequence

from adapters.actions import Action
from adapters.errors import Unrecognised
from adapters.ldap.filters import IN_CHAIN, equals, every, matches
from adapters.nouns import NEXT, Account, Held, State
from adapters.systems.active_directory.base import DirectoryBase, known
from adapters.systems.active_directory.shapes import (
    GROUP,
    KEYS,
    Fields,
    Group,
    User,
    group_of,
    parent_of,
)

GROUPS = frozenset({Action.REVOKE_GRANTS, Action.REVOKE_PRIVILEGES})
IS_GROUP = equals("objectCategory", "group")
PRIMARY = "the primary group, which every account has exactly one of: it gives what it gives all"
PRIMARY_POWER = "it is the primary group: set another primary group first, then leave this one"
NESTED = "held through another group: it goes with that one"
SLEEPS = "a disabled account signs in with none of them; they work again as soon as it does"
UNIT = "organisational unit"
SESSIONS = (
    "what was opened before the block stays open until it is closed or its Kerberos ticket ends "
    "(docs/runbooks/active-directory-sessions.md)"
)


class Observing(DirectoryBase):
    async def observe(self, account: Account, verb: Action | None = None) -> State:
        user = await self._user(account)
        if user is None:
            return State.gone()
        held = await known(self._groups(user), needed=verb in GROUPS) if _asks(verb) else None
        place = await known(self._place(user), needed=verb is Action.REVOKE_GRANTS)
        hides = verb is Action.HIDE_FROM_DIRECTORY
        exchange = await known(self._has_exchange(), needed=hides)
        if verb is Action.BLOCK_SIGN_IN and user.enabled is None:
            raise Unrecognised("userAccountControl may not be read")
        grants, roles, powerful = held or (None, None, None)
        return State(
            enabled=user.enabled,
            password_changed_at=user.password_set,
            grants=None if grants is None or place is None else (*grants, *place),
            roles=roles,
            factors=tuple(Held(key, KEYS[key], KEYS[key], SLEEPS) for key, _ in user.keys),
            residue=tuple(_managed(dn) for dn in user.manages),
            listed=None if exchange is None else exchange and not user.hidden,
            privileged=True if user.guarded else powerful,
            notes=self._notes(user),
        )

    async def _groups(self, user: User) -> tuple[tuple[Held, ...], tuple[Held, ...], bool]:
        """What is held, what makes an administrator, and whether anything does."""
        direct, all_of_them, primary = await asyncio.gather(
            self._member_of(user.dn), self._member_of(user.dn, deep=True), self._primary(user)
        )
        own = {group.guid for group in direct}
        nested = [group for group in all_of_them if group.guid not in own]
        lead = await self._leading(direct) if any(g.powerful for g in nested) else frozenset()
        roles = [_member(g) for g in direct if g.powerful or g.guid in lead]
        grants = [_member(g) for g in direct if not g.powerful and g.guid not in lead]
        grants += [Held(g.guid, g.name, "nested group", NESTED) for g in nested]
        if primary and primary.powerful:
            roles.append(Held(primary.guid, primary.name, "primary group", PRIMARY_POWER))
        elif primary:
            grants.append(Held(primary.guid, primary.name, "primary group", PRIMARY))
        powerful = bool(roles) or any(g.powerful for g in nested)
        return tuple(grants), tuple(roles), powerful

    async def _member_of(self, dn: str, *, deep: bool = False) -> list[Group]:
        """Asked of the groups: memberOf is cut off after 1500 values, and names nothing but DNs."""
        through = matches(IN_CHAIN, "member", dn) if deep else equals("member", dn)
        found = await self._directory.find(await self._base(), every(IS_GROUP, through), GROUP)
        return [group_of(entry) for entry in found]

    async def _leading(self, groups: Sequence[Group]) -> frozenset[str]:
        """Those that are themselves, through whatever chain, members of a powerful group."""
        above = await asyncio.gather(*(self._member_of(g.dn, deep=True) for g in groups))
        pairs = zip(groups, above, strict=True)
        return frozenset(g.guid for g, found in pairs if any(one.powerful for one in found))

    async def _primary(self, user: User) -> Group | None:
        """It is no member attribute anywhere, but a number at the user (primaryGroupID)."""
        if user.primary_group is None:
            return None
        entry = await self._directory.read(f"<SID={user.domain}-{user.primary_group}>", GROUP)
        return group_of(entry) if entry else None

    async def _place(self, user: User) -> tuple[Held, ...]:
        """The unit that it stands in: policies and delegations hang on it, so it is a grant.

        Nothing where no `disabled_ou` is configured, and nothing once it stands in there.
        """
        target = await self._disabled_ou()
        _, parent = parent_of(user.dn)
        if target is None or user.dn.lower().endswith(f",{target.entry.dn.lower()}"):
            return ()
        entry = await self._directory.read(parent, ("objectGUID", "name"))
        if entry is None:
            raise Unrecognised("the unit that an account stands in cannot be read")
        unit = Fields(entry)
        return (Held(unit.guid, unit.text("name") or unit.guid, UNIT),)

    async def _disabled_ou(self) -> Fields | None:
        if self._settings.disabled_ou is None:
            return None
        entry = await self._directory.read(self._settings.disabled_ou, ("objectGUID",))
        if entry is None:
            raise Unrecognised("disabled_ou: there is no such organisational unit")
        return Fields(entry)

    def _notes(self, user: User) -> tuple[str, ...]:
        now = self._clock.now()
        said = {
            SESSIONS: user.enabled is False,
            "it is protected by AdminSDHolder (adminCount): delegated rights do not reach it "
            "(docs/runbooks/active-directory-protected.md)": user.guarded,
            f"its password is cached on {user.cached_on} read-only domain controllers, which take "
            "it until they hear of the change": user.cached_on > 0,
            "it had expired by accountExpires: whoever gives access back sets that too": bool(
                user.expires and user.expires <= now
            ),
        }
        return tuple(note for note, holds in said.items() if holds)


def _asks(verb: Action | None) -> bool:
    return verb is None or verb in GROUPS


def _member(group: Group) -> Held:
    return Held(group.guid, group.name, "group")


def _managed(dn: str) -> Held:
    name = parent_of(dn)[0].partition("=")[2]
    return Held(
        dn,
        name,
        "managed object",
        "it names them as its manager, who may have been let change its members",
        {NEXT: "Name another manager on its Managed By tab (managedBy)."},
    )
