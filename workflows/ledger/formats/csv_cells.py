"""CSV to be read by people: no cell runs in a spreadsheet. A reading copy, not proof."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from workflows.ledger.formats.meaning import compact, events_of
from workflows.ledger.formats.shape import Leaves, Row

COLUMNS = (
    "leaf_index",
    "leaf_hash",
    "id",
    "time",
    "type",
    "outcome",
    "actor_kind",
    "actor_id",
    "case",
    "case_seq",
    "subject",
    "data",
    "sd",
)
RUNS_IN_A_SPREADSHEET = frozenset("=+-@\t\r\n\0＝＋－＠")  # noqa: RUF001 - full width is meant
"""OWASP ASVS 5.0 section 1.2.10, and the line ends and full-width signs that it leaves out."""
PASSED_OVER = " '\"`\u00a0\u200b\u200e\u200f\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u3000\ufeff"
"""Spaces, quotes and marks that an importer may take away before it looks for a formula."""


class Csv:
    """RFC 4180: every field in quotes, quotes doubled, lines end in CRLF, UTF-8."""

    name = "csv"
    media_type = "text/csv; charset=utf-8"
    line_end = b"\r\n"

    @property
    def header(self) -> bytes:
        return written([COLUMNS])

    def encode(self, rows: Leaves) -> bytes:
        events = events_of(rows)
        return written(
            _cells(idx, lh, event) for (idx, _, lh), event in zip(rows, events, strict=True)
        )

    def line(self, row: Row) -> bytes:
        return self.encode([row]).removesuffix(self.line_end)


def _cells(idx: int, lh: bytes, event: dict[str, Any]) -> Sequence[object]:
    """Texts from a leaf are made inert; numbers and what begins with a brace are so already."""
    told, actor, data, sd = event.get, event["actor"], event.get("data"), event.get("sd")
    return (
        idx,
        lh.hex(),
        inert(event["id"]),
        inert(event["time"]),
        inert(event["type"]),
        inert(event["outcome"]),
        inert(actor["kind"]),
        inert(actor["id"]),
        inert(told("case", "")),
        told("case_seq", ""),
        inert(told("subject", "")),
        compact(data) if data else "",
        compact(sd) if sd else "",
    )


def inert(cell: str) -> str:
    """A cell that a spreadsheet would take for a formula gets an apostrophe, as OWASP advises.

    Only what is not plain at its beginning is looked at closer. Taking one apostrophe away from a
    cell that would get one without it gives the text back.
    """
    if cell[:1].isalnum() or not cell:
        return cell
    begins = cell.lstrip(PASSED_OVER)[:1]
    return (
        "'" + cell if cell[0] in RUNS_IN_A_SPREADSHEET or begins in RUNS_IN_A_SPREADSHEET else cell
    )


def written(rows: Iterable[Sequence[object]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode()
