"""Kill the daily upkeep at every step that it makes, each time on a database as it was before.

`python -m tests.killing_upkeep FOLDER` prints at how many steps it was killed. Each life is a
process of its own. After each death the log is looked at, and the next upkeep has to finish.
"""

import asyncio
import os
import shutil
import signal
import sys
from datetime import timedelta
from itertools import count
from pathlib import Path

from sqlmodel import col, select

from adapters.hr.contract import WorkerRecord
from tests.conftest import NOON, StillClock
from tests.killing import Fuse
from workflows.ledger import proofs
from workflows.ledger.events import Event
from workflows.ledger.record import Ledger
from workflows.ledger.tables import Checkpoint, Disclosure, Head, Leaf
from workflows.privacy.upkeep import upkeep
from workflows.schema import migrate
from workflows.store import Store
from workflows.tables import Worker

LEAVES = 300
LATER = NOON + timedelta(days=400)
YEAR = timedelta(days=395)
WHO = "ada"


async def prepare(store: Store) -> bytes:
    """Somebody who left long ago, a log that is old, signed; its root."""
    ledger = Ledger(store, StillClock())
    async with store.write() as session:
        worker = Worker(
            id=WHO,
            connection="people",
            source_worker_id=WHO,
            subject=f"s_{WHO}",
            record=WorkerRecord(source_worker_id=WHO).model_dump(mode="json"),
            active=False,
            seen_at=NOON,
        )
        event = Event("test.leaf", subject=f"s_{WHO}", personal={"name": WHO})
        await ledger.record_all(session, [event] * LEAVES)
        head = Checkpoint(origin="o", size=LEAVES, root=b"", signed_at=NOON, note="")
        session.add_all([worker, head])
    await ledger.sequence()
    async with store.read() as session:
        return await proofs.root_at(session, LEAVES)


async def live(store: Store, *, hours: int = 0) -> None:
    clock = StillClock(LATER + timedelta(hours=hours))
    await upkeep(store, Ledger(store, clock), clock, YEAR)
    await store.close()


async def look(store: Store, root: bytes, *, over: bool) -> None:
    """They are either whole or gone, and the log is one piece with the root that it had."""
    await Ledger(store, StillClock()).sequence()
    async with store.read() as session:
        assert await proofs.root_at(session, LEAVES) == root
        head = (await session.exec(select(Head))).one()
        kept = (await session.exec(select(Leaf.idx).order_by(col(Leaf.idx)))).all()
        assert kept == list(range(head.pruned, head.size))
        assert head.pruned in ((256,) if over else (0, 256))
        worker = await session.get_one(Worker, WHO)
        values = (await session.exec(select(Disclosure))).all()
        assert (worker.erased_at is not None) == (values == [])
        assert worker.erased_at or not over
        said = [leaf.type for leaf in (await session.exec(select(Leaf))).all()]
        assert said.count("privacy.erased") == (worker.erased_at is not None)
        assert said.count("log.pruned") == (head.pruned > 0)
    await store.close()


def main(folder: Path) -> None:
    first, used = folder / "first.db", folder / "used.db"
    migrate(f"sqlite:///{first}")
    store = Store(f"sqlite:///{first}")
    root = asyncio.run(_prepared(store))
    for step in count(1):
        for file in folder.glob("used.db*"):
            file.unlink()
        shutil.copy(first, used)
        child = os.fork()
        if child == 0:
            Fuse(step).light()
            asyncio.run(live(Store(f"sqlite:///{used}")))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        assert killed or status == 0, status
        asyncio.run(look(Store(f"sqlite:///{used}"), root, over=not killed))
        if not killed:
            print(f"killed at {step - 1} steps")
            return
        asyncio.run(live(Store(f"sqlite:///{used}"), hours=25))
        asyncio.run(look(Store(f"sqlite:///{used}"), root, over=True))


async def _prepared(store: Store) -> bytes:
    root = await prepare(store)
    await store.close()
    return root


if __name__ == "__main__":
    main(Path(sys.argv[1]))
