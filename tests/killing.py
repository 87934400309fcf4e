"""Kill the sequencer and the notary at every step that they make, one after the other.

`python -m tests.killing URL FOLDER` prints how many steps it killed at. Each life is a process of
its own: it dies by SIGKILL right before or right after a statement, a commit, or a file that is
made durable. After each death the whole log is looked at from another process.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import select

from adapters.clock import Clock
from tests.conftest import NOON
from tests.trees import d_of
from workflows.ledger import proofs
from workflows.ledger.keys import KeyFile
from workflows.ledger.notary import Notary
from workflows.ledger.record import Ledger
from workflows.ledger.tables import Checkpoint, Head, Leaf, Outbox
from workflows.ledger.tree import EMPTY, Frontier
from workflows.ledger.verify import leaf_hash, parse_checkpoint
from workflows.schema import migrate
from workflows.store import Store

EACH_LIFE = 260
"""Events that wait at the beginning of a life: more than a tile, so that tiles are completed."""


class Fuse:
    """Burns by one at each step, and kills the process when it is gone."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def __call__(self, *_: Any) -> None:
        self.left -= 1
        if not self.left:
            os.kill(os.getpid(), signal.SIGKILL)

    def light(self) -> None:
        """Hang on every statement, every commit, and every file that is made durable."""
        for name in ("before_cursor_execute", "after_cursor_execute"):
            sa.event.listen(sa.Engine, name, self)
        sa.event.listen(sa.Engine, "commit", self)
        for name in ("fsync", "replace"):
            setattr(os, name, self.around(getattr(os, name)))

    def around(self, does: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any) -> Any:
            self()
            result = does(*args)
            self()
            return result

        return step


def notary(store: Store, folder: Path) -> Notary:
    ledger = Ledger(store, Clock())
    return Notary(store, ledger, Clock(), "audit.acme.example/acme", KeyFile(folder / "log.key"))


async def live(url: str, folder: Path) -> None:
    store = Store(url)
    await notary(store, folder).open(may_create=True)
    await Ledger(store, Clock()).sequence()
    await notary(store, folder).checkpoint()
    await store.close()


async def wait_for_it(url: str, life: int) -> None:
    """Events that were committed and are not in order yet."""
    store = Store(url)
    numbers = range(life * EACH_LIFE, (life + 1) * EACH_LIFE)
    rows = [
        {"id": f"evt_{n}", "d": d_of(n), "time": NOON, "type": "test.leaf", "case_id": None}
        for n in numbers
    ]
    async with store.write() as session:
        await (await session.connection()).execute(sa.insert(Outbox), rows)
    await store.close()


async def look(url: str, lives: int) -> None:
    """No gap, no duplicate, nothing lost; tree, head and what was signed fit the leaves."""
    store = Store(url)
    async with store.read() as session:
        leaves = (await session.exec(select(Leaf.idx, Leaf.id, Leaf.d, Leaf.lh))).all()
        waiting = (await session.exec(select(Outbox.id))).all()
        head = (await session.exec(select(Head))).one()
        signed = (await session.exec(select(Checkpoint))).all()
        root = await proofs.root_at(session, head.size)
    await store.close()
    roots, frontier = {0: EMPTY}, Frontier()
    for n, (idx, _, d, lh) in enumerate(sorted(leaves)):
        assert (idx, lh) == (n, leaf_hash(d))
        frontier.add(lh)
        roots[frontier.size] = frontier.root
    assert head.size == frontier.size
    assert root == frontier.root
    assert all(parse_checkpoint(one.note).root == roots[one.size] for one in signed)
    there = map(_number, [*(event_id for _, event_id, _, _ in leaves), *waiting])
    assert sorted(n for n in there if n is not None) == list(range(lives * EACH_LIFE))


def _number(event_id: str) -> int | None:
    """Of a test event; the log's own events have other names."""
    name = event_id.removeprefix("evt_")
    return int(name) if name.isdecimal() else None


def apart(work: Callable[[], object]) -> int:
    """Do it in a process of its own; its wait status."""
    child = os.fork()
    if not child:
        work()
        os._exit(0)
    return os.waitpid(child, 0)[1]


def main(url: str, folder: Path) -> int:
    """How many deaths it took until a life came to its end."""
    apart(lambda: migrate(url))
    for life in count():
        assert apart(partial(_run, wait_for_it, url, life)) == 0
        died = apart(partial(_burn, url, folder, life + 1))
        assert apart(partial(_run, look, url, life + 1)) == 0, f"after step {life + 1}"
        if died == 0:
            return life
        assert died == signal.SIGKILL, died
    raise AssertionError  # a count has no end


def _run(work: Callable[[str, int], Coroutine[Any, Any, None]], url: str, lives: int) -> None:
    asyncio.run(work(url, lives))


def _burn(url: str, folder: Path, steps: int) -> None:
    Fuse(steps).light()
    asyncio.run(live(url, folder))


if __name__ == "__main__":
    print(main(sys.argv[1], Path(sys.argv[2])))
