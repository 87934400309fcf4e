"""What people did in a case: approvals, tasks, and what happened to the case as a whole."""

from workflows.evidence.first_page import refs
from workflows.evidence.leaves import Fact
from workflows.evidence.shapes import Story, Task
from workflows.evidence.words import WAVES, moment, shown, spoken


def actor(story: Story, by: tuple[str, str]) -> str:
    """A person by the name that their token was made for, if it was disclosed."""
    kind, id_ = by
    name = shown(story.people.get(id_, Fact()))
    words = {"hr": "HR connection", "person": "person", "service": "service"}.get(kind, kind)
    return "Exeunt itself" if kind == "exeunt" else f"{words} {f'{name} ({id_})' if name else id_}"


def tasks_table(story: Story) -> list[dict[str, str]]:
    return [_task(story, task) for task in story.tasks]


def _task(story: Story, task: Task) -> dict[str, str]:
    standing = {
        "open": "open",
        "attested": f"done, says {actor(story, task.by)}",
        "settled_by_itself": "settled by itself",
        "withdrawn": "withdrawn: access was given back",
    }[task.standing]
    return {
        "system": task.system or "–",
        "title": (shown(task.title) or spoken(task.kind)).removeprefix(f"{task.system}: "),
        "owner": shown(task.owner) or "not disclosed",
        "opened": moment(task.opened.value),
        "due": moment(task.due_at.value),
        "standing": standing,
        "closed": moment(task.closed.value) if task.closed else "–",
        "note": (shown(task.note) or "not disclosed") if task.standing == "attested" else "",
        "note_digest": task.note_digest or "" if task.standing == "attested" else "",
        "refs": refs(task.opened.leaf, task.closed.leaf),
    }


def approvals_table(story: Story) -> list[dict[str, str]]:
    return [
        {
            "wave": WAVES.get(one.wave, one.wave),
            "by": actor(story, one.by),
            "at": moment(one.at.value),
            "digest": one.digest,
            "refs": refs(one.at.leaf),
        }
        for one in story.approvals
    ]


def happened_table(story: Story) -> list[dict[str, str]]:
    """What happened to the case as a whole."""
    return [
        {
            "what": spoken(one.type.replace(".", " ")),
            "at": moment(one.at.value),
            "by": actor(story, one.by),
            "reason": shown(one.reason) or "",
            "refs": refs(one.at.leaf),
        }
        for one in story.happened
    ]
