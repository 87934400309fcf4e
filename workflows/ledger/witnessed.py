"""What a witness has cosigned: for each log, one tree that only grew (C2SP tlog-witness v1.0.0).

A file per log takes one line for each head, on the disk before its cosignature leaves this house.
What was signed by the log but does not follow from what was seen goes to a file beside it: two
such heads prove that the log was rewritten.
"""

import base64
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from adapters.clock import Clock
from workflows.ledger.events import stamp
from workflows.ledger.keys import write_whole
from workflows.ledger.note import Signer, note_of
from workflows.ledger.verify import (
    EMPTY,
    NUMBER,
    Checkpoint,
    Key,
    Refused,
    check_consistency,
    parse_checkpoint,
    parse_hashes,
    signers,
)

LARGEST_BODY = 64 * 1024
TAIL = 8 * LARGEST_BODY
"""A record is never longer than this: it holds two bodies at most, with their quotes escaped."""


class Declined(Exception):
    """Not cosigned. `status` is what the specification has for it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message


class Ahead(Declined):
    """The caller does not know the last head that was cosigned: its size is `size`."""

    def __init__(self, size: int) -> None:
        super().__init__(409, f"{size}\n")
        self.size = size


@dataclass(frozen=True)
class Asked:
    """The body of an add-checkpoint."""

    old: int
    path: list[bytes]
    checkpoint: Checkpoint

    @classmethod
    def parse(cls, body: bytes) -> "Asked":
        try:
            head, _, checkpoint = body.decode("utf-8").partition("\n\n")
            first, *hashes = head.split("\n")
            word, _, old = first.partition(" ")
            if word != "old" or not NUMBER.fullmatch(old):
                raise Declined(400, "the first line must be: old <size>")
            return cls(int(old), parse_hashes(hashes, "proof"), parse_checkpoint(checkpoint))
        except (UnicodeDecodeError, Refused) as why:
            raise Declined(400, str(why)) from None


@dataclass(frozen=True)
class Seen:
    """The last head of a log that was cosigned, whole, with our line under it."""

    size: int = 0
    root: bytes = EMPTY
    note: str = ""
    at: str = ""


@dataclass(frozen=True)
class Witness:
    """`logs` are the keys of those that it was told of: it signs for no other."""

    folder: Path
    signer: Signer
    logs: Sequence[Key]
    clock: Clock

    @property
    def origins(self) -> list[str]:
        return sorted({key.name for key in self.logs})

    def open(self) -> None:
        """Claim the folder. Raises ValueError if it is another witness's: it must not forget."""
        self.folder.mkdir(parents=True, exist_ok=True)
        mine = self.folder / "witness.vkey"
        if not mine.exists():
            write_whole(mine, f"{self.signer.vkey}\n".encode())
        theirs = mine.read_text("utf-8").strip()
        if theirs != self.signer.vkey:
            raise ValueError(f"{self.folder} is what {theirs} has seen: give its own key and name")

    def add(self, body: bytes) -> str:
        """Cosign the next head of a log, if it follows. Our signature line, or Declined."""
        asked = Asked.parse(body)
        head = asked.checkpoint
        signed = self._signed(head)
        if asked.old > head.size:
            raise Declined(400, "the old size is larger than that of the checkpoint")
        with self._locked(head.origin) as file:
            seen = _last(file)
            if asked.old != seen.size:
                raise Ahead(seen.size)
            try:
                _must_follow(seen, asked)
            except Declined as why:
                self._remember_refused(seen, head, signed, why.message)
                raise
            now = self.clock.now()
            line = self.signer.cosign(head.body, now)
            if not seen.note or head.size > seen.size:
                note = note_of(head.body, [*signed, line])
                _append(file, _record(stamp(now), head, note, asked.path))
        return line

    def last(self, origin: str) -> Seen:
        """Raises Declined for a log that it was not told of."""
        self._keys(origin)
        with self._locked(origin) as file:
            return _last(file)

    def checkpoint(self, origin: str, size: int | None = None) -> str:
        """The head of this size that was cosigned, or the last one. Raises Declined."""
        seen = self.last(origin)
        if size is not None:
            seen = next((one for one in self._all(origin) if one.size == size), Seen())
        if not seen.note:
            raise Declined(404, "no such checkpoint was cosigned")
        return seen.note

    def refusals(self, origin: str) -> int:
        path = self._path(origin, "refused")
        return path.read_bytes().count(b"\n") if path.exists() else 0

    def _all(self, origin: str) -> Iterator[Seen]:
        with self._path(origin).open("rb") as file:
            yield from (_seen(line) for line in file if line.endswith(b"\n"))

    def _keys(self, origin: str) -> list[Key]:
        keys = [key for key in self.logs if key.name == origin]
        if not keys:
            raise Declined(404, "this witness was not told of a log with this origin")
        return keys

    def _signed(self, head: Checkpoint) -> list[str]:
        """The lines of those keys that it trusts for this log."""
        keys = self._keys(head.origin)
        try:
            signers(head.body, head.signatures, keys)
        except Refused as why:
            raise Declined(403, str(why)) from None
        known = {(key.name, key.key_id) for key in keys}
        ours = [(name, rest) for name, rest in head.signatures if (name, rest[:4]) in known]
        if not ours:
            raise Declined(403, "no key that this witness knows has signed it")
        return [f"— {name} {_b64(payload)}\n" for name, payload in ours]

    def _path(self, origin: str, what: str = "cosigned") -> Path:
        return self.folder / f"{hashlib.sha256(origin.encode()).hexdigest()}.{what}.jsonl"

    @contextmanager
    def _locked(self, origin: str) -> Iterator[BinaryIO]:
        """One at a time for each log, whatever the number of threads and processes."""
        with self._path(origin).open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file

    def _remember_refused(self, seen: Seen, head: Checkpoint, signed: list[str], why: str) -> None:
        told = {"at": stamp(self.clock.now()), "why": why, "seen": seen.note}
        told["refused"] = note_of(head.body, signed)
        with self._path(head.origin, "refused").open("a+b") as file:
            # A log that was rolled back asks again and again: once is enough to prove it.
            last = _last_record(file)
            if not last or json.loads(last)["refused"] != told["refused"]:
                _append(file, json.dumps(told, ensure_ascii=False).encode())


