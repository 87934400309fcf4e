"""The ASN.1 of LDAP, as the RFC has it, held against what our door says and what it is answered.

pyasn1-modules is RFC 2251 appendix A, written down by others; RFC 4511 only adds to it. Each
message of a whole leave is decoded by it, encoded again, and must be the same bytes. Two of its
requests are not what the RFC says: delRequest is [APPLICATION 10] LDAPDN, unbindRequest
[APPLICATION 2] NULL. They are held by their bytes here, and by Samba in tests/live/test_samba.py.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from pyasn1.codec.ber import decoder, encoder
from pyasn1.error import PyAsn1Error
from pyasn1_modules import rfc2251

from adapters.errors import AdapterError
from adapters.ldap import filters, messages
from adapters.ldap.ber import TRUE, measure, tlv
from adapters.ldap.messages import Change, Modification, Scope, read_message
from adapters.nouns import Account, Person
from adapters.postconditions import removable
from adapters.practice.active_directory import PracticeDomain
from adapters.practice.active_directory.server import Server
from adapters.systems.active_directory import ActiveDirectory
from tests.conftest import StillClock
from tests.contract.vendors import BASE, LdapLine, LdapWire

REQUESTS = {
    *("bindRequest", "searchRequest", "modifyRequest", "modDNRequest"),
}
BY_BYTES = (0x42, 0x4A)
"""unbindRequest and delRequest."""
ANSWERS = {
    *("bindResponse", "searchResEntry", "searchResDone", "searchResRef", "modifyResponse"),
    *("delResponse", "modDNResponse"),
}


class Heard(LdapWire):
    """Keeps every message of both sides."""

    def __init__(self, vendor: PracticeDomain) -> None:
        super().__init__(vendor)
        self.asked: list[bytes] = []
        self.said: list[bytes] = []

    async def __call__(self) -> LdapLine:
        return _Line(Server(self._vendor), self)


class _Line(LdapLine):
    async def send(self, data: bytes) -> None:
        wire = self._wire
        assert isinstance(wire, Heard)
        wire.asked += split(data)
        already = len(self._coming)
        await super().send(data)
        wire.said += split(self._coming[already:])


def split(data: bytes) -> Iterator[bytes]:
    while data:
        header, size = measure(data)
        yield data[: header + size]
        data = data[header + size :]


def decoded(message: bytes) -> Any:
    """By the description; raises PyAsn1Error where the bytes are no LDAPMessage."""
    found, rest = decoder.decode(message, asn1Spec=rfc2251.LDAPMessage())
    assert rest == b""
    return found


def kind(message: bytes) -> str:
    return str(decoded(message)["protocolOp"].getName())


async def whole_leave(clock: StillClock) -> Heard:
    domain = PracticeDomain(clock)
    user = domain.hire("mara@acme.example", employee_number="1207")
    domain.group("Helpdesk", within=[domain.admins]).members.add(user)
    wire = Heard(domain)
    settings = ActiveDirectory.Settings(**domain.settings(BASE))
    adapter = ActiveDirectory.connect("ad", settings, clock, wire)
    await adapter.check()
    person = Person("1207", ("mara@acme.example",), (user, "mara"))
    [hit] = await adapter.find_accounts(person)
    before = await adapter.observe(hit.account)
    for verb in (*adapter.contain, *adapter.actions):
        await adapter.perform(verb, hit.account)
    for verb in adapter.ways_back:
        try:
            await adapter.give_back(verb, hit.account, before, removable(before.grants or ()))
        except AdapterError:
            continue  # it was deleted in the end; what is asked is all that counts here
    await adapter.observe(Account("ad", user, "mara"))
    assert len([one async for one in adapter.accounts()]) == 0
    await adapter.close()
    return wire


async def test_every_request_of_a_leave_is_what_the_rfc_describes(clock: StillClock) -> None:
    wire = await whole_leave(clock)
    described = [m for m in wire.asked if read_message(m).op not in BY_BYTES]
    assert {kind(message) for message in described} == REQUESTS
    for message in described:  # TRUE is FF in LDAP (RFC 4511 section 5.1); pyasn1 writes 01
        assert encoder.encode(decoded(message)) == message.replace(TRUE, b"\x01\x01\x01")
    assert {read_message(m).op for m in wire.asked if m not in described} == {*BY_BYTES}


def test_a_delete_is_its_name_and_an_unbind_is_nothing() -> None:
    number = b"\x02\x01\x05"
    deleted, unbound = messages.delete("CN=a"), messages.unbind()
    assert messages.message(5, deleted) == b"\x30\x09" + number + b"\x4a\x04CN=a"
    assert messages.message(5, unbound) == b"\x30\x05" + number + b"\x42\x00"


async def test_every_answer_of_the_practice_domain_is_what_the_rfc_describes(
    clock: StillClock,
) -> None:
    wire = await whole_leave(clock)
    assert {kind(message) for message in wire.said} == ANSWERS
    for message in wire.said:
        assert encoder.encode(decoded(message)) == message


async def test_what_is_asked_means_what_was_meant() -> None:
    wanted = filters.every(
        filters.equals("mail", "a*b)(|(x=\0é"), filters.any_of(filters.present("cn"))
    )
    request = messages.search("DC=acme", Scope.SUBTREE, wanted, ("mail",), 20)
    asked = decoded(messages.message(7, request, messages.paged(500, b"c")))
    search = asked["protocolOp"]["searchRequest"]
    assert (int(asked["messageID"]), str(search["baseObject"])) == (7, "DC=acme")
    assert (int(search["scope"]), int(search["timeLimit"])) == (2, 20)
    equal = search["filter"]["and"][0]["equalityMatch"]
    assert bytes(equal["assertionValue"]).decode() == "a*b)(|(x=\0é"
    assert str(asked["controls"][0]["controlType"]) == messages.PAGED
    assert bool(asked["controls"][0]["criticality"]) is True


async def test_a_change_of_an_attribute_means_what_was_meant() -> None:
    changes = (
        Modification(Change.DELETE, "userAccountControl", (b"512",)),
        Modification(Change.ADD, "userAccountControl", (b"514",)),
    )
    asked = decoded(messages.message(2, messages.modify("<GUID=1>", changes)))
    listed = asked["protocolOp"]["modifyRequest"]["modification"]
    assert [int(one["operation"]) for one in listed] == [1, 0]
    values = [bytes(one["modification"]["vals"][0]) for one in listed]
    assert values == [b"512", b"514"]


async def test_a_move_means_what_was_meant() -> None:
    asked = decoded(messages.message(2, messages.move("CN=a,OU=b", "CN=a", "OU=c")))
    moved = asked["protocolOp"]["modDNRequest"]
    assert (str(moved["entry"]), str(moved["newrdn"])) == ("CN=a,OU=b", "CN=a")
    assert (bool(moved["deleteoldrdn"]), str(moved["newSuperior"])) == (True, "OU=c")


@pytest.mark.parametrize("wrong", [0x60, 0x63, 0x66, 0x6C])
def test_a_message_that_is_not_described_fails_here(wrong: int) -> None:
    with pytest.raises((PyAsn1Error, AssertionError)):
        kind(messages.message(1, tlv(wrong, b"\x02\x01\x03")))
