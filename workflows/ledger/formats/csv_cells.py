"""CSV to be read by people: no cell runs in a spreadsheet. A reading copy, not proof."""

from collections.abc import Sequence

from workflows.ledger.formats.leaf import Told, plain, told_slowly
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
RUNS_IN_A_SPREADSHEET = frozenset("=+-@\t\r\n\0＝＋－＠")
"""OWASP ASVS 5.0 section 1.2.10, and the line ends and full-width signs that it leaves out."""
PASSED_OVER = " '\"`\u00a0\u200b\u200e\u200f\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u3000\ufeff"
"""Spaces, quotes and marks that an importer may take away before it looks for a formula."""


class Csv:
    """RFC 4180: every field in quotes, quotes doubled, lines end in CRLF, UTF-8."""

    name = "csv"
    media_type = "text/csv; charset=utf-8"

    @property
    def header(self) -> bytes:
        return written(COLUMNS).encode()

    def encode(self, rows: Leaves) -> bytes:
        return b"".join([_line(idx, d, lh).encode() for idx, d, lh in rows])

    def line(self, row: Row) -> bytes:
        return self.encode([row]).removesuffix(b"\r\n")


def _line(idx: int, d: bytes, lh: bytes) -> str:
    """Where every text is plain, each is inert as it is, and only JSON has quotes in it."""
    if not (found := plain(d)):
        return written([str(idx), lh.hex(), *map(inert, _in_columns(told_slowly(d)))])
    actor, kind, case, seq, data, id_, outcome, sd, subject, _, time, type_ = found
    data, sd = data.replace('"', '""'), sd.replace('"', '""')
    return (
        f'"{idx}","{lh.hex()}","{id_}","{time}","{type_}","{outcome}","{kind}","{actor}",'
        f'"{case}","{seq}","{subject}","{data}","{sd}"\r\n'
    )


def _in_columns(event: Told) -> Sequence[str]:
    return (
        event.id,
        event.time,
        event.type,
        event.outcome,
        event.actor_kind,
        event.actor_id,
        event.case,
        event.case_seq,
        event.subject,
        event.data,
        event.sd,
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


def written(cells: Sequence[str]) -> str:
    quoted = '","'.join([cell.replace('"', '""') for cell in cells])
    return f'"{quoted}"\r\n'
