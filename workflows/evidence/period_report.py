"""The report of a period as data: the same for the page and for the PDF."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workflows.evidence.chart import cut_off_over_time
from workflows.evidence.drawing import PRINT, SCREEN
from workflows.evidence.findings import OPEN
from workflows.evidence.first_page import few, refs
from workflows.evidence.head import Head
from workflows.evidence.leaves import Read
from workflows.evidence.made import Made
from workflows.evidence.period import (
    TERMINATIONS,
    Completeness,
    Share,
    Summary,
    by_system,
    row_of,
    status_of,
    waits_of,
)
from workflows.evidence.population import Period
from workflows.evidence.report import NOT_SHOWN, Report, proof
from workflows.evidence.shapes import Finding, Story
from workflows.evidence.tasks import outliving
from workflows.evidence.words import (
    BAD,
    CONTAINMENT,
    GOOD,
    QUIET,
    WATCH,
    counted,
    lasted,
    moment,
    said,
    spoken,
)

Row = list[str]
MOST = 8
"""Exceptions of one case that a list over many cases names."""


@dataclass(frozen=True)
class Told:
    """Everything that the report of a period is made of."""

    period: Period
    seal: Read
    stories: tuple[Story, ...]
    summary: Summary
    scope: Completeness
    seed: str | None
    root: bytes
    picks: tuple[tuple[str, str], ...]
    exceptions: tuple[tuple[str, Finding], ...]


def period_report(
    told: Told, leaves: Sequence[Read], head: Head, made: Made, pack_id: str
) -> Report:
    waits = waits_of(told.stories)
    targets = {story.target_seconds.value for story in told.stories if story.target_seconds}
    target = max(targets) if targets else None
    document = {
        "kind": "period",
        "title": f"Evidence: leavers from {told.period.named}",
        "pack": pack_id,
        "tenant": str(told.seal.event.get("tenant")),
        "as_of": moment(head.signed_at.isoformat()),
        "interim": False,
        "period": told.period.named,
        "verdict": _verdict(told),
        "figures": _figures(told.summary),
        "picture_says": "the share of leavers who were cut off, by the time that it took",
        "systems": _systems(told.stories),
        "late": _late(told.summary),
        "exceptions": _exceptions(told.exceptions),
        "scope": _scope(told.scope),
        "without": [*told.scope.without_a_case, *told.scope.left_in_hr],
        "population": _population(told.stories),
        "seal": _seal(told.seal),
        "sample": _sample(told),
        "method": _method(told, made, leaves),
        "proof": proof(head),
        "not_shown": NOT_SHOWN,
        "events": [],
    }
    pictures = [
        {"picture": cut_off_over_time(waits, target, colours)} for colours in (PRINT, SCREEN)
    ]
    return Report(document, *pictures)


def _verdict(told: Told) -> dict[str, Any]:
    summary, share = told.summary, told.summary.within
    unfinished = {case for case, one in told.exceptions if one.weight == OPEN}
    outlived = sum(bool(outliving(story.tasks)) for story in told.stories)
    if not summary.cases:
        tone, headline = WATCH, "Nobody left in this period."
    elif not share.all:
        tone, headline = WATCH, "Every case of this period was taken back before its time."
    elif share.good == share.all:
        whole = "The only leaver was" if share.all == 1 else f"All {share.all:,} leavers were"
        tone, headline = WATCH if outlived else GOOD, f"{whole} cut off in time."
    else:
        tone = BAD if summary.missed else WATCH
        verb = "was" if share.good == 1 else "were"
        headline = f"{share.good} of {counted(share.all, 'leaver')} {verb} cut off in time."
    parts = [
        f"{summary.missed} missed the target" if summary.missed else "",
        f"{summary.running} still open, in time" if summary.running else "",
        f"{len(summary.late)} told too late by HR" if summary.late else "",
        f"{summary.cancelled} taken back before the last moment" if summary.cancelled else "",
        f"{summary.restored} given back afterwards" if summary.restored else "",
        f"{counted(outlived, 'case')} where what works without the account is open"
        if outlived
        else "",
        f"{counted(len(unfinished), 'case')} with open points (see Exceptions)"
        if unfinished
        else "",
    ]
    sentence = ", ".join(part for part in parts if part) or "Nothing was missed, nothing is open"
    return {
        "tone": tone,
        "mark": {GOOD: "✓", BAD: "✗"}.get(tone, "!"),
        "headline": headline,
        "sentence": sentence[0].upper() + sentence[1:] + ".",
        "refs": refs(told.seal.index),
    }


def _figures(summary: Summary) -> list[dict[str, str]]:
    good = summary.within.all and summary.within.good == summary.within.all
    return [
        {
            "value": _percent(summary.within),
            "note": _between(summary.within),
            "label": "cut off within the target; the range is what so many cases prove (95 %)",
            "tone": GOOD if good else BAD if summary.missed else WATCH,
        },
        {
            "value": lasted(summary.half) if summary.half is not None else "open",
            "note": "half of the leavers",
            "label": "were cut off within this time; open cases count as open",
            "tone": QUIET,
        },
        {
            "value": lasted(summary.most) if summary.most is not None else "open",
            "note": "95 of 100 leavers",
            "label": "were cut off within this time; open cases count as open",
            "tone": QUIET,
        },
        {
            "value": f"{len(summary.late)} of {summary.late_share.all}",
            "note": "HR told us after the last moment",
            "label": "no cut can be in time that is asked for too late",
            "tone": WATCH if summary.late else GOOD,
        },
    ]


def _percent(share: Share) -> str:
    return f"{share.good / share.all:.1%}" if share.all else "–"


def _between(share: Share) -> str:
    low, high = share.between
    return f"{share.good} of {share.all}: between {low:.0%} and {high:.0%}"


def _systems(stories: Sequence[Story]) -> list[dict[str, str]]:
    rows = []
    for name, standing in by_system(stories):
        bad = sum(n for one, n in standing.items() if CONTAINMENT[one][0] == BAD)
        words = [f"{n} {CONTAINMENT[one][1].lower()}" for one, n in standing.most_common()]
        rows.append(
            {
                "system": name,
                "cases": str(sum(standing.values())),
                "tone": BAD if bad else GOOD,
                "bad": str(bad),
                "words": ", ".join(words),
            }
        )
    return rows


def _late(summary: Summary) -> list[dict[str, str]]:
    return [
        {
            "case": story.case,
            "effective": moment(story.effective_at.value),
            "received": moment(story.received_at.value),
            "late": lasted(story.late.seconds) if story.late else "",
            "refs": refs(story.received_at.leaf),
        }
        for story in sorted(summary.late, key=lambda s: -(s.late.seconds or 0) if s.late else 0)
    ]


def _exceptions(found: Sequence[tuple[str, Finding]]) -> list[dict[str, Any]]:
    """A row for each case, so that many small things do not hide a great one."""
    by_case: dict[str, list[Finding]] = {}
    for case, one in found:
        by_case.setdefault(case, []).append(one)
    return [
        {
            "case": case,
            "tone": BAD if any(one.weight == "open" for one in mine) else WATCH,
            "sentences": [f"{one.sentence} ({few(one.leaves)})" for one in mine[:MOST]]
            + ([f"and {len(mine) - MOST} more"] if len(mine) > MOST else []),
        }
        for case, mine in by_case.items()
    ]


def _scope(scope: Completeness) -> list[Row]:
    terminations = sum(scope.decisions.get(kind, 0) for kind in TERMINATIONS)
    decided = ", ".join(f"{spoken(kind)} {n}" for kind, n in scope.decisions.items())
    return [
        ["signed deliveries from HR that were taken in", f"{scope.deliveries:,}", ""],
        ["deliveries refused: signed, but not to be read", f"{scope.refused:,}", ""],
        ["deliveries refused: another body under the same id", f"{scope.conflicts:,}", ""],
        ["decisions on HR’s word", decided or "none", ""],
        ["of these, terminations", f"{terminations:,}", ""],
        ["cases opened by HR’s word", f"{scope.opened_by_hr:,}", ""],
        ["cases opened by people", f"{scope.opened_by_people:,}", ""],
        ["told to leave by HR, and no case", f"{len(scope.without_a_case):,}", ""],
        [
            "left, says HR’s newest record, and no case",
            f"{len(scope.left_in_hr):,} (by the service’s tables of now, not by the log)",
            "",
        ],
    ]


def _population(stories: Sequence[Story]) -> list[Row]:
    rows = []
    for story in stories:
        row = row_of(story)
        in_time = {True: "met", False: "MISSED", None: "open"}[row["met"]]
        rows.append(
            [
                story.case,
                said(story.kind),
                moment(story.effective_at.value)[:16],
                moment(story.received_at.value)[:16],
                lasted(row["seconds"]) if row["seconds"] is not None else "–",
                "–" if story.cancelled else in_time,
                spoken(status_of(story)),
                refs(row["leaf"]),
            ]
        )
    return rows


def _seal(seal: Read) -> list[Row]:
    cite = refs(seal.index)
    return [
        ["sealed at", moment(seal.time), cite],
        ["cases", str(seal.data.get("count")), cite],
        ["SHA-256 over their ids", str(seal.data.get("ids_sha256")), cite],
        ["question", str(seal.data.get("query")), cite],
        ["by Exeunt", str(seal.data.get("version")), cite],
        ["evidence code (SHA-256)", str(seal.data.get("code_sha256")), cite],
    ]


def _sample(told: Told) -> dict[str, Any]:
    return {
        "seed": told.seed or "",
        "root": base64.b64encode(told.root).decode(),
        "rows": [[case, rank] for rank, case in told.picks],
    }


def _method(told: Told, made: Made, leaves: Sequence[Read]) -> list[Row]:
    """What auditors call IPE: how this list came about."""
    rows = len(told.stories)
    events = sum(story.events for story in told.stories)
    whole = len({leaf.event["case"] for leaf in leaves if "case" in leaf.event})
    gaps = sum(not story.whole for story in told.stories)
    return [
        ["question", str(told.seal.data.get("query")), ""],
        ["parameters", f"from {told.seal.data.get('from')} to {told.seal.data.get('to')}", ""],
        ["rows", f"{counted(rows, 'case')}; sealed: {told.seal.data.get('count')}", ""],
        ["read for it", f"{counted(events, 'event')} of these cases; gaps in: {gaps}", ""],
        ["proved in this pack", f"{counted(len(leaves), 'event')}, {whole} cases whole", ""],
        ["reckoned as", "Wilson interval of 95 % of the share; Kaplan–Meier quantiles", ""],
        ["made by", f"Exeunt {made.version}", ""],
        ["evidence code (SHA-256)", made.code_sha256, ""],
        ["each row", "derived from the events of its case, as its own pack shows", ""],
    ]
