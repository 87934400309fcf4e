"""Controls: evidence for an auditor's judgement, which is never better than the leaves."""

from datetime import timedelta

import pytest

from adapters.actions import CUTS_ACCESS, Action
from tests.stories import Telling, a_good_case, cut
from workflows.evidence.controls import CONTROLS, Answer, answers_of
from workflows.evidence.shapes import Story
from workflows.sentences import CONTROLS as OF_VERBS


def result(story: Story, control: str) -> str:
    return next(one.bearing.result for one in answers_of(story) if one.control.id == control)


def answers(story: Story) -> dict[str, Answer]:
    return {one.control.id: one for one in answers_of(story)}


IN_TIME = ("CC6.2", "A.5.18", "PS-4 a", "8.2.5")


@pytest.mark.parametrize("control", IN_TIME)
def test_a_cut_in_time_meets_what_asks_for_it_and_cites_its_leaves(control: str) -> None:
    answer = answers(a_good_case().story())[control]
    assert (answer.bearing.result, bool(answer.bearing.leaves)) == ("met", True)


@pytest.mark.parametrize("control", IN_TIME)
def test_an_open_cut_is_not_shown_and_then_not_met(control: str) -> None:
    telling = Telling()
    telling.opens()
    telling.begins("directory")
    assert result(telling.story(timedelta(minutes=5)), control) == "not shown"
    assert result(telling.story(timedelta(hours=5)), control) == "not met"


@pytest.mark.parametrize("control", IN_TIME)
def test_what_was_given_back_is_not_shown(control: str) -> None:
    telling = a_good_case()
    telling.add("restore.begun", seconds=200_000.0, data={"tasks_withdrawn": True})
    assert result(telling.story(timedelta(days=4)), control) == "not shown"


def test_without_a_target_nothing_is_met() -> None:
    telling = Telling()
    telling.opens(contain_within_seconds=None)
    telling.begins("directory")
    cut(telling, "directory", "a1")
    telling.verdict("contained")
    assert result(telling.story(), "CC6.2") == "not shown"


def test_a_failed_action_is_not_met_and_one_by_hand_not_shown() -> None:
    telling = Telling()
    telling.opens()
    telling.begins("directory")
    telling.finds("directory", "a1")
    grants = {"item": "g1", "action": "revoke_grants", "wave": "clean_up"}
    roles = {"item": "g2", "action": "remove_roles", "wave": "clean_up", "gap": "by_hand"}
    telling.plans("directory", "a1", grants, roles)
    assert result(telling.story(), "CC6.3") == "not shown"
    telling.tries("revoke_grants", "directory", "a1", "g1", error="TargetDenied", state="failed")
    assert result(telling.story(), "CC6.3") == "not met"


def test_privileges_matter_only_where_there_were_some() -> None:
    assert result(a_good_case().story(), "A.8.2") == "does not apply"
    telling = Telling()
    telling.opens()
    telling.begins("directory")
    telling.finds("directory", "a1", privileged=True)
    item = {"item": "i1", "action": "block_sign_in", "wave": "contain"}
    telling.plans("directory", "a1", item)
    telling.tries("block_sign_in", "directory", "a1", "i1")
    assert result(telling.story(), "A.8.2") == "met"


def test_roles_that_only_a_person_sees_are_not_said_to_be_none() -> None:
    telling = Telling()
    telling.opens()
    telling.begins("crm")
    telling.finds("crm", "a1")
    roles = {"item": "r1", "action": "remove_roles", "wave": "clean_up", "gap": "by_hand"}
    telling.plans("crm", "a1", roles)
    assert result(telling.story(), "A.8.2") == "not shown"


def test_a_dismissal_is_held_to_the_control_for_dismissals() -> None:
    assert result(a_good_case().story(), "AC-2 (13)") == "does not apply"
    telling = Telling()
    telling.opens(kind="involuntary")
    telling.begins("directory")
    cut(telling, "directory", "a1")
    telling.verdict("contained")
    assert result(telling.story(), "AC-2 (13)") == "met"


def test_missing_events_break_the_control_about_the_log() -> None:
    answer = answers(a_good_case().story())["A.8.15"]
    assert (answer.bearing.result, "own log" in answer.bearing.because) == ("not shown", True)
    telling = Telling()
    telling.opens()
    telling.closes(events=7)
    assert result(telling.story(), "A.8.15") == "not met"


def test_keys_that_outlive_the_account_keep_access_from_being_shown_as_removed() -> None:
    telling = a_good_case()
    telling.asks("t1", "residue", "directory")
    for control in (*IN_TIME, "PS-4 b"):
        assert result(telling.story(), control) == "not shown"


@pytest.mark.parametrize("control", ["A.6.5", "A.8.15", "PS-4 c–e"])
def test_what_asks_for_more_than_a_pack_can_show_is_never_met(control: str) -> None:
    telling = Telling()
    telling.opens()
    telling.begins("directory")
    telling.finds("directory", "a1")
    item = {"item": "f1", "action": "transfer_files", "wave": "hand_over"}
    telling.plans("directory", "a1", item)
    telling.tries("transfer_files", "directory", "a1", "f1")
    assert result(telling.story(), control) == "not shown"


def test_every_control_says_what_it_does_not_show() -> None:
    assert all(control.asks and control.does_not_show for control in CONTROLS)
    assert len({(c.standard, c.id) for c in CONTROLS}) == len(CONTROLS)


def test_the_controls_that_verbs_claim_to_serve_are_all_here() -> None:
    ours = {f"{control.standard} {control.id}" for control in CONTROLS}
    for verb in (*CUTS_ACCESS, Action.REVOKE_GRANTS, Action.TRANSFER_FILES):
        for claimed in OF_VERBS[verb]:
            number = claimed.rsplit(" ", 1)[-1]
            assert any(number in one for one in ours), claimed
