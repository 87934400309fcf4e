"""Exceptions and gaps of a case, each with its leaves: nobody should have to find them alone."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from workflows.evidence.clocks import PROMISE
from workflows.evidence.leaves import Fact, Read, instant
from workflows.evidence.shapes import Account, Check, Finding, Story, System, Task, Verb
from workflows.evidence.tasks import outliving
from workflows.evidence.words import (
    CONTAINMENT,
    WAVES,
    counted,
    lasted,
    moment,
    shown,
    spoken,
)

OPEN, EXCEPTION, NOTE = "open", "exception", "note"
ORDER = (OPEN, EXCEPTION, NOTE)


def findings_of(story: Story, mine: Sequence[Read]) -> tuple[Finding, ...]:
    """The open ones first; within a weight in the order in which one would read the case."""
    found = [
        *_of_case(story),
        *_of_clocks(story),
        *(one for task in outliving(story.tasks) for one in _of_task(story, task)),
        *(one for system in story.systems for one in _of_system(story, system)),
        *(one for task in _others(story) for one in _of_task(story, task)),
        *_of_history(story),
        *_of_names(story, mine),
    ]
    return tuple(sorted(found, key=lambda one: ORDER.index(one.weight)))


def _others(story: Story) -> list[Task]:
    first = outliving(story.tasks)
    return [task for task in story.tasks if task not in first]


def _finding(weight: str, sentence: str, *facts: Fact, owner: str = "") -> Finding:
    leaves = dict.fromkeys(fact.leaf for fact in facts if fact.leaf is not None)
    return Finding(weight, sentence, tuple(leaves), owner)


def _of_case(story: Story) -> Iterator[Finding]:
    if not story.whole:
        yield Finding(EXCEPTION, "The events of this case are NOT numbered without a gap.")
    if not story.begun and not story.cancelled:
        yield _finding(OPEN, "The cut has not begun: the case is scheduled.", story.effective_at)
    elif not story.contained_at and not story.restored_at and not story.cancelled:
        yield _finding(OPEN, "The leaver is not contained everywhere.", story.verdict)
    if story.restored_at:
        yield _finding(EXCEPTION, "People agreed to give access back.", story.restored_at)
    if story.late:
        yield _finding(
            EXCEPTION,
            f"HR told us {lasted(story.late.seconds)} after the last moment. No cut can be in time "
            "that is asked for too late; the clock from the last moment shows it.",
            story.late.start,
            story.late.stop,
        )


def _of_clocks(story: Story) -> Iterator[Finding]:
    for clock in story.clocks:
        if clock.name == PROMISE and clock.met is False:
            target = lasted(clock.target_seconds)
            yield _finding(
                EXCEPTION, f"The target of {target} was MISSED.", clock.start, clock.stop
            )


def _of_system(story: Story, system: System) -> Iterator[Finding]:
    owner = shown(system.owner) or shown(story.person.get("owner", Fact())) or ""
    if system.mode == "observe":
        sentence = f"{system.name} is in observe mode: nothing was sent there, on purpose."
        yield _finding(OPEN, sentence, system.scope, owner=owner)
    told = system.containment == "by_hand" and system.verbs  # its items say so
    if system.containment in ("undecided", "unanswered", "unknown", "by_hand") and not told:
        last = system.lookups[-1].at if system.lookups else system.scope
        words = CONTAINMENT[system.containment][1]
        yield _finding(OPEN, f"{system.name}: {words}.", last, owner=owner)
    failures = [one for one in system.lookups if one.answer == "failed"]
    if failures:
        times = counted(len(failures), "time")
        sentence = f"{system.name} could not be asked {times} before it answered, or at all."
        yield _finding(NOTE, sentence, *(one.at for one in failures))
    for verb in system.verbs:
        yield from _of_verb(system.name, verb, owner)
    for account in system.accounts:
        yield from _of_account(story, account, owner)


def _of_account(story: Story, account: Account, owner: str) -> Iterator[Finding]:
    said = str(account.containment.value or "unknown")
    if said in ("not", "partly", "unknown", "blocked_until_expiry") and not story.restored_at:
        until = account.last_possible_access
        words = f"{account.system}: {CONTAINMENT[said][1]}"
        if said == "blocked_until_expiry" and until:
            words += f", at the latest until {moment(until.value)}"
        yield _finding(OPEN, f"{words}.", account.containment, until, owner=owner)
    for verb in account.verbs:
        yield from _of_verb(account.system, verb, owner)
    for check in account.checks:
        yield from _of_check(story, account, check, owner)


_OF_STANDING = {
    "unknown_outcome": (OPEN, "was tried, and its outcome is NOT in the log"),
    "under_way": (OPEN, "was under way when the log was signed"),
    "failed": (OPEN, "FAILED"),
    "retrying": (OPEN, "failed so far and is being tried again"),
    "left_to_person": (OPEN, "is left to a person and not done yet"),
    "attested": (EXCEPTION, "was done by hand: a person's word, not a read-back"),
}


def _of_verb(system: str, verb: Verb, owner: str) -> Iterator[Finding]:
    what = f"{system}: {spoken(verb.action)}"
    last = verb.tries[-1] if verb.tries else None
    if verb.standing in _OF_STANDING:
        weight, words = _OF_STANDING[verb.standing]
        facts = [last.intent, last.result] if last else [verb.planned]
        yield _finding(weight, f"{what} {words}.", *facts, owner=owner)
    elif verb.standing == "done_unseen" and verb.wave == "contain":
        yield _finding(
            NOTE,
            f"{what} was accepted; this system has no way to show that it took effect.",
            Fact(verb.item, verb.leaf),
        )
    resumed = [one for each in verb.tries for one in each.resumed]
    if resumed:
        words = "was cut short by a crash; the system was looked at before anything was repeated"
        yield _finding(NOTE, f"{what} {words}.", *resumed)
    failed = [one for one in verb.tries[:-1] if one.error]
    if failed:
        tried = counted(len(verb.tries), "try", "tries")
        yield _finding(NOTE, f"{what} took {tried}.", *(one.result for one in failed))


def _of_check(story: Story, account: Account, check: Check, owner: str) -> Iterator[Finding]:
    what = f"{account.system}: looked at again after {check.label}"
    if check.result == "came_back":
        yield _finding(EXCEPTION, f"{what}: access had COME BACK, and was cut again.", check.at)
    elif check.result == "new_account":
        many = counted(check.new_accounts, "account")
        yield _finding(EXCEPTION, f"{what}: {many} more of this person turned up.", check.at)
    elif check.result == "unanswered":
        yield _finding(OPEN, f"{what}: the system gave no answer.", check.at, owner=owner)
    elif not check.at and not (story.restored_at or story.cancelled):
        due, now = instant(check.due_at.value), datetime.fromisoformat(story.as_of)
        if due and due < now:
            yield _finding(OPEN, f"{what}: OVERDUE, not made yet.", check.due_at, owner=owner)


def _of_task(story: Story, task: Task) -> Iterator[Finding]:
    if task.standing != "open" or (task.kind == "by_hand" and _told_by_its_items(story, task)):
        return
    title = shown(task.title) or f"a task ({spoken(task.kind)}) whose title is not disclosed"
    due = instant(task.due_at.value)
    late = due is not None and due < datetime.fromisoformat(story.as_of)
    when = f", due {moment(task.due_at.value)}" if due else ""
    yield _finding(
        OPEN,
        f"Task{f' in {task.system}' if task.system else ''}: "
        f"{title.removeprefix(f'{task.system}: ')}{when}"
        f"{' – OVERDUE' if late else ''}.",
        task.opened,
        owner=shown(task.owner) or "",
    )


def _told_by_its_items(story: Story, task: Task) -> bool:
    standing = {
        verb.item
        for system in story.systems
        for verb in (*system.verbs, *(v for a in system.accounts for v in a.verbs))
    }
    return bool(task.items) and set(task.items) <= standing


def _of_history(story: Story) -> Iterator[Finding]:
    sentences = {
        "case.unconfirmed": "HR could not be reached before the cut: the last confirmed plan ran.",
        "case.retried": "Somebody asked to try again.",
        "system.paused": "A system refused our credential and was paused.",
        "workflow.failed": "A workflow of ours failed and was taken up again.",
        "case.moved": "The last moment was changed.",
    }
    for one in story.happened:
        if one.type in sentences:
            weight = NOTE if one.type in ("case.retried", "case.moved") else EXCEPTION
            system = str(one.data.get("system") or "")
            told = sentences[one.type].replace("A system", system or "A system")
            yield _finding(weight, told, one.at)
    gated = {str(one.data.get("wave")): one for one in story.waiting}
    given = {approval.wave for approval in story.approvals}
    for wave, one in gated.items():
        if wave not in given and not story.restored_at:
            yield _finding(OPEN, f"“{WAVES.get(wave, wave)}” waits for an approval.", one.at)


def _of_names(story: Story, mine: Iterable[Read]) -> Iterator[Finding]:
    """How many personal values this reader does not see, whether withheld or erased."""
    if story.erased:
        when = moment(story.erased.value)
        sentence = f"The personal values of this worker were erased at {when}."
        yield _finding(NOTE, sentence, story.erased)
    hidden = [
        leaf.index
        for leaf in mine
        if any(name not in leaf.shown for name in leaf.event.get("sd") or ())
    ]
    if hidden:
        words = counted(len(hidden), "event")
        yield Finding(NOTE, f"Some personal values of {words} are not disclosed in this pack.")
