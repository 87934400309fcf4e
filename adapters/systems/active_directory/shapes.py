"""What is read from Active Directory ([MS-ADTS], [MS-ADA1] to [MS-ADA3]), made plain."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from adapters.errors import Unrecognised
from adapters.ldap.messages import Entry

DISABLED = 0x2
"""ACCOUNTDISABLE in userAccountControl ([MS-ADTS] 2.2.16). Every other bit belongs to others."""
NORMAL_USER = "805306368"
"""sAMAccountType of a user: computers, managed service accounts and trusts have others."""
HIDDEN = "msExchHideFromAddressLists"
KEYS = {
    "altSecurityIdentities": "mapped certificate",
    "msDS-KeyCredentialLink": "Windows Hello or FIDO key",
}
"""Other ways to sign in than by a password. They work again as soon as the account does."""
FIRST_OF_OURS = 1000
"""Relative ids below are those of built-in accounts: 500 Administrator, 501 Guest, 502 krbtgt."""
POWERFUL_RIDS = frozenset({498, 512, 516, 518, 519, 520, 521, 526, 527})
POWERFUL_ALIASES = frozenset({544, 548, 549, 550, 551, 552})
"""Administrators, and those who can become it (Microsoft, protected accounts and groups)."""
BUILTIN = "S-1-5-32"

USER = (
    *("objectGUID", "objectSid", "objectClass", "sAMAccountName", "sAMAccountType", "mail"),
    *("userPrincipalName", "proxyAddresses", "userAccountControl", "pwdLastSet", "whenCreated"),
    *("accountExpires", "primaryGroupID", "adminCount", "isCriticalSystemObject", HIDDEN),
    *("servicePrincipalName", "managedObjects", "msDS-RevealedDSAs", *KEYS),
)
GROUP = ("objectGUID", "objectSid", "name", "adminCount")

_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1) * 10
"""What Active Directory writes for "never" lies after the end of all calendars."""


@dataclass(frozen=True)
class Fields:
    """An entry, read attribute by attribute. Raises Unrecognised for what does not fit."""

    entry: Entry

    def raw(self, name: str) -> tuple[bytes, ...]:
        return self.entry.attributes.get(name.lower(), ())

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(value.decode(errors="replace") for value in self.raw(name))

    def text(self, name: str) -> str | None:
        found = self.texts(name)
        if len(found) > 1:
            raise Unrecognised(f"{name} has {len(found)} values")
        return found[0] if found else None

    def number(self, name: str) -> int | None:
        found = self.text(name)
        if found is None:
            return None
        try:
            return int(found)
        except ValueError:
            raise Unrecognised(f"{name} is not a number") from None

    def flag(self, name: str) -> bool:
        return self.text(name) == "TRUE"

    def instant(self, name: str) -> datetime | None:
        """A FILETIME: tenths of microseconds since 1601. None for never."""
        found = self.number(name)
        if found is None or not 0 < found < _LAST:
            return None
        return _EPOCH + timedelta(microseconds=found // 10)

    @property
    def guid(self) -> str:
        """objectGUID, in the byte order of Windows."""
        found = self.raw("objectGUID")
        if len(found) != 1 or len(found[0]) != 16:  # noqa: PLR2004 - bytes of a GUID
            raise Unrecognised("an object without a readable objectGUID")
        return str(UUID(bytes_le=found[0]))

    @property
    def sid(self) -> str:
        """objectSid as it is written: S-1-5-21-...-500."""
        found = self.raw("objectSid")
        if len(found) != 1 or len(found[0]) < 12 or len(found[0]) % 4:  # noqa: PLR2004 - header, one id
            raise Unrecognised("an object without a readable objectSid")
        raw = found[0]
        ids = (int.from_bytes(raw[at : at + 4], "little") for at in range(8, len(raw), 4))
        return "-".join(["S", str(raw[0]), str(int.from_bytes(raw[2:8])), *map(str, ids)])


@dataclass(frozen=True)
class User:
    """A user object. `guid` never changes; `dn` does, with every rename and every move."""

    guid: str
    dn: str
    sid: str
    sam: str
    upn: str | None
    addresses: tuple[str, ...]
    number: str | None
    control: int | None
    is_person: bool
    critical: bool
    serves: bool
    guarded: bool
    """adminCount: AdminSDHolder sets its rights, so what was delegated on its OU does not hold."""
    primary_group: int | None
    password_set: datetime | None
    expires: datetime | None
    created: datetime | None
    hidden: bool
    keys: tuple[tuple[str, int], ...]
    manages: tuple[str, ...]
    cached_on: int

    @property
    def enabled(self) -> bool | None:
        return None if self.control is None else not self.control & DISABLED

    @property
    def domain(self) -> str:
        return self.sid.rpartition("-")[0]

    @property
    def built_in(self) -> bool:
        return self.critical or int(self.sid.rpartition("-")[2]) < FIRST_OF_OURS


def user_of(entry: Entry, number: str) -> User:
    """`number` is the attribute that bears the employee number."""
    read = Fields(entry)
    sam = read.text("sAMAccountName")
    if not sam:
        raise Unrecognised("an account without a readable sAMAccountName")
    upn, mail = read.text("userPrincipalName"), read.text("mail")
    proxies = (value[5:] for value in read.texts("proxyAddresses") if value[:5].lower() == "smtp:")
    created = read.text("whenCreated")
    return User(
        guid=read.guid,
        dn=entry.dn,
        sid=read.sid,
        sam=sam,
        upn=upn,
        addresses=tuple(dict.fromkeys(one for one in (mail, upn, *proxies) if one)),
        number=read.text(number) or None,
        control=read.number("userAccountControl"),
        is_person=read.text("sAMAccountType") == NORMAL_USER,
        critical=read.flag("isCriticalSystemObject"),
        serves=bool(read.raw("servicePrincipalName")),
        guarded=read.number("adminCount") == 1,
        primary_group=read.number("primaryGroupID"),
        password_set=read.instant("pwdLastSet"),
        expires=read.instant("accountExpires"),
        created=_generalized(created) if created else None,
        hidden=read.flag(HIDDEN),
        keys=tuple((key, len(read.raw(key))) for key in KEYS if read.raw(key)),
        manages=read.texts("managedObjects"),
        cached_on=len(read.raw("msDS-RevealedDSAs")),
    )


@dataclass(frozen=True)
class Group:
    guid: str
    dn: str
    sid: str
    name: str
    guarded: bool

    @property
    def powerful(self) -> bool:
        """Whether its members administer the domain, or can make themselves."""
        place, _, rid = self.sid.rpartition("-")
        known = POWERFUL_ALIASES if place == BUILTIN else POWERFUL_RIDS
        return self.guarded or int(rid) in known


def group_of(entry: Entry) -> Group:
    read = Fields(entry)
    name = read.text("name") or read.guid
    return Group(read.guid, entry.dn, read.sid, name, read.number("adminCount") == 1)


def parent_of(dn: str) -> tuple[str, str]:
    """The relative name and the name of the parent. An escaped comma separates nothing."""
    escaped = False
    for at, letter in enumerate(dn):
        if letter == "," and not escaped:
            return dn[:at], dn[at + 1 :]
        escaped = letter == "\\" and not escaped
    raise Unrecognised("a distinguished name without a parent")


def _generalized(value: str) -> datetime:
    """Generalized time in UTC, as whenCreated has it: 20261125084907.0Z."""
    try:
        return datetime.strptime(value[:14] + "+0000", "%Y%m%d%H%M%S%z")
    except ValueError:
        raise Unrecognised("whenCreated is not a time") from None
