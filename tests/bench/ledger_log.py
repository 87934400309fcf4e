"""A log of a quarter of a million events, made fast: what is read is real, how it got there not."""

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from tests.conftest import NOON
from workflows.ledger.events import Event, seal, stamp
from workflows.ledger.sequence import TILE
from workflows.ledger.tree import perfect_root
from workflows.ledger.verify import leaf_hash
from workflows.schema import migrate

EVENTS = 1 << 18
TYPES = ("block_sign_in.intent", "block_sign_in.result", "block_sign_in.read_back", "lookup.result")
CALL = {"method": "PATCH", "status": 200, "request_id": "1f0d6c2e-9a41", "ms": 12}
EVENT = Event(
    "TYPE",
    "changed",
    "CASE",
    "s_01JDKAT0000000000000000001",
    {"system": "directory", "account": "acc_01JDKAT0000000000000000001", "calls": [CALL]},
    {"account_id": "ada@acme.example"},
)


def filled(path: Path) -> Path:
    migrate(f"sqlite:///{path}")
    connection = sqlite3.connect(path)
    hashes: list[bytes] = []
    connection.executemany("INSERT INTO leaf VALUES (?, ?, ?, ?, ?, ?, ?)", _leaves(hashes))
    connection.executemany("INSERT INTO audit_tile VALUES (?, ?, ?, ?)", _tiles(hashes))
    told = (EVENTS, perfect_root(hashes))
    connection.execute("UPDATE audit_head SET size = ?, frontier = ?", told)
    connection.commit()
    connection.close()
    return path


def _leaves(hashes: list[bytes]) -> Iterator[tuple[object, ...]]:
    salts = {"account_id": b"0123456789abcdef"}
    model = seal(EVENT, event_id="ID", time=NOON, tenant="acme", case_seq=1, salts=salts)
    text = model.d.decode().replace(stamp(NOON), "TIME")
    for n in range(EVENTS):
        moment = NOON + timedelta(seconds=n)
        event_id, case, kind = f"evt_{n:026}", f"case_{n // 20:026}", TYPES[n % len(TYPES)]
        named = text.replace('"ID"', f'"{event_id}"').replace('"CASE"', f'"{case}"')
        d = named.replace('"TIME"', f'"{stamp(moment)}"').replace('"TYPE"', f'"{kind}"').encode()
        told = moment.strftime("%Y-%m-%d %H:%M:%S.%f")
        hashes.append(leaf_hash(d))
        yield (n, event_id, d, hashes[n], told, kind, case)


def _tiles(hashes: list[bytes]) -> Iterator[tuple[object, ...]]:
    level = 0
    while len(hashes) >= TILE:
        parts = [hashes[at : at + TILE] for at in range(0, len(hashes), TILE)]
        hashes = [perfect_root(part) for part in parts]
        for n, part in enumerate(parts):
            yield (level, n, b"".join(part), hashes[n])
        level += 1
