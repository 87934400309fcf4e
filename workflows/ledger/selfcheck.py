"""Look at the whole log once: is what is stored what was signed?

The notary compares hashes with hashes. Here every leaf is hashed again, so that one that was
changed under its hash is found too.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from workflows.ledger import proofs
from workflows.ledger.sequence import table
from workflows.ledger.tables import Checkpoint, Head, Leaf
from workflows.ledger.tree import Frontier
from workflows.ledger.verify import leaf_hash
from workflows.store import Store

CHUNK = 1024
Rows = Sequence[Any]
"""Index, bytes and hash of leaves that are neighbours."""


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
    frontier, heads = await _begun(store, head.pruned), 0
    while frontier.size < head.size:
        rows = await _chunk(store, frontier.size, head.size)
        if rows and rows[0].idx == frontier.size:
            heads += _add(frontier, rows, await _signed(store, head.origin, frontier.size))
        else:
            frontier = await _behind_pruned(store, frontier.size)
        if progress:
            progress(frontier.size - head.pruned, head.size - head.pruned)
    if frontier.packed != head.frontier:
        raise Changed("the leaves do not give the tree that the log's head tells of")
    return Looked(head.size - head.pruned, heads)


async def _begun(store: Store, size: int) -> Frontier:
    async with store.read() as session:
        return Frontier(size, list(await proofs.frontier_at(session, size)))


async def _chunk(store: Store, start: int, size: int) -> Rows:
    leaf = table(Leaf)
    chunk = sa.select(leaf.c.idx, leaf.c.d, leaf.c.lh).where(
        leaf.c.idx >= start, leaf.c.idx < min(size, start + CHUNK)
    )
    async with store.read() as session:
        return (await (await session.connection()).execute(chunk.order_by(leaf.c.idx))).all()


async def _signed(store: Store, origin: str, start: int) -> dict[int, bytes]:
    """What was signed under the log's present name. Of an earlier one a recovery said what became
    of it.
    """
    heads = select(Checkpoint.size, Checkpoint.root).where(
        Checkpoint.origin == origin,
        col(Checkpoint.size) > start,
        col(Checkpoint.size) <= start + CHUNK,
    )
    async with store.read() as session:
        return dict((await session.exec(heads)).all())


def _add(frontier: Frontier, rows: Rows, signed: dict[int, bytes]) -> int:
    """How many signed heads the tree was held against."""
    held = 0
    for idx, d, lh in rows:
        if idx != frontier.size:
            raise Changed(f"event {frontier.size} is missing")
        if lh != leaf_hash(d):
            raise Changed(f"event {idx} was changed: its bytes do not give its hash")
        frontier.add(lh)
        if frontier.size in signed:
            held += 1
            if signed[frontier.size] != frontier.root:
                raise Changed(f"the first {frontier.size} events are not those that were signed")
    return held


async def _behind_pruned(store: Store, size: int) -> Frontier:
    """Go on behind what was pruned while we looked. Raises Changed if it was not that."""
    async with store.read() as session:
        pruned = (await session.exec(select(Head.pruned))).one()
    if pruned <= size:
        raise Changed(f"event {size} is missing")
    return await _begun(store, pruned)
