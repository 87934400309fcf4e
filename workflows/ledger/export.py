"""The ledger as a file: page by page through a format, never more than a page in memory."""

import asyncio
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from workflows.ledger.formats import Format
from workflows.ledger.read import Filters, stream
from workflows.store import Store

FAST = 1
"""Level of compression: a log is so repetitive that more effort gains little."""
AS_GZIP = 16 + zlib.MAX_WBITS


@dataclass(frozen=True)
class Part:
    """Bytes of a file, how many events are in them, and the index of the last one."""

    data: bytes
    events: int
    last: int


async def export(store: Store, form: Format, filters: Filters) -> AsyncIterator[Part]:
    """The header only if this is the beginning, so that what is resumed can be put behind."""
    if form.header and filters.cursor < 0:
        yield Part(form.header, 0, filters.cursor)
    async for rows in stream(store, filters):
        # In a thread: a page takes some time to write, and the service has others to serve.
        data = await asyncio.to_thread(form.encode, rows)
        yield Part(data, len(rows), rows[-1][0])


async def gzipped(parts: AsyncIterator[Part]) -> AsyncIterator[bytes]:
    """As one gzip stream, flushed after every part so that the reader sees it come."""
    packer = zlib.compressobj(FAST, zlib.DEFLATED, AS_GZIP)
    async for part in parts:
        yield await asyncio.to_thread(_packed, packer, part.data)
    yield packer.flush()


def _packed(packer: "zlib._Compress", data: bytes) -> bytes:
    return packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)
