"""What a practice domain holds, and what it does when somebody writes.

As a domain controller does: the primary group is no member anywhere, members are links that follow
a rename, a pair of delete and add must fit what stands there, a password is set and never read, and
AdminSDHolder's accounts and groups are out of reach of what was delegated.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from adapters.clock import Clock
from adapters.practice.active_directory.objects import (
    DISABLED,
    DOMAIN,
    DOMAIN_SID,
    LEAVERS,
    NEVER,
    NEVER_EXPIRES,
    NORMAL,
    PERSON,
    SCHEMA,
    STAFF,
    Thing,
    Values,
    filetime,
    generalized,
    sid,
    split,
    written,
)
from adapters.practice.base import Practice

SERVICE = "svc-exeunt"
PASSWORD = "Correct-Horse-7"  # noqa: S105 - of everybody in this imitation
RIGHTS = frozenset({"useraccountcontrol", "unicodepwd", "member", "msexchhidefromaddresslists"})
MOVES, DELETES = "move", "delete"
_BY_ID = re.compile(r"<(GUID|SID)=([^>]+)>", re.IGNORECASE)
OK, NO_ATTRIBUTE, VIOLATION, EXISTS = 0, 16, 19, 68
NO_OBJECT, BAD_DN, REFUSED, UNWILLING = 32, 34, 50, 53
ADD, DELETE, REPLACE = range(3)


class DomainMemory(Practice):
    def __init__(self, clock: Clock | None = None, latency: float = 0.0) -> None:
        super().__init__(clock, latency)
        self.things: dict[str, Thing] = {}
        self.rights = {*RIGHTS, MOVES, DELETES}
        """What was delegated to our account."""
        self.exchange = True
        """Whether the schema knows of address lists."""
        self._last = 1100
        for dn, kind in ((DOMAIN, "domainDNS"), (SCHEMA, "dMD"), (STAFF, ""), (LEAVERS, "")):
            self._add(Thing(dn, kind or "organizationalUnit"))
        self.hidden = self._add(Thing(f"CN=ms-Exch-Hide-From-Address-Lists,{SCHEMA}", "attribute"))
        self.hidden.put("lDAPDisplayName", "msExchHideFromAddressLists")
        self.users_group = self.group("Domain Users", rid=513)
        self.groups = {name: self.group(name) for name in ("Staff", "Projects")}
        self.admins = self.group("Domain Admins", rid=512)
        self.admins.put("adminCount", 1)
        self.service = self.user(SERVICE, f"{SERVICE}@acme.example", password=self.token)
        for name, rid in (("Administrator", 500), ("krbtgt", 502)):
            self.user(name, f"{name}@acme.example", rid=rid).put("isCriticalSystemObject", "TRUE")

    def group(self, name: str, *, rid: int | None = None, within: Iterable[Thing] = ()) -> Thing:
        """A group; `within` are groups that it is a member of."""
        made = self._add(Thing(f"CN={name},{STAFF}", "group"))
        made.put("objectSid", sid(*DOMAIN_SID, rid or self._next()))
        made.put("sAMAccountName", name)
        for other in within:
            other.members.add(made.id)
        return made

    def user(
        self,
        sam: str,
        address: str,
        *,
        upn: str = "",
        rid: int | None = None,
        password: str = PASSWORD,
        created_at: datetime | None = None,
    ) -> Thing:
        made = self._add(Thing(f"CN={self._free(sam)},{STAFF}", "person"))
        made.password = password
        made.put("sAMAccountName", sam)
        made.put("userPrincipalName", upn or f"{sam}@acme.example")
        made.put("mail", address)
        made.put("proxyAddresses", f"SMTP:{address}", f"smtp:{sam}@old.acme.example")
        made.put("objectSid", sid(*DOMAIN_SID, rid or self._next()))
        made.put("sAMAccountType", PERSON)
        made.put("userAccountControl", NORMAL | NEVER_EXPIRES)
        made.put("primaryGroupID", 513)
        made.put("accountExpires", NEVER)
        made.put("pwdLastSet", filetime(self.clock.now()))
        made.put("whenCreated", generalized(created_at or self.clock.now()))
        return made

    def named(self, dn: str) -> Thing | None:
        """By a distinguished name, or by an id in its place ([MS-ADTS] 3.1.1.3.1.2.4)."""
        by_id = _BY_ID.fullmatch(dn)
        if by_id and by_id[1].upper() == "GUID":
            return self.things.get(by_id[2].lower())
        if by_id:
            found = (t for t in self.things.values() if t.get("objectSid"))
            return next((t for t in found if written(t.get("objectSid")[0]) == by_id[2]), None)
        return next((t for t in self.things.values() if t.dn.lower() == dn.lower()), None)

    def below(self, base: Thing) -> list[Thing]:
        ends = base.dn.lower()
        found = (t for t in self.things.values() if t.dn.lower().endswith(ends))
        return [t for t in found if self.exchange or t is not self.hidden]

    def shown(self, thing: Thing) -> dict[str, Values]:
        """Every attribute that can be read; a password cannot."""
        found = {**thing.values, "objectGUID": [thing.guid], "name": [_name(thing.dn)]}
        found["distinguishedName"] = [thing.dn.encode()]
        found["objectCategory"] = [thing.category.encode()]
        if thing.members:
            found["member"] = [self.things[one].dn.encode() for one in sorted(thing.members)]
        managed = [t.dn.encode() for t in self.things.values() if t.managed_by == thing.id]
        found |= {"managedObjects": managed} if managed else {}
        return found

    def writable(self, thing: Thing) -> Values:
        """allowedAttributesEffective: control access rights, as for passwords, are not in it."""
        mine = {"group": {"member"}, "person": RIGHTS - {"member", "unicodepwd"}}
        allowed = mine.get(thing.category, set()) & self.rights
        return [] if thing.guarded else [name.encode() for name in sorted(allowed)]

    def in_chain(self, thing: Thing, member: Thing) -> bool:
        """Whether it is a member, through any number of groups."""
        seen: set[str] = set()
        ahead = {thing.id}
        while ahead:
            members = {m for one in ahead for m in self.things[one].members if m in self.things}
            if member.id in members:
                return True
            seen |= ahead
            ahead = members - seen
        return False

    def modify(self, thing: Thing, changes: Sequence[tuple[int, str, Values]]) -> int:
        """All of it or nothing; the result code comes back."""
        for kind, key, values in changes:
            if key.lower() not in self.rights or thing.guarded:
                return REFUSED
            code = self._objection(thing, kind, key, values)
            if code != OK:
                return code
        for kind, key, values in changes:
            self._apply(thing, kind, key, values)
        return OK

    def _objection(self, thing: Thing, kind: int, key: str, values: Values) -> int:
        if key == "member":
            there = {self.things[m].dn.lower() for m in thing.members if m in self.things}
            inside = values[0].decode().lower() in there
            return {ADD: EXISTS, DELETE: OK}[kind] if inside else {ADD: OK, DELETE: UNWILLING}[kind]
        if key == "unicodePwd":
            password = values[0].decode("utf-16-le")
            quoted = len(password) > 1 and password[0] == password[-1] == '"'
            return UNWILLING if not quoted else OK if len(password) > 8 else VIOLATION  # noqa: PLR2004
        if kind == DELETE and values and values[0] not in thing.get(key):
            return NO_ATTRIBUTE
        return OK

    def _apply(self, thing: Thing, kind: int, key: str, values: Values) -> None:
        if key == "member":
            one = self.named(values[0].decode())
            if one:
                (thing.members.add if kind == ADD else thing.members.discard)(one.id)
        elif key == "unicodePwd":
            thing.password = values[0].decode("utf-16-le").strip('"')
            thing.put("pwdLastSet", filetime(self.clock.now()))
        elif kind != DELETE:
            thing.put(thing.name(key) or key, *values)

    def move(self, thing: Thing, rdn: str, parent: str) -> int:
        place = self.named(parent)
        if thing.guarded or MOVES not in self.rights:
            return REFUSED
        if place is None:
            return NO_OBJECT
        dn = f"{rdn},{place.dn}"
        if self.named(dn) not in (None, thing):
            return EXISTS
        thing.dn = dn
        return OK

    def delete(self, thing: Thing) -> int:
        if thing.guarded or DELETES not in self.rights:
            return REFUSED
        self.remove(thing.id)
        return OK

    def remove(self, account_id: str) -> None:
        self.things.pop(account_id, None)
        for thing in self.things.values():
            thing.members.discard(account_id)

    def signs_in(self, name: str, password: str) -> str:
        """Why not, as Active Directory says it; "" for a good sign-in."""
        user = next((t for t in self.things.values() if name.lower() in _logins(t)), None)
        if user is None:
            return "525"
        if user.password != password:
            return "52e"
        return "533" if user.control & DISABLED else ""

    def _add(self, thing: Thing) -> Thing:
        self.things[thing.id] = thing
        return thing

    def _free(self, name: str) -> str:
        taken = {t.dn for t in self.things.values()}
        return name if f"CN={name},{STAFF}" not in taken else f"{name} {self._last}"

    def _next(self) -> int:
        self._last += 1
        return self._last


def _name(dn: str) -> bytes:
    return split(dn)[0].partition("=")[2].encode()


def _logins(thing: Thing) -> Iterator[str]:
    if thing.password is not None:
        yield thing.dn.lower()
        for key in ("sAMAccountName", "userPrincipalName"):
            yield from (value.decode().lower() for value in thing.get(key))
