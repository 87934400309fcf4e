"""The only steps of the engine: what they did is remembered, and what was cut short is done again.

A step takes and gives ids. It is run at least once, so each of them looks at the rows first.
"""

from typing import Any

from dbos import DBOS
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select

from adapters.actions import Wave
from workflows import attempt as attempts
from workflows import intake
from workflows import recheck as rechecks
from workflows import settle as settling
from workflows.cases import begin_case
from workflows.confirm import confirm_with_hr
from workflows.intent import OPEN
from workflows.lookup import look_up
from workflows.planned import ask_people
from workflows.tables import Case, Item, Part
from workflows.world import world


def _passes(error: BaseException) -> bool:
    return isinstance(error, SQLAlchemyError)


PATIENT: dict[str, Any] = {
    "retries_allowed": True,
    "should_retry": _passes,
    "max_attempts": 8,
    "interval_seconds": 0.5,
    "backoff_rate": 2.0,
}
"""A database that is away for a minute, or a row that two wanted at once, ends no workflow.

Anything else is a fault of ours, and would be the same fault again."""


@DBOS.step(**PATIENT)
async def take_in(delivery_id: str) -> None:
    await intake.take_in(world(), delivery_id)


@DBOS.step(**PATIENT)
async def confirm(case_id: str) -> bool:
    """Whether the case is still to be cut now, by HR's own word if it can be reached."""
    return await confirm_with_hr(world(), case_id)


@DBOS.step(**PATIENT)
async def begin(case_id: str) -> None:
    async with world().store.write() as session:
        case = await session.get_one(Case, case_id, with_for_update=True)
        await begin_case(world(), session, case)


@DBOS.step(**PATIENT)
async def prepare(part_id: str) -> list[str]:
    """Find the accounts if that is not done yet, ask people for their share, name what is due."""
    here = world()
    async with here.store.read() as session:
        part = await session.get_one(Part, part_id)
    if part.wave == Wave.CONTAIN:
        await look_up(here, part_id)
    await ask_people(here, part_id)
    async with here.store.read() as session:
        due = (
            select(Item.id)
            .where(
                Item.part_id == part_id,
                col(Item.state).in_(OPEN),
                col(Item.due_at).is_(None) | (col(Item.due_at) <= here.clock.now()),
            )
            .order_by(col(Item.case_account_id), col(Item.ord))
        )
        return list((await session.exec(due)).all())


@DBOS.step(**PATIENT)
async def attempt(item_id: str) -> None:
    await attempts.attempt(world(), item_id)


@DBOS.step(**PATIENT)
async def settle(part_id: str) -> None:
    await settling.settle(world(), part_id)


@DBOS.step(**PATIENT)
async def recheck(recheck_id: str) -> None:
    await rechecks.recheck(world(), recheck_id)
