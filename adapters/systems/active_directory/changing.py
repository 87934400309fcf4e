"""What is changed at an account, and how each change is taken back.

Writes go by objectGUID; a name is read right before it is used, because every move changes it.
"""

from dataclasses import replace

from adapters.actions import Action, Outcome, Undo
from adapters.contract import action, gives_back
from adapters.errors import AdapterError, NeedsHuman, TargetDenied, TryAgain, Unrecognised
from adapters.ldap import codes
from adapters.ldap.door import Right
from adapters.ldap.messages import Change, Modification
from adapters.nouns import Account, Held, State
from adapters.postconditions import removable
from adapters.systems.active_directory.base import RUNBOOK, at
from adapters.systems.active_directory.observing import UNIT, Observing
from adapters.systems.active_directory.passwords import new_password, quoted
from adapters.systems.active_directory.shapes import DISABLED, HIDDEN, User, parent_of

CONTROL = "Write userAccountControl on user objects"
RESET = "Reset Password on user objects"
MEMBER = "Write member on group objects"
MEMBER_OF_POWER = "Write member on protected groups (AdminSDHolder)"
MOVE = "Delete user objects in the old unit, create them in disabled_ou, write name and cn"
HIDE = f"Write {HIDDEN} on user objects"
DELETE = "Delete user objects"
GUARDED = ", on AdminSDHolder (docs/runbooks/active-directory-protected.md)"

_FLAGS = Right(CONTROL, frozenset({codes.NO_SUCH_ATTRIBUTE}))
_RESET = Right(RESET, frozenset({codes.CONSTRAINT_VIOLATION, codes.UNWILLING}))
_MOVE = Right(MOVE, frozenset({codes.ENTRY_EXISTS}))
_DELETE = Right(DELETE, frozenset({codes.NO_SUCH_OBJECT, codes.NOT_ON_NON_LEAF}))
# What a server answers if a member is there already, or not there any more, is not agreed upon:
# 16 or 53, 20 or 68 (field notes; Samba 4.17). The list of members decides.
_LEFT = frozenset({codes.NO_SUCH_ATTRIBUTE, codes.UNWILLING})
_JOINED = frozenset({codes.VALUE_EXISTS, codes.ENTRY_EXISTS})


