"""Hostile witnesses, packs and callers: what they say costs no more than it may."""

from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import pytest

from adapters.errors import Unrecognised
from adapters.witness import Witness
from tests.conftest import StillClock
from tests.sealed_logs import (
    LOG,
    LOG_KEY,
    ORIGIN,
    WITNESS,
    WITNESS_KEY,
    Log,
    a_period_pack,
    as_zip,
    case_events,
    lines_of,
    other_events,
    pack_of,
    sealed,
)
from workflows.ledger import tiles
from workflows.ledger.events import canonical
from workflows.ledger.note import Signer, checkpoint_body, note_of
from workflows.ledger.proofs import NoSuchTree
from workflows.ledger.settings import valid_witness
from workflows.ledger.verify import (
    Key,
    Policy,
    Refused,
    _goes_on,
    check_pack,
    parse_checkpoint,
    parse_event,
)
from workflows.ledger.witnessed import Declined
from workflows.ledger.witnessed import Witness as Watching


def cosignature(seconds: int = 1_800_000_000) -> str:
    """A right one, of whatever time."""
    body = Log([b"x"]).body()
    signed = WITNESS.key.sign(f"cosignature/v1\ntime {seconds}\n{body}".encode())
    return WITNESS._line(seconds.to_bytes(8, "big") + signed)


def other_spelling(line: str) -> str:
    """The same bytes in base64: the bits that no byte needs are set."""
    assert line.endswith("==\n")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = alphabet[alphabet.index(line[-4]) | 1]
    return line[:-4] + last + line[-3:]


POISON = {
    "another spelling of base64": other_spelling(cosignature()),
    "a time that there is not": cosignature(2**63),
    "a million times the same": cosignature() * 100_000,
}


@pytest.mark.parametrize("answer", POISON.values(), ids=POISON)
async def test_no_answer_of_a_witness_makes_a_head_that_our_verifier_refuses(answer: str) -> None:
    witness = Witness("http://localhost:1", WITNESS.vkey)
    note = Log([b"x"]).checkpoint()
    try:
        lines = witness._good_line(answer, note)
    except Unrecognised:
        return
    finally:
        await witness.close()
    Policy.of([LOG_KEY], [WITNESS_KEY], 1).check(note + lines)


async def test_a_size_without_end_is_no_answer_of_a_witness() -> None:
    witness = Witness("http://localhost:1", WITNESS.vkey)
    assert isinstance(witness._why_not(409, "9" * 5000), Unrecognised)
    await witness.close()


def test_one_witness_does_not_pass_for_two_by_a_blank_in_its_name() -> None:
    """A name with a blank is in no signature line: whoever reads the head would refuse it."""
    signer = Signer("witness one", WITNESS.key, 4)
    with pytest.raises(ValueError, match="name"):
        valid_witness(signer.vkey)


@pytest.mark.parametrize("level", ["0", "entries"])
def test_a_tile_of_a_number_without_end_is_none(level: str) -> None:
    with pytest.raises(NoSuchTree):
        tiles.place_of(f"{level}/" + "x123/" * 2000 + "000")


def test_groups_within_groups_are_counted_once() -> None:
    key = WITNESS.vkey
    lines = [f"log {LOG.vkey}", f"witness a {key}", "group g0 any a", "group g1 any a g0"]
    lines += [f"group g{n} 1 g{n - 1} g{n - 2}" for n in range(2, 40)]
    policy = Policy.parse("\n".join([*lines, "quorum g39"]))
    begun = perf_counter()
    policy.check(Log([b"x"]).checkpoint(cosigned=True))
    assert perf_counter() - begun < 1


def test_a_note_with_thousands_of_signatures_is_none() -> None:
    body = Log([b"x"]).body()
    with pytest.raises(Refused, match="signatures"):
        parse_checkpoint(note_of(body, [LOG.sign(body)] * 101))


def test_a_leaf_in_a_pack_is_no_longer_than_one_in_a_log(tmp_path: Path) -> None:
    long = canonical({"id": "evt_1", "type": "x", "case": "c", "case_seq": 1, "data": "x" * 70_000})
    report = check_pack(as_zip(tmp_path / "p.zip", pack_of(Log([long]), [long])))
    assert any("longer" in said for said in report.refused)


def test_an_event_is_utf8_and_nothing_else() -> None:
    for encoded in ("utf-16", "utf-32", "utf-8-sig"):
        with pytest.raises(Refused):
            parse_event('{"id":"evt_1"}'.encode(encoded), "here")


def notes_of(path: Path, policy: Policy, earlier: tuple[str, ...] = ()) -> list[str]:
    report = check_pack(path, policy, earlier)
    assert report.refused == []
    return report.notes


