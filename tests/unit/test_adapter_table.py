"""docs/adapters.md is what the code says, and no step of the peers is passed over in silence."""

from pathlib import Path

import pytest

from adapters.registry import ADAPTERS
from adapters.systems.entra import Entra
from app.cli.adapters.peers import BEYOND, CIPP, WORKFLOWS, Step
from app.cli.adapters.table import markdown

ROOT = Path(__file__).parents[2]
LEAVER_TASKS = 20
"""Built-in leaver tasks of Entra Lifecycle Workflows in Microsoft's table of 2025."""
CIPP_STEPS = 23


def test_the_document_is_what_the_code_says() -> None:
    written = (ROOT / "docs" / "adapters.md").read_text("utf-8")
    assert written == markdown(), "run `make docs`"


def test_no_step_of_the_peers_is_left_out() -> None:
    assert len(WORKFLOWS) == len({step.theirs for step in WORKFLOWS}) == LEAVER_TASKS
    assert [step.theirs.split()[0] for step in CIPP] == [str(n + 1) for n in range(CIPP_STEPS)]


@pytest.mark.parametrize("step", [*WORKFLOWS, *CIPP], ids=lambda step: step.theirs)
def test_a_step_is_answered_by_an_action_or_by_a_reason(step: Step) -> None:
    assert step.ours or len(step.note) > 10
    for verb in step.ours:
        assert verb in {*Entra.actions, *Entra.gaps}
        by_somebody = any(verb in kind.actions for kind in ADAPTERS.values())
        assert by_somebody, f"{verb} is done by no adapter"


def test_what_neither_of_them_does_is_done_here() -> None:
    assert {*BEYOND} <= {*Entra.actions}
    assert not {*BEYOND} & {verb for step in (*WORKFLOWS, *CIPP) for verb in step.ours}


def test_every_action_of_every_adapter_is_in_the_document() -> None:
    text = markdown()
    for kind in ADAPTERS.values():
        for verb in (*kind.actions, *kind.gaps):
            assert f"| {verb} |" in text
