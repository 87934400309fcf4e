"""SIGKILL at every step of putting events in order and of signing: no gap, no duplicate."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.live, pytest.mark.slow]


def test_a_death_at_any_step_leaves_no_gap_and_no_duplicate(
    tmp_path: Path, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [sys.executable, "-m", "tests.killing", url, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    deaths = int(done.stdout)
    assert deaths > 40
    with capsys.disabled():
        kind = url.partition(":")[0]
        print(f"\nsequencer on {kind}: killed at {deaths} steps, no gap and no duplicate")
