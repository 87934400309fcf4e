"""What every chapter stands on: the door, the settings, one user by its objectGUID."""

from collections.abc import Awaitable
from typing import TypeVar

from adapters.clock import Clock
from adapters.contract import Adapter
from adapters.errors import AdapterError, NeedsHuman, Unrecognised
from adapters.ldap.door import Directory
from adapters.ldap.filters import equals
from adapters.ldap.messages import Entry
from adapters.matching import same_address
from adapters.nouns import Account
from adapters.systems.active_directory.settings import ActiveDirectorySettings
from adapters.systems.active_directory.shapes import HIDDEN, USER, Fields, User, user_of

T = TypeVar("T")
RUNBOOK = "docs/runbooks/active-directory.md"
BUILT_IN = "docs/runbooks/active-directory-built-in.md"
ROOT = ("defaultNamingContext", "schemaNamingContext", "supportedCapabilities", "supportedControl")


class DirectoryBase(Adapter):
    def __init__(
        self, system: str, directory: Directory, settings: ActiveDirectorySettings, clock: Clock
    ) -> None:
        super().__init__(system, settings.token_lifetime)
        self._directory = directory
        self._settings = settings
        self._clock = clock
        self._root: Fields | None = None
        self._exchange: bool | None = None

    @property
    def _attributes(self) -> tuple[str, ...]:
        return (*USER, self._settings.employee_number)

    async def _user(self, account: Account) -> User | None:
        """The account as it is now, wherever it was moved to; None if the directory has none."""
        entry = await self._directory.read(at(account.id), self._attributes)
        return self._read(entry) if entry else None

    async def _leaver(self, account: Account) -> User | None:
        """Likewise, for a verb: some accounts are touched by nobody, whoever linked them."""
        user = await self._user(account)
        if user is None:
            return None
        if user.built_in or not user.is_person:
            raise NeedsHuman("a built-in or machine account is never changed", BUILT_IN)
        if self._is_ours(user):
            raise NeedsHuman("this is the account that Exeunt itself signs in with", BUILT_IN)
        return user

    def _read(self, entry: Entry) -> User:
        return user_of(entry, self._settings.employee_number)

    def _is_ours(self, user: User) -> bool:
        """By every way in which Active Directory lets one write a user's name in a bind."""
        said = self._settings.user
        short = said.rpartition("\\")[2].partition("@")[0]
        names = (user.upn or "", user.dn, f"<GUID={user.guid}>")
        return same_address(short, user.sam) or any(same_address(said, name) for name in names)

    async def _domain(self) -> Fields:
        """The root of the directory, which says where everything is."""
        if self._root is None:
            entry = await self._directory.read("", ROOT)
            if entry is None:
                raise Unrecognised("the server does not say what it is (no rootDSE)")
            self._root = Fields(entry)
        return self._root

    async def _base(self) -> str:
        """Where accounts and groups are looked for."""
        if self._settings.base_dn:
            return self._settings.base_dn
        found = (await self._domain()).text("defaultNamingContext")
        if not found:
            raise Unrecognised("the server names no domain of its own (defaultNamingContext)")
        return found

    async def _has_exchange(self) -> bool:
        """Whether the schema knows of address lists: only Exchange brings them."""
        if self._exchange is None:
            schema = (await self._domain()).text("schemaNamingContext") or ""
            wanted = equals("lDAPDisplayName", HIDDEN)
            self._exchange = bool(await self._directory.find(schema, wanted, ("lDAPDisplayName",)))
        return self._exchange

    async def close(self) -> None:
        await self._directory.close()


async def known(reading: Awaitable[T], *, needed: bool) -> T | None:
    """None for what cannot be read, where nobody asked for just that: a cut waits for no list."""
    try:
        return await reading
    except AdapterError:
        if needed:
            raise
        return None


def at(guid: str) -> str:
    """How Active Directory is asked for an object by its id ([MS-ADTS] 3.1.1.3.1.2.4)."""
    return f"<GUID={guid}>"
