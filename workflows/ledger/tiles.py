"""The log as static files (C2SP tlog-tiles): hashes and entries that never change.

`tile/<level>/<n>[.p/<width>]` holds hashes, `tile/entries/<n>[.p/<width>]` the leaves themselves.
"""

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

import sqlalchemy as sa
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from workflows.ledger.proofs import LEVELS, NoSuchTree, hashes_at, log_size
from workflows.ledger.sequence import TILE
from workflows.ledger.tables import Leaf

ENTRIES = -1
"""The level of an entry bundle, which lies beside those of the hashes."""
_PATH = re.compile(r"(entries|[0-9]{1,2})/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


class Place(NamedTuple):
    """A tile: its level, its number there, and how many of its 256 places are taken."""

    level: int
    n: int
    width: int

    @property
    def path(self) -> str:
        """Below `tile/`, such as `0/x001/x234/067` or `entries/000.p/12`."""
        digits = f"{self.n:03d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        number = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
        level = "entries" if self.level == ENTRIES else str(self.level)
        partial = "" if self.width == TILE else f".p/{self.width}"
        return f"{level}/{number}{partial}"


def place_of(path: str) -> Place:
    """Raises NoSuchTree for what is no path of a tile."""
    found = _PATH.fullmatch(path)
    if not found:
        raise NoSuchTree("a tile is called <level>/<n> or entries/<n>, and .p/<width> if partial")
    level, number, width = found.groups()
    place = Place(
        ENTRIES if level == "entries" else int(level),
        int(number.replace("x", "").replace("/", "")),
        int(width) if width else TILE,
    )
    if place.width > TILE or place.path != path:
        raise NoSuchTree(f"{path} is not how a tile is called")
    return place


async def tile(session: AsyncSession, place: Place) -> bytes:
    """Raises NoSuchTree if the log is not so large yet, or if the leaves were kept long enough."""
    height = max(place.level, 0) * LEVELS
    there = (await log_size(session)) >> height
    start = place.n * TILE
    if start + place.width > there:
        raise NoSuchTree(f"there is no such tile yet: level {place.level} has {there} hashes")
    connection = await session.connection()
    if place.level != ENTRIES:
        return b"".join(await hashes_at(connection, place.level, start, start + place.width))
    query = sa.select(col(Leaf.d)).where(
        col(Leaf.idx) >= start, col(Leaf.idx) < start + place.width
    )
    leaves = (await connection.execute(query.order_by(col(Leaf.idx)))).scalars().all()
    if len(leaves) != place.width:
        raise NoSuchTree("these entries are older than the log is kept; their hashes are there")
    return b"".join(struct.pack(">H", len(d)) + d for d in leaves)


def tiles_of(size: int, pruned: int = 0) -> Iterator[Place]:
    """Every tile of a log of this size, the partial ones at its edge too."""
    level = ENTRIES
    while level == ENTRIES or size >> (level * LEVELS):
        here = size >> (max(level, 0) * LEVELS)
        first = pruned // TILE if level == ENTRIES else 0
        for n in range(first, here // TILE):
            yield Place(level, n, TILE)
        if here % TILE:
            yield Place(level, here // TILE, here % TILE)
        level += 1
