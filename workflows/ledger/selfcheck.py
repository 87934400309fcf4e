"""Look at the whole log once: is what is stored what was signed?

The notary compares hashes with hashes. Here every leaf is hashed again, so that one that was
changed under its hash is found too.
"""

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import col, select

from workflows.ledger import proofs
from workflows.ledger.sequence import table
from workflows.ledger.tables import Checkpoint, Head, Leaf
from workflows.ledger.tree import Frontier
from workflows.ledger.verify import leaf_hash
from workflows.store import Store

CHUNK = 4096


class Changed(Exception):
    """The log in the database is not the one that was signed. The message says where."""


@dataclass(frozen=True)
class Looked:
    """How many leaves were hashed, how many signed heads they were held against."""

    leaves: int
    heads: int


async def look(store: Store, progress: Callable[[int, int], None] | None = None) -> Looked:
    """Hash everything that is kept; `progress` is told how many leaves of how many are done.

    Raises Changed.
    """
    async with store.read() as session:
        head = (await session.exec(select(Head))).one()
        start = list(await proofs.frontier_at(session, head.pruned))
        signed = (await session.exec(select(Checkpoint).order_by(col(Checkpoint.size)))).all()
    heads = {one.size: one.root for one in signed if one.size >= max(head.pruned, 1)}
    frontier = Frontier(head.pruned, start)
    while frontier.size < head.size:
        await _add_chunk(store, frontier, head.size, heads)
        if progress:
            progress(frontier.size - head.pruned, head.size - head.pruned)
    if frontier.packed != head.frontier:
        raise Changed("the leaves do not give the tree that the log's head tells of")
    return Looked(head.size - head.pruned, len(heads))


async def _add_chunk(store: Store, frontier: Frontier, size: int, heads: dict[int, bytes]) -> None:
    leaf = table(Leaf)
    chunk = sa.select(leaf.c.idx, leaf.c.d).where(
        leaf.c.idx >= frontier.size, leaf.c.idx < min(size, frontier.size + CHUNK)
    )
    async with store.read() as session:
        rows = (await (await session.connection()).execute(chunk.order_by(leaf.c.idx))).all()
    for idx, d in rows:
        if idx != frontier.size:
            break
        frontier.add(leaf_hash(d))
        if heads.get(frontier.size, frontier.root) != frontier.root:
            raise Changed(f"the first {frontier.size} events are not those that were signed")
    if not rows or rows[-1].idx + 1 != frontier.size:
        raise Changed(f"event {frontier.size} is missing")
