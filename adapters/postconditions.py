"""What must be seen in a system after a verb, and after a verb was taken back. Pure predicates."""

from collections.abc import Sequence
from datetime import datetime

from adapters.actions import Action
from adapters.nouns import OURS, SHARED, Held, State

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
    Action.WIPE_DEVICES: "managed",
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
    Action.DELEGATE_MAILBOX: ("mailbox", SHARED),
    Action.SET_AUTO_REPLY: ("auto_reply", OURS),
}
FACTS = {**TAKES, **_TURNS_OFF, **_MOVES} | {verb: fact for verb, (fact, _) in _BECOMES.items()}
"""Which fact of State each verb changes. A verb that is not here leaves nothing to be seen."""


def holds(verb: Action, before: State | None, after: State) -> bool | None:
    """The post-condition of a verb: True, False, or None if the system cannot tell.

    `before` is the state that was committed with the first intent; a verb that leaves an instant
    behind (sessions, password) holds once that instant moved on.
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
        return None if held is None else not removable(held)
    fact, wanted = _BECOMES.get(verb, ("", ""))
    one: Held | None = getattr(after, fact, None)
    return None if one is None else one.id == wanted


def given_back(verb: Action, before: State, things: Sequence[Held], after: State) -> bool | None:
    """Whether what a verb had changed stands again as it stood before."""
    if verb in _TURNS_OFF:
        was, now = getattr(before, _TURNS_OFF[verb]), getattr(after, _TURNS_OFF[verb])
        return None if now is None else now == was
    if verb in TAKES:
        held: tuple[Held, ...] | None = getattr(after, TAKES[verb])
        return None if held is None else {t.key for t in things} <= {h.key for h in held}
    fact, _ = _BECOMES.get(verb, ("", ""))
    one: Held | None = getattr(after, fact, None)
    return None if one is None else one == getattr(before, fact)


def removable(held: Sequence[Held]) -> tuple[Held, ...]:
    """What a verb can take away itself."""
    return tuple(thing for thing in held if thing.obstacle is None)


def _moved(before: datetime | None, after: datetime | None) -> bool | None:
    if after is None:
        return None
    return before is None or after > before
