"""JSON lines, verbatim: the only format that is itself proof."""

from collections.abc import Sequence

from workflows.ledger.formats.shape import Row


class JsonLines:
    """A line without its end is the input of the leaf hash, byte for byte."""

    name = "jsonl"
    media_type = "application/jsonl"
    header = b""

    def encode(self, rows: Sequence[Row]) -> bytes:
        return b"".join([row.d + b"\n" for row in rows])

    def line(self, row: Row) -> bytes:
        return row.d
