"""The report of a case as data: what the HTML and the PDF show, and nothing that they decide."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from workflows.evidence import lanes
from workflows.evidence.by_people import actor, approvals_table, happened_table, tasks_table
from workflows.evidence.controls import answers_of
from workflows.evidence.details import events_table, system_pages
from workflows.evidence.drawing import PRINT, SCREEN, timeline
from workflows.evidence.first_page import (
    few,
    figures,
    findings_table,
    points,
    refs,
    systems_table,
    verdict,
    who,
)
from workflows.evidence.head import Head
from workflows.evidence.lanes import lanes_of
from workflows.evidence.leaves import Fact, Read
from workflows.evidence.made import Made
from workflows.evidence.shapes import Story
from workflows.evidence.words import (
    BAD,
    BASES,
    GOOD,
    NOT_SAID,
    QUIET,
    WATCH,
    ZONE_SOURCES,
    counted,
    lasted,
    moment,
    said,
    spoken,
)

Row = list[str]
RESULT_TONES = {"met": GOOD, "not met": BAD, "not shown": WATCH, "does not apply": QUIET}
SCOPE = (
    "The scope is every system that was configured in Exeunt when the cut began. In each of them "
    "the worker was looked for by stored account links, then by the employee number, then by every "
    "mail address that HR knows, each compared for exact equality. A system that Exeunt is not "
    "connected to, and an account that nothing connects with this person, are NOT in this pack: "
    "whether the list of systems is complete is for you to judge."
)
NOT_SHOWN = [
    "That an event which was never recorded did not happen: the log proves what was recorded.",
    "Systems that were not configured, and accounts that no key of the worker leads to.",
    "Passwords that were shared, and data that was copied before.",
    "What a vendor does behind its own answers: a read-back is the word of the system itself.",
    "That a person who says “done by hand” did it: that is an attestation.",
]


@dataclass(frozen=True)
class Report:
    """What a template needs. `document` holds strings, lists and dicts only; pictures are SVG."""

    document: dict[str, Any]
    print: dict[str, str]
    screen: dict[str, str]


def case_report(
    story: Story, leaves: Sequence[Read], head: Head, made: Made, pack_id: str
) -> Report:
    drawn = points(story)
    document = {
        "kind": "case",
        "title": f"Evidence: access of {who(story)}",
        "pack": pack_id,
        "tenant": story.tenant,
        "case": story.case,
        "subject": story.subject,
        "as_of": moment(story.as_of),
        "interim": not story.final,
        "open": _still_open(story),
        "verdict": verdict(story),
        "figures": figures(story),
        "picture_says": "; ".join(f"{one.label}: {one.day} {one.time}" for one in drawn),
        "systems": systems_table(story),
        "findings": findings_table(story.findings),
        "facts": facts(story),
        "scope": SCOPE,
        "pages": system_pages(story),
        "tasks": tasks_table(story),
        "approvals": approvals_table(story),
        "no_approvals": _no_approvals(story),
        "happened": happened_table(story),
        "controls": controls_table(story),
        "method": method(made, len(leaves), story),
        "proof": proof(head),
        "not_shown": NOT_SHOWN,
        "events": events_table(leaves),
    }
    rows = lanes_of(story)
    pictures = [
        {"picture": timeline(drawn, colours), "lanes": lanes.picture(rows, colours)}
        for colours in (PRINT, SCREEN)
    ]
    return Report(document, *pictures)


def _still_open(story: Story) -> str:
    """What an interim pack says in big words."""
    if story.final:
        return ""
    waiting = sum(one.weight == "open" for one in story.findings)
    later = sum(verb.standing == "to_come" for account in story.accounts for verb in account.verbs)
    checks = sum(
        not check.at and not story.restored_at
        for account in story.accounts
        for check in account.checks
    )
    parts = [
        counted(waiting, "open point") if waiting else "",
        f"{counted(later, 'action')} not begun yet" if later else "",
        f"{counted(checks, 'later read-back')} still to be made" if checks else "",
    ]
    return ", ".join(part for part in parts if part) or "the case is not closed"


def facts(story: Story) -> list[dict[str, Any]]:
    return [
        {"title": "Who", "rows": _who(story)},
        {"title": "What HR said, and when", "rows": _hr(story)},
        {"title": "By which rules", "rows": _rules(story)},
    ]


def _who(story: Story) -> list[Row]:
    labels = {
        "name": "name",
        "employee_number": "employee number",
        "source_worker_id": "record in the HR system",
        "email": "mail address",
        "reference": "reference",
    }
    return [
        *(
            _row(label, story.person[name])
            for name, label in labels.items()
            if name in story.person
        ),
        ["pseudonym in the log", story.subject, ""],
        _row("kind of leave", Fact(spoken(said(story.kind)), story.kind.leaf)),
    ]


def _hr(story: Story) -> list[Row]:
    source, zone = story.source, said(story.zone) if story.zone else None
    return [
        _row("HR connection", source.connection),
        ["asked for by", actor(story, source.by), ""],
        ["delivery", said(source.delivery), refs(source.delivery.leaf, source.signed.leaf)],
        _row("body of the delivery (SHA-256)", source.body_sha256),
        _row("its type", source.said),
        _row("decided", source.decided),
        _time("entered by HR", story.hr_entered_at, zone),
        _time("received by us", story.received_at, zone),
        _time("last moment", story.effective_at, zone),
        ["taken from", BASES.get(said(story.basis), said(story.basis)), refs(story.basis.leaf)],
        _row("time zone", story.zone),
        [
            "zone known from",
            ZONE_SOURCES.get(said(story.zone_source), said(story.zone_source)),
            refs(story.zone_source.leaf),
        ],
    ]


def _rules(story: Story) -> list[Row]:
    target = story.target_seconds
    return [
        _row("policy", story.policy),
        _row("policy (SHA-256)", story.policy_sha256),
        ["rules that applied", ", ".join(story.rules) or "the general part only", ""],
        ["target", lasted(target.value) if target else NOT_SAID, refs(target.leaf)],
        _time("the cut began", story.begun, None),
        _row("version of Exeunt then", story.version),
    ]


def _row(label: str, fact: Fact) -> Row:
    return [label, said(fact), refs(fact.leaf)]


def _time(label: str, fact: Fact, zone: str | None) -> Row:
    """In UTC, and where the worker lives."""
    text = moment(fact.value)
    if fact and zone and zone != "UTC":
        text += f"  ({moment(fact.value, zone)})"
    return [label, text, refs(fact.leaf)]


def _no_approvals(story: Story) -> str:
    """Containment asks nobody; what else was done without an approval was so by policy."""
    if story.approvals:
        return ""
    return (
        "No approval was given in this case so far. Cutting access needs none, by design; the "
        "policy named above says what does."
    )


def controls_table(story: Story) -> list[dict[str, str]]:
    return [
        {
            "standard": one.control.standard,
            "id": one.control.id,
            "asks": one.control.asks,
            "result": one.bearing.result,
            "tone": RESULT_TONES[one.bearing.result],
            "because": one.bearing.because,
            "refs": few(one.bearing.leaves),
            "does_not_show": one.control.does_not_show,
        }
        for one in answers_of(story)
    ]


def controls_data(story: Story) -> list[dict[str, Any]]:
    """The same for machines: controls.json, with every leaf."""
    return [
        {
            "standard": one.control.standard,
            "control": one.control.id,
            "asks": one.control.asks,
            "does_not_show": one.control.does_not_show,
            **asdict(one.bearing),
        }
        for one in answers_of(story)
    ]


def method(made: Made, leaves: int, story: Story) -> list[Row]:
    """How this report came about: what auditors call IPE."""
    return [
        [
            "question",
            f"every event of the log with case = {story.case}, and the events that led to it",
            "",
        ],
        ["answer", f"{counted(leaves, 'event')}, {story.events} of them the case’s own", ""],
        ["numbered without a gap", "yes" if story.whole else "NO", ""],
        ["made by", f"Exeunt {made.version}, evidence code (SHA-256) {made.code_sha256}", ""],
        ["as of", f"{moment(story.as_of)}, when the tree head was signed", ""],
        ["derived from", "the events alone; no table of the service was read for a fact", ""],
    ]


def proof(head: Head) -> list[Row]:
    """What the pack rests on."""
    cosigned = (
        ", ".join(head.seen_by) or "nobody: no witness is configured, or none has seen it yet"
    )
    stamped = "yes (checkpoint.tsr)" if head.time_stamp else "no"
    return [
        ["log", head.origin, ""],
        ["events in it", f"{head.size:,}", ""],
        ["root hash", head.root.hex(), ""],
        ["signed by", ", ".join(head.log_keys), ""],
        ["cosigned by witnesses", cosigned, ""],
        ["time stamp (RFC 3161)", stamped, ""],
    ]
