"""What a witness may answer, and that only its own cosignature of our very head is taken."""

import base64
import pickle
from datetime import timedelta

import httpx
import pytest
import respx

from adapters.errors import AdapterError, NeedsHuman, TryAgain, Unrecognised
from adapters.witness import Witness, WitnessAhead, WitnessRefused
from tests.sealed_logs import LOG, SEEN_AT, WITNESS, Log
from workflows.ledger.note import Signer

URL = "https://witness.example.com/w1"
LOG_OF_9 = Log([b"%d" % n for n in range(9)])
NOTE, BODY = LOG_OF_9.checkpoint(), LOG_OF_9.body()
GOOD = WITNESS.cosign(BODY, SEEN_AT)


async def ask(status: int, text: str | bytes) -> tuple[str, httpx.Request]:
    witness = Witness(URL, WITNESS.vkey)
    try:
        with respx.mock:
            route = respx.post(f"{URL}/add-checkpoint").respond(status, content=text)
            return await witness.add(4, LOG_OF_9.consistency(4), NOTE), route.calls[0].request
    finally:
        await witness.close()


async def why(status: int, text: str | bytes) -> AdapterError:
    with pytest.raises(AdapterError) as raised:
        await ask(status, text)
    return raised.value


async def test_it_asks_as_the_specification_has_it() -> None:
    lines, request = await ask(200, GOOD)
    assert lines == GOOD
    old, *hashes = request.content.decode().partition("\n\n")[0].split("\n")
    assert old == "old 4"
    assert [base64.b64decode(one) for one in hashes] == LOG_OF_9.consistency(4)
    assert request.content.decode().partition("\n\n")[2] == NOTE


def changed(line: str, at: int) -> str:
    dash, name, encoded = line.split()
    payload = bytearray(base64.b64decode(encoded))
    payload[at] ^= 1
    return f"{dash} {name} {base64.b64encode(bytes(payload)).decode()}\n"


BAD: dict[str, str | bytes] = {
    "nothing": "",
    "words": "thank you\n",
    "bytes": b"\xff\xfe",
    "another head": WITNESS.cosign(LOG_OF_9.body(8), SEEN_AT),
    "the log's own line": LOG.sign(BODY),
    "a signature without a time": Signer(WITNESS.name, WITNESS.key).sign(BODY),
    "another name": Signer("other.example", WITNESS.key, 4).cosign(BODY, SEEN_AT),
    "another time": changed(GOOD, 11),
    "another key id": changed(GOOD, 0),
    "a changed signature": changed(GOOD, -1),
    "no base64": f"— {WITNESS.name} !\n",
    "half a line": GOOD[:40],
}


@pytest.mark.parametrize("what", BAD)
async def test_what_its_key_did_not_sign_is_not_taken(what: str) -> None:
    text = BAD[what]
    assert isinstance(await why(200, text), Unrecognised)
    if isinstance(text, str):
        lines, _ = await ask(200, text.rstrip("\n") + "\n" + GOOD)
        assert lines == GOOD


async def test_of_two_good_lines_the_first_is_kept() -> None:
    both = GOOD + WITNESS.cosign(BODY, SEEN_AT + timedelta(seconds=1))
    assert (await ask(200, both))[0] == GOOD


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        (409, "7\n", WitnessAhead),
        (409, "0\n", WitnessAhead),
        (409, "conflict", Unrecognised),
        (409, "٧\n", Unrecognised),
        (422, "no", WitnessRefused),
        (403, "no", NeedsHuman),
        (404, "no", NeedsHuman),
        (400, "no", Unrecognised),
        (500, "no", TryAgain),
        (503, "no", TryAgain),
        (429, "no", TryAgain),
    ],
)
async def test_every_answer_is_one_of_our_errors(
    status: int, text: str, kind: type[AdapterError]
) -> None:
    error = await why(status, text)
    assert type(error) is kind
    assert pickle.loads(pickle.dumps(error)) == error
    if isinstance(error, WitnessAhead):
        assert error.size == int(text)


@pytest.mark.parametrize("vkey", ["", "x", LOG.vkey, WITNESS.vkey[:-4], "x+y+!", "x+00000000+AQ=="])
def test_a_key_that_is_no_witness_s_is_refused(vkey: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Witness(URL, vkey)
