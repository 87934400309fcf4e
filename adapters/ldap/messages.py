"""LDAP messages (RFC 4511 section 4) as far as offboarding speaks them. Pure.

Requests are written, answers are read. Tests hold both against the ASN.1 of the RFC as others have
written it down, and against a Samba domain controller.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from adapters.errors import Unrecognised
from adapters.ldap.ber import (
    BOOLEAN,
    ENUMERATED,
    FALSE,
    OCTETS,
    SEQUENCE,
    SET,
    TRUE,
    Reader,
    integer,
    text,
    tlv,
)

VERSION = 3
PAGED = "1.2.840.113556.1.4.319"
"""The control of RFC 2696."""
START_TLS = "1.3.6.1.4.1.1466.20037"
LARGEST = 16 * 1024 * 1024
_CONTROLS, _CONTEXT = 0xA0, 0x80


class Op(IntEnum):
    """What a message is: the tags of its protocolOp."""

    BIND = 0x60
    BOUND = 0x61
    UNBIND = 0x42
    SEARCH = 0x63
    ENTRY = 0x64
    DONE = 0x65
    REFERENCE = 0x73
    MODIFY = 0x66
    MODIFIED = 0x67
    DELETE = 0x4A
    DELETED = 0x6B
    MOVE = 0x6C
    MOVED = 0x6D
    EXTENDED = 0x77
    EXTENDED_ANSWER = 0x78


class Scope(IntEnum):
    BASE = 0
    ONE_LEVEL = 1
    SUBTREE = 2


class Change(IntEnum):
    ADD = 0
    DELETE = 1
    REPLACE = 2


@dataclass(frozen=True)
class Modification:
    """One change of one attribute. Its values may be secret, so they show in no repr."""

    change: Change
    attribute: str
    values: tuple[bytes, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Entry:
    """One object. Names of attributes are in small letters: a server may spell them otherwise."""

    dn: str
    attributes: Mapping[str, tuple[bytes, ...]]


@dataclass(frozen=True)
class Result:
    """How an operation ended (RFC 4511 section 4.1.9). `said` may name people: never show it."""

    code: int
    said: str = field(default="", repr=False)


@dataclass(frozen=True)
class Message:
    """What a server sent, as far as its envelope says."""

    id: int
    op: int
    body: bytes
    controls: Mapping[str, bytes]


def bind(user: str, password: str) -> bytes:
    """A simple bind. An empty password would be an anonymous one (RFC 4513 section 5.1.2)."""
    if not password:
        raise ValueError("an empty password proves nothing")
    return tlv(Op.BIND, integer(VERSION), text(user), text(password, _CONTEXT))


def unbind() -> bytes:
    return tlv(Op.UNBIND)


def search(
    base: str, scope: Scope, wanted: bytes, attributes: Iterable[str], seconds: int
) -> bytes:
    """`wanted` is a filter of adapters.ldap.filters; aliases are not followed."""
    return tlv(
        Op.SEARCH,
        text(base),
        integer(scope, ENUMERATED),
        integer(0, ENUMERATED),
        integer(0),
        integer(seconds),
        FALSE,
        wanted,
        tlv(SEQUENCE, *map(text, attributes)),
    )


def modify(dn: str, changes: Sequence[Modification]) -> bytes:
    listed = (
        tlv(
            SEQUENCE,
            integer(one.change, ENUMERATED),
            tlv(SEQUENCE, text(one.attribute), tlv(SET, *map(text, one.values))),
        )
        for one in changes
    )
    return tlv(Op.MODIFY, text(dn), tlv(SEQUENCE, *listed))


def delete(dn: str) -> bytes:
    return text(dn, Op.DELETE)


def move(dn: str, rdn: str, parent: str) -> bytes:
    """Under another parent, by the same relative name."""
    return tlv(Op.MOVE, text(dn), text(rdn), TRUE, text(parent, _CONTEXT))


def extended(oid: str) -> bytes:
    return tlv(Op.EXTENDED, text(oid, _CONTEXT))


def paged(size: int, cookie: bytes) -> bytes:
    """The control that asks for the next page; critical, so that no server ignores it."""
    value = tlv(SEQUENCE, integer(size), text(cookie))
    return tlv(SEQUENCE, text(PAGED), TRUE, text(value))


def message(number: int, op: bytes, *controls: bytes) -> bytes:
    return tlv(SEQUENCE, integer(number), op, tlv(_CONTROLS, *controls) if controls else b"")


def read_message(data: bytes) -> Message:
    """Raises Unrecognised for whatever is not the envelope of an LDAP message."""
    reader = Reader(data).inside()
    number, op = reader.number(), reader.tag
    body = reader.take()
    controls: dict[str, bytes] = {}
    if reader.tag == _CONTROLS:
        listed = reader.inside(_CONTROLS)
        while listed:
            oid, value = _control(listed.inside())
            controls[oid] = value
    return Message(number, op, body, controls)


def _control(reader: Reader) -> tuple[str, bytes]:
    oid = reader.text()
    if reader.tag == BOOLEAN:  # whether it was critical
        reader.take()
    return oid, reader.take() if reader else b""


def read_result(body: bytes) -> Result:
    reader = Reader(body)
    code, _, said = reader.number(ENUMERATED), reader.take(), reader.take()
    return Result(code, said.decode(errors="replace"))


def read_entry(body: bytes) -> Entry:
    reader = Reader(body)
    dn, listed = reader.text(), reader.inside()
    attributes: dict[str, tuple[bytes, ...]] = {}
    while listed:
        one = listed.inside()
        name, values, found = one.text(), one.inside(SET), []
        while values:
            found.append(values.take(OCTETS))
        attributes[name.lower()] = tuple(found)
    return Entry(dn, attributes)


def read_cookie(answer: Message) -> bytes:
    """Where the next page begins, b"" after the last one. Raises Unrecognised if it is not said."""
    if PAGED not in answer.controls:
        raise Unrecognised("LDAP: an answer to a paged search does not say whether more comes")
    reader = Reader(answer.controls[PAGED]).inside()
    reader.number()
    return reader.take()
