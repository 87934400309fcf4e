"""Packs: whole, the same for the same input, accepted by the verifier, and in no other form."""

import base64
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sealed_logs import LOG_KEY, WITNESS_KEY, as_zip, sealed
from tests.stories import CASE, NAME, Telling, a_good_case
from workflows.evidence.head import Earlier
from workflows.evidence.pack import Files, Pack, case_pack, verifier
from workflows.ledger import verify

TRUST = verify.Policy.of([LOG_KEY], [WITNESS_KEY], 1)


@pytest.fixture(scope="module")
def pack() -> Pack:
    return case_pack(CASE, a_good_case().gathered())


@pytest.fixture(scope="module")
def files(pack: Pack) -> Files:
    with zipfile.ZipFile(io.BytesIO(pack.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def check(path: Path) -> verify.Report:
    return verify.check_pack(path, TRUST)


def test_the_verifier_accepts_a_pack(pack: Pack, tmp_path: Path) -> None:
    path = tmp_path / pack.name
    path.write_bytes(pack.content)
    report = check(path)
    assert (report.refused, report.exit_code) == ([], 0)
    assert any("closed at their last event" in said for _, said in report.checks)


def _b64(key: verify.Key) -> str:
    return base64.b64encode(bytes([key.kind]) + key.public).decode()


def test_the_verifier_in_the_pack_runs_alone_and_says_verified(
    pack: Pack, files: Files, tmp_path: Path
) -> None:
    (tmp_path / "pack.zip").write_bytes(pack.content)
    (tmp_path / "verify.py").write_bytes(files["verify.py"])

    def said(*more: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-I", "verify.py", "pack", "pack.zip", *more],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout.strip().splitlines()[-1]

    assert said(*(f"--key={key.name}+{key.key_id.hex()}+{_b64(key)}" for key in TRUST.log)) == (
        0,
        "VERIFIED",
    )
    assert said() == (3, "IT HOLDS TOGETHER, BUT WHO MADE IT IS NOT SHOWN")
    assert files["verify.py"] == verifier() == Path(verify.__file__).read_bytes()


def test_it_holds_what_an_auditor_needs(files: Files) -> None:
    alone = {
        *("manifest.json", "events.jsonl", "indices.json", "checkpoint", "checkpoint.log"),
        *("disclosures.json", "policy.txt", "case.json", "controls.json", "verify.py"),
        *("README.txt", "report.html", "report.pdf"),
    }
    count = files["events.jsonl"].count(b"\n")
    proofs = {f"proofs/{index}.tlog-proof" for index in range(count)}
    assert set(files) == alone | proofs
    manifest = json.loads(files["manifest.json"])
    assert (manifest["kind"], manifest["case"], manifest["final"]) == ("case", CASE, True)
    assert set(manifest["made_by"]) == {"exeunt", "evidence_code_sha256"}


def test_the_same_input_gives_the_same_bytes(pack: Pack) -> None:
    again = case_pack(CASE, a_good_case().gathered())
    assert hashlib.sha256(again.content).digest() == hashlib.sha256(pack.content).digest()


def test_its_names_are_sorted_and_its_times_say_nothing(pack: Pack) -> None:
    with zipfile.ZipFile(io.BytesIO(pack.content)) as archive:
        entries = archive.infolist()
    assert [one.filename for one in entries] == sorted(one.filename for one in entries)
    assert {one.date_time for one in entries} == {(1980, 1, 1, 0, 0, 0)}


@given(st.data())
def test_any_changed_byte_of_any_file_is_refused(
    files: Files, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(files)))
    place = data.draw(st.integers(0, len(files[name]) - 1))
    flip = data.draw(st.integers(1, 255))
    changed = bytearray(files[name])
    changed[place] ^= flip
    path = as_zip(tmp_path_factory.mktemp("pack") / "p.zip", {**files, name: bytes(changed)})
    if name == "manifest.json" and _says_the_same(bytes(changed), files):
        return  # the words around what is checked: the pack's own number, its version
    assert check(path).refused


def _says_the_same(manifest: bytes, files: Files) -> bool:
    try:
        told = json.loads(manifest)
    except ValueError:
        return False
    ours = json.loads(files["manifest.json"])
    return isinstance(told, dict) and all(told.get(k) == ours[k] for k in ("files", "kind"))


@given(st.data())
def test_a_changed_event_is_refused_even_under_a_manifest_that_fits(
    files: Files, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Whoever can write the manifest anew cannot write the tree anew."""
    lines = files["events.jsonl"].split(b"\n")
    row = data.draw(st.integers(0, len(lines) - 2))
    changed = bytearray(lines[row])
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
    lines[row] = bytes(changed)
    forged = sealed({**files, "events.jsonl": b"\n".join(lines)})
    assert check(as_zip(tmp_path_factory.mktemp("pack") / "p.zip", forged)).refused


def test_an_event_that_was_dropped_is_refused_even_with_its_proof(
    files: Files, tmp_path: Path
) -> None:
    lines = files["events.jsonl"].split(b"\n")
    at = next(n for n, d in enumerate(lines) if b'"plan.made"' in d)
    rest = {n: f for n, f in files.items() if n != f"proofs/{at}.tlog-proof"}
    indices = [one for one in json.loads(files["indices.json"]) if one != at]
    forged = sealed(
        {
            **rest,
            "events.jsonl": b"\n".join(lines[:at] + lines[at + 1 :]),
            "indices.json": json.dumps(indices).encode(),
        }
    )
    assert any("MISSING" in said for said in check(as_zip(tmp_path / "p.zip", forged)).refused)


def test_a_name_that_was_put_in_somebody_elses_place_is_refused(
    files: Files, tmp_path: Path
) -> None:
    forged = files["disclosures.json"].replace(b'"name"', b'"owner"', 1)
    assert check(as_zip(tmp_path / "p.zip", sealed({**files, "disclosures.json": forged}))).refused


def test_without_names_none_is_in_it_and_it_still_holds(tmp_path: Path) -> None:
    pack = case_pack(CASE, a_good_case().gathered(names=False))
    with zipfile.ZipFile(io.BytesIO(pack.content)) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
    for secret in (NAME, "W-1207-X", "u-a1", "it-service-desk"):
        assert secret.encode() not in everything, secret
    (tmp_path / "p.zip").write_bytes(pack.content)
    assert check(tmp_path / "p.zip").refused == []


def test_names_change_the_number_of_a_pack(files: Files) -> None:
    bare = case_pack(CASE, a_good_case().gathered(names=False))
    with zipfile.ZipFile(io.BytesIO(bare.content)) as archive:
        other = json.loads(archive.read("manifest.json"))["pack"]
    assert other != json.loads(files["manifest.json"])["pack"]


def test_the_policy_in_it_asks_for_the_witnesses_that_saw_the_head() -> None:
    telling = a_good_case()
    seen = verify.Policy.parse(telling.head().policy)
    assert (len(seen.witnesses), seen.quorum) == (1, "seen")
    alone = verify.Policy.parse(telling.head(cosigned=False).policy)
    assert (alone.witnesses, alone.quorum) == ({}, "none")


def test_a_head_that_the_auditor_kept_is_shown_to_have_grown(tmp_path: Path) -> None:
    telling = a_good_case()
    found = telling.gathered()
    old = 7
    kept = telling.log.checkpoint(old)
    earlier = (Earlier(old, None, telling.log.consistency(old)),)
    pack = case_pack(
        CASE, type(found)(found.leaves, found.opened, found.paths, found.head, earlier)
    )
    (tmp_path / "p.zip").write_bytes(pack.content)
    report = verify.check_pack(tmp_path / "p.zip", TRUST, [kept])
    assert report.refused == []
    assert any("grew from 1 earlier" in said for _, said in report.checks)


def test_the_readme_names_the_key_and_shows_the_way_by_hand(files: Files) -> None:
    text = files["README.txt"].decode()
    assert all(one in text for one in ("openssl", "sha256sum", "verify.py", "+a6ea74e3+"))
    assert "There is no time stamp in this pack." in text


@pytest.mark.parametrize("size", [1, 2, 3, 8])
def test_an_open_case_of_any_size_makes_an_interim_pack(size: int, tmp_path: Path) -> None:
    telling = Telling()
    telling.opens()
    for n in range(size - 1):
        telling.add("case.retried", seconds=n)
    pack = case_pack(CASE, telling.gathered())
    (tmp_path / "p.zip").write_bytes(pack.content)
    assert check(tmp_path / "p.zip").refused == []
    with zipfile.ZipFile(io.BytesIO(pack.content)) as archive:
        assert json.loads(archive.read("manifest.json"))["final"] is False
        assert b"INTERIM" in archive.read("report.html")
