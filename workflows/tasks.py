"""Work that is left to people: opened with an owner and a due time, closed with their word."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from workflows.ledger.events import EXEUNT, Actor, Event, stamp
from workflows.tables import Case, Item, Task
from workflows.world import World

MOST_ITEMS = 500
"""How many of them fit into one leaf."""


@dataclass(frozen=True)
class Ask:
    """What a person is asked. `title` and `how_to` are for them; neither goes to the ledger."""

    kind: str
    title: str
    how_to: str = ""
    system: str = ""
    item_id: str | None = None
    owner: str = ""
    subject: str | None = None
    """The worker's pseudonym, where there is no case that knows it."""
    due_in: timedelta | None = None
    candidates: list[dict[str, Any]] = field(default_factory=list)
    items: tuple[str, ...] = ()
    """Every item that it asks for, if there are several."""


async def open_task(world: World, session: AsyncSession, case: Case | None, ask: Ask) -> Task:
    """Open a task, unless the same one is open already: a repeat asks nobody twice.

    What belongs to no case goes to the policy's owner.
    """
    case_id = case.id if case else None
    if already := await _open_twin(session, case_id, ask):
        return already
    now = world.clock.now()
    usual = timedelta(seconds=case.task_due_seconds) if case else world.policy.task_due
    task = Task(
        id=world.clock.id("task"),
        case_id=case_id,
        item_id=ask.item_id,
        system=ask.system,
        kind=ask.kind,
        title=ask.title,
        how_to=ask.how_to,
        candidates=ask.candidates,
        owner=ask.owner or (case.owner if case else world.policy.owner),
        opened_at=now,
        due_at=now + (usual if ask.due_in is None else ask.due_in),
    )
    session.add(task)
    await world.ledger.record(
        session,
        Event(
            "task.opened",
            "open",
            case_id,
            ask.subject,
            data={
                "task": task.id,
                "kind": task.kind,
                "system": task.system,
                "item": task.item_id,
                "items": list(ask.items[:MOST_ITEMS]) or None,
                "due_at": stamp(task.due_at),
            },
            personal={"title": task.title, "owner": task.owner},
        ),
    )
    return task


async def _open_twin(session: AsyncSession, case_id: str | None, ask: Ask) -> Task | None:
    twins = select(Task).where(
        Task.case_id == case_id,
        Task.state == "open",
        Task.kind == ask.kind,
        Task.system == ask.system,
        Task.title == ask.title,
        col(Task.item_id).is_(None) if ask.item_id is None else Task.item_id == ask.item_id,
    )
    return (await session.exec(twins)).first()


async def close_task(
    world: World, session: AsyncSession, task: Task, actor: Actor, note: str
) -> None:
    """Take a person's word that it is done. It stays their word: never a read-back."""
    now = world.clock.now()
    task.state, task.closed_at, task.closed_by, task.note = "closed", now, actor.id, note
    mine = (Item.id == task.item_id) | (Item.task_id == task.id)
    for item in (await session.exec(select(Item).where(mine, Item.state == "task"))).all():
        item.state, item.done_at = "done", now
    await world.ledger.record(
        session,
        Event(
            "task.closed",
            "attested",
            task.case_id,
            data={"task": task.id, "kind": task.kind, "system": task.system},
            personal={"note": note},
            actor=actor,
        ),
    )


async def withdraw_tasks(
    world: World,
    session: AsyncSession,
    case_id: str,
    *kinds: str,
    system: str | None = None,
    item_id: str | None = None,
) -> None:
    """Close what answered itself, such as a question that was settled in another way."""
    open_ones = select(Task).where(
        Task.case_id == case_id, Task.state == "open", col(Task.kind).in_(kinds)
    )
    if system is not None:
        open_ones = open_ones.where(Task.system == system)
    if item_id is not None:
        open_ones = open_ones.where(Task.item_id == item_id)
    for task in (await session.exec(open_ones)).all():
        await close_task(world, session, task, EXEUNT, "settled by itself")
