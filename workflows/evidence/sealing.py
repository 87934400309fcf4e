"""Fix who belongs to a period, before anybody knows which of them will be looked at."""

from contextlib import suppress
from dataclasses import dataclass

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from workflows.errors import Conflict, Invalid
from workflows.evidence.leaves import Read, read_leaf
from workflows.evidence.made import made
from workflows.evidence.population import (
    MEMBERSHIP,
    Period,
    ids_sha256,
    members,
    month_before,
    sealing,
)
from workflows.ledger.events import EXEUNT, Actor, Event, stamp
from workflows.ledger.notary import CannotSign
from workflows.ledger.tables import Checkpoint, Leaf
from workflows.world import World

SEALED = "population.sealed"


@dataclass(frozen=True)
class Sealed:
    """The leaf that seals a period, and who is in it."""

    leaf: Leaf
    cases: tuple[str, ...]


async def seal(world: World, period: Period, actor: Actor = EXEUNT) -> Sealed:
    """Seal a period that is over; the same again finds the first sealing. Raises Invalid."""
    if period.since >= period.until:
        raise Invalid("the period ends before it begins", "Give --from before --to.")
    if period.until > world.clock.now():
        raise Invalid(
            f"the period is not over before {stamp(period.until)}",
            "Only what can gain no more cases can be sealed.",
        )
    await world.ledger.sequence()
    cases = await population(world, period)
    if before := await sealed(world, period, cases):
        return before
    by = made()
    data = sealing(period, cases, by.version, by.code_sha256)
    async with world.store.write() as session:
        await world.ledger.record(session, Event(SEALED, data=data, actor=actor))
    await world.ledger.sequence()
    if world.notary is not None:
        with suppress(CannotSign):  # said where the log is signed; what is sealed stays sealed
            await world.notary.checkpoint()  # its root is what samples are drawn with
    found = await sealed(world, period, cases)
    if found is None:
        raise Conflict("the sealing is not in order yet", "Try again in a moment.")
    return found


async def seal_last_month(world: World) -> None:
    """By itself, once a month is over; a log without cases has nothing to seal."""
    period = month_before(world.clock.now())
    async with world.store.read() as session:
        first = select(Leaf.idx).where(Leaf.type == "case.opened", col(Leaf.time) < period.until)
        if (await session.exec(first.limit(1))).first() is None:
            return
        done = select(Leaf.idx).where(Leaf.type == SEALED, col(Leaf.time) >= period.until)
        was_sealed = (await session.exec(done.limit(1))).first()
    if was_sealed is None:
        await seal(world, period)


async def population(world: World, period: Period) -> list[str]:
    async with world.store.read() as session:
        return members(await _membership(session), period)


async def _membership(session: AsyncSession) -> list[Read]:
    query = select(Leaf.idx, Leaf.d).where(col(Leaf.type).in_(MEMBERSHIP)).order_by(col(Leaf.idx))
    return [read_leaf(idx, d, {}) for idx, d in (await session.exec(query)).all()]


async def sealed(world: World, period: Period, cases: list[str]) -> Sealed | None:
    """The first sealing of exactly this period and these cases."""
    want = (stamp(period.since), stamp(period.until), len(cases), ids_sha256(cases))
    async with world.store.read() as session:
        query = select(Leaf).where(Leaf.type == SEALED).order_by(col(Leaf.idx))
        for leaf in (await session.exec(query)).all():
            data = read_leaf(leaf.idx, leaf.d, {}).data
            told = (data.get("from"), data.get("to"), data.get("count"), data.get("ids_sha256"))
            if told == want:
                return Sealed(leaf, tuple(cases))
    return None


async def sealing_head(session: AsyncSession, index: int) -> Checkpoint | None:
    """The first signed head that holds the sealing: nobody could choose it after the fact."""
    query = select(Checkpoint).where(col(Checkpoint.size) > index)
    return (await session.exec(query.order_by(col(Checkpoint.size)).limit(1))).first()
