"""Where an export that was cut short goes on: behind its last whole event."""

import json
import re
from pathlib import Path
from typing import NamedTuple

from workflows.errors import Invalid

TAIL = 1 << 20
"""Bytes at the end of a file in which its last line is: the longest leaf gives half of that."""
_cef_id = re.compile(rb" externalId=(evt_[0-9A-Za-z]+) ").search
_csv_index = re.compile(rb'"([0-9]+)",').match


class Kept(NamedTuple):
    """What is whole in a file: its bytes, its lines, and the cursor of the last event in them."""

    size: int = 0
    lines: int = 0
    cursor: str = "-1"


def whole_part(path: Path, form: str) -> Kept:
    """Nothing where there is no whole event. Raises Invalid if the file is not of this format."""
    size = path.stat().st_size
    before = max(0, size - TAIL)
    with path.open("rb") as file:
        if form == "csv":
            inside = _count(path, before, b'"') % 2 == 1
            file.seek(before)
            start, end = _last_record(file.read(), inside=inside)
        else:
            file.seek(before)
            start, end = _last_line(file.read())
        file.seek(before + start)
        line = file.read(end - start)
    if not line or line.startswith(b'"leaf_index"'):
        return Kept()
    try:
        return Kept(before + end, _count(path, before + end, b"\n"), _cursor(line, form))
    except (ValueError, LookupError, TypeError):
        raise Invalid(
            f"the end of {path} is no event as {form}",
            "Delete it and export again without --resume, or name the --format that it has.",
        ) from None


def _cursor(line: bytes, form: str) -> str:
    if form in ("csv", "cef"):
        found = _csv_index(line) if form == "csv" else _cef_id(line)
        if found is None:
            raise ValueError(form)
        return found[1].decode("ascii")
    event = json.loads(line)
    cursor = event["id"] if form == "jsonl" else event["metadata"]["uid"]
    if not re.fullmatch("evt_[0-9A-Za-z]+", cursor):
        raise ValueError(form)
    return str(cursor)


def _last_line(tail: bytes) -> tuple[int, int]:
    end = tail.rfind(b"\n") + 1
    return tail.rfind(b"\n", 0, max(0, end - 1)) + 1, end


def _last_record(tail: bytes, *, inside: bool) -> tuple[int, int]:
    """A line end within quotes ends no record of CSV. `inside`: the tail begins within quotes."""
    start = end = at = 0
    for n, piece in enumerate(tail.split(b'"')):
        found = -2 if (n % 2 == 1) is not inside else piece.find(b"\r\n")
        if found >= 0:
            start, end = end, at + found + 2
        at += len(piece) + 1
    return start, end


def _count(path: Path, size: int, byte: bytes) -> int:
    count, left = 0, size
    with path.open("rb") as file:
        while left and (chunk := file.read(min(left, TAIL))):
            count += chunk.count(byte)
            left -= len(chunk)
    return count
