"""What must be seen in a system after a verb, and after a verb was taken back. Pure predicates."""

from collections.abc import Sequence
from datetime import datetime

from adapters.actions import Action
from adapters.contract import Brief
from adapters.matching import normal_address
from adapters.nouns import (
    COPY,
    GIVEN_TO,
    HOLDERS,
    NOBODY,
    OURS,
    PASSES_ON,
    SHARED,
    Account,
    Held,
    State,
)

TAKES = {
    Action.REVOKE_TOKENS: "tokens",
    Action.REMOVE_FACTORS: "factors",
    Action.LOCK_DEVICES: "devices",
    Action.REVOKE_PRIVILEGES: "roles",
    Action.STOP_FORWARDING: "forwards",
    Action.TRANSFER_FILES: "files",
    Action.TRANSFER_OWNERSHIP: "owns",
    Action.CANCEL_MEETINGS: "meetings",
    Action.REVOKE_GRANTS: "grants",
    Action.REMOVE_ROLES: "roles",
    Action.RELEASE_LICENCES: "licences",
    Action.RETIRE_DEVICES: "managed",
    Action.WIPE_DEVICES: "unwiped",
}
"""Verbs after which a list of State holds nothing more that could be taken away."""
_TURNS_OFF = {
    Action.BLOCK_SIGN_IN: "enabled",
    Action.HIDE_FROM_DIRECTORY: "listed",
    Action.DELETE_ACCOUNT: "exists",
}
_MOVES = {
    Action.REVOKE_SESSIONS: "sessions_valid_from",
    Action.RESET_CREDENTIALS: "password_changed_at",
}
_BECOMES = {
    Action.DELEGATE_MAILBOX: "mailbox",
    Action.SET_AUTO_REPLY: "auto_reply",
    Action.FORWARD_MAIL: "copied",
}
FACTS = {**TAKES, **_TURNS_OFF, **_MOVES, **_BECOMES}
"""Which fact of State each verb changes. A verb that is not here leaves nothing to be seen."""


def holds(
    verb: Action, before: State | None, after: State, brief: Brief | None = None
) -> bool | None:
    """The post-condition of a verb: True, False, or None if the system cannot tell.

    `before` is the state that was committed with the first intent; a verb that leaves an instant
    behind (sessions, password) holds once that instant moved on. `brief` is what the verb was
    told: what is handed over is handed over once the successor has it, not somebody. Without one,
    anybody is enough.
    """
    if not after.exists:
        return True
    if verb in _TURNS_OFF:
        still: bool | None = getattr(after, _TURNS_OFF[verb])
        return None if still is None else not still
    if verb in _MOVES:
        return _moved(getattr(before, _MOVES[verb], None), getattr(after, _MOVES[verb]))
    if verb in TAKES:
        held: tuple[Held, ...] | None = getattr(after, TAKES[verb])
        return None if held is None else _taken(verb, held, brief)
    one: Held | None = getattr(after, _BECOMES[verb])
    return None if one is None else _became(verb, one, brief)


def given_back(verb: Action, before: State, things: Sequence[Held], after: State) -> bool | None:
    """Whether what a verb had changed stands again as it stood before."""
    if verb in _TURNS_OFF:
        was, now = getattr(before, _TURNS_OFF[verb]), getattr(after, _TURNS_OFF[verb])
        return None if now is None else now == was
    if verb in TAKES:
        held: tuple[Held, ...] | None = getattr(after, TAKES[verb])
        return None if held is None else _there_again(things, held)
    if verb not in _BECOMES:
        return None
    one: Held | None = getattr(after, _BECOMES[verb])
    return None if one is None else one == getattr(before, _BECOMES[verb])


def removable(held: Sequence[Held]) -> tuple[Held, ...]:
    """What a verb can take away itself."""
    return tuple(thing for thing in held if thing.obstacle is None)


def handed_on(brief: Brief) -> tuple[Held, ...]:
    """What the account owned and the successor has still to own, whoever took it meanwhile."""
    heir = brief.successor
    if heir is None:
        return ()
    owned = removable(brief.before.owns or ())
    return tuple(t for t in owned if PASSES_ON in t.details and heir.id not in t.details[PASSES_ON])


def is_among(account: Account, names: Sequence[str]) -> bool:
    """Whether somebody is named there, by id or login."""
    known = {normal_address(account.id), normal_address(account.login)}
    return any(normal_address(name) in known for name in names)


def _taken(verb: Action, held: Sequence[Held], brief: Brief | None) -> bool | None:
    if any(not _has_it(one, brief) for one in removable(held)):
        return False
    unseen = verb is Action.TRANSFER_OWNERSHIP and brief is not None and handed_on(brief)
    return None if unseen else True


def _has_it(thing: Held, brief: Brief | None) -> bool:
    """Whether the one who takes over may use it. What has no HOLDERS must be gone instead."""
    holders = thing.details.get(HOLDERS, ())
    if brief is None:
        return bool(holders)
    return brief.successor is not None and is_among(brief.successor, holders)


def _became(verb: Action, one: Held, brief: Brief | None) -> bool:
    heir = brief.successor if brief else None
    if verb is Action.SET_AUTO_REPLY:
        return one.id == OURS
    if verb is Action.DELEGATE_MAILBOX:
        holders = one.details.get(HOLDERS)
        return one.id == SHARED and (not heir or holders is None or is_among(heir, holders))
    if brief is None:
        return one.id != NOBODY
    if heir is None:  # a shared mailbox that gets the mail is enough
        return bool(one.details.get("shared"))
    return one.kind == COPY and is_among(heir, [one.id, *one.details.get(HOLDERS, ())])


def _there_again(things: Sequence[Held], held: Sequence[Held]) -> bool | None:
    """What is handed on is not taken back with the rest: rights come back one by one."""
    seen, ids = {one.key for one in held}, {one.id: one for one in held}
    back = [
        _let_go(one, ids.get(one.id)) if HOLDERS in one.details else one.key in seen
        for one in things
        if PASSES_ON not in one.details
    ]
    if not all(back):
        return False
    return True if len(back) == len(things) else None


def _let_go(thing: Held, now: Held | None) -> bool:
    """Whether the successor is out again; others may have come and gone meanwhile."""
    given = thing.details.get(GIVEN_TO)
    if now is None:
        return False
    return not given or given in thing.details[HOLDERS] or given not in now.details[HOLDERS]


def _moved(before: datetime | None, after: datetime | None) -> bool | None:
    if after is None:
        return None
    return before is None or after > before
