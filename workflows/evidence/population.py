"""Who belongs to a period: every case whose promise began to run in it. Pure.

The promise runs from the later of the last moment and the instant at which we were told. So a case
that HR tells too late belongs to the period in which it was told, and none falls between two.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from workflows.evidence.leaves import Read, instant
from workflows.ledger.events import stamp

QUERY = (
    "every case whose later of last moment (data.effective_at of case.opened, or of the last "
    "case.moved before its case.begun) and receipt (data.received_at of case.opened) lies in "
    "[from, to), whatever became of it"
)
MEMBERSHIP = ("case.opened", "case.moved", "case.begun")


@dataclass(frozen=True)
class Period:
    """From `since` on, and before `until`."""

    since: datetime
    until: datetime

    @property
    def named(self) -> str:
        """For people; what is not a whole day is told to the minute."""
        whole = self.since.time() == self.until.time() == time.min
        form = "%Y-%m-%d" if whole else "%Y-%m-%d %H:%M"
        return f"{self.since:{form}} to {self.until:{form}}" + ("" if whole else " UTC")


def members(leaves: Iterable[Read], period: Period) -> list[str]:
    """The ids of the cases, sorted. `leaves` are all of the types in MEMBERSHIP, in order."""
    starts: dict[str, datetime] = {}
    received: dict[str, datetime] = {}
    begun: set[str] = set()
    for leaf in leaves:
        case = str(leaf.event.get("case"))
        if leaf.type == "case.begun":
            begun.add(case)
            continue
        moment = instant(leaf.data.get("effective_at"))
        if leaf.type == "case.opened":
            received[case] = instant(leaf.data.get("received_at") or leaf.time) or period.until
        if moment is not None and case not in begun:
            starts[case] = moment
    return sorted(
        case
        for case, told in received.items()
        if period.since <= max(told, starts.get(case, told)) < period.until
    )


def ids_sha256(cases: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(cases)).encode()).hexdigest()


def sealing(period: Period, cases: list[str], version: str, code_sha256: str) -> dict[str, Any]:
    """What the leaf `population.sealed` says."""
    return {
        "from": stamp(period.since),
        "to": stamp(period.until),
        "count": len(cases),
        "ids_sha256": ids_sha256(cases),
        "query": QUERY,
        "version": version,
        "code_sha256": code_sha256,
    }


def month_before(now: datetime) -> Period:
    """The last whole month in UTC."""
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    year, month = (first.year, first.month - 1) if first.month > 1 else (first.year - 1, 12)
    return Period(first.replace(year=year, month=month), first)
