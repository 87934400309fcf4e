"""The ledger as files: JSON lines verbatim, and CSV that no spreadsheet will run."""

import csv
import io
import json
from collections.abc import AsyncIterator
from typing import Any

from workflows.ledger.read import Filters, stream
from workflows.ledger.tables import Leaf
from workflows.store import Store

COLUMNS = (
    "index",
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
RUNS_IN_A_SPREADSHEET = ("=", "+", "-", "@", "\t", "\r", "\n")


async def jsonl(store: Store, filters: Filters) -> AsyncIterator[bytes]:
    """Each line without its end is the input of the leaf hash, byte for byte."""
    async for leaves in stream(store, filters):
        yield b"".join(leaf.d + b"\n" for leaf in leaves)


async def as_csv(store: Store, filters: Filters) -> AsyncIterator[bytes]:
    yield _lines([list(COLUMNS)])
    async for leaves in stream(store, filters):
        yield _lines([_row(leaf) for leaf in leaves])


def _row(leaf: Leaf) -> list[str]:
    event = json.loads(leaf.d)
    actor = event["actor"]
    cells = [
        leaf.idx,
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
    return [inert(_text(cell)) for cell in cells]


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    return cell if isinstance(cell, str) else json.dumps(cell, ensure_ascii=False)


def inert(cell: str) -> str:
    """A cell that a spreadsheet would take for a formula gets an apostrophe, as OWASP advises."""
    return "'" + cell if cell.startswith(RUNS_IN_A_SPREADSHEET) else cell


def _lines(rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode()


EXPORTS = {"jsonl": (jsonl, "application/jsonl"), "csv": (as_csv, "text/csv; charset=utf-8")}
