"""The story of a case: what its leaves say, and not a word more."""

from datetime import timedelta

import pytest

from tests.conftest import NOON
from tests.stories import CASE, NAME, SUBJECT, Telling, a_good_case, cut
from workflows.evidence.clocks import ENTRY, MOMENT, PROMISE
from workflows.evidence.first_page import points, verdict, who
from workflows.evidence.leaves import WITHHELD, read_leaf
from workflows.evidence.shapes import Clock, Story
from workflows.evidence.story import story_of
from workflows.ledger.verify import Refused


def clock(story: Story, name: str) -> Clock:
    return next(one for one in story.clocks if one.name == name)


def sentences(story: Story, weight: str) -> list[str]:
    return [one.sentence for one in story.findings if one.weight == weight]


def test_a_good_case_is_told_as_contained_whole_and_final() -> None:
    story = a_good_case().story()
    assert (story.final, story.whole, story.verdict.value) == (True, True, "contained")
    assert [(s.name, s.containment) for s in story.systems] == [
        ("directory", "contained"),
        ("crm", "contained"),
    ]
    assert sentences(story, "open") == sentences(story, "exception") == []
    assert verdict(story)["headline"] == f"{NAME} can no longer get in."


def test_every_fact_cites_the_leaf_that_says_it() -> None:
    telling = a_good_case()
    story, leaves = telling.story(), telling.leaves()
    for fact, type_, name in (
        (story.received_at, "case.opened", "received_at"),
        (story.policy_sha256, "case.opened", "policy_sha256"),
        (story.contained_at, "case.judged", "contained_at"),
        (story.accounts[0].blocked_at, "account.judged", "blocked_at"),
        (story.version, "service.started", "version"),
    ):
        leaf = leaves[fact.leaf or 0]
        assert (leaf.type, leaf.data[name]) == (type_, fact.value)
    plan = story.systems[0].plan_sha256
    assert leaves[plan.leaf or 0].shown["digest"] == plan.value
    assert story.source.body_sha256.value == "ab" * 32


def test_a_call_is_told_with_its_request_id_and_what_binds_it_to_the_reply() -> None:
    [verb] = a_good_case().story().accounts[0].verbs
    [once] = verb.tries
    write, read = once.calls.made
    assert (write.method, write.status, write.writes, write.request_id) == (
        "PATCH",
        204,
        True,
        "r-1",
    )
    assert (write.reply_sha256, read.reply_sha256) == ("34" * 32, "56" * 32)
    assert (verb.standing, once.said) == ("confirmed", "confirmed")


def test_the_promise_runs_from_the_later_of_last_moment_and_message() -> None:
    story = a_good_case().story()
    assert clock(story, PROMISE).seconds == pytest.approx(2.0)
    assert clock(story, PROMISE).met is True
    assert clock(story, ENTRY).seconds == pytest.approx(3602.0)
    assert story.late is None


def test_late_hr_is_shown_and_does_not_hide_behind_the_promise() -> None:
    telling = Telling()
    telling.opens(effective_at=telling.at(-86_400))
    telling.begins("directory")
    cut(telling, "directory", "a1")
    telling.verdict("contained")
    story = telling.story()
    assert (clock(story, PROMISE).met, clock(story, MOMENT).met) == (True, False)
    assert story.late
    assert story.late.seconds == 86_400
    assert any("1 day after the last moment" in one for one in sentences(story, "exception"))


def test_what_is_open_misses_its_target_as_time_goes_by() -> None:
    telling = Telling()
    telling.opens()
    telling.begins("directory")
    early, late = telling.story(timedelta(minutes=5)), telling.story(timedelta(hours=2))
    assert (clock(early, PROMISE).met, clock(late, PROMISE).met) == (None, False)
    assert "The target of 1 h was MISSED." in sentences(late, "exception")
    assert late.systems[0].containment == "unanswered"
    assert verdict(late)["headline"] == f"{NAME} is NOT cut off everywhere."


def test_a_lone_intent_is_a_finding_once_it_cannot_be_running_any_more() -> None:
    telling = Telling()
    telling.opens()
    telling.begins("directory")
    telling.finds("directory", "a1")
    telling.plans("directory", "a1", {"item": "i1", "action": "block_sign_in", "wave": "contain"})
    telling.tries("block_sign_in", "directory", "a1", "i1", result=False)
    soon, later = telling.story(timedelta(minutes=1)), telling.story(timedelta(minutes=9))
    assert soon.accounts[0].verbs[0].standing == "under_way"
    assert later.accounts[0].verbs[0].standing == "unknown_outcome"
    assert any("outcome is NOT in the log" in one for one in sentences(later, "open"))


