"""Tests that need more than PyPI brings: required when CI=true, and else named as not run."""

import os
import shutil
from pathlib import Path

import pytest

INSTALL = "tests/install_debian.sh"


def require(*programs: str, root: bool = False, module: str = "") -> None:
    """Skip what cannot run here, with the reason at the end of the report; fail where it must.

    `module` is a file that some program loads, below /usr/lib.
    """
    lacking = [name for name in programs if shutil.which(name) is None]
    lacking += [module] * bool(module and not any(Path("/usr/lib").glob(f"*/{module}")))
    lacking += ["root, for ports below 1024"] * (root and os.geteuid() != 0)
    if not lacking:
        return
    why = f"not run: needs {', '.join(lacking)} ({INSTALL})"
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)
