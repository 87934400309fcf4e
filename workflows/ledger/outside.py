"""How far each destination outside has come, and what stands in the way of the next step."""

from datetime import datetime, timedelta

from sqlmodel import col, select

from workflows.ledger.tables import Shipment
from workflows.world import World

LONGEST_PAUSE = timedelta(minutes=5)


async def shipment(world: World, destination: str) -> Shipment:
    """The row as it stands; an empty one if there is none yet."""
    async with world.store.read() as session:
        return await session.get(Shipment, destination) or Shipment(destination=destination)


async def note_success(world: World, destination: str, size: int) -> None:
    await _note(world, destination, size, "", world.clock.now())


async def note_failure(world: World, destination: str, why: str) -> None:
    await _note(world, destination, None, why, None)


async def _note(
    world: World, destination: str, size: int | None, error: str, taken_at: datetime | None
) -> None:
    async with world.store.write() as session:
        row = await session.get(Shipment, destination, with_for_update=True)
        if row is None:
            row = Shipment(destination=destination)
            session.add(row)
        row.tried_at, row.last_error = world.clock.now(), error
        row.failures = row.failures + 1 if error else 0
        row.next_idx = row.next_idx if size is None else size
        row.taken_at = taken_at or row.taken_at


async def some_are_due_again(world: World, destinations: list[str]) -> bool:
    """Whether one of these failed, and waited twice as long as the time before."""
    failed = select(Shipment).where(
        col(Shipment.destination).in_(destinations), Shipment.failures > 0
    )
    async with world.store.read() as session:
        rows = (await session.exec(failed)).all()
    return any(is_due_again(world, row) for row in rows)


def is_due_again(world: World, row: Shipment, longest: timedelta = LONGEST_PAUSE) -> bool:
    """Whether it failed last, and waited long enough, whatever way the clock went meanwhile."""
    if not row.failures or row.tried_at is None:
        return bool(row.failures)
    pause = min(timedelta(seconds=2 ** min(row.failures, 10)), longest)
    return abs(world.clock.now() - row.tried_at) >= pause
