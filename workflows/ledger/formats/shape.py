"""What every format of the log is: one line of bytes for one leaf, and nothing kept between."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Row(NamedTuple):
    """One leaf: its index, its bytes verbatim, and their RFC 6962 leaf hash (32 bytes)."""

    idx: int
    d: bytes
    lh: bytes


Leaves = Sequence[tuple[int, bytes, bytes]]
"""Rows, or plain tuples of the same three: making objects of a million rows takes a second."""


class Format(Protocol):
    """How leaves are written. Pure: the same rows give the same bytes."""

    @property
    def name(self) -> str:
        """The word by which it is asked for."""

    @property
    def media_type(self) -> str: ...

    @property
    def header(self) -> bytes:
        """Stands once before all lines; empty for most."""

    def encode(self, rows: Leaves) -> bytes:
        """The rows in their order, one line each, each with its line end."""

    def line(self, row: Row) -> bytes:
        """One event without its line end: what is sent where something else frames it."""
