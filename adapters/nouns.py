"""Who is looked for, what a system holds, and what it says about an account. Pure data."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


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
    `details` is what giving it back needs: JSON, kept with the state before, never in the ledger.
    """

    id: str
    name: str
    kind: str = ""
    obstacle: str | None = None
    details: dict[str, Any] = field(default_factory=dict, compare=False, hash=False)

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same thing again: an assignment that is made anew gets a new id."""
        return self.kind, str(self.details.get("again", self.id))


NO_WAY_BACK = "no_way_back"
"""In `details`: why a thing that was taken is not given back by us."""
GIVEN_TO = "given_to"
"""In `details` of what is given back: the account of the successor who had got it."""
NEXT = "next"
"""In `details` of what is left behind: what its owner has to do about it, as one sentence."""
SHARED = "shared"
"""The id of a mailbox that is nobody's own any more."""
OURS = "ours"
"""The id of an automatic reply that says what we were told to say."""
NOBODY = "nobody"
"""The id of where mail is copied to, if it is copied nowhere."""
COPY = "copy"
"""The kind of a forwarding that leaves the mail in the mailbox, too."""
HOLDERS = "holders"
"""In `details`: who may use the thing besides the account, each by id or login."""
PASSES_ON = "passes_on"
"""In `details` of what is owned: who owns it besides, by id; a successor shall be among them.

It is handed on although the account may have lost it before, so its state does not show that.
"""


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
    """Devices that still let the account in."""
    managed: tuple[Held, ...] | None = None
    """Devices that hold company data under management, and were not told to give it up."""
    unwiped: tuple[Held, ...] | None = None
    """Those of them that were not told to give up everything; some may have given up our data."""
    forwards: tuple[Held, ...] | None = None
    """Rules and settings of the account that send mail elsewhere."""
    files: tuple[Held, ...] | None = None
    """The drives of the account. HOLDERS says who else may change everything there."""
    owns: tuple[Held, ...] | None = None
    meetings: tuple[Held, ...] | None = None
    """Meetings that the account organises and that are still to come."""
    mailbox: Held | None = None
    """What the mailbox is, by its id; SHARED once it is nobody's own. HOLDERS may open it."""
    copied: Held | None = None
    """To whom of the company mail that arrives goes as well, by its id; NOBODY if to none."""
    protocols: Held | None = None
    """By what the mailbox opens, in `details`: what giving that back has to know."""
    auto_reply: Held | None = None
    """What those who write are told, by its id; OURS once it is what we were told to say."""
    mastered_elsewhere: bool | None = None
    """Another system writes this account: what is changed here may be undone from there."""
    residue: tuple[Held, ...] | None = None
    """What outlives the account and no verb takes: secrets that they know, what runs in their name.

    `obstacle` says why it is left, `details[NEXT]` what to do about it.
    """
    listed: bool | None = None
    """Whether colleagues find the account in the address list."""
    privileged: bool | None = None
    notes: tuple[str, ...] = ()
    """What a person must know, such as "mastered on premises". Never personal data."""

    @classmethod
    def gone(cls) -> "State":
        return cls(exists=False, enabled=False)
