"""A period as numbers: a row for each case and for each of its systems, and what they add up to.

Pure, and made of the stories of the cases, so that a row says nothing that its leaves do not.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workflows.evidence.clocks import MOMENT, PROMISE, met
from workflows.evidence.leaves import Read, instant
from workflows.evidence.shapes import Clock, Finding, Story, System
from workflows.evidence.statistics import Waited, quantile, wilson

TERMINATIONS = ("scheduled", "effective", "revoke_now")
"""Decisions on HR's word that open a case, or hurry one that is open."""


@dataclass(frozen=True)
class Share:
    """So many of so many, and between which shares the truth lies (95 %)."""

    good: int
    all: int

    @property
    def between(self) -> tuple[float, float]:
        return wilson(self.good, self.all)


@dataclass(frozen=True)
class Summary:
    """`half` and `most` count what is still open as well; None: too much is open to say."""

    cases: int
    within: Share
    missed: int
    running: int
    half: float | None
    most: float | None
    late: tuple[Story, ...]
    late_share: Share
    cancelled: int
    restored: int


@dataclass(frozen=True)
class Completeness:
    """From HR's messages to cases, counted over the events of the period."""

    deliveries: int
    refused: int
    conflicts: int
    decisions: dict[str, int]
    opened_by_hr: int
    opened_by_people: int
    without_a_case: tuple[str, ...]
    """Workers whom HR told to leave and who have no case: by pseudonym."""
    left_in_hr: tuple[str, ...] = ()
    """Workers who HR says have left and who have no case, by the service's tables of now."""


def row_of(story: Story) -> dict[str, Any]:
    """One case as population.jsonl has it."""
    clocks = {clock.name: clock for clock in story.clocks}
    promise, moment = clocks[PROMISE], clocks[MOMENT]
    return {
        "case": story.case,
        "subject": story.subject,
        "kind": story.kind.value,
        "status": status_of(story),
        "hr_entered_at": story.hr_entered_at.value,
        "received_at": story.received_at.value,
        "effective_at": story.effective_at.value,
        "contained_at": story.contained_at.value,
        "target_seconds": story.target_seconds.value,
        "seconds": promise.seconds,
        "met": promise.met,
        "seconds_from_last_moment": moment.seconds,
        "met_from_last_moment": moment.met,
        "late_hr_seconds": story.late.seconds if story.late else None,
        "systems": [_system(system, promise, story) for system in story.systems],
        "open_points": sum(one.weight == "open" for one in story.findings),
        "exceptions": sum(one.weight == "exception" for one in story.findings),
        "leaf": story.kind.leaf,
        "whole": story.whole,
    }


def status_of(story: Story) -> str:
    if story.cancelled:
        return "cancelled"
    if story.restored_at:
        return "restored"
    return str(story.verdict.value or "scheduled")


def _system(system: System, promise: Clock, story: Story) -> dict[str, Any]:
    ends = [account.contained_at.value for account in system.accounts]
    last = max(map(str, ends)) if ends and all(ends) else None
    began, ended = instant(promise.start.value), instant(last)
    as_of = datetime.fromisoformat(story.as_of)
    return {
        "system": system.name,
        "containment": system.containment,
        "accounts": len(system.accounts),
        "contained_at": last,
        "seconds": max(0.0, (ended - began).total_seconds()) if began and ended else None,
        "met": met(began, ended, promise.target_seconds, as_of) if began and ends else None,
    }


def summary_of(stories: Sequence[Story]) -> Summary:
    """Cases that were taken back before their time have no promise to keep."""
    counted = [story for story in stories if not story.cancelled]
    clocks = [next(c for c in story.clocks if c.name == PROMISE) for story in counted]
    waits = [wait for s, c in zip(counted, clocks, strict=True) if (wait := _waited(s, c))]
    late = tuple(story for story in counted if story.late)
    kept = sum(clock.met is True for clock in clocks)
    return Summary(
        cases=len(stories),
        within=Share(kept, len(clocks)),
        missed=sum(clock.met is False for clock in clocks),
        running=sum(clock.met is None for clock in clocks),
        half=quantile(waits, 0.5),
        most=quantile(waits, 0.95),
        late=late,
        late_share=Share(len(late), len(counted)),
        cancelled=len(stories) - len(counted),
        restored=sum(bool(story.restored_at) for story in stories),
    )


def waits_of(stories: Sequence[Story]) -> list[Waited]:
    found = []
    for story in stories:
        if not story.cancelled:
            clock = next(c for c in story.clocks if c.name == PROMISE)
            wait = _waited(story, clock)
            found += [wait] if wait else []
    return found


def _waited(story: Story, clock: Clock) -> Waited | None:
    began = instant(clock.start.value)
    if began is None:
        return None
    if clock.seconds is not None:
        return Waited(clock.seconds, ended=True)
    open_for = (datetime.fromisoformat(story.as_of) - began).total_seconds()
    return Waited(max(0.0, open_for), ended=False)


def by_system(stories: Sequence[Story]) -> list[tuple[str, Counter[str]]]:
    """How each system stands over all cases."""
    found: dict[str, Counter[str]] = {}
    for story in stories:
        for system in story.systems:
            found.setdefault(system.name, Counter())[system.containment] += 1
    return sorted(found.items())


def completeness_of(
    events: Iterable[Read], with_case: frozenset[str], left_in_hr: tuple[str, ...]
) -> Completeness:
    """`events` are those of the period, by their time; `with_case` all subjects of any case."""
    kinds: Counter[str] = Counter()
    decisions: Counter[str] = Counter()
    told: dict[str, None] = {}
    for leaf in events:
        kind = leaf.type
        if kind == "case.opened":
            kind += ".hr" if leaf.actor[0] == "hr" else ".people"
        kinds[kind] += 1
        if leaf.type == "hr.decision":
            decisions[leaf.outcome] += 1
            subject = leaf.event.get("subject")
            if leaf.outcome in TERMINATIONS and subject and subject not in with_case:
                told[str(subject)] = None
    return Completeness(
        deliveries=kinds["hr.delivery_received"],
        refused=kinds["hr.delivery_unreadable"],
        conflicts=kinds["hr.delivery_conflict"],
        decisions=dict(sorted(decisions.items())),
        opened_by_hr=kinds["case.opened.hr"],
        opened_by_people=kinds["case.opened.people"],
        without_a_case=tuple(told),
        left_in_hr=left_in_hr,
    )


def exceptions_of(stories: Sequence[Story]) -> list[tuple[str, Finding]]:
    """What an auditor would ask about, case by case; notes are in the packs of the cases."""
    return [
        (story.case, finding)
        for story in stories
        for finding in story.findings
        if finding.weight in ("open", "exception")
    ]
