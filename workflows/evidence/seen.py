"""What a read-back saw, in words: that which bears on the action, and not always the same."""

from collections.abc import Mapping
from typing import Any

from workflows.evidence.shapes import Try
from workflows.evidence.words import HELD, moment, spoken

INSTANTS = {
    "revoke_sessions": ("sessions_valid_from", "only sessions from {} on are valid"),
    "reset_credentials": ("password_changed_at", "password changed at {}"),
}


def sign_in(state: Mapping[str, Any]) -> str:
    enabled = state.get("enabled")
    return "" if enabled is None else "sign-in open" if enabled else "sign-in blocked"


def read_back(one: Try, action: str) -> str:
    if not one.read_back:
        return "not read back"
    words = {"confirmed": "confirmed", "contradicted": "NOT SEEN", "cannot_tell": "cannot tell"}
    told = _seen(one.after, action)
    return f"{words.get(one.said or '', str(one.said))} at {moment(one.read_back.value)}" + (
        f": {told}" if told else ""
    )


def _seen(after: Mapping[str, Any], action: str) -> str:
    """What the system said that bears on this action; else at least whether sign-in is open."""
    if action == "block_sign_in":
        return sign_in(after)
    stays = after.get("stays") or {}
    told = [
        f"{count} {HELD.get(name, spoken(name))}"
        + (f", {stays[name]} of which cannot be taken away" if stays.get(name) else "")
        for name, count in (after.get("held") or {}).items()
        if count is not None
    ]
    name, words = INSTANTS.get(action, ("", ""))
    if at := after.get(name):
        told.append(words.format(moment(at)))
    return ", ".join(told) or sign_in(after)
