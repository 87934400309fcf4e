"""A whole log, line by line, against the head that was signed; and what the commands say."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from app.cli.audit import cli
from tests.sealed_logs import (
    LOG,
    LOG_KEY,
    ORIGIN,
    WITNESS,
    Log,
    a_case_log,
    b64,
    case_events,
    lines_of,
    other_events,
)
from workflows.ledger.note import Signer, checkpoint_body, note_of
from workflows.ledger.tree import Frontier
from workflows.ledger.verify import (
    Checkpoint,
    Refused,
    Told,
    check_log,
    leaf_hash,
    main,
    parse_checkpoint,
)

HOSTILE = [
    b'{"n":"=cmd|\' /C calc\'!A0"}',
    '{"n":"<script>\u202e🦊\u2028"}'.encode(),
    b'{"n":"\\u0000\\n"}',
    b"x" * 65_535,
]


def head(log: Log) -> Checkpoint:
    return Checkpoint(ORIGIN, log.size, log.root(), "", [])


@given(st.lists(st.binary(min_size=1, max_size=40).filter(lambda d: b"\n" not in d), max_size=70))
def test_every_log_is_what_was_signed_from_its_start_and_from_anywhere(leaves: list[bytes]) -> None:
    log, frontier = Log([*leaves, *HOSTILE]), Frontier()
    signed = head(log)
    for at, d in enumerate(log.leaves):
        rest = [line + b"\n" for line in log.leaves[at:]]
        assert check_log(rest, signed, at, frontier.roots).root == signed.root
        frontier.add(leaf_hash(d))


@given(st.integers(1, 40), st.data())
def test_no_line_can_be_another_or_missing_or_moved(size: int, data: st.DataObject) -> None:
    log = Log([b"line %d" % n for n in range(size)])
    at = data.draw(st.integers(0, size - 1))
    to = data.draw(st.integers(0, size - 1).filter(lambda n: n != at or size == 1))
    leaves = log.leaves
    changed = [
        [*leaves[:at], leaves[at] + b" ", *leaves[at + 1 :]],
        [*leaves[:at], *leaves[at + 1 :]],
        [*leaves[:at], leaves[at], *leaves[at:]],
        [*leaves, b"more"],
    ]
    if to != at:
        moved = list(leaves)
        moved[at], moved[to] = moved[to], moved[at]
        changed.append(moved)
    for one in changed:
        with pytest.raises(Refused):
            check_log(one, head(log))


def said(lines: list[bytes], log: Log, told: Told | None = None) -> str:
    with pytest.raises(Refused) as why:
        check_log(lines, head(log), told=told)
    return str(why.value)


def test_it_says_what_is_wrong_with_a_log() -> None:
    log = a_case_log()
    assert "2 of 11 events are MISSING" in said(log.leaves[:9], log)
    assert "nothing is proved about the 1 behind" in said([*log.leaves, b"x"], log)
    assert "NOT those that were signed" in said(log.leaves[::-1], log)
    assert "line 2: an event has 1 to 65535 bytes" in said([b"x\n", b"\n"], log)
    assert "not 65536" in said([b"x" * 65_536], log)
    with pytest.raises(Refused, match="2 perfect subtrees"):
        check_log([], head(log), 3, [b"x" * 32])


def test_a_deep_look_counts_the_events_of_every_case() -> None:
    log = Log([*case_events("a", 3), *case_events("b", 4)[:2], *other_events(2)])
    told = Told()
    check_log(log.leaves, head(log), told=told)
    assert str(told) == (
        "7 events with unique ids; 2 cases without a gap, 1 of them closed at their last event"
    )
    gap = Log([*case_events("a", 3), *case_events("b", 4)[1:]])
    assert "event 2 of case b follows its event 0" in said(gap.leaves, gap, Told())
    twice = Log([*case_events("a", 3), case_events("a", 3)[2]])
    assert "line 4" in said(twice.leaves, twice, Told())


def test_a_case_may_have_begun_in_what_was_not_kept_but_has_no_gap_after_it() -> None:
    mine = case_events("a", 5)
    for kept, good in ((mine[2:], True), ([mine[2], mine[4]], False)):
        log = Log([*other_events(2), *kept])
        frontier = [log.root(2)]
        told = Told(from_the_first=False)
        if good:
            check_log(kept, head(log), 2, frontier, told)
        else:
            with pytest.raises(Refused, match="MISSING"):
                check_log(kept, head(log), 2, frontier, told)


# --- The commands.

OTHER = Signer("audit.example.com/acme/2", LOG.key)


def other_log() -> str:
    body = checkpoint_body(OTHER.name, 6, a_case_log().root(6))
    return note_of(body, [OTHER.sign(body)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    log = a_case_log()
    for name, text in {
        "log.jsonl": b"".join(d + b"\n" for d in log.leaves).decode(),
        "new": log.checkpoint(cosigned=True),
        "old": log.checkpoint(6),
        "proof": lines_of(log.consistency(6)),
        "2.tlog-proof": log.proof(2),
        "event.json": log.leaves[2].decode() + "\n",
        "tail.jsonl": b"".join(d + b"\n" for d in log.leaves[6:]).decode(),
        "frontier": "6\n" + lines_of([log.hash_of(0, 4), log.hash_of(4, 6)]),
        "cases": "".join(f"case_{n}\n" for n in range(40)),
        "population.jsonl": "".join(json.dumps({"case": f"case_{n}"}) + "\n" for n in range(40)),
        "other": other_log(),
        "latin": "é",
    }.items():
        (tmp_path / name).write_bytes(text.encode("latin-1" if name == "latin" else "utf-8"))
    return tmp_path


@pytest.fixture
def run(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], tuple[int, str]]:
    monkeypatch.chdir(folder)

    def told(command: str, key: str = LOG.vkey) -> tuple[int, str]:
        words = command.split()
        code = main(words if words[0] == "sample" else [*words, "--key", key])
        return code, capsys.readouterr().out

    return told


GOOD = [
    ("log log.jsonl --checkpoint new", "leaves 0 to 10 are those events"),
    ("log log.jsonl --checkpoint new --deep", "11 events with unique ids; 1 cases"),
    ("log tail.jsonl --checkpoint new --frontier frontier", "leaves 6 to 10"),
    ("log tail.jsonl --checkpoint new --frontier frontier --deep", "5 events"),
    ("proof 2.tlog-proof --event event.json", "the event is leaf 2 of 11"),
    ("consistency old new proof", "grew from 6 to 11 events without a change"),
    (f"consistency old new proof --witness {WITNESS.vkey} --quorum 0", "grew from 6"),
]
BAD = [
    ("log tail.jsonl --checkpoint new", "MISSING"),
    ("log log.jsonl --checkpoint old", "nothing is proved about the 5"),
    ("log log.jsonl --checkpoint log.jsonl", "note:"),
    ("log log.jsonl --checkpoint new --frontier frontier", "behind them"),
    ("log log.jsonl --checkpoint new --frontier proof", "line 1 must be the number"),
    ("log nowhere --checkpoint new", "nowhere: No such file"),
    ("log . --checkpoint new", "Is a directory"),
    ("log log.jsonl --checkpoint latin", "latin: this is no UTF-8"),
    ("proof 2.tlog-proof --event old", "leaf 2 is not in the tree"),
    ("proof new --event event.json", "it must begin with c2sp.org/tlog-proof@v1"),
    ("consistency new old proof", "cannot be shown to begin"),
    ("consistency old new frontier", "no base64"),
    (f"consistency other new proof --key {OTHER.vkey}", "two logs"),
    ("consistency old new nowhere", "nowhere"),
    (f"consistency old new proof --witness {WITNESS.vkey}", "have not all seen it"),
    ("log log.jsonl --checkpoint new --witness x", "this is no key"),
    ("pack nowhere", "this is no pack"),
    ("sample cases --seed s --root x", "--root: this is no base64"),
    ("log log.jsonl --checkpoint new --policy cases", "line 1 is not understood"),
]


@pytest.mark.parametrize(("command", "says"), GOOD)
def test_what_holds_is_said_and_ends_with_0(
    run: Callable[[str], tuple[int, str]], command: str, says: str
) -> None:
    code, shown = run(command)
    assert (code, says in shown, "VERIFIED" in shown) == (0, True, True), shown


@pytest.mark.parametrize(("command", "says"), BAD)
def test_what_does_not_hold_is_said_and_ends_with_1(
    run: Callable[[str], tuple[int, str]], command: str, says: str
) -> None:
    code, shown = run(command)
    assert (code, says in shown, "REFUSED" in shown) == (1, True, True), shown


@pytest.mark.parametrize("command", ["log log.jsonl --checkpoint new", "consistency old new proof"])
def test_nothing_is_checked_against_nobody(folder: Path, command: str) -> None:
    with pytest.raises(SystemExit) as why:
        main(command.split())
    assert why.value.code == 2


@pytest.mark.parametrize("cases", ["cases", "population.jsonl"])
def test_a_sample_is_drawn_from_ids_or_from_a_population(
    run: Callable[[str], tuple[int, str]], cases: str
) -> None:
    code, shown = run(f"sample {cases} --seed s --root {b64(a_case_log().root())} --size 3")
    assert (code, "3 of 40 cases" in shown, "VERIFIED" in shown) == (0, True, False)
    drawn = [line.split()[1:] for line in shown.splitlines()[:-1]]
    assert drawn == sorted(drawn)
    assert len(drawn) == 3


def test_exeunt_audit_verify_is_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    for command, code in (("new", 0), ("old", 1)):
        told = ["verify", "log", "log.jsonl", "--checkpoint", command, "--key", LOG.vkey]
        answer = CliRunner().invoke(cli, told)
        assert answer.exit_code == code, answer.output
    shown = CliRunner().invoke(cli, ["verify", "--help"])
    assert "usage: exeunt audit verify" in shown.output


def test_the_operator_with_the_key_is_caught_by_a_head_that_somebody_kept() -> None:
    """The log rebuilt without one event and signed again; the old head is the auditor's."""
    log = a_case_log()
    kept = parse_checkpoint(log.checkpoint(8))
    for dropped in range(8):
        rebuilt = Log(log.leaves[:dropped] + log.leaves[dropped + 1 :])
        signed = parse_checkpoint(rebuilt.checkpoint())
        check_log(rebuilt.leaves, signed)  # in itself it is a perfect log
        with pytest.raises(Refused):
            check_log(rebuilt.leaves[:8], kept)
    assert LOG_KEY.name == ORIGIN
