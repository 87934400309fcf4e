"""The part of BER that LDAP uses (RFC 4511 section 5.1): definite lengths, one-byte tags."""

from adapters.errors import Unrecognised

SEQUENCE, SET = 0x30, 0x31
BOOLEAN, INTEGER, OCTETS, ENUMERATED = 0x01, 0x02, 0x04, 0x0A
_LONG = 0x80
_MANY_BYTES = 0x1F
LONGEST_LENGTH = 4
"""Bytes of a length; RFC 4511 messages never need more."""


def tlv(tag: int, *parts: bytes) -> bytes:
    """One element: its tag, its length, what is in it."""
    body = b"".join(parts)
    size = len(body)
    if size < _LONG:
        return bytes((tag, size)) + body
    count = (size.bit_length() + 7) // 8
    return bytes((tag, _LONG | count)) + size.to_bytes(count) + body


def integer(value: int, tag: int = INTEGER) -> bytes:
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, signed=True))


def text(value: str | bytes, tag: int = OCTETS) -> bytes:
    """LDAP strings are UTF-8 in an OCTET STRING, so nothing in them needs an escape."""
    return tlv(tag, value.encode() if isinstance(value, str) else value)


FALSE, TRUE = tlv(BOOLEAN, b"\x00"), tlv(BOOLEAN, b"\xff")


class Reader:
    """Reads elements one after the other. Raises Unrecognised where the bytes are not BER."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def __bool__(self) -> bool:
        return self._at < len(self._data)

    @property
    def tag(self) -> int:
        """The tag of what comes next; 0 at the end."""
        return self._data[self._at] if self else 0

    def take(self, tag: int | None = None) -> bytes:
        """What is in the next element, which must bear `tag` if one is named."""
        if not self or (tag is not None and self.tag != tag):
            raise Unrecognised(f"LDAP: element {tag or 0:#04x} was expected, not {self.tag:#04x}")
        header, size = measure(self._data, self._at)
        end = self._at + header + size
        if header == 0 or end > len(self._data):
            raise Unrecognised("LDAP: an element ends before its length")
        body = self._data[self._at + header : end]
        self._at = end
        return body

    def inside(self, tag: int = SEQUENCE) -> "Reader":
        return Reader(self.take(tag))

    def number(self, tag: int = INTEGER) -> int:
        body = self.take(tag)
        if not body:
            raise Unrecognised("LDAP: a number without bytes")
        return int.from_bytes(body, signed=True)

    def text(self, tag: int = OCTETS) -> str:
        try:
            return self.take(tag).decode()
        except UnicodeDecodeError:
            raise Unrecognised("LDAP: a text that is not UTF-8") from None


def measure(data: bytes | bytearray, at: int = 0) -> tuple[int, int]:
    """Bytes of the header of an element and of its body; (0, 0) while the header is incomplete."""
    if len(data) - at < 2:  # noqa: PLR2004 - a tag and a length
        return 0, 0
    if data[at] & _MANY_BYTES == _MANY_BYTES:
        raise Unrecognised("LDAP: a tag of several bytes")
    first = data[at + 1]
    if first < _LONG:
        return 2, first
    count = first & ~_LONG
    if not 0 < count <= LONGEST_LENGTH:
        raise Unrecognised("LDAP: a length that no LDAP message has")
    if len(data) - at < 2 + count:
        return 0, 0
    return 2 + count, int.from_bytes(data[at + 2 : at + 2 + count])
