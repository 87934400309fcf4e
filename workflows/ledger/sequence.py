"""Put committed events in their final order, under a Merkle tree. One at a time, on any node.

Whoever holds the row of the head is the sequencer. A batch is one transaction: leaves, tiles,
head and the emptied outbox are there together or not at all, so a process that dies in between
leaves nothing to mend.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel, col, select

from workflows.ledger.tables import Head, Leaf, Outbox, Tile
from workflows.ledger.tree import HASH, Frontier, perfect_root
from workflows.ledger.verify import leaf_hash
from workflows.store import Store

BATCH = 1024
TILE = 256
"""Hashes in a tile (C2SP tlog-tiles)."""


def table(model: type[SQLModel]) -> sa.Table:
    """The table itself: rows by the thousand need no objects."""
    found: sa.Table = model.__table__  # type: ignore[attr-defined] # made by the metaclass
    return found


async def sequence(store: Store) -> int:
    """Move what is committed into its final order; how many events were moved."""
    moved = 0
    while await _waiting(store):
        batch = await _batch(store)
        moved += batch
        if batch < BATCH:
            break
    return moved


async def _waiting(store: Store) -> bool:
    async with store.read() as session:
        return (await session.exec(select(Outbox.seq).limit(1))).first() is not None


async def locked_head(connection: AsyncConnection) -> sa.Row[Any]:
    """The head's row, held until the transaction ends: nobody else appends or signs meanwhile."""
    return (await connection.execute(sa.select(table(Head)).with_for_update())).one()


async def _batch(store: Store) -> int:
    async with store.write() as session:
        connection = await session.connection()
        head = await locked_head(connection)
        waiting = sa.select(col(Outbox.seq), col(Outbox.d)).order_by(col(Outbox.seq)).limit(BATCH)
        rows = (await connection.execute(waiting)).all()
        if not rows:
            return 0
        hashes = [leaf_hash(d) for _, d in rows]
        placed = zip(rows, hashes, strict=True)
        leaves = [
            {"at": idx, "hash": lh, "of": seq}
            for idx, ((seq, _), lh) in enumerate(placed, start=head.size)
        ]
        await connection.execute(_MOVE, leaves)
        await _grow(connection, head, hashes)
        taken = [seq for seq, _ in rows]
        await connection.execute(sa.delete(table(Outbox)).where(col(Outbox.seq).in_(taken)))
        return len(rows)


def _move() -> sa.Insert:
    """Within the database, so that nothing but index and hash goes to and fro."""
    same = ("id", "d", "time", "type", "case_id")
    waiting = table(Outbox).c
    placed = sa.select(
        sa.bindparam("at", type_=sa.BigInteger),
        sa.bindparam("hash", type_=sa.LargeBinary),
        *(waiting[name] for name in same),
    ).where(waiting.seq == sa.bindparam("of", type_=sa.BigInteger))
    return sa.insert(table(Leaf)).from_select(["idx", "lh", *same], placed)


_MOVE = _move()


async def _grow(connection: AsyncConnection, head: sa.Row[Any], hashes: Sequence[bytes]) -> None:
    frontier = Frontier.of(head.size, head.frontier)
    for lh in hashes:
        frontier.add(lh)
    update = sa.update(table(Head)).values(size=frontier.size, frontier=frontier.packed)
    await connection.execute(update)
    begun = head.size - head.size % TILE
    if frontier.size - begun >= TILE:
        edge = [*await _edge(connection, begun, head.size), *hashes]
        await _keep_tiles(connection, 0, begun // TILE, edge)


async def _edge(connection: AsyncConnection, begun: int, size: int) -> list[bytes]:
    """The leaf hashes of the tile that was not complete before."""
    before = sa.select(col(Leaf.lh)).where(col(Leaf.idx) >= begun, col(Leaf.idx) < size)
    return list((await connection.execute(before.order_by(col(Leaf.idx)))).scalars())


async def _keep_tiles(
    connection: AsyncConnection, level: int, first: int, hashes: Sequence[bytes]
) -> None:
    """Store every tile that these hashes complete, and those above that they complete in turn."""
    tiles = []
    for n, at in enumerate(range(0, len(hashes) - TILE + 1, TILE), start=first):
        part = list(hashes[at : at + TILE])
        root = perfect_root(part)
        tiles.append({"level": level, "n": n, "hashes": b"".join(part), "root": root})
    await connection.execute(sa.insert(Tile), tiles)
    last = first + len(tiles)
    begun = first - first % TILE
    if last - begun >= TILE:
        roots = await tile_roots(connection, level, begun, last)
        await _keep_tiles(connection, level + 1, begun // TILE, roots)


async def tile_roots(connection: AsyncConnection, level: int, start: int, end: int) -> list[bytes]:
    """The roots of complete tiles from `start` to before `end`: hashes of the level above."""
    query = sa.select(col(Tile.root)).where(
        col(Tile.level) == level, col(Tile.n) >= start, col(Tile.n) < end
    )
    return list((await connection.execute(query.order_by(col(Tile.n)))).scalars())


def hashes_in(tile: bytes) -> list[bytes]:
    return [tile[at : at + HASH] for at in range(0, len(tile), HASH)]
