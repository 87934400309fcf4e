"""Sign the log as it grows, and show each head to those who hold us to it.

Beside everything else: a witness that is away, or a log that must not be signed, holds up no cut.
What went wrong is said in the log of the service and in the metrics, until it is mended.
"""

import asyncio
from datetime import timedelta

import sqlalchemy as sa
import structlog
from sqlmodel import select

from workflows.ledger import selfcheck
from workflows.ledger.notary import CannotSign, Notary, latest
from workflows.ledger.outside import (
    is_due_again,
    note_failure,
    note_success,
    shipment,
    some_are_due_again,
)
from workflows.ledger.shown import (
    TIME_STAMPS,
    case_closed_since,
    destination_of,
    show,
    stamp_is_due,
)
from workflows.ledger.tables import Checkpoint, Head
from workflows.world import World

EVERY = timedelta(seconds=10)
"""A log that grows is signed this often, and at once when a case was closed."""
LOOK_SECONDS = 1.0
LONGEST_PAUSE = timedelta(minutes=1)
"""Between two tries to sign what must not be signed: each is an error in the service's log."""
SIGNATURE = "signature"
"""Where it is noted whether the log can be signed, beside how far each destination has come."""

log = structlog.get_logger()


async def publish_forever(world: World) -> None:
    """Run until cancelled. The whole log is looked at once before anything is signed."""
    if world.notary is None:
        log.warning("audit.unsigned", fix="set EXEUNT_AUDIT_KEY (docs/runbooks/audit-log.md)")
        return
    try:
        await selfcheck.look(world.store)
    except selfcheck.Changed as why:
        await note_failure(world, SIGNATURE, str(why))
        log.error("audit.changed", error=str(why), fix="docs/runbooks/audit-log.md")  # noqa: TRY400 - said whole
        return
    while True:
        try:
            if await _is_due(world):
                await publish(world, world.notary)
        except sa.exc.OperationalError as why:
            log.warning("audit.database_unavailable", error=type(why.orig).__name__)
        await asyncio.sleep(LOOK_SECONDS)


async def _is_due(world: World) -> bool:
    refused = await shipment(world, SIGNATURE)
    if refused.failures and not is_due_again(world, refused, LONGEST_PAUSE):
        return False
    return await _is_time(world) or await _some_wait(world) or await _some_have_not_seen(world)


async def _some_wait(world: World) -> bool:
    """Of those that are configured: what is noted of others waits for nobody."""
    stamps = [TIME_STAMPS] if world.time_stamps else []
    return await some_are_due_again(world, [*stamps, *map(destination_of, world.witnesses)])


async def _some_have_not_seen(world: World) -> bool:
    """The newest head may have been signed by whoever asked for it, and nothing new may come."""
    async with world.store.read() as session:
        last = await latest(session)
    if last is None:
        return False
    unseen = [n for n, w in world.witnesses.items() if f"— {w.name} " not in last.cosignatures]
    rows = [await shipment(world, destination_of(name)) for name in unseen]
    if world.time_stamps and await stamp_is_due(world, last):
        return True
    return any(not row.failures for row in rows)  # those who failed are asked again in their time


async def publish(world: World, notary: Notary) -> Checkpoint | None:
    """Sign what is in order now, and pass it on. Never raises for what people have to mend."""
    try:
        head = await notary.checkpoint()
    except CannotSign as why:
        await note_failure(world, SIGNATURE, why.message)
        log.error("audit.not_signed", error=why.message, fix=why.next_step)  # noqa: TRY400 - likewise
        return None
    if head is not None:
        await note_success(world, SIGNATURE, head.size)
        await show(world, head)
    return head


async def _is_time(world: World) -> bool:
    """Whether there is something new that is old enough, or that somebody waits for."""
    async with world.store.read() as session:
        size = (await session.exec(select(Head.size))).one()
        last = await latest(session)
        # A clock that was ahead and was put back must not keep us from signing until then.
        if last is None or abs(world.clock.now() - last.signed_at) >= EVERY:
            return last is None or last.size < size
        return await case_closed_since(session, last.size)
