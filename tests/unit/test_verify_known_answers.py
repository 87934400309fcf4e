"""Answers that others, or other programs, have given before us."""

import base64
import hashlib

import pytest

from tests.sealed_logs import LOG_KEY, ORIGIN, SEEN_AT, WITNESS_KEY, Log
from workflows.ledger import verify
from workflows.ledger.events import disclose

CT_LEAVES = [  # google/certificate-transparency, merkle_tree_test.cc
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
CT = Log(CT_LEAVES)
SD_JWT = "WyI2cU1RdlJMNWhhaiIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"

LEAF_0 = (
    b'{"actor":{"id":"workday","kind":"hris"},"case":"CASE-1","case_seq":1,"data":{"termination_'
    b'effective":"2026-11-23T22:00:00.000000Z"},"id":"01JDKAT0000000000000000001","outcome":'
    b'"success","sd":{"email":"BFCblAm3WfW-RhLbqFNPdhA6UgsWCPc3MH2hzo3f8Qc"},"subject":"s_kat",'
    b'"tenant":"acme","time":"2026-11-23T23:00:00.000000Z","type":"case.opened","v":1}'
)
LEAF_1 = (
    b'{"actor":{"id":"worker-3","kind":"service"},"case":"CASE-1","case_seq":2,"data":{"http_'
    b'status":200,"readback":{"state":"DEPROVISIONED","time":"2026-11-23T23:00:02.000000Z"},'
    b'"system":"okta"},"id":"01JDKAT0000000000000000002","outcome":"success","subject":"s_kat",'
    b'"tenant":"acme","time":"2026-11-23T23:00:01.250000Z","type":"account.disable.result","v":1}'
)
LEAVES = [LEAF_0, LEAF_1]
HASHES = [
    bytes.fromhex("6e8e75114bed3871fa931f0ae97d826c4b5403612bf1de92105844f05ade6809"),
    bytes.fromhex("b10be3ab2682a83610bdfa80d7c88c09b5dd652d83d1a01e9807530f801a6bc3"),
    bytes.fromhex("ca424de1b5149e51de29dcc2450a5c37ce14a099a5288734994bdaa8c510b684"),
]
ROOT_2 = bytes.fromhex("f8ca582bb9b2e1ff747a362c926ec64eeee1ea980857cdac2d0425594040e0b8")
ROOT_3 = bytes.fromhex("83de418dd57bcb1975ec2865ff23cc91c6e1d2a0ce445545396df409c3d35771")
LOG_LINE = (
    "— audit.example.com/acme pup045FBwJw9M83VW4ixdu7b+WstULSFjo5GR8zYbon98v4V4p+NbQtvoohGBOxw"
    "WEDAypHC7p6mqLz/Cx27seWBzAU=\n"
)
WITNESS_LINE = (
    "— witness.example.com/w1 lpmAzwAAAABpI5agyhW9NeMCxabdR1YLg8cacXaWnOI5UueIgCBed5bsy7MJGJz+"
    "NMSexb0PIgyceMR51ihryhUb9l+T1T+yd/wHBw==\n"
)
BODY = f"{ORIGIN}\n3\ng95BjdV7yxl17Chl/yPMkcbh0qDORFVFOW30CcPTV3E=\n"


@pytest.mark.parametrize("size", range(9))
def test_the_roots_are_those_of_certificate_transparency(size: int) -> None:
    signed = verify.Checkpoint(ORIGIN, size, bytes.fromhex(CT_ROOTS[size]), "", [])
    assert CT.root(size) == signed.root
    if size > 1:  # of the leaves from the second on: the first is empty, and no event is
        first = [verify.leaf_hash(b"")]
        assert verify.check_log(CT_LEAVES[1:size], signed, 1, first).root == signed.root


def test_the_consistency_proofs_are_those_of_certificate_transparency() -> None:
    two_to_five = [
        bytes.fromhex("5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"),
        bytes.fromhex("bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"),
    ]
    assert CT.consistency(2, 5) == two_to_five
    verify.check_consistency(2, CT.root(2), 5, CT.root(5), two_to_five)
    six_to_eight = [one.hex() for one in CT.consistency(6, 8)]
    assert [(one[:8], one[-6:]) for one in six_to_eight] == [
        ("0ebc5d34", "58ef6a"),
        ("ca854ea1", "5a0ae0"),
        ("d37ee418", "9614b7"),
    ]


def test_the_note_of_the_specification_is_good_and_a_changed_one_is_not() -> None:
    key = verify.Key.parse("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
    note = (
        "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXpp"
        "zi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
    )
    assert verify.signers(*verify.parse_note(note), [key]) == {key: 0}
    with pytest.raises(verify.Refused, match="WRONG"):
        verify.signers(*verify.parse_note(note.replace("example m", "exampel m")), [key])


def test_a_disclosure_has_the_digest_of_rfc_9901() -> None:
    digests = {"family_name": "uutlBuYeMDyjLLTpf6Jxi7yNkEF35jdyWMn9U7b_RYY"}
    assert verify.check_disclosure(SD_JWT, digests) == ("family_name", "Möbius")
    ours = disclose(bytes(range(16)), "email", "ada@example.com")
    assert ours == ("WyJBQUVDQXdRRkJnY0lDUW9MREEwT0R3IiwgImVtYWlsIiwgImFkYUBleGFtcGxlLmNvbSJd")
    sd = verify.parse_event(LEAVES[0], "leaf 0")["sd"]
    assert verify.check_disclosure(ours, sd) == ("email", "ada@example.com")


def test_our_own_leaves_have_their_hashes_and_proofs() -> None:
    assert [verify.leaf_hash(leaf) for leaf in LEAVES] == HASHES[:2]
    two = verify.Checkpoint(ORIGIN, 2, ROOT_2, "", [])
    assert verify.check_log(LEAVES, two, told=verify.Told()).root == ROOT_2
    verify.check_inclusion(1, 3, HASHES[1], [HASHES[0], HASHES[2]], ROOT_3)
    verify.check_consistency(2, ROOT_2, 3, ROOT_3, [HASHES[2]])


def test_our_own_checkpoint_is_signed_and_cosigned() -> None:
    checkpoint = f"{BODY}\n{LOG_LINE}{WITNESS_LINE}"
    head = verify.check_checkpoint(checkpoint, [LOG_KEY], [WITNESS_KEY], 1)
    assert (head.origin, head.size, head.root) == (ORIGIN, 3, ROOT_3)
    assert head.seen == {WITNESS_KEY.name: int(SEEN_AT.timestamp())}


def test_what_a_time_stamp_covers_is_the_log_s_own_part() -> None:
    imprint = hashlib.sha256(f"{BODY}\n{LOG_LINE}".encode()).hexdigest()
    assert imprint == "49902338a911625c9c4fc8e1e0a8256cd5a7e1234379a523cbed8f8d1ebe8e0a"


def test_the_sample_is_the_one_that_was_computed_elsewhere() -> None:
    rank = "e96be85a16bea6362bb58edd7ccaa8706af27dca1ad3f3acf16cbb6cc5e3a9da"
    assert verify.sample_rank("auditor-seed-42", ROOT_3, "CASE-1").hex() == rank
    assert base64.b64encode(ROOT_3).decode() in BODY
