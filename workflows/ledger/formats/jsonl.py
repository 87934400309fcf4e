"""JSON lines, verbatim: the only format that is itself proof."""

from workflows.ledger.formats.shape import Leaves, Row


class JsonLines:
    """A line without its end is the input of the leaf hash, byte for byte."""

    name = "jsonl"
    media_type = "application/jsonl"
    header = b""

    def encode(self, rows: Leaves) -> bytes:
        return b"".join([d + b"\n" for _, d, _ in rows])

    def line(self, row: Row) -> bytes:
        return row.d
