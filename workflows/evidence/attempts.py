"""Intent, result, read-back: the leaves of one item become its attempts, in their order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from workflows.evidence.leaves import WITHHELD, Read, instant
from workflows.evidence.shapes import Call, Calls, Task, Try, Verb

PATIENCE = timedelta(minutes=5)
"""So long, a try without a result may still be running when the log is signed."""
STEPS = ("intent", "resumed", "result", "read_back")


def item_of(leaf: Read) -> str | None:
    """The item whose attempt this leaf is about; None for every other leaf."""
    step = leaf.type.rpartition(".")[2]
    return str(leaf.data["item"]) if step in STEPS and "item" in leaf.data else None


def action_of(leaf: Read) -> str:
    """Without the word that says that it is given back."""
    return leaf.type.rpartition(".")[0].removeprefix("restore.")


def calls_of(leaf: Read) -> Calls:
    told: Sequence[Mapping[str, Any]] = leaf.data.get("calls") or ()
    made = [one for one in told if "method" in one]
    left_out = sum(int(one.get("calls_left_out", 0)) for one in told)
    replies = str(leaf.personal("replies").value or "-").split(" ")
    if leaf.digest("replies") and "replies" not in leaf.shown:
        replies = [WITHHELD] * len(made)
    said = replies if len(replies) == len(made) else ["-"] * len(made)
    return Calls(
        tuple(
            Call(
                str(one["method"]),
                one.get("status"),
                one.get("request_id"),
                one.get("ms"),
                one.get("writes"),
                reply if reply != "-" else None,
            )
            for one, reply in zip(made, said, strict=True)
        ),
        left_out,
    )


def tries_of(leaves: Iterable[Read]) -> tuple[Try, ...]:
    """By number. A later leaf about the same attempt says more of it."""
    found: dict[int, Try] = {}
    for leaf in leaves:
        n = int(leaf.data.get("attempt", 0))
        found[n] = _more(found.get(n) or Try(n, leaf.at), leaf)
    return tuple(found[n] for n in sorted(found))


def _more(known: Try, leaf: Read) -> Try:
    match leaf.type.rpartition(".")[2]:
        case "resumed":
            return replace(known, resumed=(*known.resumed, leaf.at))
        case "result":
            return replace(
                known,
                result=leaf.at,
                outcome=leaf.outcome,
                error=leaf.data.get("error"),
                message=leaf.personal("message"),
                given_to=leaf.personal("given_to"),
                state=leaf.data.get("state"),
                next_try_at=leaf.fact("next_try_at"),
                calls=calls_of(leaf),
            )
        case "read_back":
            place = {"system", "account", "item", "wave", "attempt"}
            after = {name: value for name, value in leaf.data.items() if name not in place}
            return replace(known, read_back=leaf.at, said=leaf.outcome, after=after)
    return known


def standing(
    verb: Verb, state: str | None, task: Task | None, as_of: datetime, *, cancelled: bool
) -> str:
    """How an item stands, in one word of words.STANDINGS."""
    if verb.tries:
        found = _tried(verb.tries[-1], task, as_of)
        return "cancelled" if cancelled and found == "retrying" else found
    if verb.gap == "by_hand":
        return "cancelled" if cancelled and task is None else _by_hand(task)
    if verb.gap:
        return "covered" if verb.gap == "covered_by" else "not_applicable"
    if state == "observed":
        return "observed"
    return "cancelled" if cancelled else "to_come"


def _tried(last: Try, task: Task | None, as_of: datetime) -> str:
    if not last.result:
        begun = instant((last.resumed or (last.intent,))[-1].value)
        return "under_way" if begun and as_of - begun < PATIENCE else "unknown_outcome"
    if last.error or last.outcome == "failure":
        if last.state == "task" or (task and task.standing == "attested"):
            return _by_hand(task)
        return "retrying" if last.state == "waiting" else "failed"
    return "confirmed" if last.said == "confirmed" else "done_unseen"


def _by_hand(task: Task | None) -> str:
    if task is None:
        return "by_hand_later"
    standings = {"attested": "attested", "withdrawn": "cancelled"}
    return standings.get(task.standing, "left_to_person")
