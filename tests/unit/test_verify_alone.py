"""verify.py on a machine that has Python and nothing of ours, not even `cryptography`."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.debian import require
from tests.sealed_logs import (
    LOG,
    WITNESS,
    a_case_log,
    a_case_pack,
    as_folder,
    as_zip,
    sealed,
)
from workflows.ledger import verify

HERE = Path(verify.__file__)
OPENSSL = shutil.which("openssl")


def alone(folder: Path, *arguments: str, path: str = "") -> "subprocess.CompletedProcess[str]":
    """As an auditor runs it: a copy of the one file, an empty environment, no site-packages."""
    copy = str(shutil.copy(HERE, folder / "verify.py"))
    return subprocess.run(
        [sys.executable, "-I", "-S", "-E", "-W", "error", copy, *arguments],
        cwd=folder,
        env={"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def with_openssl(folder: Path) -> str:
    """A PATH on which there is openssl and nothing else."""
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin" / "openssl").symlink_to(str(OPENSSL))
    return str(folder / "bin")


def test_it_needs_no_python_newer_than_3_9() -> None:
    vermin = str(Path(sys.executable).parent / "vermin")
    command = [vermin, "--target=3.9-", "--violations", str(HERE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_it_imports_the_standard_library_and_nothing_else() -> None:
    names = re.findall(r"^\s*(?:from|import) (\w+)", HERE.read_text("utf-8"), re.MULTILINE)
    assert set(names) - sys.stdlib_module_names == {"cryptography"}


def test_openssl_checks_the_signatures_where_it_is_there(tmp_path: Path) -> None:
    require("openssl")
    as_zip(tmp_path / "pack.zip", a_case_pack())
    told = ("pack", "pack.zip", "--key", LOG.vkey, "--witness", WITNESS.vkey)
    path = with_openssl(tmp_path)
    done = alone(tmp_path, *told, path=path)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.endswith("VERIFIED\n")
    payload = a_case_log().checkpoint(cosigned=True).split()[-1]
    wrong = payload[:-3] + ("A" if payload[-3] != "A" else "B") + payload[-2:]
    note = a_case_log().checkpoint(cosigned=True).replace(payload, wrong).encode()
    as_zip(tmp_path / "pack.zip", sealed({**a_case_pack(), "checkpoint": note}))
    done = alone(tmp_path, *told, path=path)
    assert (done.returncode, "is WRONG" in done.stdout) == (1, True), done.stdout


def test_without_openssl_it_says_loudly_what_is_left_and_the_commands_do_it(tmp_path: Path) -> None:
    as_folder(tmp_path / "pack", a_case_pack())
    done = alone(tmp_path, "pack", "pack", "--key", LOG.vkey, "--witness", WITNESS.vkey)
    assert (done.returncode, done.stderr) == (3, "")
    assert "SIGNATURES WERE NOT CHECKED" in done.stdout
    assert "\nVERIFIED" not in done.stdout
    commands = re.findall(r"^(?:printf|openssl) .*$", done.stdout, re.MULTILINE)
    assert len(commands) == 8
    if OPENSSL:
        ran = subprocess.run(
            ["sh", "-ec", "\n".join(commands)],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (ran.returncode, ran.stdout) == (0, "Signature Verified Successfully\n" * 2)


def test_an_openssl_that_says_yes_to_everything_is_not_asked(tmp_path: Path) -> None:
    as_folder(tmp_path / "pack", a_case_pack())
    for answer, name in ((0, "yes"), (1, "no")):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "openssl").write_text(f"#!/bin/sh\nexit {answer}\n")
        (folder / "openssl").chmod(0o755)
        done = alone(tmp_path, "pack", "pack", "--key", LOG.vkey, path=str(folder))
        assert done.returncode == 3, done.stdout


def test_nothing_that_lies_beside_it_is_run(tmp_path: Path) -> None:
    """A pack could bring a module or a program of its own."""
    as_folder(tmp_path, a_case_pack())
    for name in ("json.py", "hashlib.py", "cryptography.py"):
        (tmp_path / name).write_text("raise SystemExit(0)")
    (tmp_path / "openssl").write_text("#!/bin/sh\ntouch ran\nexit 0\n")
    (tmp_path / "openssl").chmod(0o755)
    done = alone(tmp_path, "pack", ".", "--key", LOG.vkey, path=f".:{tmp_path}")
    assert done.returncode == 1
    assert "not in it or not there" in done.stdout
    assert not (tmp_path / "ran").exists()


def test_a_terminal_that_cannot_show_a_tick_is_no_reason_to_fail(tmp_path: Path) -> None:
    (tmp_path / "new").write_text(a_case_log().checkpoint(), "utf-8")
    (tmp_path / "log").write_bytes(b"".join(d + b"\n" for d in a_case_log().leaves))
    told = [sys.executable, "-S", str(HERE), "log", "log", "--checkpoint", "new", "--key", LOG.vkey]
    done = subprocess.run(
        told,
        cwd=tmp_path,
        env={"PATH": "", "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    assert b"? audit.example.com/acme signed" in done.stdout
