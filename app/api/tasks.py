"""What people have to do, and their word that it is done."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import col, select

from app.api.case_out import TaskOut
from app.api.case_view import task_out
from app.deps import Operator, Reader, WorldDep
from app.errors import Problem
from workflows.errors import Conflict, NotFound
from workflows.settle import judge
from workflows.tables import Case, Task
from workflows.tasks import close_task

router = APIRouter(prefix="/tasks", tags=["Tasks"])


class TaskPage(BaseModel):
    items: list[TaskOut]
    next_cursor: str | None


class CloseIn(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    note: str = Field(
        min_length=1,
        max_length=2000,
        description="what was done, and how you know",
        examples=["Badge 4711 deactivated in the door system at 14:05."],
    )


@router.get("")
async def list_tasks(
    world: WorldDep,
    _caller: Reader,
    state: Literal["open", "closed"] = "open",
    case: str | None = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> TaskPage:
    query = select(Task).where(Task.state == state)
    if case:
        query = query.where(Task.case_id == case)
    if cursor:
        query = query.where(col(Task.id) > cursor)
    async with world.store.read() as session:
        rows = (await session.exec(query.order_by(col(Task.id)).limit(limit + 1))).all()
    page = [task_out(task) for task in rows[:limit]]
    return TaskPage(items=page, next_cursor=page[-1].id if len(rows) > limit else None)


@router.post("/{task_id}/close", responses={404: {"model": Problem}, 409: {"model": Problem}})
async def close(task_id: str, body: CloseIn, world: WorldDep, caller: Operator) -> TaskOut:
    """Say that it is done. It counts as your word, never as a read-back."""
    async with world.store.write() as session:
        known = await session.get(Task, task_id)
        if known is None:
            raise NotFound(f"there is no task {task_id}", "List them with GET /api/v1/tasks.")
        if known.case_id:  # before anything of it, as everybody who writes in a case
            await session.get_one(Case, known.case_id, with_for_update=True)
        task = await session.get_one(Task, task_id, with_for_update=True)
        if task.state != "open":
            raise Conflict("this task is closed already", "Its note is in GET /api/v1/tasks.")
        await close_task(world, session, task, caller.actor, body.note)
        if task.case_id:
            await session.flush()
            await judge(world, session, await session.get_one(Case, task.case_id))
        return task_out(task)
