"""Active Directory over LDAPS: who is who, and what the adapter does and does not.

The verbs are in changing.py. What a domain needs to grant is in docs/runbooks/active-directory.md.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from datetime import timedelta
from typing import Self
from uuid import UUID

from adapters.actions import Action
from adapters.clock import Clock
from adapters.contract import Check, by_hand, covered_by, not_applicable
from adapters.errors import Unrecognised
from adapters.ldap.door import Directory, Login
from adapters.ldap.filters import any_of, equals, every
from adapters.ldap.lines import Opener, opener
from adapters.ldap.messages import PAGED, Entry
from adapters.matching import same_address
from adapters.nouns import Account, Kind, Person
from adapters.systems.active_directory.base import RUNBOOK, at
from adapters.systems.active_directory.changing import CONTROL, HIDE, MEMBER, Changing
from adapters.systems.active_directory.observing import IS_GROUP
from adapters.systems.active_directory.settings import ActiveDirectorySettings
from adapters.systems.active_directory.shapes import HIDDEN, NORMAL_USER, Fields, User

IS_ACTIVE_DIRECTORY = "1.2.840.113556.1.4.800"
"""LDAP_CAP_ACTIVE_DIRECTORY_OID, among supportedCapabilities ([MS-ADTS] 3.1.1.3.2.16)."""
WRITABLE = "allowedAttributesEffective"
"""What whoever asks may write there, told by the server itself ([MS-ADTS] 3.1.1.4.5.20)."""
SAMPLES = 20
SAMPLE = ("isCriticalSystemObject", "adminCount")
PERSON = every(equals("objectCategory", "person"), equals("sAMAccountType", NORMAL_USER))
HAND_OVER = by_hand("docs/runbooks/active-directory-hand-over.md")
NO_MAIL = not_applicable("mail belongs to Exchange, which is a system of its own")
NO_DEVICES = not_applicable("a computer account is nobody's own; devices have their management")


class ActiveDirectory(Changing):
    Settings = ActiveDirectorySettings
    # Disable first; then two resets, so that no older password is taken anywhere; then what lets
    # somebody else's session of theirs administer the domain.
    contain = (Action.BLOCK_SIGN_IN, Action.RESET_CREDENTIALS, Action.REVOKE_PRIVILEGES)
    # Microsoft: a domain controller tells those of its site after 15 seconds by default.
    propagation = timedelta(seconds=15)
    gaps = {
        # No call ends a Kerberos ticket or a session: they run out, and `token_lifetime` says when
        # (docs/runbooks/active-directory-sessions.md).
        Action.REVOKE_SESSIONS: covered_by(Action.BLOCK_SIGN_IN),
        Action.REVOKE_TOKENS: covered_by(Action.BLOCK_SIGN_IN),
        Action.REMOVE_FACTORS: covered_by(Action.BLOCK_SIGN_IN),
        Action.LOCK_DEVICES: NO_DEVICES,
        Action.STOP_FORWARDING: NO_MAIL,
        Action.TRANSFER_FILES: HAND_OVER,
        Action.DELEGATE_MAILBOX: NO_MAIL,
        Action.FORWARD_MAIL: NO_MAIL,
        Action.SET_AUTO_REPLY: NO_MAIL,
        Action.TRANSFER_OWNERSHIP: HAND_OVER,
        Action.CANCEL_MEETINGS: NO_MAIL,
        Action.REMOVE_ROLES: covered_by(Action.REVOKE_PRIVILEGES),
        Action.RELEASE_LICENCES: not_applicable("a domain counts no seats"),
        Action.RETIRE_DEVICES: NO_DEVICES,
        Action.WIPE_DEVICES: NO_DEVICES,
    }

    @classmethod
    def connect(
        cls,
        system: str,
        settings: ActiveDirectorySettings,
        clock: Clock,
        transport: Opener | None = None,
    ) -> Self:
        """`transport` opens lines in tests, instead of TLS to the configured place."""
        fix = f"put a valid user and password under systems.{system}"
        login = Login(settings.user, settings.secret, f"what {RUNBOOK} delegates", fix)
        trust = f"mend ca_file or base_url under systems.{system}"
        lines = transport or opener(settings.place, settings.ca_file, trust)
        directory = Directory(lines, login, clock, settings.mode)
        return cls(system, directory, settings, clock)

    async def check(self) -> Check:
        """What the server is, what we may write on a few accounts, and whether it is too much."""
        root = await self._domain()
        if IS_ACTIVE_DIRECTORY not in root.texts("supportedCapabilities"):
            raise Unrecognised("this is an LDAP server, but no Active Directory")
        if PAGED not in root.texts("supportedControl"):
            raise Unrecognised("the server does not know paged searches (RFC 2696)")
        await self._disabled_ou()
        people, rights, on_groups = await self._samples()
        return Check(
            f"accounts looked at: {people}; whether passwords may be reset is told by no server "
            "beforehand, so try that on a test account",
            await self._missing(rights, on_groups),
            await self._needless(),
        )

    async def _samples(self) -> tuple[int, frozenset[str], frozenset[str]]:
        """How many people were looked at, and what may be written on one of them, on a group."""
        people, rights = await self._writable_on_some(PERSON, "useraccountcontrol")
        _, on_groups = await self._writable_on_some(IS_GROUP, "member")
        return people, rights, on_groups

    async def _writable_on_some(self, wanted: bytes, enough: str) -> tuple[int, frozenset[str]]:
        """Of the first few objects, until one lets us write what must be. Which are ordinary."""
        looked, rights = 0, frozenset[str]()
        attributes = (*SAMPLE, WRITABLE)
        pages = self._directory.pages(await self._base(), wanted, attributes)
        async with aclosing(pages) as entries:
            async for entry in entries:
                read = Fields(entry)
                if read.flag("isCriticalSystemObject") or read.number("adminCount") == 1:
                    continue
                looked += 1
                rights |= {name.lower() for name in read.texts(WRITABLE)}
                if looked == SAMPLES or enough in rights:
                    break
        return looked, rights

    async def _missing(
        self, rights: frozenset[str], on_groups: frozenset[str]
    ) -> dict[Action, str]:
        missing = {}
        if "useraccountcontrol" not in rights:
            missing[Action.BLOCK_SIGN_IN] = CONTROL
        if "member" not in on_groups:
            missing[Action.REVOKE_GRANTS] = MEMBER
        if await self._has_exchange() and HIDDEN.lower() not in rights:
            missing[Action.HIDE_FROM_DIRECTORY] = HIDE
        return missing

    async def _needless(self) -> tuple[str, ...]:
        """An administrator of the domain is what nobody needs to be for this."""
        said = self._settings.user
        short = said.rpartition("\\")[2].partition("@")[0]
        asked = [equals("userPrincipalName", said), equals("sAMAccountName", short)]
        asked += [equals("distinguishedName", said)] * ("=" in said)
        for user in await self._search(any_of(*asked)):
            if not self._is_ours(user):
                continue
            *_, powerful = await self._groups(user)
            if user.guarded or powerful:
                return ("membership of a group that administers the domain",)
        return ()

    async def candidates(self, person: Person) -> tuple[Account, ...]:
        questions = list(_questions(person, self._settings.employee_number))
        ids = [link for link in person.links if _is_guid(link)]
        found = await asyncio.gather(
            *([self._search(any_of(*questions))] if questions else []), *map(self._by_id, ids)
        )
        return tuple(self._account(user, person.links) for users in found for user in users)

    async def accounts(self) -> AsyncIterator[Account]:
        """But for those that no case ever touches: they are nobody's."""
        async for entry in self._everybody():
            user = self._read(entry)
            if not (user.built_in or self._is_ours(user)):
                yield self._account(user)

    async def _everybody(self) -> AsyncIterator[Entry]:
        async for entry in self._directory.pages(await self._base(), PERSON, self._attributes):
            yield entry

    async def _search(self, text: bytes) -> list[User]:
        wanted = every(PERSON, text)
        found = await self._directory.find(await self._base(), wanted, self._attributes)
        return [self._read(entry) for entry in found]

    async def _by_id(self, guid: str) -> list[User]:
        entry = await self._directory.read(at(guid), self._attributes)
        if entry is None or Fields(entry).text("sAMAccountType") != NORMAL_USER:
            return []
        return [self._read(entry)]

    def _account(self, user: User, links: tuple[str, ...] = ()) -> Account:
        """An account has two logins; where somebody linked one of them, it is called by that."""
        names = [name for name in (user.upn, user.sam) if name]
        linked = (link for link in links for name in names if same_address(link, name))
        not_a_person = user.serves or user.built_in or self._is_ours(user)
        return Account(
            self.system,
            user.guid,
            next(linked, names[0]),
            user.addresses,
            user.number,
            Kind.SERVICE if not_a_person else Kind.PERSON,
            user.created,
            user.enabled,
        )


def _questions(person: Person, number: str) -> Iterator[bytes]:
    if person.employee_number:
        yield equals(number, person.employee_number)
    for address in person.addresses:
        yield equals("mail", address)
        yield equals("userPrincipalName", address)
        yield equals("proxyAddresses", f"smtp:{address}")  # no case counts there
    for link in person.links:
        yield equals("userPrincipalName", link)
        yield equals("sAMAccountName", link)


def _is_guid(link: str) -> bool:
    try:
        return str(UUID(link)) == link.lower()
    except ValueError:
        return False
