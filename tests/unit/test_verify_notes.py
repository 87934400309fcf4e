"""Signed tree heads: who signed, who saw them, and what is no note at all."""

import base64
import hashlib
from collections.abc import Callable
from itertools import count

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from tests.sealed_logs import LOG, LOG_KEY, ORIGIN, SEEN_AT, WITNESS, WITNESS_KEY, Log
from workflows.ledger.note import COSIGNATURE, Signer, checkpoint_body, note_of
from workflows.ledger.tree import EMPTY
from workflows.ledger.verify import (
    Key,
    Policy,
    Refused,
    Unchecked,
    check_checkpoint,
    parse_checkpoint,
    parse_proof,
    signers,
)

SMALL = Log([b"a", b"b", b"c", b"d", b"e"])
NOTE = SMALL.checkpoint(cosigned=True)
BODY = SMALL.body()


_MADE = count()


def signer(name: str, kind: int = COSIGNATURE) -> Signer:
    """Each another one, and the same in every process: cases are told apart by them."""
    seed = hashlib.sha256(b"%d" % next(_MADE)).digest()
    return Signer(name, Ed25519PrivateKey.from_private_bytes(seed), kind)


def key_of(made: Signer) -> Key:
    return Key.parse(made.vkey)


def refused(text: str, log: list[Key] | None = None, quorum: int = 1) -> str:
    with pytest.raises(Refused) as why:
        check_checkpoint(text, [LOG_KEY] if log is None else log, [WITNESS_KEY], quorum)
    return str(why.value)


@given(st.integers(0, len(NOTE) - 1), st.characters(codec="utf-8"))
def test_no_letter_of_a_checkpoint_can_be_another(at: int, letter: str) -> None:
    changed = NOTE[:at] + letter + NOTE[at + 1 :]
    if changed != NOTE:
        refused(changed)


@given(st.integers(0, len(NOTE) - 1), st.integers(1, 60))
def test_no_part_of_a_checkpoint_can_be_left_out(at: int, length: int) -> None:
    refused(NOTE[:at] + NOTE[at + length :])


@given(st.integers(0, len(NOTE)), st.text(min_size=1, max_size=5))
def test_nothing_can_be_put_into_a_checkpoint(at: int, more: str) -> None:
    refused(NOTE[:at] + more + NOTE[at:])


def test_signatures_of_strangers_are_neither_believed_nor_in_the_way() -> None:
    stranger = signer(ORIGIN, 1)
    with_stranger = note_of(BODY, [stranger.sign(BODY), LOG.sign(BODY)])
    assert check_checkpoint(with_stranger, [LOG_KEY]).size == 5
    assert "no key that you trust" in refused(note_of(BODY, [stranger.sign(BODY)]))
    assert "no key that you trust" in refused(note_of(BODY, [WITNESS.cosign(BODY, SEEN_AT)]))


def test_a_known_key_with_a_wrong_signature_spoils_the_note_whoever_else_signed() -> None:
    other = SMALL.body(4)
    assert "WRONG" in refused(note_of(BODY, [LOG.sign(BODY), LOG.sign(other)]))
    wrong = WITNESS.cosign(other, SEEN_AT)
    assert "WRONG" in refused(note_of(BODY, [LOG.sign(BODY), wrong]), quorum=0)


def test_a_log_is_only_itself() -> None:
    body = checkpoint_body("audit.example.com/other", 5, SMALL.root())
    assert "no key of the log" in refused(note_of(body, [LOG.sign(body)]))
    assert "no key of the log" in refused(NOTE, log=[])
    assert "no key of the log" in refused(NOTE, log=[key_of(WITNESS)])


def test_a_key_that_was_rotated_signs_beside_the_old_one_or_after_it() -> None:
    new = signer(ORIGIN, 1)
    both = note_of(BODY, [LOG.sign(BODY), new.sign(BODY)])
    for log in ([LOG_KEY], [key_of(new)], [LOG_KEY, key_of(new)]):
        assert check_checkpoint(both, log).size == 5
    assert check_checkpoint(note_of(BODY, [new.sign(BODY)]), [LOG_KEY, key_of(new)])


@pytest.mark.parametrize(("quorum", "enough"), [(0, True), (1, True), (2, True), (3, False)])
def test_as_many_witnesses_as_asked_for_must_have_seen_it(quorum: int, enough: bool) -> None:
    three = [WITNESS, signer("w2.example"), signer("w3.example")]
    keys = [key_of(one) for one in three]
    seen = [one.cosign(BODY, SEEN_AT) for one in three[:2]]
    note = note_of(BODY, [LOG.sign(BODY), *seen, seen[0], seen[0]])
    if enough:
        head = check_checkpoint(note, [LOG_KEY], keys, quorum)
        assert set(head.seen) == {WITNESS.name, "w2.example"}
    else:
        with pytest.raises(Refused, match="have not all seen it"):
            check_checkpoint(note, [LOG_KEY], keys, quorum)