def test_a_pack_that_leaves_out_what_came_after_the_closing_is_not_called_complete(
    tmp_path: Path,
) -> None:
    """The re-check found the account open again: event 6 of the case, which the operator drops."""
    again = {"id": "evt_6", "type": "recheck.result", "outcome": "open_again", "case_seq": 6}
    log = Log([*case_events(), canonical({**again, "case": "case_1"})])
    path = as_zip(tmp_path / "p.zip", pack_of(log, log.leaves[:5]))
    notes = notes_of(path, Policy.of([LOG_KEY], [WITNESS_KEY], 1))
    assert any("after its event 5" in note for note in notes)


def test_who_asks_for_no_witness_is_told_what_the_operator_alone_could_do(tmp_path: Path) -> None:
    log = Log([*other_events(3), *case_events()])
    path = as_zip(tmp_path / "p.zip", pack_of(log, log.leaves[3:]))
    assert any("WITNESS" in note for note in notes_of(path, Policy.of([LOG_KEY], [], 0)))
    notes = notes_of(path, Policy.of([LOG_KEY], [WITNESS_KEY], 1))
    assert not any("WITNESS" in note for note in notes)


def test_a_sample_that_the_operator_could_have_steered_is_said_to_be_one(tmp_path: Path) -> None:
    """They know the seed, and sign heads behind the sealing until case_7 is not drawn any more."""
    path = as_zip(tmp_path / "p.zip", a_period_pack())
    policy = Policy.of([LOG_KEY], [WITNESS_KEY], 1)
    [head] = [
        data.decode()
        for name, data in a_period_pack().items()
        if name == "consistency/6.checkpoint"
    ]
    assert any("The sample hangs" in note for note in notes_of(path, policy))
    assert notes_of(path, policy, (head,)) == []


def test_a_log_that_asks_for_the_same_again_and_again_does_not_fill_the_witness(
    tmp_path: Path,
) -> None:
    witness = Watching(tmp_path, WITNESS, [LOG_KEY], StillClock())
    witness.open()
    true, forged = Log([b"a", b"b"]), Log([b"a", b"c", b"d"])
    witness.add(f"old 0\n\n{true.checkpoint()}".encode())
    for _ in range(20):
        with pytest.raises(Declined):
            witness.add(f"old 2\n{lines_of(forged.consistency(2))}\n{forged.checkpoint()}".encode())
    assert witness.refusals(ORIGIN) == 1
    assert witness.last(ORIGIN).size == 2


def test_two_populations_are_not_the_same_by_a_line_end_in_a_name(tmp_path: Path) -> None:
    """Both have two cases, and the same digest was sealed for them."""
    pack = a_period_pack(["a", "b\nc"])
    report = check_pack(as_zip(tmp_path / "p.zip", pack), Policy.of([LOG_KEY], [WITNESS_KEY], 1))
    assert any("line end" in said for said in report.refused)


def test_a_pack_from_after_a_recovery_still_shows_what_was_sealed_before(tmp_path: Path) -> None:
    """The log went on as …/2, and holds all that the old head covers: that can be proved."""
    log = Log(other_events(9))
    later = Signer(f"{ORIGIN}/2", LOG.key)
    body = checkpoint_body(later.name, log.size, log.root())
    head = note_of(body, [later.sign(body)])
    files = pack_of(log, log.leaves[:1])
    files |= {"checkpoint": head.encode(), "checkpoint.log": head.encode()}
    files |= {"proofs/0.tlog-proof": log.proof(0, head).encode()}
    files |= {"consistency/6.proof": lines_of(log.consistency(6)).encode()}
    policy = Policy.of([LOG_KEY, Key.parse(later.vkey)], [], 0)
    pack = as_zip(tmp_path / "p.zip", sealed(files, "case"))
    refused = check_pack(pack, policy, [log.checkpoint(6)]).refused
    assert not any("another log" in said for said in refused)


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("a.example/x", "a.example/x", True),
        ("a.example/x", "a.example/x/2", True),
        ("a.example/x/2", "a.example/x/3", True),
        ("a.example/x/2", "a.example/x", False),
        ("a.example/y", "a.example/x/2", False),
        ("a.example/y/2", "a.example/x/3", False),
        ("a.example/x", "a.example/x/two", False),
    ],
)
def test_a_log_goes_on_under_its_own_name_only(old: str, new: str, *, same: bool) -> None:
    assert _goes_on(old, new) is same


def test_a_cosignature_of_the_future_is_said_to_be_one(tmp_path: Path) -> None:
    log = Log(case_events())
    body = log.body()
    head = note_of(body, [LOG.sign(body), WITNESS.cosign(body, datetime(9000, 1, 1, tzinfo=UTC))])
    files = pack_of(log, log.leaves)
    proofs_of = {f"proofs/{n}.tlog-proof": log.proof(n, head).encode() for n in range(log.size)}
    pack = as_zip(tmp_path / "p.zip", sealed({**files, **proofs_of, "checkpoint": head.encode()}))
    notes = notes_of(pack, Policy.of([LOG_KEY], [WITNESS_KEY], 1))
    assert any("future" in note for note in notes)