def test_a_failure_a_repeat_and_a_crash_are_all_told() -> None:
    telling = Telling()
    telling.opens()
    telling.begins("crm")
    telling.finds("crm", "a1")
    telling.plans("crm", "a1", {"item": "i1", "action": "block_sign_in", "wave": "contain"})
    telling.tries("block_sign_in", "crm", "a1", "i1", 1, 1.0, "TryAgain", None, "waiting")
    place = {"system": "crm", "account": "a1", "item": "i1", "wave": "contain", "attempt": 2}
    telling.add("block_sign_in.intent", "pending", 2.0, place)
    telling.add("block_sign_in.resumed", "pending", 3.0, place)
    telling.add("block_sign_in.result", "changed", 4.0, {**place, "state": "done", "calls": []})
    telling.add("block_sign_in.read_back", "confirmed", 4.1, {**place, "enabled": False})
    story = telling.story()
    [verb] = story.accounts[0].verbs
    assert [one.error for one in verb.tries] == ["TryAgain", None]
    assert verb.tries[1].resumed
    assert verb.standing == "confirmed"
    notes = sentences(story, "note")
    assert any("cut short by a crash" in one for one in notes)
    assert any("took 2 tries" in one for one in notes)


@pytest.mark.parametrize(
    ("state", "standing"),
    [("failed", "failed"), ("waiting", "retrying"), ("task", "left_to_person")],
)
def test_a_failed_try_stands_as_what_became_of_it(state: str, standing: str) -> None:
    telling = Telling()
    telling.opens()
    telling.begins("crm")
    telling.finds("crm", "a1")
    telling.plans("crm", "a1", {"item": "i1", "action": "block_sign_in", "wave": "contain"})
    telling.tries("block_sign_in", "crm", "a1", "i1", error="TargetDenied", said=None, state=state)
    telling.asks("task_1", "failed", "crm", "i1")
    assert telling.story().accounts[0].verbs[0].standing == standing


def test_what_a_person_attests_is_never_told_as_a_read_back() -> None:
    telling = Telling()
    telling.opens()
    telling.begins("badge")
    telling.add("lookup.result", "by_hand", 0.3, {"system": "badge", "accounts": [], "calls": []})
    by_hand = {"action": "block_sign_in", "wave": "contain", "gap": "by_hand", "state": "task"}
    telling.plans("badge", None, {"item": "i1", **by_hand})
    telling.asks("task_1", "by_hand", "badge", "i1")
    waiting = telling.story()
    telling.attests("task_1", "badge")
    done = telling.story()
    assert (waiting.systems[0].containment, done.systems[0].containment) == ("by_hand", "attested")
    assert done.systems[0].verbs[0].standing == "attested"
    assert any("a person's word, not a read-back" in one for one in sentences(done, "exception"))
    assert done.tasks[0].note.value == "badge taken"
    assert done.tasks[0].note_digest
    assert done.contained_at.value is None


def test_a_task_that_settled_itself_is_nobodys_word() -> None:
    telling = Telling()
    telling.opens()
    telling.begins("crm")
    telling.asks("task_1", "failed", "crm")
    telling.add("task.closed", "attested", 5.0, {"task": "task_1", "system": "crm"})
    assert telling.story().tasks[0].standing == "settled_by_itself"


def test_what_was_given_back_is_not_told_as_contained() -> None:
    telling = a_good_case()
    telling.add("restore.requested", "pending", 200_000.0, {"items": 1}, {"reason": "wrong person"})
    telling.add("restore.begun", seconds=200_001.0, data={"tasks_withdrawn": True})
    telling.tries("block_sign_in", "crm", "a2", "i9", seconds=200_002.0, wave="restore")
    telling.judges("crm", "a2", "not", 200_003.0)
    telling.verdict("partly", 200_003.0)
    story = telling.story(timedelta(days=4))
    assert story.restored_at
    assert story.final is False
    assert clock(story, PROMISE).met is True  # it had been cut in time
    assert "has access again" in verdict(story)["headline"]
    assert [p.label for p in points(story)][-1] == "given back"
    assert story.systems[1].accounts[0].verbs[-1].wave == "restore"


def test_access_that_came_back_and_a_new_account_are_exceptions() -> None:
    telling = a_good_case()
    telling.looks_again("crm", "a2", "24h", "came_back")
    telling.looks_again("directory", "a1", "24h", "new_account")
    told = sentences(telling.story(), "exception")
    assert any("COME BACK" in one for one in told)
    assert any("1 account more of this person" in one for one in told)


