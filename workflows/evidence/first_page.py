"""The first page, for somebody who has never heard of us: what happened, in one sentence."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from workflows.evidence.clocks import ENTRY, MOMENT, PROMISE
from workflows.evidence.drawing import Point
from workflows.evidence.leaves import Fact, instant
from workflows.evidence.shapes import Clock, Finding, Story, System
from workflows.evidence.tasks import outliving
from workflows.evidence.words import (
    BAD,
    CONTAINMENT,
    GOOD,
    NOT_SAID,
    QUIET,
    WATCH,
    counted,
    day_and_time,
    lasted,
    listed,
    moment,
    shown,
)

FEW = 6
"""How many names or leaves a sentence bears."""


def refs(*leaves: int | None) -> str:
    """How a report cites the leaves that prove something."""
    return " ".join(f"#{leaf}" for leaf in dict.fromkeys(leaves) if leaf is not None)


def few(leaves: Sequence[int]) -> str:
    return refs(*leaves[:FEW]) + (" …" if len(leaves) > FEW else "")


def who(story: Story) -> str:
    return shown(story.person.get("name", Fact())) or f"The worker {story.subject}"


def verdict(story: Story) -> dict[str, Any]:
    """Tone, headline and the sentence below it. Nothing here is better than the leaves say."""
    tone, headline = _headline(story)
    return {
        "tone": tone,
        "mark": {GOOD: "✓", BAD: "✗"}.get(tone, "!"),
        "headline": headline,
        "sentence": _when(story),
        "refs": refs(
            story.verdict.leaf,
            story.contained_at.leaf,
            story.restored_at.leaf,
            *(task.opened.leaf for task in outliving(story.tasks)[:FEW]),
        ),
    }


def _headline(story: Story) -> tuple[str, str]:
    name = who(story)
    if story.cancelled:
        return WATCH, f"{name} was not cut off: the case was taken back before its time."
    if not story.begun:
        return WATCH, f"{name} has not been cut off yet: the last moment is still to come."
    if story.restored_at:
        return WATCH, f"{name} has access again: people agreed to give it back."
    if story.verdict.value == "contained" and outliving(story.tasks):
        return WATCH, f"The accounts of {name} are cut off; what works without them is still open."
    tone, words = _HEADLINES.get(str(story.verdict.value), (BAD, "{} is NOT cut off everywhere."))
    return tone, words.format(name)


_HEADLINES = {
    "contained": (GOOD, "{} can no longer get in."),
    "blocked_until_expiry": (
        WATCH,
        "{} can no longer sign in, but a session from before may still live.",
    ),
    "none_found": (WATCH, "No account of {} was found in any system."),
}


def _when(story: Story) -> str:
    systems = counted(len(story.systems), "system")
    if story.verdict.value == "contained" and story.contained_at and not story.restored_at:
        clocks = {clock.name: clock for clock in story.clocks}
        after = f"{_after(clocks[MOMENT])} after the last moment"
        told = instant(story.received_at.value)
        ended = instant(story.contained_at.value)
        if told and ended:
            after += f", {lasted(max(0.0, (ended - told).total_seconds()))} after HR told us"
        count = len(story.accounts)
        accounts = "The only account" if count == 1 else f"All {count} accounts"
        return (
            f"{accounts} in {systems} {'was' if count == 1 else 'were'} read back as cut off. "
            f"The last access ended at {moment(story.contained_at.value, _zone(story))}: "
            f"{after}.{_outliving(story)}"
        )
    open_ones = [one for one in story.systems if CONTAINMENT[one.containment][0] == BAD]
    if story.begun and not story.restored_at and open_ones:
        names = listed([one.name for one in open_ones[:FEW]])
        names += " …" if len(open_ones) > FEW else ""
        verb = "is" if len(open_ones) == 1 else "are"
        return f"{len(open_ones)} of {systems} {verb} not shown to be cut off: {names}."
    if story.restored_at:
        return f"Given back from {moment(story.restored_at.value, _zone(story))} on."
    return f"The last moment is {moment(story.effective_at.value, _zone(story))}."


def _outliving(story: Story) -> str:
    """An account that is closed closes no deploy key, and no credential of an application."""
    left = listed(list(dict.fromkeys(task.system for task in outliving(story.tasks))))
    return f" A person must still look at what works without an account in {left}." if left else ""


def _after(clock: Clock) -> str:
    return lasted(clock.seconds)


def _zone(story: Story) -> str | None:
    return str(story.zone.value) if story.zone else None


def figures(story: Story) -> list[dict[str, str]]:
    """Four numbers: three clocks, so that late HR is not hidden, and how much was read back."""
    clocks = {clock.name: clock for clock in story.clocks}
    shown_there = sum(account.containment.value == "contained" for account in story.accounts)
    cut = {
        "label": "accounts read back as cut off",
        "value": f"{shown_there} of {len(story.accounts)}",
        "note": f"in {counted(len(story.systems), 'system')} in scope",
        "tone": GOOD if story.verdict.value == "contained" else WATCH,
        "refs": refs(*(account.containment.leaf for account in story.accounts[:4])),
    }
    labels = {
        PROMISE: "the promise: from the later of last moment and HR’s message",
        MOMENT: "from the last moment alone",
        ENTRY: "from HR’s own entry",
    }
    over = bool(story.restored_at or story.cancelled)
    return [*(_figure(clocks[name], label, over=over) for name, label in labels.items()), cut]


def _figure(clock: Clock, label: str, *, over: bool) -> dict[str, str]:
    """`over`: given back or taken back, so that a clock that has not stopped never will."""
    if not clock.start or (over and clock.seconds is None):
        note = "never contained" if clock.start else NOT_SAID
        return {"label": label, "value": "–", "note": note, "tone": QUIET, "refs": ""}
    words, tone = _met(clock)
    return {
        "label": label,
        "value": "open" if clock.seconds is None else lasted(clock.seconds),
        "note": words,
        "tone": tone,
        "refs": refs(clock.start.leaf, clock.stop.leaf),
    }


def _met(clock: Clock) -> tuple[str, str]:
    if clock.target_seconds is None:
        return "shown, not held to the target", QUIET
    target = f"target {lasted(clock.target_seconds)}"
    if clock.met is None:
        return f"{target}: still running", WATCH
    return (f"{target}: met", GOOD) if clock.met else (f"{target}: MISSED", BAD)


def points(story: Story) -> list[Point]:
    """What happened when, in the order of time; what is still to come is dashed."""
    now = datetime.fromisoformat(story.as_of)
    told: list[tuple[datetime, str, str]] = []

    def add(fact: Fact, label: str, shape: str = "done") -> None:
        if at := instant(fact.value):
            told.append((at, label, "due" if at > now else shape))

    add(story.hr_entered_at, "HR wrote it down")
    add(story.received_at, "we were told")
    add(story.effective_at, "last moment")
    add(story.first_cut, "first cut")
    add(story.blocked_at, "sign-in blocked")
    if story.contained_at:
        add(story.contained_at, "contained", "key")
    elif story.begun and not story.restored_at:
        told.append((now, "NOT contained", "bad"))
    for label, at, shape in _checks(story):
        told.append((at, label, "due" if shape == "due" or at > now else shape))
    add(story.restored_at, "given back", "bad")
    add(story.closed, "case closed")
    add(story.cancelled, "taken back")
    return _spaced(sorted(told, key=lambda one: one[0]))


def _checks(story: Story) -> list[tuple[str, datetime, str]]:
    """Each later read-back once: of all accounts, the last; as bad as the worst of them."""
    found: dict[str, tuple[str, datetime, str]] = {}
    for account in story.accounts:
        for check in account.checks:
            if story.restored_at and not check.at:
                continue  # it is not looked at again
            at = instant((check.at or check.due_at).value)
            if at is None or check.label == "expiry":
                continue
            good = check.result == "still_cut"
            shape = "due" if not check.at else "done" if good else "bad"
            before = found.get(check.label)
            worse = "bad" if before and before[2] == "bad" else shape
            later = max(at, before[1]) if before else at
            found[check.label] = (f"looked again {check.label}", later, worse)
    return list(found.values())


def _spaced(told: list[tuple[datetime, str, str]]) -> list[Point]:
    made = []
    for n, (at, label, shape) in enumerate(told):
        day, time = day_and_time(at.isoformat())
        gap = lasted((at - told[n - 1][0]).total_seconds()) if n else ""
        made.append(Point(label, day, f"{time} UTC", shape, gap))
    return made


def systems_table(story: Story) -> list[dict[str, str]]:
    return [_system(story, system) for system in story.systems]


def _system(story: Story, system: System) -> dict[str, str]:
    tone, words = standing_of(story, system.containment)
    ends = [account.contained_at for account in system.accounts]
    last = max(ends, key=lambda one: str(one.value)) if ends and all(ends) else Fact()
    clock = next(one for one in story.clocks if one.name == PROMISE)
    began, ended = instant(clock.start.value), instant(last.value)
    after = lasted(max(0.0, (ended - began).total_seconds())) if began and ended else "–"
    return {
        "system": system.name,
        "adapter": system.adapter or NOT_SAID,
        "accounts": _accounts(system),
        "tone": tone,
        "mark": {GOOD: "✓", BAD: "✗", WATCH: "!"}.get(tone, "–"),
        "state": words,
        "after": after if system.containment == "contained" else "–",
        "refs": refs(
            *(account.containment.leaf for account in system.accounts),
            *(one.at.leaf for one in system.lookups[-1:] if not system.accounts),
        ),
    }


def standing_of(story: Story, containment: str) -> tuple[str, str]:
    """What is open because it was given back is nobody's failure."""
    if story.restored_at and containment in ("not", "partly", "by_hand"):
        return WATCH, "Open again: given back"
    return CONTAINMENT[containment]


def _accounts(system: System) -> str:
    if system.accounts:
        admins = sum(account.privileged for account in system.accounts)
        some = f", {counted(admins, 'administrator')}" if admins else ""
        return counted(len(system.accounts), "account") + some
    return {"none_found": "none", "by_hand": "a person looks", "attested": "a person looked"}.get(
        system.containment, "not known"
    )


def findings_table(found: Sequence[Finding]) -> list[dict[str, str]]:
    return [
        {
            "weight": one.weight,
            "tone": {"open": BAD, "exception": WATCH}.get(one.weight, QUIET),
            "sentence": one.sentence,
            "owner": one.owner or "–",
            "refs": few(one.leaves),
        }
        for one in found
    ]
