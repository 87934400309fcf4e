"""Who is looked for, what a system holds, and what it says about an account. Pure data."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from adapters.actions import Action


@dataclass(frozen=True)
class Person:
    """What a worker can be found by. Links are ids or logins that somebody stored on purpose."""

    employee_number: str | None = None
    addresses: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


class Kind(StrEnum):
    """What sort of account it is, as far as the system tells. Only PERSON is acted on unasked."""

    PERSON = "person"
    GUEST = "guest"
    SHARED = "shared"
    SERVICE = "service"


@dataclass(frozen=True)
class Account:
    """A worker's identity in one system. Only `id`, which the system never changes, is acted on."""

    system: str
    id: str
    login: str
    addresses: tuple[str, ...] = ()
    employee_number: str | None = None
    kind: Kind = Kind.PERSON
    created_at: datetime | None = None
    enabled: bool | None = None


class Rule(StrEnum):
    """How an account was recognised, strongest first."""

    LINK = "link"
    EMPLOYEE_NUMBER = "employee_number"
    ADDRESS = "address"


@dataclass(frozen=True)
class Match:
    """An account that is this person, and by which rule.

    `disagreement` names what speaks against it, such as another employee number: then a person
    decides.
    """

    account: Account
    rule: Rule
    disagreement: str | None = None

    @property
    def confidence(self) -> float:
        """0 to 1: a link was set by a person, a number is scoped to HR, an address is re-used."""
        if self.disagreement:
            return 0.3
        return {Rule.LINK: 1.0, Rule.EMPLOYEE_NUMBER: 0.95, Rule.ADDRESS: 0.8}[self.rule]


@dataclass(frozen=True)
class Held:
    """One thing that an account holds: a grant, a role, a licence, a factor, a token, a device.

    `obstacle` says why our verb cannot take it away there (a dynamic group, an inherited licence).
    """

    id: str
    name: str
    kind: str = ""
    obstacle: str | None = None


@dataclass(frozen=True)
class State:
    """What a system says about one account. None means that the system cannot tell."""

    exists: bool = True
    enabled: bool | None = None
    sessions_valid_from: datetime | None = None
    """Sessions and refresh tokens from before this instant are refused."""
    password_changed_at: datetime | None = None
    grants: tuple[Held, ...] | None = None
    roles: tuple[Held, ...] | None = None
    licences: tuple[Held, ...] | None = None
    factors: tuple[Held, ...] | None = None
    tokens: tuple[Held, ...] | None = None
    devices: tuple[Held, ...] | None = None
    listed: bool | None = None
    """Whether colleagues find the account in the address list."""
    privileged: bool | None = None
    notes: tuple[str, ...] = ()
    """What a person must know, such as "mastered on premises". Never personal data."""

    @classmethod
    def gone(cls) -> "State":
        return cls(exists=False, enabled=False)


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
        instant = _MOVES[verb]
        return _moved(getattr(before, instant, None), getattr(after, instant))
    return _none_left(after, verb)


_TURNS_OFF = {
    Action.BLOCK_SIGN_IN: "enabled",
    Action.HIDE_FROM_DIRECTORY: "listed",
    Action.DELETE_ACCOUNT: "exists",
}
_MOVES = {
    Action.REVOKE_SESSIONS: "sessions_valid_from",
    Action.RESET_CREDENTIALS: "password_changed_at",
}
_TAKES = {
    Action.REVOKE_GRANTS: "grants",
    Action.REMOVE_ROLES: "roles",
    Action.RELEASE_LICENCES: "licences",
    Action.REMOVE_FACTORS: "factors",
    Action.REVOKE_TOKENS: "tokens",
}


def _none_left(after: State, verb: Action) -> bool | None:
    field = _TAKES.get(verb)
    held: tuple[Held, ...] | None = getattr(after, field) if field else None
    return None if held is None else not any(thing.obstacle is None for thing in held)


def _moved(before: datetime | None, after: datetime | None) -> bool | None:
    if after is None:
        return None
    return before is None or after > before