def test_a_look_that_is_due_and_was_not_made_is_open() -> None:
    telling = Telling()
    telling.opens()
    telling.begins("directory")
    cut(telling, "directory", "a1")
    telling.verdict("contained")
    before, after = telling.story(timedelta(minutes=10)), telling.story(timedelta(minutes=20))
    overdue = [one for one in sentences(after, "open") if "OVERDUE" in one]
    assert len(overdue) == 1
    assert not [one for one in sentences(before, "open") if "OVERDUE" in one]
    assert points(before)[-1].shape == "due"


def test_a_missing_event_and_a_wrong_count_are_seen() -> None:
    telling = a_good_case()
    leaves = [leaf for leaf in telling.leaves() if leaf.type != "plan.made"]
    story = story_of(CASE, leaves, NOON)
    assert story.whole is False
    assert "The events of this case are NOT numbered without a gap." in sentences(
        story, "exception"
    )
    wrong = Telling()
    wrong.opens()
    wrong.closes(events=9)
    assert wrong.story().whole is False


def test_without_names_the_pseudonym_stands_and_it_is_said_how_much_is_hidden() -> None:
    story = a_good_case().story(names=False)
    assert who(story) == f"The worker {SUBJECT}"
    assert story.person["name"].value == WITHHELD
    assert story.accounts[0].account_id.value == WITHHELD
    assert story.accounts[0].verbs[0].tries[0].calls.made[0].reply_sha256 == WITHHELD
    assert any("not disclosed in this pack" in one for one in sentences(story, "note"))


def test_what_was_not_recorded_is_not_guessed() -> None:
    telling = Telling()
    telling.opens(hr_entered_at=None, contain_within_seconds=None)
    telling.begins("directory")
    cut(telling, "directory", "a1")
    telling.verdict("contained")
    story = telling.story()
    assert not story.hr_entered_at
    assert clock(story, ENTRY).seconds is None
    assert clock(story, PROMISE).met is None
    assert story.cancelled.leaf is None
    assert story.erased.leaf is None


def test_a_cancelled_case_and_one_that_is_to_come_cut_nothing() -> None:
    telling = Telling()
    telling.opens(effective_at=telling.at(86_400 * 9))
    assert "has not been cut off yet" in verdict(telling.story())["headline"]
    telling.add("case.cancelled", seconds=50.0, personal={"reason": "stays"})
    story = telling.story()
    assert "taken back before its time" in verdict(story)["headline"]
    assert story.final
    assert sentences(story, "open") == []


def test_observe_mode_and_a_system_that_gives_no_answer_are_open() -> None:
    telling = Telling()
    telling.opens()
    telling.begins("crm", "wiki", crm="observe")
    telling.finds("crm", "a1")
    seen = {"item": "i1", "action": "block_sign_in", "wave": "contain", "state": "observed"}
    telling.plans("crm", "a1", seen)
    failed = {"system": "wiki", "error": "TryAgain", "statuses": [503]}
    telling.add("lookup.failed", "failure", 1.0, failed, {"message": "503"})
    story = telling.story()
    told = sentences(story, "open")
    assert any("crm is in observe mode" in one for one in told)
    assert any("wiki: Could not be looked at yet" in one for one in told)
    assert story.accounts[0].verbs[0].standing == "observed"


def test_a_disclosure_that_does_not_fit_its_leaf_is_refused() -> None:
    telling = a_good_case()
    opened = next(leaf for leaf in telling.leaves() if leaf.type == "case.opened")
    wrong = {**telling.opened[str(opened.event["id"])], "name": "WyJ4IiwibmFtZSIsIkV2ZSJd"}
    with pytest.raises(Refused, match="no digest"):
        read_leaf(opened.index, opened.d, wrong)


def test_leaves_without_the_opening_are_no_case() -> None:
    with pytest.raises(ValueError, match="opening"):
        story_of("case_2", a_good_case().leaves(), NOON)


def test_the_same_leaves_tell_the_same_story() -> None:
    telling = a_good_case()
    assert telling.story() == telling.story()


def test_what_works_without_the_account_takes_the_green_from_the_headline() -> None:
    telling = a_good_case()
    telling.asks("t1", "residue", "crm")
    told = verdict(telling.story())
    assert (told["tone"], told["mark"]) == ("watch", "!")
    assert "what works without them is still open" in told["headline"]
    assert told["sentence"].endswith("works without an account in crm.")
    telling.attests("t1", "crm")
    assert verdict(telling.story())["tone"] == "good"