def _must_follow(seen: Seen, asked: Asked) -> None:
    head = asked.checkpoint
    if head.size == 0 and head.root != EMPTY:
        raise Declined(422, "a tree without leaves has another root")
    if asked.old == 0:
        if asked.path:
            raise Declined(422, "nothing is to be proved of a tree without leaves")
        return
    try:
        check_consistency(seen.size, seen.root, head.size, head.root, asked.path)
    except Refused as why:
        raise Declined(422, str(why)) from None


def _record(at: str, head: Checkpoint, note: str, path: Sequence[bytes]) -> bytes:
    told = {
        "at": at,
        "size": head.size,
        "root": _b64(head.root),
        "proof": list(map(_b64, path)),
        "note": note,
    }
    return json.dumps(told, ensure_ascii=False).encode()


def _append(file: BinaryIO, record: bytes) -> None:
    file.write(record + b"\n")
    file.flush()
    os.fsync(file.fileno())
    # Its name is in the folder for good, too: the first record of a file makes it.
    folder = os.open(Path(file.name).parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _last(file: BinaryIO) -> Seen:
    last = _last_record(file)
    return _seen(last) if last else Seen()


def _last_record(file: BinaryIO) -> bytes:
    """The last whole one. One that was cut off was never answered, and is taken away."""
    end = file.seek(0, os.SEEK_END)
    start = file.seek(max(0, end - TAIL))
    tail = file.read()
    whole = tail.rfind(b"\n") + 1
    if whole < len(tail):
        file.truncate(start + whole)
    return tail[:whole].rstrip(b"\n").rpartition(b"\n")[2]


def _seen(record: bytes) -> Seen:
    told = json.loads(record)
    return Seen(told["size"], base64.b64decode(told["root"]), told["note"], told["at"])


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
