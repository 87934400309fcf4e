"""A pack is what the log holds, or it is refused, in words and never with a traceback."""

import json
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sealed_logs import (
    DISCLOSED,
    LOG,
    LOG_KEY,
    SEED,
    WITNESS,
    WITNESS_KEY,
    Log,
    a_case_log,
    a_case_pack,
    a_period_pack,
    as_folder,
    as_zip,
    b64,
    case_events,
    lines_of,
    other_events,
    pack_of,
    sealed,
    zipped,
)
from workflows.ledger.events import disclose
from workflows.ledger.note import Signer, checkpoint_body, note_of
from workflows.ledger.verify import Key, Policy, Refused, Report, check_pack, main, sample

Files = dict[str, bytes]
POLICY = Policy.of([LOG_KEY], [WITNESS_KEY], 1)
CASE = a_case_pack()
PERIOD = a_period_pack()
SAMPLED = next(name for name in PERIOD if name.startswith("sample/"))


def checked(folder: Path, files: Files, policy: Policy | None = POLICY) -> Report:
    path = folder / "pack.zip"
    path.unlink(missing_ok=True)
    return check_pack(as_zip(path, files), policy)


def refused(folder: Path, files: Files) -> str:
    try:
        report = checked(folder, files)
    except Refused as why:
        return str(why)
    assert report.refused, report.checks
    assert report.exit_code == 1
    return "\n".join(report.refused)


@pytest.mark.parametrize("files", [CASE, PERIOD])
@pytest.mark.parametrize("made", [as_zip, as_folder])
def test_a_pack_that_is_right_is_good(
    tmp_path: Path, files: Files, made: Callable[[Path, Files], Path]
) -> None:
    report = check_pack(made(tmp_path / "pack", files), POLICY)
    assert (report.refused, report.exit_code) == ([], 0)
    assert "cosigned by witness.example.com/w1 at 2025-11-23 23:20:00 UTC" in str(report.checks)
    if files is PERIOD:
        assert "of 1 cases ONLY A PART is here" in str(report.checks)
        assert "the packs of 1 of them are in this pack, and hold" in str(report.checks)


def test_without_a_key_it_says_that_trust_rests_on_the_pack(tmp_path: Path) -> None:
    report = checked(tmp_path, CASE, None)
    assert (report.refused, report.exit_code) == ([], 3)
    assert "TRUST RESTS ON THE PACK ITSELF" in report.notes[0]


def test_the_key_of_another_log_refuses_it(tmp_path: Path) -> None:
    report = check_pack(as_zip(tmp_path / "x", CASE), Policy.of([WITNESS_KEY], [], 0))
    assert "you trust no key of the log" in report.refused[0]


