"""Three states of one account side by side, fact by fact: before, after the leave, given back."""

from dataclasses import dataclass, fields
from typing import Any

from rich.box import SIMPLE
from rich.table import Table
from rich.text import Text

from adapters.nouns import NO_WAY_BACK, Held, State

INSTANTS = frozenset({"sessions_valid_from", "password_changed_at", "notes"})
"""They only ever move on: there is no way back, and nothing is lost by that."""
RE_ENROLLED = frozenset({"factors", "tokens", "meetings", "managed", "unwiped"})
"""What only its holder can make anew."""

LONGEST = 14
"""Characters of a name that are shown."""


@dataclass(frozen=True)
class Seen:
    system: str
    before: State
    after: State
    again: State


def differences(seen: Seen) -> list[str]:
    """What is not as it was, but should be."""
    return [
        f"{seen.system}: {name}"
        for name in _names(seen)
        if name not in RE_ENROLLED and _same(seen, name) is False
    ]


def table(one: Seen) -> Table:
    made = Table(title=one.system, title_justify="left", header_style="dim", box=SIMPLE, padding=0)
    for column in ("", "before", "cut", "now", ""):
        made.add_column(f"{column}  ", no_wrap=True)
    for name in _names(one):
        told = [_told(getattr(state, name)) for state in (one.before, one.after, one.again)]
        made.add_row(f"{name.replace('_', ' ')}  ", *(f"{t}  " for t in told), _mark(one, name))
    return made


def _names(seen: Seen) -> list[str]:
    told = [one.name for one in fields(State) if one.name not in INSTANTS]
    return [name for name in told if getattr(seen.before, name) is not None]


def _mark(seen: Seen, name: str) -> Text:
    by_people = _only_by_people(getattr(seen.before, name))
    unchanged = getattr(seen.before, name) == getattr(seen.again, name)
    if name in RE_ENROLLED and not unchanged:
        return Text("○ made anew by its holder", "cyan")
    if not _same(seen, name):
        return Text("✗ not as before", "bold red")
    return Text("✓ as before", "green") + (
        Text(f", {by_people} by people", "cyan") if by_people and not unchanged else Text()
    )


def _only_by_people(value: Any) -> int:
    held = value if isinstance(value, tuple) else ()
    return sum(NO_WAY_BACK in one.details for one in held)


def _same(seen: Seen, name: str) -> bool:
    return bool(_comparable(getattr(seen.before, name)) == _comparable(getattr(seen.again, name)))


def _comparable(value: Any) -> Any:
    """A thing that was made anew has a new id, and its key says that it is the same one."""
    if not isinstance(value, tuple):
        return value
    held = [one for one in value if NO_WAY_BACK not in one.details]
    return sorted((*one.key, one.name, one.obstacle or "") for one in held)


def _told(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case Held():
            return value.name if len(value.name) <= LONGEST else value.kind
        case tuple():
            stays = sum(one.obstacle is not None for one in value)
            return f"{len(value)}" + (f", {stays} stay" if stays else "")
    return str(value)
