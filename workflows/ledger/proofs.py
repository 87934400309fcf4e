"""Read the tree: proofs that a leaf is in it, and that an old tree is the beginning of a new one.

What is complete lies in tiles; the right edge is made from leaf hashes and from the roots of tiles.
Every proof costs a handful of rows, however large the log is.
"""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from workflows.errors import NotFound
from workflows.ledger.sequence import TILE, hashes_in, table, tile_roots
from workflows.ledger.tables import Head, Leaf, Tile
from workflows.ledger.tree import (
    Node,
    Span,
    consistency_spans,
    fold,
    hashed,
    inclusion_spans,
    nodes_of,
    perfect_root,
    subtrees,
)

LEVELS = 8
"""Levels of the tree in one tile: 256 is 2 to the 8."""


class NoSuchTree(NotFound):
    """The log has never had this size, or no leaf of this index."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "GET /api/v1/audit/checkpoint says how large the log is.")


async def inclusion(session: AsyncSession, index: int, size: int) -> list[bytes]:
    """RFC 6962 section 2.1.1, for the tree of the first `size` leaves. Raises NoSuchTree."""
    await _require(session, size)
    if not 0 <= index < size:
        raise NoSuchTree(f"there is no leaf {index} in a tree of {size}")
    return await _hashes(session, inclusion_spans(index, size))


async def inclusions(
    session: AsyncSession, indices: Iterable[int], size: int
) -> dict[int, list[bytes]]:
    """`inclusion` of many leaves: what they share is read once. Raises NoSuchTree."""
    await _require(session, size)
    connection, tiles = await session.connection(), dict[Node, list[bytes]]()

    async def node(of: Node) -> bytes:
        level, up = divmod(of.level, LEVELS)
        start, count = of.n << up, 1 << up
        tile = Node(level, start // TILE)
        if tile not in tiles:
            end = min((tile.n + 1) * TILE, size >> LEVELS * level)
            tiles[tile] = await hashes_at(connection, level, tile.n * TILE, end)
        return perfect_root(tiles[tile][start % TILE : start % TILE + count])

    found, nodes = dict[int, list[bytes]](), dict[Node, bytes]()
    for index in indices:
        if not 0 <= index < size:
            raise NoSuchTree(f"there is no leaf {index} in a tree of {size}")
        spans = inclusion_spans(index, size)
        for one in nodes_of(spans):
            if one not in nodes:
                nodes[one] = await node(one)
        found[index] = hashed(spans, nodes)
    return found


async def consistency(session: AsyncSession, old: int, new: int) -> list[bytes]:
    """RFC 6962 section 2.1.2. Raises NoSuchTree unless 0 < old <= new <= the log's size."""
    await _require(session, new)
    if not 0 < old <= new:
        raise NoSuchTree(f"a tree of {old} leaves cannot be shown to begin one of {new}")
    return await _hashes(session, consistency_spans(old, new))


async def root_at(session: AsyncSession, size: int) -> bytes:
    """The root of the first `size` leaves, from tiles and leaf hashes."""
    return fold(await frontier_at(session, size))


async def frontier_at(session: AsyncSession, size: int) -> list[bytes]:
    """The roots of the perfect subtrees of the first `size` leaves, the largest first."""
    await _require(session, size)
    wanted = subtrees(0, size)
    nodes = await _nodes(session, wanted)
    return [nodes[node] for node in wanted]


async def log_size(session: AsyncSession) -> int:
    return int(
        (await (await session.connection()).execute(sa.select(table(Head).c.size))).scalar_one()
    )


async def _require(session: AsyncSession, size: int) -> None:
    has = await log_size(session)
    if not 0 <= size <= has:
        raise NoSuchTree(f"the log has {has} leaves, not {size}")


async def _hashes(session: AsyncSession, spans: list[Span]) -> list[bytes]:
    return hashed(spans, await _nodes(session, nodes_of(spans)))


async def _nodes(session: AsyncSession, wanted: Iterable[Node]) -> dict[Node, bytes]:
    connection = await session.connection()
    return {node: await _node(connection, node) for node in wanted}


async def _node(connection: AsyncConnection, node: Node) -> bytes:
    tile_level, up = divmod(node.level, LEVELS)
    start, count = node.n << up, 1 << up
    return perfect_root(await hashes_at(connection, tile_level, start, start + count))


async def hashes_at(connection: AsyncConnection, level: int, start: int, end: int) -> list[bytes]:
    """Neighbouring hashes of one tile level, all within one tile, complete or at the edge.

    A hash above the leaves is the root of a complete tile below it.
    """
    tile = sa.select(col(Tile.hashes)).where(col(Tile.level) == level, col(Tile.n) == start // TILE)
    whole = (await connection.execute(tile)).scalar_one_or_none()
    if whole is not None:
        return hashes_in(whole)[start % TILE : start % TILE + end - start]
    if level:
        return await tile_roots(connection, level - 1, start, end)
    edge = sa.select(col(Leaf.lh)).where(col(Leaf.idx) >= start, col(Leaf.idx) < end)
    return list((await connection.execute(edge.order_by(col(Leaf.idx)))).scalars())
