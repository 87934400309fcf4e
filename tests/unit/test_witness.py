"""A witness cosigns what follows and nothing else, and forgets nothing that it answered."""

import itertools
import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.conftest import NOON, StillClock
from tests.sealed_logs import LOG, LOG_KEY, ORIGIN, WITNESS, WITNESS_KEY, Log, lines_of
from workflows.ledger import verify
from workflows.ledger.note import Signer, checkpoint_body, note_of
from workflows.ledger.tree import EMPTY
from workflows.ledger.witnessed import Ahead, Declined, Witness

LOG_OF_40 = Log([b"leaf %d" % n for n in range(40)])


def body_of(log: Log, old: int, new: int, signer: Signer = LOG) -> bytes:
    proof = log.consistency(old, new) if old else []
    note = note_of(log.body(new), [signer.sign(log.body(new))])
    return f"old {old}\n{lines_of(proof)}\n{note}".encode()


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    made = Witness(tmp_path, WITNESS, [LOG_KEY], StillClock())
    made.open()
    return made


def refused(witness: Witness, body: bytes) -> int:
    before = witness.last(ORIGIN)
    with pytest.raises(Declined) as why:
        witness.add(body)
    assert witness.last(ORIGIN) == before
    return why.value.status


def test_it_cosigns_a_log_that_grows(witness: Witness) -> None:
    sizes = [0, 1, 7, 8, 33, 40]
    for old, new in itertools.pairwise(sizes):
        line = witness.add(body_of(LOG_OF_40, old, new))
        note = LOG_OF_40.checkpoint(new) + line
        head = verify.check_checkpoint(note, [LOG_KEY], [WITNESS_KEY], 1)
        assert head.seen == {WITNESS.name: int(NOON.timestamp())}
        assert witness.checkpoint(ORIGIN) == note


def test_every_head_that_it_cosigned_can_be_asked_for_later(witness: Witness) -> None:
    for old, new in ((0, 3), (3, 30), (30, 40)):
        witness.add(body_of(LOG_OF_40, old, new))
    heads = [verify.parse_checkpoint(witness.checkpoint(ORIGIN, size)) for size in (3, 30, 40)]
    assert [head.size for head in heads] == [3, 30, 40]
    path = LOG_OF_40.consistency(3)
    verify.check_consistency(3, heads[0].root, 40, heads[2].root, path)


def test_the_same_head_is_cosigned_again_and_kept_once(witness: Witness) -> None:
    first = witness.add(body_of(LOG_OF_40, 0, 7))
    assert witness.add(body_of(LOG_OF_40, 7, 7)) == first
    assert len(list(witness._all(ORIGIN))) == 1


def test_who_does_not_know_its_last_head_is_told_the_size(witness: Witness) -> None:
    witness.add(body_of(LOG_OF_40, 0, 30))
    for old, new in ((0, 40), (29, 40), (0, 30), (7, 8)):
        with pytest.raises(Ahead) as why:
            witness.add(body_of(LOG_OF_40, old, new))
        assert (why.value.status, why.value.size, why.value.message) == (409, 30, "30\n")


def test_another_head_of_the_same_size_is_refused_and_kept_as_a_proof(witness: Witness) -> None:
    witness.add(body_of(LOG_OF_40, 0, 30))
    forged = Log([*LOG_OF_40.leaves[:5], b"forged", *LOG_OF_40.leaves[6:]])
    assert refused(witness, body_of(forged, 30, 30)) == 422
    assert refused(witness, body_of(forged, 30, 40)) == 422
    assert witness.refusals(ORIGIN) == 2
    told = json.loads(witness._path(ORIGIN, "refused").read_text().splitlines()[0])
    seen, other = (verify.check_checkpoint(told[key], [LOG_KEY]) for key in ("seen", "refused"))
    assert (seen.size, other.size) == (30, 30)
    assert seen.root != other.root


def test_nothing_of_an_unknown_log_or_of_an_unknown_key_is_cosigned(witness: Witness) -> None:
    stranger = Signer(ORIGIN, Ed25519PrivateKey.generate())
    assert refused(witness, body_of(LOG_OF_40, 0, 7, stranger)) == 403
    body = checkpoint_body("another.example/log", 7, LOG_OF_40.root(7))
    assert refused(witness, f"old 0\n\n{note_of(body, [LOG.sign(body)])}".encode()) == 404
    changed = body_of(LOG_OF_40, 0, 7).replace(b"\n7\n", b"\n8\n")
    assert refused(witness, changed) == 403
    assert witness.refusals(ORIGIN) == 0


def empty_with(root: bytes, old: bytes = b"old 0\n") -> bytes:
    body = checkpoint_body(ORIGIN, 0, root)
    return old + b"\n" + note_of(body, [LOG.sign(body)]).encode()


def test_a_log_without_leaves_has_one_root_only(witness: Witness) -> None:
    assert refused(witness, empty_with(b"x" * 32)) == 422
    assert witness.add(empty_with(EMPTY)).startswith(f"— {WITNESS.name} ")
    assert witness.add(body_of(LOG_OF_40, 0, 7))