def test_one_witness_under_two_names_counts_once() -> None:
    alias = Signer("alias.example", WITNESS.key, COSIGNATURE)
    note = note_of(BODY, [LOG.sign(BODY), *(w.cosign(BODY, SEEN_AT) for w in (WITNESS, alias))])
    with pytest.raises(Refused, match="have not all"):
        check_checkpoint(note, [LOG_KEY], [WITNESS_KEY, key_of(alias)], 2)


def test_a_log_is_not_its_own_witness() -> None:
    itself = Signer("w.example", LOG.key, COSIGNATURE)
    note = note_of(BODY, [LOG.sign(BODY), itself.cosign(BODY, SEEN_AT)])
    with pytest.raises(Refused, match="have not all"):
        check_checkpoint(note, [LOG_KEY], [key_of(itself)], 1)


def test_a_signature_of_the_log_is_no_cosignature() -> None:
    plain = Signer(WITNESS.name, WITNESS.key, 1)
    note = note_of(BODY, [LOG.sign(BODY), plain.sign(BODY)])
    with pytest.raises(Refused, match="have not all"):
        check_checkpoint(note, [LOG_KEY], [key_of(plain), WITNESS_KEY], 1)


def test_the_time_of_a_cosignature_is_signed() -> None:
    line = WITNESS.cosign(BODY, SEEN_AT)
    payload = bytearray(base64.b64decode(line.split()[2]))
    for changed in (payload[11] ^ 1, 0):
        moved = bytes([*payload[:11], changed, *payload[12:]])
        text = f"— {WITNESS.name} {base64.b64encode(moved).decode()}\n"
        assert "WRONG" in refused(note_of(BODY, [LOG.sign(BODY), text]))
    never = bytes([*payload[:4], *[0xFF] * 8, *payload[12:]])
    text = f"— {WITNESS.name} {base64.b64encode(never).decode()}\n"
    assert "no time" in refused(note_of(BODY, [LOG.sign(BODY), text]))


MALFORMED: list[Callable[[str], str]] = [
    lambda note: "",
    lambda note: note.replace("\n5\n", "\n05\n"),
    lambda note: note.replace("\n5\n", "\n+5\n"),
    lambda note: note.replace("\n5\n", "\n٥\n"),
    lambda note: note.replace("\n5\n", "\n5 \n"),
    lambda note: note.replace("\n5\n", "\n-5\n"),
    lambda note: note.replace("\n5\n", "\n99999999999999999999\n"),
    lambda note: note.replace("\n", "\r\n"),
    lambda note: note.replace(ORIGIN + "\n", "\n", 1),
    lambda note: note.replace("=\n\n", "\n\n", 1),
    lambda note: note.replace("=\n\n", "=\n\n\n", 1),
    lambda note: note.replace("\n\n", "\n", 1),
    lambda note: note.partition("\n\n")[0],
    lambda note: note.partition("\n\n")[0] + "\n\n",
    lambda note: note.replace("— ", "- "),
    lambda note: note.replace("— ", "—  "),
    lambda note: note.replace(" audit", " \u00a0audit"),
    lambda note: note + "\n",
    lambda note: note[:-1],
    lambda note: note[:-1] + "x",
    lambda note: note + "— x AAAA\n",
    lambda note: note + "— x AAAAAA==\n",
    lambda note: "\x00" + note,
    lambda note: note * 5000,
]


@pytest.mark.parametrize("change", MALFORMED)
def test_what_is_no_checkpoint_is_refused(change: Callable[[str], str]) -> None:
    with pytest.raises(Refused):
        parse_checkpoint(change(NOTE))


def test_lines_that_a_log_adds_are_signed_too() -> None:
    body = BODY + "an extension\n"
    head = check_checkpoint(note_of(body, [LOG.sign(body)]), [LOG_KEY])
    assert head.body == body
    refused(note_of(body.replace("an ex", "no ex"), [LOG.sign(body)]))


def test_a_head_without_leaves_has_one_root() -> None:
    for root, good in ((EMPTY, True), (SMALL.root(), False)):
        body = checkpoint_body(ORIGIN, 0, root)
        note = note_of(body, [LOG.sign(body)])
        if good:
            assert check_checkpoint(note, [LOG_KEY]).size == 0
        else:
            assert "another root" in refused(note, quorum=0)


def vkey_of(kind: int, length: int) -> str:
    """A key that fits itself, of a kind or length that nobody here can check."""
    public = bytes([kind]) + b"\x07" * length
    key_id = hashlib.sha256(b"x.example\n" + public).hexdigest()[:8]
    return f"x.example+{key_id}+{base64.b64encode(public).decode()}"


@pytest.mark.parametrize(
    "vkey",
    [
        *(vkey_of(*told) for told in ((1, 31), (4, 33), (6, 1312), (2, 32), (1, 0))),
        "",
        "x",
        "x+00000000",
        LOG.vkey.replace("a6ea74e3", "a6ea74e4"),
        LOG.vkey.replace("acme", "acne"),
        LOG.vkey[:-2],
        LOG.vkey + "AAAA",
        "a b+" + LOG.vkey.partition("+")[2],
        "x+530d903a+BgAA",
        LOG.vkey.replace("+AQ", "+Ag"),
    ],
)
def test_a_mistyped_key_is_refused(vkey: str) -> None:
    with pytest.raises(Refused):
        Key.parse(vkey)