class Changing(Observing):
    @action(CONTROL, calls="MODIFY userAccountControl: the bit 0x2 and no other")
    async def block_sign_in(self, account: Account) -> Outcome:
        user = await self._leaver(account)
        if user is None:
            return Outcome.ABSENT
        if user.enabled is False:
            return Outcome.ALREADY
        await self._set_disabled(user, disabled=True)
        return Outcome.CHANGED

    @gives_back(Action.BLOCK_SIGN_IN)
    async def let_sign_in(self, account: Account, _: State, __: tuple[Held, ...]) -> None:
        """Every other bit stays as it is now. The password that they knew is gone for good."""
        user = await self._leaver(account)
        if user and user.enabled is False:
            await self._set_disabled(user, disabled=False)

    async def _set_disabled(self, user: User, *, disabled: bool) -> None:
        """Take the old number out and put the new one in: Active Directory refuses the pair if
        somebody changed the number in between. (Samba does not, and takes the new one.)
        """
        if user.control is None:
            raise TargetDenied("userAccountControl may not be read", CONTROL)
        now = user.control | DISABLED if disabled else user.control & ~DISABLED
        result = await self._directory.modify(
            _of(user, _FLAGS),
            at(user.guid),
            _one(Change.DELETE, "userAccountControl", str(user.control)),
            _one(Change.ADD, "userAccountControl", str(now)),
        )
        if result.code != codes.SUCCESS:
            raise TryAgain("userAccountControl was changed by somebody else at the same time")

    @action(RESET, calls="MODIFY unicodePwd, twice", undo=Undo.RE_ENROL)
    async def reset_credentials(self, account: Account) -> Outcome:
        """Twice, to two passwords that nobody learns: the one before the last is taken for a while
        (NTLM: an hour by default), and is in the caches of a synchronisation.
        """
        user = await self._leaver(account)
        if user is None:
            return Outcome.ABSENT
        for _ in range(2):
            value = quoted(new_password(self._clock))
            change = Modification(Change.REPLACE, "unicodePwd", (value,))
            result = await self._directory.modify(_of(user, _RESET), at(user.guid), change)
            if result.code != codes.SUCCESS:
                raise NeedsHuman(
                    f"the domain refuses a random password of 100 characters: {result.code}"
                    f"{codes.detail(result)}",
                    RUNBOOK,
                )
        return Outcome.CHANGED

    @action(MEMBER_OF_POWER, calls="MODIFY member of groups that administer, or lead to one")
    async def revoke_privileges(self, account: Account) -> Outcome:
        user = await self._leaver(account)
        if user is None:
            return Outcome.ABSENT
        seen = await self.observe(account, Action.REVOKE_PRIVILEGES)
        held = removable(seen.roles or ())
        await self._change_members(user, held, Change.DELETE, Right(MEMBER_OF_POWER, _LEFT))
        return Outcome.CHANGED if held else Outcome.ALREADY

    @gives_back(Action.REVOKE_PRIVILEGES)
    async def administer_again(self, account: Account, _: State, things: tuple[Held, ...]) -> None:
        await self._join(account, things, Right(MEMBER_OF_POWER, _JOINED))

    @action(MEMBER, MOVE, calls="MODIFY member of each group; MOVE to disabled_ou")
    async def revoke_grants(self, account: Account) -> Outcome:
        """Out of every group, then out of the unit: its place gives policies and delegations."""
        user = await self._leaver(account)
        if user is None:
            return Outcome.ABSENT
        seen = await self.observe(account, Action.REVOKE_GRANTS)
        held = removable(seen.grants or ())
        groups = tuple(one for one in held if one.kind != UNIT)
        await self._change_members(user, groups, Change.DELETE, Right(MEMBER, _LEFT))
        target = await self._disabled_ou()
        if target and len(groups) < len(held):
            await self._move(user, target.entry.dn)
        return Outcome.CHANGED if held else Outcome.ALREADY

    @gives_back(Action.REVOKE_GRANTS)
    async def join_again(self, account: Account, _: State, things: tuple[Held, ...]) -> None:
        """Back to its place first: what was delegated on us there is what lets us go on."""
        for unit in (one for one in things if one.kind == UNIT):
            await self._return_to(account, unit)
        await self._join(
            account, tuple(t for t in things if t.kind != UNIT), Right(MEMBER, _JOINED)
        )

    async def _join(self, account: Account, groups: tuple[Held, ...], right: Right) -> None:
        user = await self._leaver(account)
        if user is None:
            raise Unrecognised("the account is gone: nothing can be given back to it")
        await self._change_members(user, groups, Change.ADD, right)

    async def _change_members(
        self, user: User, groups: tuple[Held, ...], change: Change, right: Right
    ) -> None:
        """One refusal spares no other group; the first one is told at the end."""
        refused: AdapterError | None = None
        doubtful = []
        member = _one(change, "member", user.dn)
        for group in groups:
            try:
                result = await self._directory.modify(right, at(group.id), member)
            except (TargetDenied, Unrecognised) as why:
                refused = refused or why
            else:
                doubtful += [(group, result)] * (result.code != codes.SUCCESS)
        if doubtful:
            now = {group.guid for group in await self._member_of(user.dn)}
            for group, result in doubtful:
                if (group.id in now) is (change is Change.DELETE):
                    code = f"{result.code}{codes.detail(result)}"
                    refused = refused or Unrecognised(f"MODIFY {at(group.id)}: {code}")
        if refused:
            raise refused

    async def _return_to(self, account: Account, unit: Held) -> None:
        user = await self._leaver(account)
        entry = await self._directory.read(at(unit.id), ("objectGUID",))
        if user is None or entry is None:
            raise NeedsHuman("the unit that the account stood in is gone: choose another", RUNBOOK)
        if parent_of(user.dn)[1].lower() != entry.dn.lower():
            await self._move(user, entry.dn)

    async def _move(self, user: User, parent: str) -> None:
        rdn, _ = parent_of(user.dn)
        result = await self._directory.move(_of(user, _MOVE), user.dn, rdn, parent)
        if result.code != codes.SUCCESS:
            raise NeedsHuman("the unit holds another account of that name: rename one", RUNBOOK)

    @action(HIDE, calls=f"MODIFY {HIDDEN}")
    async def hide_from_directory(self, account: Account) -> Outcome:
        """Where the schema has Exchange's attribute. Without it there is no address list."""
        user = await self._leaver(account)
        if user is None:
            return Outcome.ABSENT
        if user.hidden or not await self._has_exchange():
            return Outcome.ALREADY
        change = _one(Change.REPLACE, HIDDEN, "TRUE")
        await self._directory.modify(_of(user, Right(HIDE)), at(user.guid), change)
        return Outcome.CHANGED

    @gives_back(Action.HIDE_FROM_DIRECTORY)
    async def list_again(self, account: Account, _: State, __: tuple[Held, ...]) -> None:
        user = await self._leaver(account)
        if user and user.hidden:
            change = Modification(Change.REPLACE, HIDDEN)
            await self._directory.modify(_of(user, Right(HIDE)), at(user.guid), change)

    @action(DELETE, calls="DELETE of the object", undo=Undo.DESTRUCTIVE)
    async def delete_account(self, account: Account) -> Outcome:
        """Only what is disabled. It comes back whole only where the Recycle Bin is switched on."""
        user = await self._leaver(account)
        if user is None:
            return Outcome.ABSENT
        if user.enabled is not False:
            raise Unrecognised("an account that is not blocked is not deleted")
        result = await self._directory.delete(_of(user, _DELETE), user.dn)
        if result.code == codes.NOT_ON_NON_LEAF:
            raise NeedsHuman("other objects stand below the account: look at them first", RUNBOOK)
        return Outcome.ABSENT if result.code == codes.NO_SUCH_OBJECT else Outcome.CHANGED


def _one(change: Change, attribute: str, value: str) -> Modification:
    return Modification(change, attribute, (value.encode(),))


def _of(user: User, right: Right) -> Right:
    """The right as it has to be granted for this account."""
    return replace(right, needs=f"{right.needs}{GUARDED}") if user.guarded else right
