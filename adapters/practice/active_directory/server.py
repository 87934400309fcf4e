"""LDAPv3 from the server's side (RFC 4511), for one connection: bytes in, bytes out.

It reads what a client sends by itself and shares no reading of messages with our door: what the two
say is held to the ASN.1 of the RFC by tests/contract/test_ldap_description.py.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from adapters.ldap.ber import ENUMERATED, OCTETS, SEQUENCE, SET, Reader, integer, measure, text, tlv
from adapters.practice.active_directory.memory import NO_OBJECT, OK, REFUSED, UNWILLING
from adapters.practice.active_directory.objects import DOMAIN, SCHEMA, Thing, Values

if TYPE_CHECKING:
    from adapters.practice.active_directory.domain import PracticeDomain

BIND, UNBIND, SEARCH, MODIFY, DELETE, MOVE, EXTENDED = 0x60, 0x42, 0x63, 0x66, 0x4A, 0x6C, 0x77
ANSWERS = {BIND: 0x61, SEARCH: 0x65, MODIFY: 0x67, DELETE: 0x6B, MOVE: 0x6D, EXTENDED: 0x78}
NAMES = {BIND: "BIND", SEARCH: "SEARCH", MODIFY: "MODIFY", DELETE: "DELETE", MOVE: "MOVE"}
WRITES = frozenset({MODIFY, DELETE, MOVE})
ENTRY, REFERENCE, CONTROLS = 0x64, 0x73, 0xA0
PAGED, START_TLS = "1.2.840.113556.1.4.319", "1.3.6.1.4.1.1466.20037"
OPERATIONS_ERROR, PROTOCOL_ERROR, STRONGER, INVALID, BUSY, UNAVAILABLE = 1, 2, 8, 49, 51, 52
ROOT = {
    "defaultNamingContext": [DOMAIN],
    "schemaNamingContext": [SCHEMA],
    "supportedCapabilities": ["1.2.840.113556.1.4.800", "1.2.840.113556.1.4.1670"],
    "supportedControl": [PAGED, "1.2.840.113556.1.4.1413"],
    "supportedLDAPVersion": ["3"],
}


class Refused(Exception):
    """The operation ends with this result."""

    def __init__(self, code: int, said: str = "") -> None:
        super().__init__(code)
        self.code, self.said = code, said


class Server:
    """One connection. `secure` is False before StartTLS; `over` is True once it has ended."""

    def __init__(self, domain: "PracticeDomain", *, secure: bool = True) -> None:
        self.domain, self.secure, self.over = domain, secure, False
        self._bound = False
        self._came = bytearray()

    def hears(self, data: bytes) -> bytes:
        """What it answers to these bytes. Raises ConnectionResetError where it hangs up."""
        self._came += data
        said = b""
        while True:
            header, size = measure(self._came)
            if not header or len(self._came) < header + size:
                return said
            whole = bytes(self._came[: header + size])
            del self._came[: header + size]
            said += self._answer(Reader(whole).inside())

    def _answer(self, reader: Reader) -> bytes:
        number, op = reader.number(), reader.tag
        body = reader.take()
        controls = reader.take() if reader else b""
        if op == UNBIND:
            self.over = True
            return b""
        if op not in ANSWERS:
            return _message(number, _result(0x78, PROTOCOL_ERROR))
        fault = self.domain.fault_for(op in WRITES)
        if fault and fault.drop:
            raise ConnectionResetError
        lost = fault is not None and fault.after_effect
        if fault and not lost:
            return _message(number, _result(ANSWERS[op], _code_of(fault.status)))
        try:
            parts = list(self._do(op, body, controls))
        except Refused as why:
            if fault:
                self.domain.faults.appendleft(fault)  # only the answer to a deed is lost
            return _message(number, _result(ANSWERS[op], why.code, why.said))
        if fault:
            return _message(number, _result(ANSWERS[op], _code_of(fault.status)))
        return b"".join(_message(number, *part) for part in parts)

    def _do(self, op: int, body: bytes, controls: bytes) -> Iterator[tuple[bytes, ...]]:
        if op == BIND:
            yield (self._bind(Reader(body)),)
        elif op == EXTENDED:
            yield (self._extended(Reader(body)),)
        elif not self._bound:
            raise Refused(OPERATIONS_ERROR, "000004DC: LdapErr: DSID-0C090ACD, comment: bind first")
        elif op == SEARCH:
            yield from self._search(Reader(body), controls)
        else:
            yield (self._write(op, body),)

    def _bind(self, reader: Reader) -> bytes:
        version, name = reader.number(), reader.text()
        password = reader.take(0x80).decode()
        self.domain.requests.append("BIND")
        if version != 3:  # noqa: PLR2004 - the version of LDAP
            raise Refused(PROTOCOL_ERROR)
        if not self.secure:
            raise Refused(STRONGER, "00002028: LdapErr: DSID-0C0903CF, comment: sign or encrypt")
        why = self.domain.signs_in(name, password)
        if why:
            comment = f"AcceptSecurityContext error, data {why}, v4563"
            raise Refused(INVALID, f"80090308: LdapErr: DSID-0C090449, comment: {comment}")
        self._bound = True
        return _result(ANSWERS[BIND], OK)

    def _extended(self, reader: Reader) -> bytes:
        if reader.text(0x80) != START_TLS or self.secure:
            raise Refused(PROTOCOL_ERROR)
        self.secure = True
        return _result(ANSWERS[EXTENDED], OK, "", text(START_TLS, 0x8A))

    def _search(self, reader: Reader, controls: bytes) -> Iterator[tuple[bytes, ...]]:
        base, scope = reader.text(), reader.number(ENUMERATED)
        for tag in (ENUMERATED, 0x02, 0x02, 0x01):
            reader.take(tag)
        tag, wanted = reader.tag, reader.take()
        asked, names = reader.inside(), []
        while asked:
            names.append(asked.text())
        self.domain.requests.append(f"SEARCH {base}")
        if not base and not scope:
            found = [("", {k: [v.encode() for v in values] for k, values in ROOT.items()})]
        else:
            found = self._found(base, scope, tag, wanted)
        page, control = self._page(found, controls)
        for dn, values in page:
            yield (_entry(dn, values, names),)
        if scope:  # other parts of the forest; nobody has to follow
            yield (tlv(REFERENCE, text(f"ldaps://forest.acme.example/CN=Configuration,{DOMAIN}")),)
        yield (
            (_result(ANSWERS[SEARCH], OK), control) if control else (_result(ANSWERS[SEARCH], OK),)
        )

    def _found(
        self, base: str, scope: int, tag: int, wanted: bytes
    ) -> list[tuple[str, dict[str, Values]]]:
        thing = self.domain.named(base)
        if thing is None:
            raise Refused(NO_OBJECT, f"0000208D: NameErr: DSID-0310028C, best match of: '{base}'")
        among = self.domain.below(thing) if scope else [thing]
        return [(one.dn, self._shown(one)) for one in among if self._fits(one, tag, Reader(wanted))]

    def _shown(self, thing: Thing) -> dict[str, Values]:
        found = self.domain.shown(thing)
        return {**found, "allowedAttributesEffective": self.domain.writable(thing)}

    def _page(
        self, found: list[tuple[str, dict[str, Values]]], controls: bytes
    ) -> tuple[list[tuple[str, dict[str, Values]]], bytes]:
        """RFC 2696; what is not asked for in pages ends with sizeLimitExceeded if it is long."""
        asked = Reader(controls)
        if not asked:
            if len(found) > self.domain.largest_page:
                raise Refused(4)
            return found, b""
        control = asked.inside()
        control.text()
        control.take(0x01)
        value = Reader(control.take()).inside()
        size, cookie = value.number(), value.take()
        start = int(cookie or b"0")
        end = start + min(size, self.domain.largest_page)
        following = str(end).encode() if end < len(found) else b""
        paged = tlv(SEQUENCE, integer(0), text(following))
        return found[start:end], tlv(CONTROLS, tlv(SEQUENCE, text(PAGED), text(paged)))

    def _fits(self, thing: Thing, tag: int, body: Reader) -> bool:
        """A filter, as far as they are asked here."""
        match tag:
            case 0xA0 | 0xA1:
                results = []
                while body:
                    results.append(self._fits(thing, body.tag, Reader(body.take())))
                return all(results) if tag == 0xA0 else any(results)  # noqa: PLR2004 - and, or
            case 0xA3:
                return self._equal(thing, body.text(), body.text())
            case 0x87:
                return True
            case 0xA9:
                body.take(0x81)
                body.take(0x82)
                member = self.domain.named(body.text(0x83))
                return member is not None and self.domain.in_chain(thing, member)
        raise Refused(UNWILLING)

    def _equal(self, thing: Thing, key: str, value: str) -> bool:
        found = {k.lower(): v for k, v in self.domain.shown(thing).items()}.get(key.lower(), [])
        return any(one.decode(errors="replace").lower() == value.lower() for one in found)

    def _write(self, op: int, body: bytes) -> bytes:
        reader = Reader(body)
        dn = body.decode() if op == DELETE else reader.text()
        self.domain.requests.append(f"{NAMES[op]} {dn}")
        thing = self.domain.named(dn)
        if thing is None:
            raise Refused(NO_OBJECT, f"0000208D: NameErr: DSID-0310028C, best match of: '{dn}'")
        code = self._written(op, thing, reader)
        if code != OK:
            said = "00002098: SecErr: DSID-03150F94" if code == REFUSED else "0000052D: AttrErr"
            raise Refused(code, f"{said}, problem with '{thing.dn}'")
        self.domain.writes += 1
        return _result(ANSWERS[op], OK)

    def _written(self, op: int, thing: Thing, reader: Reader) -> int:
        if op == DELETE:
            return self.domain.delete(thing)
        if op == MOVE:
            rdn = reader.text()
            reader.take(0x01)
            return self.domain.move(thing, rdn, reader.text(0x80))
        listed, changes = reader.inside(), []
        while listed:
            one = listed.inside()
            kind, what = one.number(ENUMERATED), one.inside()
            name, held, values = what.text(), what.inside(SET), []
            while held:
                values.append(held.take(OCTETS))
            changes.append((kind, name, values))
        return self.domain.modify(thing, changes)


def _entry(dn: str, values: dict[str, Values], names: list[str]) -> bytes:
    wanted = {name.lower() for name in names}
    listed = (
        tlv(SEQUENCE, text(key), tlv(SET, *map(text, found)))
        for key, found in values.items()
        if key.lower() in wanted and found
    )
    return tlv(ENTRY, text(dn), tlv(SEQUENCE, *listed))


def _result(tag: int, code: int, said: str = "", more: bytes = b"") -> bytes:
    return tlv(tag, integer(code, ENUMERATED), text(""), text(said), more)


def _message(number: int, *parts: bytes) -> bytes:
    return tlv(SEQUENCE, integer(number), *parts)


def _code_of(status: int) -> int:
    """How a domain controller says what an HTTP service says by this status."""
    return {429: BUSY, 403: REFUSED, 401: INVALID}.get(status, UNAVAILABLE)