def test_without_anything_that_checks_signatures_they_are_left_to_people(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("workflows.ledger.verify.Ed25519PublicKey", None)
    monkeypatch.setattr("workflows.ledger.verify.openssl_knows_ed25519", lambda: False)
    left: list[Unchecked] = []
    parsed = parse_checkpoint(NOTE)
    assert set(signers(parsed.body, parsed.signatures, [LOG_KEY], left)) == {LOG_KEY}
    assert [one.key for one in left] == [LOG_KEY]
    with pytest.raises(Refused):
        signers(parsed.body, parsed.signatures, [LOG_KEY])


# --- C2SP tlog-policy.

X1, X2, X3, Y1 = (signer(f"{name}.example") for name in ("x1", "x2", "x3", "y1"))
POLICY = f"""
# ours
log {LOG.vkey} https://log.example/
witness X1 {X1.vkey}
witness\tX2  {X2.vkey} https://x2.example/
witness X3 {X3.vkey}
group X 2 X1 X2 X3
witness Y1 {Y1.vkey}
group both all X Y1
group either any X Y1
quorum both
"""


def seen_by(*witnesses: Signer) -> str:
    return note_of(BODY, [LOG.sign(BODY), *(one.cosign(BODY, SEEN_AT) for one in witnesses)])


@pytest.mark.parametrize(
    ("quorum", "witnesses", "good"),
    [
        ("both", [X1, X3, Y1], True),
        ("both", [X1, X2, X3], False),
        ("both", [X1, Y1], False),
        ("either", [Y1], True),
        ("either", [X1], False),
        ("X2", [X2], True),
        ("X2", [X1, X3, Y1], False),
        ("none", [], True),
    ],
)
def test_a_policy_says_who_must_have_seen_it(
    quorum: str, witnesses: list[Signer], good: bool
) -> None:
    policy = Policy.parse(POLICY.replace("quorum both", f"quorum {quorum}"))
    if good:
        assert policy.check(seen_by(*witnesses)).size == 5
    else:
        with pytest.raises(Refused, match="have not all"):
            policy.check(seen_by(*witnesses))


@pytest.mark.parametrize(
    "line",
    [
        "quorum X1",
        "quorum",
        "witness X1 " + signer("z").vkey,
        f"witness Z {X1.vkey}",
        "witness none " + signer("z").vkey,
        "witness Z",
        "group Z 0 X1",
        "group Z 2 X1",
        "group Z any X1 X1",
        "group Z any",
        "group Z any none X1",
        "group Z any Q",
        "group Z some X1",
        "log x",
        "anything",
        "trust everybody",
    ],
)
def test_a_policy_that_is_not_understood_whole_is_refused(line: str) -> None:
    with pytest.raises(Refused):
        Policy.parse(POLICY + line + "\n")


def test_a_policy_that_is_made_to_take_for_ever_does_not() -> None:
    """Two groups on each of a thousand levels, each over both of the level below."""
    lines = [f"log {LOG.vkey}", f"witness a0 {X1.vkey}", f"witness b0 {X2.vkey}"]
    for n in range(1, 1000):
        lines += [f"group {one}{n} all a{n - 1} b{n - 1}" for one in "ab"]
    policy = Policy.parse("\n".join([*lines, "quorum a999", ""]))
    assert policy.check(seen_by(X1, X2)).size == 5
    with pytest.raises(Refused, match="have not all"):
        policy.check(seen_by(X1))
    with pytest.raises(Refused, match="too long"):
        Policy.parse("#" * 2_000_000)


@pytest.mark.parametrize("quorum", ["", "quorum nobody\n"])
def test_a_policy_has_a_quorum(quorum: str) -> None:
    with pytest.raises(Refused, match="one quorum"):
        Policy.parse(POLICY.replace("quorum both\n", quorum))


# --- C2SP tlog-proof.


def test_a_proof_is_read_as_the_specification_has_it() -> None:
    proof = parse_proof(SMALL.proof(3).replace("index", "extra aGk=\nindex"))
    assert (proof.index, proof.extra, proof.checkpoint) == (3, b"hi", SMALL.checkpoint())
    assert proof.path == SMALL.inclusion(3)


@pytest.mark.parametrize(
    "change",
    [
        ("@v1", "@v2"),
        ("index 3", "index 03"),
        ("index 3", "index -3"),
        ("index 3", "3"),
        ("index 3\n", ""),
        ("index 3", "extra !\nindex 3"),
        ("index 3", "extra aGk=\nextra aGk=\nindex 3"),
        ("index 3", "index 3\nAAAA"),
        ("index 3", "index 3\n" + "\n".join(["A" * 43 + "="] * 64)),
        ("\n\n", "\n"),
    ],
)
def test_what_is_no_proof_is_refused(change: tuple[str, str]) -> None:
    with pytest.raises(Refused):
        parse_proof(SMALL.proof(3).replace(*change))
