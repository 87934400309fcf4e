"""Proofs: every right one holds in every tree, and nothing else does."""

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sealed_logs import Log
from workflows.ledger.verify import Refused, check_consistency, check_inclusion, leaf_hash

LEAVES = [b"leaf %d" % n for n in range(64)]
TREE = Log(LEAVES)
ROOTS = [TREE.root(size) for size in range(65)]
NOISE = b"\xff" * 32


def flipped(data: bytes, bit: int = 0) -> bytes:
    return (int.from_bytes(data, "big") ^ (1 << bit)).to_bytes(len(data), "big")


def wrong_paths(path: list[bytes], *others: bytes) -> Iterator[list[bytes]]:
    """As transparency-dev's vectors have them: changed, cut, lengthened, moved, of odd lengths."""
    for at in range(len(path)):
        yield [*path[:at], flipped(path[at], at), *path[at + 1 :]]
        yield path[:at] + path[at + 1 :]
        yield path[:at]
        yield [*path[:at], path[at][:-1], *path[at + 1 :]]
    for extra in (NOISE, b"", *others):
        yield [*path, extra]
        yield [extra, *path]
    if len(path) > 1:
        yield path[::-1]


def refused_inclusion(*proof: object) -> None:
    with pytest.raises(Refused):
        check_inclusion(*proof)  # type: ignore[arg-type]


def refused_consistency(*proof: object) -> None:
    with pytest.raises(Refused):
        check_consistency(*proof)  # type: ignore[arg-type]


def test_every_leaf_of_every_tree_up_to_64_is_included_and_at_no_other_place() -> None:
    for size in range(1, 65):
        for index in range(size):
            path = TREE.inclusion(index, size)
            leaf = leaf_hash(LEAVES[index])
            check_inclusion(index, size, leaf, path, ROOTS[size])
            others = {index - 1, index + 1, index ^ 1, index + size, -1, size} - {index}
            for other in others:
                refused_inclusion(other, size, leaf, path, ROOTS[size])


@pytest.mark.parametrize("size", [*range(1, 18), 31, 32, 33, 63, 64])
def test_every_change_to_an_inclusion_proof_is_refused(size: int) -> None:
    for index in range(size):
        path, leaf, root = TREE.inclusion(index, size), leaf_hash(LEAVES[index]), ROOTS[size]
        for wrong in wrong_paths(path, leaf, root):
            refused_inclusion(index, size, leaf, wrong, root)
        refused_inclusion(index, size, flipped(leaf), path, root)
        refused_inclusion(index, size, leaf, path, flipped(root, 255))
        refused_inclusion(index, size, root if size > 1 else NOISE, path, root)
        refused_inclusion(index, size, leaf_hash(LEAVES[index] + b" "), path, root)
        refused_inclusion(index, size, leaf[:-1], path, root)
        refused_inclusion(0, 0, leaf, path, root)


def test_an_inner_node_is_never_taken_for_a_leaf() -> None:
    left, right = (leaf_hash(leaf) for leaf in LEAVES[:2])
    refused_inclusion(0, 2, leaf_hash(left + right), TREE.inclusion(2, 4), ROOTS[4])
    refused_inclusion(0, 1, ROOTS[2], [], leaf_hash(left + right))


def test_a_tree_is_not_taken_for_a_smaller_one_by_a_longer_proof() -> None:
    """The right edge of a larger tree hashes up to its root like the only leaf of a small one."""
    for size in (2, 3, 4, 7, 8, 64):
        path = TREE.inclusion(size - 1, size)
        refused_inclusion(0, 1, leaf_hash(LEAVES[size - 1]), path, ROOTS[size])
    # From 3 to 4 the proof is [c, d, ab]; the same hashes, said to be of smaller trees.
    path = TREE.consistency(3, 4)
    for old, new in ((1, 2), (2, 3), (1, 3)):
        refused_consistency(old, ROOTS[3], new, ROOTS[4], path)


def test_every_tree_up_to_64_is_consistent_with_every_one_before_it() -> None:
    for old, new in itertools.combinations_with_replacement(range(1, 65), 2):
        check_consistency(old, ROOTS[old], new, ROOTS[new], TREE.consistency(old, new))


@pytest.mark.parametrize("new", [*range(1, 18), 31, 32, 33, 63, 64])
def test_every_change_to_a_consistency_proof_is_refused(new: int) -> None:
    for old in range(1, new + 1):
        path = TREE.consistency(old, new)
        for wrong in wrong_paths(path, ROOTS[old], ROOTS[new]):
            refused_consistency(old, ROOTS[old], new, ROOTS[new], wrong)
        refused_consistency(old, flipped(ROOTS[old]), new, ROOTS[new], path)
        refused_consistency(old, ROOTS[old], new, flipped(ROOTS[new]), path)
        refused_consistency(new + 1, ROOTS[old], new, ROOTS[new], path)
        if old < new:
            refused_consistency(old, ROOTS[new], new, ROOTS[old], path)
            refused_consistency(new, ROOTS[new], old, ROOTS[old], path)
            refused_consistency(old - 1, ROOTS[old], new, ROOTS[new], path)


@pytest.mark.parametrize("path", [[], [NOISE], [ROOTS[8]]])
def test_a_tree_without_leaves_proves_nothing(path: list[bytes]) -> None:
    refused_consistency(0, ROOTS[0], 8, ROOTS[8], path)
    refused_consistency(0, ROOTS[0], 0, ROOTS[0], path)
    refused_consistency(-1, ROOTS[0], 8, ROOTS[8], path)


@given(st.integers(1, 300), st.data())
def test_a_history_that_was_rewritten_before_the_old_head_is_refused(
    size: int, data: st.DataObject
) -> None:
    """Whatever proof is offered of the new one: that of the true or of the forged log."""
    old = data.draw(st.integers(1, size))
    changed = data.draw(st.integers(0, old - 1))
    true = Log([b"%d" % n for n in range(size)])
    forged = Log([*true.leaves[:changed], b"other", *true.leaves[changed + 1 :]])
    for path in (true.consistency(old), forged.consistency(old)):
        refused_consistency(old, true.root(old), size, forged.root(), path)
    dropped = Log(true.leaves[:changed] + true.leaves[changed + 1 :] + [b"new", b"newer"])
    refused_consistency(old, true.root(old), dropped.size, dropped.root(), dropped.consistency(old))
