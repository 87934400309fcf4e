"""What the auditor's guide tells people to type does what it says."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.debian import require
from tests.sealed_logs import LOG, a_case_pack, as_folder, case_events
from workflows.ledger import verify

GUIDE = (Path(__file__).parents[2] / "docs" / "auditor.md").read_text("utf-8")
TOOLS = ("openssl", "sha256sum", "xxd")
SIGNED, INSIDE = "Signature Verified Successfully\n", "in the log\n"


def by_hand(folder: Path, line: int, key: str = LOG.vkey) -> str:
    _, _, rest = GUIDE.partition("<!-- by hand")
    script = rest.partition("```sh\n")[2].partition("```")[0]
    environ = {"PATH": os.environ["PATH"], "KEY": key, "LINE": str(line)}
    done = subprocess.run(
        ["sh", "-c", script], cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    assert not done.stderr or "Signature Verification Failure" in done.stdout, done.stderr
    return done.stdout


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    require(*TOOLS)
    return as_folder(tmp_path, a_case_pack())


def test_by_hand_every_event_of_a_pack_is_proved(pack: Path) -> None:
    for line in range(1, len(case_events()) + 1):
        assert by_hand(pack, line) == SIGNED + INSIDE


def test_by_hand_a_changed_event_and_a_changed_head_are_found(pack: Path) -> None:
    events = (pack / "events.jsonl").read_bytes()
    (pack / "events.jsonl").write_bytes(events.replace(b"okta", b"octa", 1))
    changed = events.split(b"okta")[0].count(b"\n") + 1
    assert by_hand(pack, changed) == SIGNED
    head = (pack / "checkpoint").read_text("utf-8").replace("\n11\n", "\n12\n")
    (pack / "checkpoint").write_text(head, "utf-8")
    assert "Failure" in by_hand(pack, changed)


def sentences() -> Iterator[str]:
    _, _, table = GUIDE.partition("## What each refusal means")
    for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE):
        yield from re.findall(r"`([^`]+)`", row)


@pytest.mark.parametrize("sentence", list(sentences()))
def test_every_refusal_that_is_explained_is_one_that_the_verifier_says(sentence: str) -> None:
    source = Path(verify.__file__).read_text("utf-8")
    said = re.sub(r'"\s+f?"', "", source)
    parts = [part.strip() for part in sentence.split("…")]
    assert all(part in said for part in parts), parts


def test_every_option_that_the_guide_names_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    shown = ""
    for command in ("pack", "log", "proof", "consistency", "sample"):
        with pytest.raises(SystemExit):
            verify.main([command, "--help"])
        shown += capsys.readouterr().out
    named = set(re.findall(r"verify\.py .*?(--[a-z-]+)", GUIDE.replace("\\\n", "")))
    assert named
    assert {one for one in named if one not in shown} == set()
