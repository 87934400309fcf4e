"""What the verifier reads of an RFC 3161 reply. Whole replies: tests/live/test_time_stamps.py."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.ledger.verify import Refused, time_stamp

DIGEST = bytes(range(32))
SHA_1 = bytes.fromhex("2b0e03021a")
SHA_256 = bytes.fromhex("608648016503040201")
TST_INFO = bytes.fromhex("2a864886f70d0109100104")
DATA = bytes.fromhex("2a864886f70d010701")
SEQUENCE, INTEGER, OCTETS, OID, TIME, EXPLICIT = 0x30, 0x02, 0x04, 0x06, 0x18, 0xA0


def der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes(2, "big")
    return bytes([tag, 0x82]) + length + content


def reply(
    status: int = 0,
    kind: bytes = TST_INFO,
    algorithm: bytes = SHA_256,
    time: bytes = b"20261128160625Z",
    policy: bytes = b"*" * 90,
) -> bytes:
    imprint = der(SEQUENCE, der(SEQUENCE, der(OID, algorithm)), der(OCTETS, DIGEST))
    info = der(
        SEQUENCE,
        der(INTEGER, b"\1"),
        der(OID, policy),
        imprint,
        der(INTEGER, b"\7"),
        der(TIME, time),
    )
    held = der(SEQUENCE, der(OID, kind), der(EXPLICIT, der(OCTETS, info)))
    signed = der(SEQUENCE, der(INTEGER, b"\3"), der(0x31), held)
    token = der(SEQUENCE, der(OID, DATA), der(EXPLICIT, signed))
    return der(SEQUENCE, der(SEQUENCE, der(INTEGER, bytes([status]))), token)


@pytest.mark.parametrize("status", [0, 1])
@pytest.mark.parametrize("time", [b"20261128160625Z", b"20261128160625.123Z"])
def test_it_says_what_was_stamped_and_when(status: int, time: bytes) -> None:
    at = datetime(2026, 11, 28, 16, 6, 25, tzinfo=UTC)
    assert time_stamp(reply(status=status, time=time)) == (DIGEST, at)


WRONG = {
    "refused by the authority": (reply(status=2), "not granted"),
    "of something else": (reply(kind=DATA), "not granted"),
    "over another hash": (reply(algorithm=SHA_1), "not over SHA-256"),
    "of no time": (reply(time=b"yesterday"), "no time stamp"),
    "of a time that is not": (reply(time=b"20261328160625Z"), "no time stamp"),
    "without a token": (der(SEQUENCE, der(SEQUENCE, der(INTEGER, b"\0"))), "no time stamp"),
    "empty": (b"", "no time stamp"),
    "without end": (reply()[:-1], "DER is broken"),
    "longer than anything": (b"\x30\x88" + b"\xff" * 8 + b"x" * 300, "DER is broken"),
    "of indefinite length": (b"\x30\x80" + reply()[4:] + b"\0\0", "no time stamp"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_no_stamp_of_ours_is_refused(what: str) -> None:
    response, says = WRONG[what]
    with pytest.raises(Refused, match=says):
        time_stamp(response)


@given(st.binary(max_size=200), st.integers(0, 200))
def test_no_bytes_make_it_fall_over(junk: bytes, at: int) -> None:
    good = reply()
    for response in (junk, good[:at] + junk + good[at + len(junk) :]):
        with suppress(Refused):
            assert len(time_stamp(response)) == 2
