"""The example in docs/adding-a-system.md keeps the contract, word for word as it is printed."""

import re
import subprocess
import sys
from collections.abc import Iterator
from inspect import signature
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from adapters.practice.base import PracticeVendor
from adapters.registry import ADAPTERS
from tests.conftest import StillClock
from tests.contract import test_adapters as suite
from tests.contract.vendors import bench

PAGE = (Path(__file__).parents[2] / "docs" / "adding-a-system.md").read_text("utf-8")
PRACTICE, ADAPTER = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
OF_KINDS = [
    n for n, t in vars(suite).items() if n[:5] == "test_" and "kind" in signature(t).parameters
]
OF_VENDORS = [
    n for n, t in vars(suite).items() if n[:5] == "test_" and [*signature(t).parameters] == ["on"]
]


def module(name: str, text: str) -> ModuleType:
    made = ModuleType(name)
    sys.modules[name] = made
    exec(compile(text, name, "exec"), vars(made))
    return made


@pytest.fixture(scope="module")
def desk() -> Iterator[type[PracticeVendor]]:
    """The example, joined to the house for as long as these tests run."""
    practice = module("desk_practice", PRACTICE)
    ADAPTERS["desk"] = module("desk_adapter", ADAPTER).Desk
    kind: type[PracticeVendor] = practice.PracticeDesk
    yield kind
    del ADAPTERS["desk"], sys.modules["desk_practice"], sys.modules["desk_adapter"]


@pytest.mark.parametrize("name", OF_VENDORS)
async def test_the_example_keeps_every_promise(
    name: str, desk: type[PracticeVendor], clock: StillClock
) -> None:
    promise: Any = getattr(suite, name)
    kept = promise(bench(desk, clock))
    if kept is not None:
        await kept


@pytest.mark.parametrize("name", OF_KINDS)
def test_the_example_is_whole(name: str, desk: type[PracticeVendor]) -> None:
    getattr(suite, name)(ADAPTERS["desk"])


@pytest.mark.parametrize("text", [PRACTICE, ADAPTER], ids=["practice", "adapter"])
@pytest.mark.parametrize("what", [("check",), ("format", "--check")], ids=["rules", "form"])
def test_the_example_keeps_the_house_style(text: str, what: tuple[str, ...]) -> None:
    folder = "practice" if text is PRACTICE else "systems"
    ruff = [str(Path(sys.executable).parent / "ruff"), *what]
    name = ["--stdin-filename", f"adapters/{folder}/desk.py", "-"]
    said = subprocess.run([*ruff, *name], input=text, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout


def test_there_are_promises_to_keep() -> None:
    assert len(OF_VENDORS) > 20
    assert len(OF_KINDS) > 3
