"""A million events checked against a signed head, beside hashing their bytes and nothing more."""

import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from tests.bench.measured import Measured
from workflows.ledger.tree import perfect_root
from workflows.ledger.verify import Checkpoint, check_log, node_hash

TIMES = 4
"""The log once more and again: a perfect tree four times is a perfect tree."""


def verify_rate(log: Path, exported: Path) -> Measured:
    begun, count = perf_counter(), 0
    for line in _lines(exported):
        hashlib.sha256(b"\x00" + line[:-1]).digest()
        count += 1
    floor = count / (perf_counter() - begun)
    head = Checkpoint("bench.example/log", count, _root(log), "", [])
    begun = perf_counter()
    check_log(_lines(exported), head)
    rate = count / (perf_counter() - begun)
    what = f"ledger: {count:,} events checked"
    return Measured(what, rate, "/s", floor, "hashing alone", rate / floor, "1,000,000 in < 5 s")


def _lines(exported: Path) -> Iterator[bytes]:
    for _ in range(TIMES):
        with exported.open("rb") as file:
            yield from file


def _root(log: Path) -> bytes:
    connection = sqlite3.connect(log)
    rows = connection.execute("SELECT lh FROM leaf WHERE idx < ? ORDER BY idx", (1 << 18,))
    once = perfect_root([lh for (lh,) in rows])
    connection.close()
    twice = node_hash(once, once)
    return node_hash(twice, twice)
