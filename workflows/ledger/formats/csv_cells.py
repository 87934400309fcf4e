"""CSV to be read by people: no cell runs in a spreadsheet. A reading copy, not proof."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from workflows.ledger.formats.shape import Row

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
RUNS_IN_A_SPREADSHEET = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
"""OWASP ASVS 5.0 section 1.2.10, and the line ends and full-width signs that it leaves out."""


class Csv:
    """RFC 4180: every field in quotes, quotes doubled, lines end in CRLF, UTF-8."""

    name = "csv"
    media_type = "text/csv; charset=utf-8"

    @property
    def header(self) -> bytes:
        return written([COLUMNS])

    def encode(self, rows: Sequence[Row]) -> bytes:
        return written([cells(row) for row in rows])

    def line(self, row: Row) -> bytes:
        return self.encode([row]).removesuffix(b"\r\n")


def cells(row: Row) -> list[str]:
    event = json.loads(row.d)
    actor = event["actor"]
    told = [
        event["id"],
        event["time"],
        event["type"],
        event["outcome"],
        actor["kind"],
        actor["id"],
        event.get("case"),
        event.get("case_seq"),
        event.get("subject"),
        event.get("data"),
        event.get("sd"),
    ]
    return [str(row.idx), row.lh.hex(), *(inert(_text(cell)) for cell in told)]


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    return cell if isinstance(cell, str) else json.dumps(cell, ensure_ascii=False)


def inert(cell: str) -> str:
    """A cell that a spreadsheet would take for a formula gets an apostrophe, as OWASP advises."""
    return "'" + cell if cell.startswith(RUNS_IN_A_SPREADSHEET) else cell


def written(rows: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode()
