"""docs/adapters.md is what the code says, and no step of the peers is passed over in silence."""

from pathlib import Path

import pytest

from adapters.registry import ADAPTERS
from adapters.systems.entra import Entra
from adapters.systems.entra.app_roles import APP_ROLES, EXTRAS
from adapters.systems.entra.lists import LISTS
from app.cli.adapters.peers import BEYOND, CIPP, WORKFLOWS, Step
from app.cli.adapters.permissions import permissions
from app.cli.adapters.table import markdown

ROOT = Path(__file__).parents[2]
LEAVER_TASKS = 20
"""Built-in leaver tasks of Entra Lifecycle Workflows in Microsoft's table of 2025."""
CIPP_STEPS = 23


def test_the_document_is_what_the_code_says() -> None:
    written = (ROOT / "docs" / "adapters.md").read_text("utf-8")
    assert written == markdown(), "run `make docs`"


def test_the_permissions_are_what_the_code_says() -> None:
    written = (ROOT / "docs" / "runbooks" / "entra-permissions.md").read_text("utf-8")
    assert written == permissions(), "run `make docs`"


def test_every_permission_that_is_named_has_an_id_of_its_own() -> None:
    named = {one for facts in Entra.actions.values() for one in facts.permissions}
    named |= {permission for permission, _ in LISTS.values()} | {*EXTRAS}
    assert named == {*APP_ROLES}
    assert len({*APP_ROLES.values()}) == len(APP_ROLES)


def test_what_is_not_needed_and_dangerous_is_in_no_profile() -> None:
    assert "`User.ReadWrite.All`" not in permissions().partition("## `cut`")[2]


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