@pytest.mark.parametrize("name", sorted(CASE.keys() - {"report.html", "policy.txt"}))
@given(data=st.data())
def test_every_byte_of_every_file_counts_even_with_a_new_manifest(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    content = CASE[name]
    at = data.draw(st.integers(0, len(content) - 1))
    change = data.draw(st.sampled_from(["flip", "cut", "drop", "double"]))
    changed = {
        "flip": content[:at] + bytes([content[at] ^ data.draw(st.integers(1, 255))]),
        "cut": content[:at],
        "drop": content[:at] + content[at + 1 :],
        "double": content[: at + 1] + content[at:],
    }[change] + (content[at + 1 :] if change == "flip" else b"")
    files = {**CASE, name: changed}
    if name != "manifest.json":
        refused(tmp_path_factory.mktemp("as_is"), files)
        if says_the_same(name, content, changed):
            return
        files = sealed(files)
    elif says_the_same(name, content, changed):
        return
    refused(tmp_path_factory.mktemp("resealed"), files)


def says_the_same(name: str, before: bytes, after: bytes) -> bool:
    """Blanks between JSON's parts, and the end of the last line, say nothing."""
    if name == "events.jsonl":
        return before.splitlines() == after.splitlines()
    if name.endswith(".json"):
        try:
            told = json.loads(after)
        except ValueError:
            return False
        return bool(told == json.loads(before))
    return False


LEAVES = a_case_log().leaves


def without(name: str) -> Files:
    return {key: content for key, content in CASE.items() if key != name}


def with_event(change: Callable[[list[bytes]], list[bytes]]) -> Files:
    """The pack of one who made the log anew, with the right key, over changed events."""
    mine = change(case_events())
    return pack_of(Log([*other_events(3), *mine]), mine)


SHORT = {**CASE, "events.jsonl": CASE["events.jsonl"].rpartition(b'{"case"')[0]}
WRONG: dict[str, tuple[Callable[[], Files], str]] = {
    "a file more": (lambda: {**CASE, "more.txt": b""}, "not in it or not there: ['more.txt']"),
    "a file less": (lambda: without("report.html"), "not in it or not there: ['report.html']"),
    "no manifest": (lambda: without("manifest.json"), "manifest.json is MISSING"),
    "a report that was changed": (
        lambda: {**CASE, "report.html": b"<p>all is well</p>"},
        "report.html: it is NOT the file",
    ),
    "a proof less": (lambda: sealed(without("proofs/3.tlog-proof")), "proofs/3.tlog-proof is MISS"),
    "a proof more": (
        lambda: sealed({**CASE, "proofs/9.tlog-proof": b""}),
        "5 events, 5 indices, 6 proofs",
    ),
    "proofs that were swapped": (
        lambda: sealed({**CASE, "proofs/1.tlog-proof": CASE["proofs/2.tlog-proof"]}),
        "another leaf or tree",
    ),
    "an event less": (
        lambda: pack_of(a_case_log(), case_events()[:2] + case_events()[3:]),
        "follows its event 2: events are MISSING",
    ),
    "the last event less": (lambda: sealed(SHORT), "5 indices"),
    "events in another order": (
        lambda: sealed({**CASE, "events.jsonl": b"".join(reversed(lines("events.jsonl")))}),
        "MISSING or out of order",
    ),
    "indices in another order": (
        lambda: sealed({**CASE, "indices.json": b"[1,2,1,7,8]"}),
        "no place behind the one before",
    ),
    "an index that is none": (lambda: sealed({**CASE, "indices.json": b'[1,2,3,"7",8]'}), "no pl"),
    "events of two cases": (
        lambda: with_event(lambda mine: [*mine, *case_events("case_2")]),
        "of one case",
    ),
    "an id twice": (lambda: with_event(lambda mine: [*mine[:4], twice(mine)]), "that another has"),
    "a case closed at another number": (
        lambda: with_event(lambda mine: [*mine[:4], mine[4].replace(b'"events":5', b'"events":6')]),
        "closed with another number",
    ),
    "a name twice in an event": (
        lambda: with_event(lambda mine: [mine[0].replace(b"{", b'{"case":"x",', 1), *mine[1:]]),
        "a name stands twice",
    ),
    "an event that is no JSON": (lambda: with_event(lambda mine: [b"no", *mine[1:]]), "no event"),
    "an event that is a list": (lambda: with_event(lambda mine: [b"[]", *mine[1:]]), "no event"),
    "deep JSON": (lambda: with_event(lambda mine: [b"[" * 60_000, *mine[1:]]), "no event"),
    "a number as a case": (
        lambda: with_event(lambda mine: [mine[0].replace(b'"case_1"', b"1"), *mine[1:]]),
        "needs case and case_seq",
    ),
    "no event": (lambda: pack_of(a_case_log(), []), "0 events"),
    "a disclosure of another value": (
        lambda: disclosed({"evt_case_1_1": {"name": disclose(b"0" * 16, "name", "Eve")}}),
        "no digest of this disclosed value",
    ),
    "a disclosure under another name": (
        lambda: disclosed({"evt_case_1_1": {"email": DISCLOSED}}),
        "discloses another name",
    ),
    "a disclosure of another event": (
        lambda: disclosed({"evt_case_1_2": {"name": DISCLOSED}}),
        "no event 'evt_case_1_2'",
    ),
    "a disclosure that is none": (
        lambda: disclosed({"evt_case_1_1": {"name": "\ud800"}}),
        "no base64url",
    ),
    "a disclosure that is a number": (lambda: disclosed({"evt_case_1_1": 7}), "no event"),
    "another tree in checkpoint.log": (
        lambda: sealed({**CASE, "checkpoint.log": a_case_log().checkpoint(9).encode()}),
        "not the log's own part",
    ),
    "a checkpoint of another tree": (
        lambda: sealed({**CASE, "checkpoint": a_case_log().checkpoint(9).encode()}),
        "have not all seen it",
    ),
    "a head that no witness saw": (
        lambda: sealed({**CASE, "checkpoint": a_case_log().checkpoint().encode()}),
        "have not all seen it",
    ),
    "a proof with less than the checkpoint": (
        lambda: sealed({**CASE, "proofs/1.tlog-proof": a_case_log().proof(1).encode()}),
        "another leaf or tree",
    ),
    "a time stamp that is none": (
        lambda: sealed({**CASE, "checkpoint.tsr": b"0\x82"}),
        "no time stamp",
    ),
    "another kind": (lambda: sealed(CASE, "summary"), "of another kind than case or period"),
    "a case that says that it is a period": (
        lambda: sealed(CASE, "period"),
        "population.jsonl is MISSING",
    ),
    "a manifest of a list": (lambda: {**CASE, "manifest.json": b"[]"}, "hold a JSON dict"),
    "a manifest without files": (
        lambda: {**CASE, "manifest.json": b'{"kind":"case"}'},
        "not in it",
    ),
    "a file twice in the manifest": (
        lambda: {**CASE, "manifest.json": b'{"files":{},"files":{}}'},
        "stands twice",
    ),
}


def lines(name: str) -> list[bytes]:
    return CASE[name].splitlines(keepends=True)


def twice(mine: list[bytes]) -> bytes:
    return mine[4].replace(b"evt_case_1_5", b"evt_case_1_1")


def disclosed(told: object) -> Files:
    return sealed({**CASE, "disclosures.json": json.dumps(told).encode()})


@pytest.mark.parametrize("what", WRONG)
def test_a_pack_with_what_is_wrong_is_refused_and_says_what(tmp_path: Path, what: str) -> None:
    made, said = WRONG[what]
    assert said in refused(tmp_path, made())


def period(**change: object) -> Files:
    told = {**json.loads(PERIOD["sample.json"]), **change}
    return sealed({**PERIOD, "sample.json": json.dumps(told).encode()}, "period")


def ranks_of(seed: str) -> list[dict[str, str]]:
    root = a_case_log().root(6)
    return [{"case": c, "rank": r} for r, c in sample(seed, root, ["case_1", "case_2"])]


WRONG_PERIODS: dict[str, tuple[Callable[[], Files], str]] = {
    "a case less in the population": (
        lambda: with_population(PERIOD["population.jsonl"].splitlines(keepends=True)[1:]),
        "no event population.sealed is about these cases",
    ),
    "a case twice in the population": (
        lambda: with_population([*PERIOD["population.jsonl"].splitlines(keepends=True)] * 2),
        "a case stands twice",
    ),
    "a population that is no text": (lambda: with_population([b'{"case":"\\ud800"}\n']), "Unicode"),
    "another seed": (lambda: period(seed="another"), "NOT the cases"),
    "a seed that is no text": (lambda: period(seed="\ud800"), "Unicode"),
    "other cases": (lambda: period(ranks=ranks_of(SEED)), "NOT the cases"),
    "cases in another order": (
        lambda: period(ranks=json.loads(PERIOD["sample.json"])["ranks"][::-1]),
        "NOT the cases",
    ),
    "no cases": (lambda: period(ranks=[]), "NOT the cases"),
    "a case whose events stand in another order": (
        lambda: sealed(pack_of(Log(case_events()[::-1]), case_events()), "period"),
        "follows its event 5",
    ),
    "the pack of a sampled case with an event less": (
        lambda: with_sampled(pack_of(a_case_log(), case_events()[1:])),
        f"{SAMPLED}: events.jsonl line 1: event 2 of case case_1 follows its event 0",
    ),
    "the pack of another case": (lambda: with_sampled(CASE), "it is of another case"),
    "a sampled case that says that it is a period": (
        lambda: with_sampled(PERIOD),
        f"{SAMPLED}: manifest.json: the pack is of another kind than case",
    ),
    "no pack at all": (
        lambda: sealed({**PERIOD, SAMPLED: b"no zip"}, "period"),
        "this is no pack",
    ),
    "the root of a tree before the sealing": (
        lambda: period(root=b64(Log(other_events(4)).root())),
        "no signed tree that holds the sealing",
    ),
    "an earlier head without a proof": (
        lambda: sealed({k: v for k, v in PERIOD.items() if k != "consistency/6.proof"}, "period"),
        "consistency/6.proof is MISSING",
    ),
    "an earlier head of a log that was rewritten": (
        lambda: sealed(
            {**PERIOD, "consistency/6.checkpoint": a_case_log().checkpoint(6).encode()}, "period"
        ),
        "REWRITTEN",
    ),
}


def with_sampled(files: Files) -> Files:
    return sealed({**PERIOD, SAMPLED: zipped(files)}, "period")


def with_population(told: list[bytes]) -> Files:
    return sealed({**PERIOD, "population.jsonl": b"".join(told)}, "period")


@pytest.mark.parametrize("what", WRONG_PERIODS)
def test_a_period_with_what_is_wrong_is_refused_and_says_what(tmp_path: Path, what: str) -> None:
    made, said = WRONG_PERIODS[what]
    assert said in refused(tmp_path, made())


def test_the_head_that_an_auditor_kept_must_begin_the_log_of_the_pack(tmp_path: Path) -> None:
    log = a_case_log()
    proof = {"consistency/4.proof": lines_of(log.consistency(4)).encode()}
    path = as_zip(tmp_path / "pack.zip", sealed({**CASE, **proof}))
    report = check_pack(path, POLICY, [log.checkpoint(4), log.checkpoint()])
    assert (report.refused, report.exit_code) == ([], 0)
    rebuilt = Log([*log.leaves[:1], *log.leaves[2:]])
    assert "REWRITTEN" in check_pack(path, POLICY, [rebuilt.checkpoint(4)]).refused[0]
    assert "REWRITTEN" in check_pack(path, POLICY, [Log(LEAVES[::-1]).checkpoint()]).refused[0]
    longer = Log([*log.leaves, b"more"])
    assert "MISSING" in check_pack(path, POLICY, [longer.checkpoint()]).refused[0]
    assert "is MISSING" in check_pack(path, POLICY, [log.checkpoint(5)]).refused[0]


def test_the_head_of_another_log_does_not_begin_this_one(tmp_path: Path) -> None:
    """After a recovery an auditor trusts keys of both names."""
    other = Signer("audit.example.com/acme/2", LOG.key)
    body = checkpoint_body(other.name, 11, a_case_log().root())
    policy = Policy.of([LOG_KEY, Key.parse(other.vkey)], [], 0)
    path = as_zip(tmp_path / "pack.zip", CASE)
    report = check_pack(path, policy, [note_of(body, [other.sign(body)])])
    assert report.refused == ["an earlier checkpoint is of another log: 'audit.example.com/acme/2'"]


# --- Archives that are made to do harm.


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "/etc/x",
        "a/../x",
        "C:\\x",
        "a\\..\\x",
        "",
        ".",
        "x/.",
        ".hidden",
        "é",
        "a b",
        "\x1b",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo(name or "/"), b"x")
    with pytest.raises(Refused, match="lead elsewhere"):
        check_pack(tmp_path / "x.zip", POLICY)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("second", ["checkpoint", "Checkpoint"])
