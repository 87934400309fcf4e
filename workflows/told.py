"""What of a state may stand in a leaf: how much is held, never what it is called."""

import hashlib
import json
from dataclasses import fields
from typing import Any

from adapters.nouns import State
from workflows.ledger.events import stamp


def told(state: State) -> dict[str, Any]:
    """Whether it can sign in, and how many things of each kind it holds.

    `stays` counts those among them that no verb of ours can take there. What the system did not
    tell is left out.
    """
    lists = {one.name: getattr(state, one.name) for one in fields(State) if one.name != "notes"}
    held = {name: value for name, value in lists.items() if isinstance(value, tuple)}
    stays = {name: sum(one.obstacle is not None for one in value) for name, value in held.items()}
    said = {
        "exists": state.exists,
        "enabled": state.enabled,
        "sessions_valid_from": state.sessions_valid_from and stamp(state.sessions_valid_from),
        "password_changed_at": state.password_changed_at and stamp(state.password_changed_at),
        "held": {name: len(value) for name, value in held.items()} or None,
        "stays": {name: count for name, count in stays.items() if count} or None,
    }
    return {name: value for name, value in said.items() if value is not None}


def state_sha256(dumped: dict[str, Any]) -> str:
    """Binds a leaf to a whole state. It can be about a person, so it is only ever disclosed."""
    return hashlib.sha256(json.dumps(dumped, sort_keys=True).encode()).hexdigest()
