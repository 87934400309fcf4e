"""The door to a directory: what may go over it, what its answers mean, what it never shows."""

import asyncio
import ssl
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from adapters.calls import recording
from adapters.clock import Clock
from adapters.errors import (
    AdapterError,
    CredentialDenied,
    NeedsHuman,
    TargetDenied,
    TryAgain,
    Unrecognised,
)
from adapters.http import Mode
from adapters.ldap import messages
from adapters.ldap.ber import Reader, integer, measure, text, tlv
from adapters.ldap.codes import error_of
from adapters.ldap.door import Directory, Login, Right
from adapters.ldap.lines import opener, place_of
from adapters.ldap.messages import Change, Modification, Result
from adapters.practice.active_directory import PracticeDomain
from adapters.practice.active_directory.certificate import write_certificate
from adapters.practice.active_directory.memory import SERVICE
from tests.conftest import StillClock
from tests.contract.vendors import LdapLine, LdapWire

RIGHT = Right("write something")
NAME = Modification(Change.REPLACE, "userAccountControl", (b"514",))


def directory(wire: object, password: str = PracticeDomain.token, **how: object) -> Directory:
    login = Login(f"{SERVICE}@acme.example", SecretStr(password), "the delegation", "mend it")
    return Directory(wire, login, StillClock(), **how)  # type: ignore[arg-type] # a test's own line


@pytest.fixture
def domain(clock: StillClock) -> PracticeDomain:
    return PracticeDomain(clock)


@given(st.binary(max_size=70_000), st.integers(0x01, 0x1E))
def test_what_is_written_is_read_again(body: bytes, tag: int) -> None:
    whole = tlv(tag, body)
    assert sum(measure(whole)) == len(whole)
    assert Reader(whole).take(tag) == body


@given(st.integers(-(2**40), 2**40))
def test_a_number_is_read_as_it_was_written(number: int) -> None:
    assert Reader(integer(number)).number() == number


@given(st.binary(max_size=200))
def test_no_bytes_are_read_as_something_that_they_are_not(data: bytes) -> None:
    for read in (messages.read_message, messages.read_result, messages.read_entry):
        try:
            read(data)
        except Unrecognised:
            continue


@pytest.mark.parametrize("bad", [b"\x30\x80\x00\x00", b"\x30\x85" + b"\x01" * 5, b"\x3f\x81\x01"])
def test_lengths_and_tags_that_ldap_forbids_are_refused(bad: bytes) -> None:
    with pytest.raises(Unrecognised):
        messages.read_message(bad)


def test_a_bind_without_a_password_is_never_sent() -> None:
    with pytest.raises(ValueError, match="proves nothing"):
        messages.bind("somebody", "")


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (1, Unrecognised),
        (3, TryAgain),
        (8, CredentialDenied),
        (10, Unrecognised),
        (49, CredentialDenied),
        (50, TargetDenied),
        (51, TryAgain),
        (52, TryAgain),
        (53, Unrecognised),
        (4711, Unrecognised),
    ],
)
def test_each_result_says_what_to_do_next(code: int, error: type[AdapterError]) -> None:
    assert type(error_of("SEARCH", Result(code), "", "")) is error


def test_a_message_has_the_vendor_s_codes_and_never_its_sentence() -> None:
    bind = "80090308: LdapErr: DSID-0C090449, comment: AcceptSecurityContext error, data 533, v4563"
    assert error_of("BIND", Result(49, bind), "", "").message.endswith("(data 533)")
    named = "0000208D: NameErr: best match of: 'CN=Ada Lovelace,OU=Staff'"
    shown = repr(error_of("READ", Result(53, named), "", "")) + repr(Result(53, named))
    assert "0000208D" in shown
    assert "Ada" not in shown


@pytest.mark.parametrize(
    ("url", "start_tls"),
    [
        ("ldap://dc1.acme.example", False),
        ("https://dc1.acme.example", False),
        ("ldaps://", False),
        ("ldaps://dc1.acme.example/DC=acme", False),
        ("ldaps://user@dc1.acme.example", False),
        ("ldaps://dc1.acme.example", True),
    ],
)
def test_only_an_encrypted_place_is_one(url: str, *, start_tls: bool) -> None:
    with pytest.raises(ValueError, match="must"):
        place_of(url, start_tls=start_tls)


def test_the_ports_are_those_that_everybody_uses() -> None:
    assert place_of("ldaps://dc1.acme.example", start_tls=False).port == 636
    assert place_of("ldap://dc1.acme.example", start_tls=True).port == 389
    assert place_of("ldaps://dc1.acme.example:3269", start_tls=False).port == 3269


async def test_in_observe_mode_no_line_is_even_opened_for_a_write(domain: PracticeDomain) -> None:
    door = directory(LdapWire(domain), mode=Mode.OBSERVE)
    for write in (
        door.modify(RIGHT, "<GUID=1>", NAME),
        door.move(RIGHT, "CN=a", "CN=a", "OU=b"),
        door.delete(RIGHT, "CN=a"),
    ):
        with pytest.raises(NeedsHuman):
            await write
    assert domain.requests == []


