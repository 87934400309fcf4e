"""Somebody else's code reads our log: Go's golang.org/x/mod/sumdb, from the static mirror."""

import os
import subprocess
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.clock import Clock
from app.cli.audit.tree import write_mirror
from tests.debian import require
from tests.trees import grow, log_of
from workflows.ledger.keys import KeyFile
from workflows.ledger.notary import Notary
from workflows.ledger.note import Signer

pytestmark = [pytest.mark.live, pytest.mark.slow]

ORIGIN = "audit.acme.example/acme"
LEAVES = 65_536 + 700
"""So many that a tile of the third level has begun."""
SOURCE = Path(__file__).parent / "other_reader" / "main.go"


def read_by_go(mirror: Path, vkey: str, events: Path) -> subprocess.CompletedProcess[str]:
    told = os.environ | {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": ""}
    cache = {"GOCACHE": str(mirror.parent / "go")}
    command = ["go", "run", str(SOURCE), str(mirror), vkey, str(events)]
    return subprocess.run(
        command, env=told | cache, capture_output=True, text=True, timeout=300, check=False
    )


async def test_another_implementation_takes_our_notes_tiles_and_leaves(tmp_path: Path) -> None:
    require("go")
    key, mirror, events = KeyFile(tmp_path / "key"), tmp_path / "mirror", tmp_path / "all.jsonl"
    async with log_of(f"sqlite:///{tmp_path / 'exeunt.db'}") as (store, ledger):
        notary = Notary(store, ledger, Clock(), ORIGIN, key)
        await notary.open(may_create=True)
        await grow(store, 300)
        head = await notary.checkpoint()
        assert head
        await write_mirror(store, head, mirror)  # what is partial now is complete in the next
        await grow(store, LEAVES, begin=300)
        head = await notary.checkpoint()
        assert head
        await write_mirror(store, head, mirror)
        async with store.read() as session:
            query = sa.text("SELECT d FROM leaf ORDER BY idx")
            leaves = (await (await session.connection()).execute(query)).scalars().all()
    events.write_bytes(b"".join(d + b"\n" for d in leaves))
    vkey = Signer(ORIGIN, key.load()).vkey
    read = read_by_go(mirror, vkey, events)
    assert (read.returncode, read.stdout.strip()) == (0, str(LEAVES + 301)), read.stderr

    changed = bytearray((mirror / "tile/0/007").read_bytes())
    changed[40] ^= 1
    (mirror / "tile/0/007").write_bytes(changed)
    assert read_by_go(mirror, vkey, events).returncode != 0