def test_two_files_of_one_name_are_refused(tmp_path: Path, second: str) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("checkpoint", b"one")
        archive.writestr(second, b"two")
    with pytest.raises(Refused, match="two have the same"):
        check_pack(tmp_path / "x.zip", POLICY)


def test_links_are_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("checkpoint")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(link, b"/etc/passwd")
    folder = as_folder(tmp_path / "pack", CASE)
    (folder / "checkpoint").unlink()
    (folder / "checkpoint").symlink_to("/etc/passwd")
    for path in (tmp_path / "x.zip", folder):
        with pytest.raises(Refused, match="link"):
            check_pack(path, POLICY)


def test_what_would_fill_the_disk_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = as_zip(tmp_path / "x.zip", {"a": b"0" * 1000, "b": b"0" * 1000})
    content = bytearray(path.read_bytes())
    for at in [n for n in range(len(content)) if content[n : n + 4] == b"PK\x01\x02"]:
        content[at + 24 : at + 28] = (0xF000_0000).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(Refused, match="too large"):
        check_pack(path, POLICY)


def test_more_than_was_declared_is_not_unpacked(tmp_path: Path) -> None:
    path = as_zip(tmp_path / "x.zip", {**CASE, "report.html": b"0" * 10_000_000})
    content = path.read_bytes().replace(
        (10_000_000).to_bytes(4, "little"), (29).to_bytes(4, "little")
    )
    path.write_bytes(content)
    assert "report.html" in str(check_pack(path, POLICY).refused)


