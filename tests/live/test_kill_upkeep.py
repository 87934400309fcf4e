"""SIGKILL at every step of the daily upkeep: nobody is half erased, and the log stays one piece."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.live, pytest.mark.slow]


def test_a_death_at_any_step_leaves_nobody_half_erased(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [sys.executable, "-m", "tests.killing_upkeep", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    deaths = int(done.stdout.split()[2])
    assert deaths > 100
    with capsys.disabled():
        print(f"\nupkeep: killed at {deaths} steps, nobody half erased, no leaf lost")