async def test_each_operation_is_remembered_by_id_and_never_by_name(
    domain: PracticeDomain,
) -> None:
    user = domain.hire("ada@acme.example")
    door = directory(LdapWire(domain))
    with recording() as calls:
        await door.read(f"<GUID={user}>", ("mail",))
        await door.read(domain.things[user].dn, ("mail",))
    assert [(c.method, c.path, c.status) for c in calls] == [
        ("BIND", "", 0),
        ("READ", f"<GUID={user}>", 0),
        ("READ", "", 0),
    ]


async def test_a_line_is_used_again_until_it_has_idled_for_long(domain: PracticeDomain) -> None:
    clock = StillClock()
    door = directory(LdapWire(domain))
    door._clock = clock
    for seconds in (0, 29, 31):
        clock.advance(seconds=seconds)
        await door.read("", ("defaultNamingContext",))
    assert domain.requests.count("BIND") == 2


async def test_no_more_lines_than_a_few_are_open_at_once(domain: PracticeDomain) -> None:
    door = directory(LdapWire(domain))
    await asyncio.gather(*(door.read("", ("defaultNamingContext",)) for _ in range(20)))
    assert domain.requests.count("BIND") <= 4


class Said(LdapLine):
    """A server that says this, whatever it is asked."""

    def __init__(self, answer: bytes) -> None:
        self._coming = answer

    async def send(self, data: bytes) -> None:
        return

    async def close(self) -> None:
        return


BOUND = tlv(0x61, integer(0, 0x0A), text(""), text(""))
DONE = tlv(0x65, integer(0, 0x0A), text(""), text(""))
NOTICE = tlv(0x78, integer(52, 0x0A), text(""), text(""))


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ([messages.message(1, BOUND), messages.message(0, NOTICE)], TryAgain),
        ([messages.message(1, BOUND), messages.message(7, DONE)], Unrecognised),
        ([messages.message(1, BOUND), messages.message(2, BOUND)], Unrecognised),
        ([messages.message(1, BOUND), messages.message(2, DONE)], Unrecognised),
        ([messages.message(1, BOUND)], TryAgain),
        ([b"\x30\x84\x7f\xff\xff\xff"], Unrecognised),
    ],
    ids=["notice", "other id", "other kind", "nothing came", "hung up", "too large"],
)
async def test_what_does_not_answer_the_question_is_no_answer(
    answers: list[bytes], error: type[AdapterError]
) -> None:
    async def opened() -> Said:
        return Said(b"".join(answers))

    with pytest.raises(error):
        await directory(opened).read("", ("defaultNamingContext",))


async def test_a_page_that_does_not_say_whether_more_comes_is_not_the_last() -> None:
    async def opened() -> Said:
        return Said(messages.message(1, BOUND) + messages.message(2, DONE))

    with pytest.raises(Unrecognised, match="more comes"):
        await directory(opened).find("DC=acme", messages.unbind(), ())


@pytest.mark.parametrize("start_tls", [False, True])
async def test_over_real_tls_the_certificate_is_checked(*, start_tls: bool) -> None:
    domain = PracticeDomain()
    async with domain.serve(start_tls=start_tls) as url:
        place = place_of(url, start_tls=start_tls)
        door = directory(opener(place, domain.ca_file, "mend it"))
        assert await door.read("", ("defaultNamingContext",))
        await door.close()
        with pytest.raises(CredentialDenied, match="not trusted"):
            await directory(opener(place, None, "mend it")).read("", ())


async def test_another_host_s_certificate_is_not_taken(tmp_path: Path) -> None:
    certificate, key = write_certificate(tmp_path, Clock(), "127.0.0.2")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = await asyncio.start_server(lambda _, w: w.close(), "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    place = place_of(f"ldaps://127.0.0.1:{port}", start_tls=False)
    with pytest.raises(CredentialDenied, match="not trusted"):
        await opener(place, str(certificate), "mend it")()
    server.close()


async def test_a_ca_file_that_is_not_there_is_the_configuration_s_fault() -> None:
    place = place_of("ldaps://127.0.0.1:1", start_tls=False)
    with pytest.raises(CredentialDenied) as why:
        await opener(place, "/nowhere/ca.pem", "mend ca_file")()
    assert why.value.fix == "mend ca_file"


async def test_a_server_that_is_down_is_worth_another_try() -> None:
    place = place_of("ldaps://127.0.0.1:1", start_tls=False)
    with pytest.raises(TryAgain):
        await directory(opener(place, None, "")).read("", ())


async def test_a_server_that_refuses_start_tls_gets_no_password(domain: PracticeDomain) -> None:
    """The practice server offers it once; a second time it is a protocol error."""
    seen: list[bytes] = []

    async def refuses(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.read(1000))
        refusal = tlv(0x78, integer(2, 0x0A), text(""), text(""))
        writer.write(messages.message(1, refusal))
        seen.append(await reader.read(1000))
        writer.close()

    server = await asyncio.start_server(refuses, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    place = place_of(f"ldap://127.0.0.1:{port}", start_tls=True)
    with pytest.raises(Unrecognised, match="StartTLS is refused"):
        await directory(opener(place, None, "")).read("", ())
    server.close()
    assert domain.token.encode() not in b"".join(seen)


def test_no_value_of_a_change_shows_in_a_repr() -> None:
    assert "514" not in repr(NAME)