def test_a_proof_from_nothing_must_be_empty(witness: Witness) -> None:
    body = body_of(LOG_OF_40, 0, 7)
    assert refused(witness, body.replace(b"old 0\n", b"old 0\n" + b"A" * 43 + b"=\n")) == 422


MALFORMED: list[Callable[[bytes], bytes]] = [
    lambda body: b"",
    lambda body: body[:40],
    lambda body: body.replace(b"old 0", b"old 00"),
    lambda body: body.replace(b"old 0", b"old -1"),
    lambda body: body.replace(b"old 0", b"old \xd9\xa3"),
    lambda body: body.replace(b"old 0", b"new 0"),
    lambda body: body.replace(b"\n7\n", b"\n07\n"),
    lambda body: body.replace(b"\n", b"\r\n"),
    lambda body: body[:-1],
    lambda body: body + b"x",
    lambda body: body.replace(b"old 0\n", b"old 0\nnot base64\n"),
    lambda body: body.replace(b"old 0\n", b"old 0\nAAAA\n"),
    lambda body: body.replace(b"old 0\n", b"old 0\n" + (b"A" * 43 + b"=\n") * 64),
    lambda body: b"\xff" + body,
    lambda body: body.replace(b"example", b"ex\x00mple"),
    lambda body: body.replace(b"old 0", b"old 8"),
]


@pytest.mark.parametrize("change", MALFORMED)
def test_what_is_malformed_is_said_to_be(
    witness: Witness, change: Callable[[bytes], bytes]
) -> None:
    assert refused(witness, change(body_of(LOG_OF_40, 0, 7))) == 400


def test_of_two_at_once_one_wins_and_nothing_is_rolled_back(witness: Witness) -> None:
    witness.add(body_of(LOG_OF_40, 0, 2))
    answers: list[str] = []

    def ask(new: int) -> None:
        try:
            witness.add(body_of(LOG_OF_40, 2, new))
            answers.append("cosigned")
        except Ahead as why:
            answers.append(f"ahead by {why.size}")

    threads = [threading.Thread(target=ask, args=(new,)) for new in range(3, 40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    last = witness.last(ORIGIN)
    assert sorted(set(answers)) == [f"ahead by {last.size}", "cosigned"]
    assert answers.count("cosigned") == 1


@pytest.mark.parametrize("kept", [0, 1, 40, -1])
def test_a_record_that_was_cut_off_was_never_answered_and_counts_for_nothing(
    witness: Witness, kept: int
) -> None:
    witness.add(body_of(LOG_OF_40, 0, 7))
    path = witness._path(ORIGIN)
    whole = path.read_bytes()
    witness.add(body_of(LOG_OF_40, 7, 30))
    record = path.read_bytes()[len(whole) :]
    path.write_bytes(whole + record[:kept])
    assert witness.last(ORIGIN).size == 7
    assert path.read_bytes() == whole
    assert witness.add(body_of(LOG_OF_40, 7, 40))
    assert [seen.size for seen in witness._all(ORIGIN)] == [7, 40]


def test_a_folder_belongs_to_one_witness(witness: Witness, tmp_path: Path) -> None:
    other = Signer("other.example", Ed25519PrivateKey.generate(), 4)
    with pytest.raises(ValueError, match=r"witness\.example\.com/w1"):
        Witness(tmp_path, other, [LOG_KEY], StillClock()).open()
    witness.open()


def test_the_key_may_change_and_the_history_stays(witness: Witness, tmp_path: Path) -> None:
    witness.add(body_of(LOG_OF_40, 0, 7))
    new = Signer(ORIGIN, Ed25519PrivateKey.generate())
    keys = [LOG_KEY, verify.Key.parse(new.vkey)]
    later = Witness(tmp_path, WITNESS, keys, StillClock())
    assert later.add(body_of(LOG_OF_40, 7, 30, new))
    forged = Log([b"forged", *LOG_OF_40.leaves])
    assert refused(later, body_of(forged, 30, 40, new)) == 422


def test_the_operator_with_the_key_cannot_rewrite_what_a_witness_saw(witness: Witness) -> None:
    """Rebuild the log without one event, sign again: same key, same size, other history."""
    witness.add(body_of(LOG_OF_40, 0, 30))
    kept = LOG_OF_40.checkpoint(30)
    for dropped in range(30):
        rebuilt = Log(LOG_OF_40.leaves[:dropped] + LOG_OF_40.leaves[dropped + 1 :])
        old = verify.check_checkpoint(kept, [LOG_KEY])
        new = verify.check_checkpoint(rebuilt.checkpoint(), [LOG_KEY])
        for path in (rebuilt.consistency(30), LOG_OF_40.consistency(30, 39)):
            with pytest.raises(verify.Refused, match="REWRITTEN"):
                verify.check_consistency(old.size, old.root, new.size, new.root, path)
        assert refused(witness, body_of(rebuilt, 30, 39)) == 422
        assert refused(witness, body_of(rebuilt, 0, 29)) == 409
    assert verify.check_checkpoint(witness.checkpoint(ORIGIN), [LOG_KEY]).size == 30
