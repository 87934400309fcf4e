"""What was left to people, who said that it is done, and what answered itself."""

from collections.abc import Sequence
from dataclasses import replace

from workflows.evidence.leaves import Read
from workflows.evidence.shapes import Task


def tasks_of(mine: Sequence[Read]) -> tuple[Task, ...]:
    found: dict[str, Task] = {}
    for leaf in mine:
        id_ = str(leaf.data.get("task"))
        if leaf.type == "task.opened":
            found[id_] = _opened(id_, leaf)
        elif leaf.type == "task.closed" and id_ in found:
            found[id_] = _closed(found[id_], leaf)
        elif leaf.type == "restore.begun" and leaf.data.get("tasks_withdrawn"):
            found |= {one.id: _withdrawn(one, leaf) for one in found.values()}
    return tuple(found.values())


def outliving(tasks: Sequence[Task]) -> list[Task]:
    """What works on without the account, such as a deploy key, and is not answered yet."""
    return [task for task in tasks if task.kind == "residue" and task.standing == "open"]


def _opened(id_: str, leaf: Read) -> Task:
    items = leaf.data.get("items") or [leaf.data.get("item")]
    return Task(
        id=id_,
        kind=str(leaf.data.get("kind")),
        system=str(leaf.data.get("system") or ""),
        items=tuple(str(item) for item in items if item),
        opened=leaf.at,
        due_at=leaf.fact("due_at"),
        title=leaf.personal("title"),
        owner=leaf.personal("owner"),
    )


def _closed(task: Task, leaf: Read) -> Task:
    """What Exeunt closes itself is nobody's word."""
    by_people = leaf.actor[0] != "exeunt"
    return replace(
        task,
        closed=leaf.at,
        by=leaf.actor,
        note=leaf.personal("note"),
        note_digest=leaf.digest("note"),
        standing="attested" if by_people else "settled_by_itself",
    )


def _withdrawn(task: Task, leaf: Read) -> Task:
    if task.standing != "open" or task.kind == "restore":
        return task
    return replace(task, closed=leaf.at, by=leaf.actor, standing="withdrawn")