def test_a_line_without_end_is_not_read_whole(tmp_path: Path) -> None:
    files = sealed({**CASE, "events.jsonl": b"0" * 5_000_000})
    assert "longer than any event" in refused(tmp_path, files)


def test_a_text_that_is_too_large_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflows.ledger.verify.LARGEST_TEXT", 2)
    assert "it is too large" in refused(tmp_path, CASE)
    monkeypatch.setattr("workflows.ledger.verify.LARGEST_NOTE", 2)
    (tmp_path / "policy").write_text("quorum none\n")
    told = ["pack", str(tmp_path / "pack.zip"), "--policy", str(tmp_path / "policy")]
    assert main(told) == 1


@given(st.integers(0, 6000), st.integers(0, 255))
def test_a_zip_with_a_wrong_byte_is_refused_or_says_the_same(
    tmp_path_factory: pytest.TempPathFactory, at: int, value: int
) -> None:
    path = as_zip(tmp_path_factory.mktemp("zip") / "x.zip", CASE)
    content = bytearray(path.read_bytes())
    content[at % len(content)] = value
    path.write_bytes(content)
    try:
        report = check_pack(path, POLICY)
    except Refused:
        return
    if not report.refused:  # a date, an attribute: nothing that a file's content hangs on
        with zipfile.ZipFile(path) as archive:
            assert {one: archive.read(one) for one in archive.namelist()} == CASE


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip", b"PK\x05\x06" + b"\0" * 18])
def test_what_is_no_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    assert main(["pack", str(tmp_path / "x.zip"), "--key", LOG.vkey]) == 1


def test_no_text_of_a_pack_reaches_the_terminal_as_a_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = "\x1b[2J\u202e\x07\n✓ VERIFIED"
    files = disclosed({evil: {"name": DISCLOSED}})
    assert main(["pack", str(as_zip(tmp_path / "x", files)), "--key", LOG.vkey]) == 1
    shown = capsys.readouterr().out
    assert "\\x1b[2J" in shown
    assert not {"\x1b", "\u202e", "\x07"} & set(shown)
    assert "\n✓ VERIFIED" not in shown
    assert WITNESS.name not in shown  # it was not asked for
