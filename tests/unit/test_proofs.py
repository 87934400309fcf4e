"""What is read from tiles is the tree itself, whatever its size, on both databases."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from tests.trees import all_leaves, d_of, grow, log_of, root_of
from workflows.ledger import proofs
from workflows.ledger.events import Event
from workflows.ledger.tables import Head, Tile
from workflows.ledger.tree import (
    EMPTY,
    Frontier,
    Node,
    consistency_spans,
    hashed,
    inclusion_spans,
    nodes_of,
    perfect_root,
    subtrees,
)
from workflows.ledger.verify import leaf_hash

OVER_ALL_LEVELS = 65_536 + 3 * 256 + 5
"""So many that tiles of level 0, 1 and 2 have something in them."""


async def test_an_empty_log_has_the_root_of_nothing(url: str) -> None:
    async with log_of(url) as (store, ledger), store.read() as session:
        assert await ledger.sequence() == 0
        assert await proofs.root_at(session, 0) == EMPTY
        for ask in (proofs.inclusion(session, 0, 0), proofs.consistency(session, 1, 1)):
            with pytest.raises(proofs.NoSuchTree):
                await ask


async def test_proofs_from_tiles_are_those_of_the_whole_tree(url: str) -> None:
    leaves = [leaf_hash(d_of(n)) for n in range(OVER_ALL_LEVELS)]
    chance = random.Random(6962)
    async with log_of(url, OVER_ALL_LEVELS) as (store, _), store.read() as session:
        sizes = [1, 255, 256, 257, 65_535, 65_536, 65_537, OVER_ALL_LEVELS]
        for size in [*sizes, *(chance.randint(2, OVER_ALL_LEVELS) for _ in range(8))]:
            index = chance.randrange(size)
            spans = inclusion_spans(index, size)
            assert await proofs.inclusion(session, index, size) == _from(leaves, spans)
        for old, new in pairwise(sizes):
            spans = consistency_spans(old, new)
            assert await proofs.consistency(session, old, new) == _from(leaves, spans)
        with pytest.raises(proofs.NoSuchTree, match=f"{OVER_ALL_LEVELS} leaves"):
            await proofs.inclusion(session, 0, OVER_ALL_LEVELS + 1)


def _from(leaves: list[bytes], spans: list[tuple[int, int]]) -> list[bytes]:
    def root(node: Node) -> bytes:
        return perfect_root(leaves[node.n << node.level : (node.n + 1) << node.level])

    return hashed(spans, {node: root(node) for node in nodes_of(spans)})


async def test_whatever_the_batches_were_the_tree_is_the_same(url: str) -> None:
    chance = random.Random(1)
    async with log_of(url) as (store, _):
        size = 0
        for count in (1, 254, 1, 1, 511, 513, *(chance.randint(1, 300) for _ in range(10))):
            await grow(store, count, begin=size)
            size += count
            async with store.read() as session:
                assert await proofs.root_at(session, size) == root_of(
                    [d_of(n) for n in range(size)]
                )
                head = (await session.exec(select(Head))).one()
                tiles = (await session.exec(select(Tile))).all()
            assert Frontier.of(head.size, head.frontier).root == root_of(
                [d_of(n) for n in range(size)]
            )
            assert sorted(tile.n for tile in tiles) == list(range(size // 256))
        leaves = await all_leaves(store)
        assert [leaf.idx for leaf in leaves] == list(range(size))
        assert all(leaf.lh == leaf_hash(leaf.d) for leaf in leaves)


async def test_events_recorded_together_keep_their_order(url: str) -> None:
    async with log_of(url) as (store, ledger):
        async with store.write() as session:
            ids = await ledger.record_all(session, [Event("x.y", data={"n": n}) for n in range(50)])
        await ledger.sequence()
        assert [leaf.id for leaf in await all_leaves(store)] == ids


@given(st.integers(0, 5_000), st.integers(0, 5_000))
def test_the_perfect_subtrees_of_a_span_cover_it_once(one: int, other: int) -> None:
    start, end = sorted((one, other))
    covered = [n for node in subtrees(start, end) for n in _leaves_of(node)]
    assert covered == list(range(start, end))
    assert len(subtrees(0, end)) == end.bit_count()


def _leaves_of(node: Node) -> range:
    return range(node.n << node.level, (node.n + 1) << node.level)


@pytest.mark.parametrize("packed", [b"", b"x" * 31, b"x" * 64])
def test_a_frontier_that_does_not_fit_its_size_is_refused(packed: bytes) -> None:
    with pytest.raises(ValueError, match="perfect subtrees"):
        Frontier.of(4, packed)
