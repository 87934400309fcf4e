"""Search filters (RFC 4511 section 4.5.1), built as what is sent: there is no text to escape."""

from adapters.ldap.ber import text, tlv

IN_CHAIN = "1.2.840.113556.1.4.1941"
"""Active Directory: through any number of groups ([MS-ADTS] LDAP_MATCHING_RULE_IN_CHAIN)."""


def every(*filters: bytes) -> bytes:
    return tlv(0xA0, *filters)


def any_of(*filters: bytes) -> bytes:
    return tlv(0xA1, *filters)


def equals(attribute: str, value: str) -> bytes:
    return tlv(0xA3, text(attribute), text(value))


def present(attribute: str) -> bytes:
    return text(attribute, 0x87)


def matches(rule: str, attribute: str, value: str) -> bytes:
    """An extensible match by the rule of this OID."""
    return tlv(0xA9, text(rule, 0x81), text(attribute, 0x82), text(value, 0x83))


ANY = present("objectClass")
