"""From a signed delivery to a decision: stored first, read back if it is thin, decided once."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from pydantic import TypeAdapter
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from adapters.errors import AdapterError, CredentialDenied, TryAgain
from adapters.hr.contract import Envelope, HrEvent, Unreadable, WorkerRecord
from workflows.consider import consider
from workflows.ledger.events import Actor, Event
from workflows.tables import HrDelivery
from workflows.tasks import Ask, open_task
from workflows.trouble import LONGEST_WAIT, wait
from workflows.world import World

TELL_AFTER_TURNS = 6
"""About a minute of trying, before somebody is told that HR cannot be read."""

log = structlog.get_logger()

_EVENTS = TypeAdapter(list[HrEvent])


@dataclass(frozen=True)
class Receipt:
    """What the sender gets: the same for every repeat of one delivery."""

    receipt_id: str
    repeated: bool = False


async def receive(
    world: World, connection: str, headers: Mapping[str, str], body: bytes
) -> Receipt:
    """Prove, read and store one delivery, and start its intake, in one transaction.

    Raises BadSignature and Unreadable; what is signed but unreadable is put on record first.
    """
    now = world.clock.now()
    source = world.hr[connection].source
    envelope = source.verify(headers, body, now)
    body_sha256 = hashlib.sha256(body).hexdigest()
    try:
        events = source.parse(body)
    except Unreadable as why:
        await _record_unreadable(world, connection, body_sha256, why)
        raise
    delivery = HrDelivery(
        id=world.clock.id("rcpt"),
        connection=connection,
        dedupe_key=envelope.dedupe_key,
        body_sha256=body_sha256,
        received_at=now,
        signed_at=envelope.signed_at,
        stale=envelope.stale,
        events=_EVENTS.dump_python(list(events), mode="json"),
    )
    try:
        return await _store(world, delivery, envelope)
    except IntegrityError:
        # Two nodes took the same delivery at once; the one that committed first is the original.
        return await _store(world, delivery, envelope)


async def _store(world: World, delivery: HrDelivery, envelope: Envelope) -> Receipt:
    async with world.store.write() as session:
        same_key = select(HrDelivery).where(
            HrDelivery.connection == delivery.connection,
            HrDelivery.dedupe_key == envelope.dedupe_key,
        )
        before = (await session.exec(same_key)).all()
        for earlier in before:
            if earlier.body_sha256 == delivery.body_sha256:
                return Receipt(earlier.id, repeated=True)
        row = HrDelivery.model_validate(delivery.model_dump())
        row.variant = len(before)
        row.state = "conflict" if before else "received"
        session.add(row)
        await world.ledger.record(
            session,
            Event(
                "hr.delivery_conflict" if before else "hr.delivery_received",
                "alert" if before else "success",
                data={
                    "delivery": row.id,
                    "connection": row.connection,
                    "workers": len(row.events),
                    "stale": row.stale,
                },
                # Whoever knows all of a body but a number in it could guess that from a bare hash.
                personal={"body_sha256": row.body_sha256},
                about=row.id,
                actor=Actor("hr", row.connection),
            ),
        )
        if not before:
            await world.engine.start(session, "intake", f"{row.id}:1", row.id, 1)
        return Receipt(row.id)


async def _record_unreadable(
    world: World, connection: str, body_sha256: str, why: Unreadable
) -> None:
    async with world.store.write() as session:
        await world.ledger.record(
            session,
            Event(
                "hr.delivery_unreadable",
                "refused",
                data={"connection": connection, "field": why.field},
                personal={"body_sha256": body_sha256},
                actor=Actor("hr", connection),
            ),
        )


async def take_in(world: World, delivery_id: str) -> None:
    """Worker by worker: read back if the source is thin, then store, decide and act at once.

    One that cannot be read back makes the delivery wait; the others go on. Done twice, it finds
    the snapshots that it stored itself, and decides for nothing.
    """
    async with world.store.read() as session:
        delivery = await session.get_one(HrDelivery, delivery_id)
    events, waits = _EVENTS.validate_python(delivery.events), None
    for place, event in enumerate(events, start=1):
        try:
            record = await _record_of(world, delivery.connection, event)
        except AdapterError as why:
            waits = why
            continue
        async with world.store.write() as session:
            row = await session.get_one(HrDelivery, delivery_id)
            await consider(world, session, row.connection, event, record, row)
            if place == len(events) and not waits:
                row.state, row.note = "done", ""
    if waits:
        await _read_later(world, delivery_id, waits)
    elif not events:
        await _about_nobody(world, delivery_id)


async def _record_of(world: World, connection: str, event: HrEvent) -> WorkerRecord | None:
    source = world.hr[connection].source
    return event.worker or await source.read_worker(event.source_worker_id)


async def _about_nobody(world: World, delivery_id: str) -> None:
    async with world.store.write() as session:
        row = await session.get_one(HrDelivery, delivery_id)
        row.state = "done"


async def _read_later(world: World, delivery_id: str, why: AdapterError) -> None:
    """HR cannot be read: the delivery stays in the inbox, and is taken in again until it can."""
    async with world.store.write() as session:
        delivery = await session.get_one(HrDelivery, delivery_id)
        asked = why.retry_after if isinstance(why, TryAgain) else LONGEST_WAIT.total_seconds()
        delivery.due_at = world.clock.now() + wait(delivery.turn, asked, world.clock.jitter())
        delivery.note = f"{type(why).__name__}: {why.message} {getattr(why, 'fix', '')}".strip()
        if isinstance(why, CredentialDenied) or delivery.turn >= TELL_AFTER_TURNS:
            title = f"HR connection {delivery.connection} cannot be read: {why.message}"
            how = f"{getattr(why, 'fix', '')} Leavers of this connection wait until it can.".strip()
            await open_task(world, session, None, Ask("credential", title, how))
        await world.ledger.record(
            session,
            Event(
                "hr.read_failed",
                "failure",
                data={
                    "delivery": delivery.id,
                    "connection": delivery.connection,
                    "error": type(why).__name__,
                    "turn": delivery.turn,
                },
            ),
        )
    log.error("hr.read_failed", connection=delivery.connection, error=type(why).__name__)
