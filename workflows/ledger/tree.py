"""The shape of an RFC 6962 tree: what to keep of it, and which nodes prove what. Pure.

A tree over n leaves is a row of perfect subtrees, the largest first: their roots are its
*frontier*. A node is named by its level (0: leaf hashes) and its number on that level.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from workflows.ledger.verify import node_hash

EMPTY = hashlib.sha256(b"").digest()
"""RFC 6962 section 2.1: the root of a tree without leaves."""
HASH = 32


class Node(NamedTuple):
    """A perfect subtree: the leaves from `n * 2**level` on, `2**level` of them."""

    level: int
    n: int


@dataclass
class Frontier:
    """A tree that only grows: `size` leaves, and the roots of its perfect subtrees."""

    size: int = 0
    roots: list[bytes] = field(default_factory=list)

    @classmethod
    def of(cls, size: int, packed: bytes) -> "Frontier":
        """From the bytes that `packed` gave. Raises ValueError if they do not fit the size."""
        if len(packed) != HASH * size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} perfect subtrees")
        return cls(size, [packed[at : at + HASH] for at in range(0, len(packed), HASH)])

    @property
    def packed(self) -> bytes:
        return b"".join(self.roots)

    def add(self, leaf: bytes) -> None:
        """One more leaf hash: it closes as many subtrees as the size has low bits set."""
        closes = self.size
        while closes & 1:
            leaf = node_hash(self.roots.pop(), leaf)
            closes >>= 1
        self.roots.append(leaf)
        self.size += 1

    @property
    def root(self) -> bytes:
        return fold(self.roots)


def fold(roots: list[bytes]) -> bytes:
    """The root over perfect subtrees that stand side by side, the largest first."""
    if not roots:
        return EMPTY
    hashed = roots[-1]
    for left in reversed(roots[:-1]):
        hashed = node_hash(left, hashed)
    return hashed


def perfect_root(hashes: list[bytes]) -> bytes:
    """The root over a power of two of neighbours on one level."""
    while len(hashes) > 1:
        hashes = [node_hash(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
    return hashes[0]


def subtrees(start: int, end: int) -> list[Node]:
    """The perfect subtrees of the leaves from `start` to before `end`, from left to right."""
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        found.append(Node(level, start >> level))
        start += 1 << level
    return found


Span = tuple[int, int]
"""Leaves from the first to before the second: one hash of a proof."""


def inclusion_spans(index: int, size: int) -> list[Span]:
    """RFC 6962 section 2.1.1: what stands beside the path from a leaf up to the root."""
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} in a tree of {size}")
    spans: list[Span] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + split(end - start)
        if index < middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    return spans[::-1]


def consistency_spans(old: int, new: int) -> list[Span]:
    """RFC 6962 section 2.1.2: what shows that the old tree is the beginning of the new one."""
    if not 0 < old <= new:
        raise ValueError(f"a tree of {old} leaves cannot be shown to begin one of {new}")
    if old == new:
        return []
    spans: list[Span] = []
    start, end = 0, new
    whole = True  # the part that is looked at begins at the old tree's own root
    while old != end:
        middle = start + split(end - start)
        if old <= middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start, whole = middle, False
    if not whole:
        spans.append((start, end))
    return spans[::-1]


def split(size: int) -> int:
    """The largest power of two below a size of at least two."""
    return 1 << ((size - 1).bit_length() - 1)


def nodes_of(spans: Iterable[Span]) -> list[Node]:
    """Every node that is needed to hash these spans."""
    return [node for start, end in spans for node in subtrees(start, end)]


def hashed(spans: Iterable[Span], nodes: Mapping[Node, bytes]) -> list[bytes]:
    """The hashes of a proof, from the nodes that `nodes_of` asked for."""
    return [fold([nodes[node] for node in subtrees(start, end)]) for start, end in spans]
