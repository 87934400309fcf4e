"""Leaves whose time is over lose their bodies; their hashes stay, and with them every proof.

C2SP tlog-tiles lets a log prune entry bundles below a minimum index. Bodies go in whole tiles of
256, from the beginning, so that what is left is one piece and begins at `audit_head.pruned`.
"""

import base64
from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from workflows.ledger import proofs
from workflows.ledger.events import Event, stamp
from workflows.ledger.record import Ledger
from workflows.ledger.sequence import TILE, locked_head, table
from workflows.ledger.tables import Checkpoint, Disclosure, Head, Leaf, Shipment
from workflows.model import CaseStatus
from workflows.privacy.tables import LegalHold, Upkeep
from workflows.store import Store
from workflows.tables import Case

AT_ONCE = 64 * TILE
"""Leaves in one transaction: nobody waits long behind it."""
OVER = (CaseStatus.CLOSED, CaseStatus.CANCELLED)


async def prune(
    store: Store, ledger: Ledger, before: datetime, destinations: Collection[str]
) -> int:
    """Remove the bodies of leaves from before this instant; how many were removed.

    Kept all the same is what an open case, a case that was closed since, or a legal hold needs;
    what one of the `destinations` (sinks, by their name in `audit_shipment`) has not taken; and
    what no signed checkpoint covers.
    """
    removed = 0
    while pruned := await _prune(store, ledger, before, destinations):
        removed += pruned
    return removed


async def _prune(
    store: Store, ledger: Ledger, before: datetime, destinations: Collection[str]
) -> int:
    async with store.write() as session:
        connection = await session.connection()
        head = await locked_head(connection)
        end = await _end(session, head.size, before, destinations)
        end = min(end - end % TILE, head.pruned + AT_ONCE)
        if end <= head.pruned:
            return 0
        root = await proofs.root_at(session, end)
        old = sa.select(col(Leaf.id)).where(col(Leaf.idx) < end)
        await connection.execute(sa.update(table(Head)).values(pruned=end))
        values = sa.delete(table(Disclosure)).where(col(Disclosure.event_id).in_(old))
        if (await connection.execute(values)).rowcount:
            await connection.execute(sa.update(table(Upkeep)).values(wipe=True))
        await connection.execute(sa.delete(table(Leaf)).where(col(Leaf.idx) < end))
        data = {
            "kept_from": end,
            "before": stamp(before),
            "root": base64.b64encode(root).decode("ascii"),
        }
        await ledger.record(session, Event("log.pruned", data=data))
        return int(end - head.pruned)


async def _end(
    session: AsyncSession, size: int, before: datetime, destinations: Collection[str]
) -> int:
    """The first leaf that has to stay."""
    needed = [
        await _first(session, col(Leaf.time) >= before),
        await _first(session, col(Leaf.case_id).in_(_cases_in_use(before))),
        await _signed(session),
        *[await _taken(session, name) for name in destinations],
    ]
    return min(size, *(index for index in needed if index is not None))


async def _first(session: AsyncSession, which: sa.ColumnElement[bool]) -> int | None:
    connection = await session.connection()
    found: int | None = (
        await connection.execute(sa.select(sa.func.min(col(Leaf.idx))).where(which))
    ).scalar_one()
    return found


def _cases_in_use(before: datetime) -> sa.Select[Any]:
    held = sa.select(col(LegalHold.worker_id))
    in_use = sa.or_(
        col(Case.status).not_in(OVER),
        col(Case.closed_at) >= before,
        col(Case.worker_id).in_(held),
    )
    return sa.select(col(Case.id)).where(in_use)


async def _signed(session: AsyncSession) -> int:
    """Up to where the newest checkpoint goes; 0 if the log was never signed."""
    connection = await session.connection()
    newest = sa.select(sa.func.max(col(Checkpoint.size)))
    return int((await connection.execute(newest)).scalar_one() or 0)


async def _taken(session: AsyncSession, destination: str) -> int:
    """What this sink has; one that was never tried has nothing."""
    row = await session.get(Shipment, destination)
    return row.next_idx if row else 0
