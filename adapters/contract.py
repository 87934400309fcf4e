"""The adapter contract: the nouns, the closed set of verbs, and the one class to implement."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import wraps
from inspect import signature
from typing import Any, ClassVar, Literal, Self, TypeAlias, TypeVar

from adapters.actions import Action, Outcome, Undo
from adapters.budget import Rate
from adapters.clock import Clock
from adapters.configured import SystemSettings
from adapters.errors import Unrecognised
from adapters.matching import match
from adapters.nouns import Account, Held, Match, Person, State

T = TypeVar("T")
Verb: TypeAlias = Callable[..., Awaitable[Outcome]]


@dataclass(frozen=True)
class Gap:
    """Why an adapter does not do an action itself. `detail` is an action, a runbook or a reason."""

    kind: Literal["covered_by", "by_hand", "not_applicable"]
    detail: str


def covered_by(other: Action) -> Gap:
    return Gap("covered_by", other)


def by_hand(runbook: str) -> Gap:
    """`runbook` is a path from the root of the project, and the file exists (tested)."""
    return Gap("by_hand", runbook)


def not_applicable(why: str) -> Gap:
    return Gap("not_applicable", why)


@dataclass(frozen=True)
class Facts:
    """What there is to know of one verb before it is used."""

    permissions: tuple[str, ...]
    calls: str
    undo: Undo
    briefed: bool = False
    """Whether it takes a Brief beside the account."""
    visible: bool = False
    """Whether people notice each call of it: what was accepted is looked for, never sent again."""


@dataclass(frozen=True)
class Brief:
    """What a verb may have to know beyond the account."""

    successor: Account | None = None
    """Who takes over, in the same system; None: nobody was found who can."""
    before: State = field(default_factory=State)
    """What the system said before anything was done."""


def action(
    *permissions: str, calls: str, undo: Undo = Undo.REVERSIBLE, visible: bool = False
) -> Callable[[Verb], Verb]:
    """Declare the method as the Action of its name: what it must be granted, what it calls.

    It takes an account, and a Brief if it has a second parameter. `visible`: a screen locks, a
    guest gets a mail. A read-back that lags behind must not make that happen twice.
    """

    def declare(verb: Verb) -> Verb:
        briefed = len(signature(verb).parameters) > 2  # noqa: PLR2004 - self, account, brief
        verb.__facts__ = Facts(permissions, calls, undo, briefed, visible)  # type: ignore[attr-defined]
        return verb

    return declare


def gives_back(verb: Action) -> Callable[[T], T]:
    """Declare the method as the way back from a verb: `(account, before, things)`.

    `things` are what the verb took away, as they stand in `before`. It is safe to repeat.
    """

    def declare(method: T) -> T:
        method.__gives_back__ = verb  # type: ignore[attr-defined]
        return method

    return declare


@dataclass(frozen=True)
class Check:
    """The answer of a system that was asked whether our credential may do its work."""

    summary: str
    missing: Mapping[Action, str] = field(default_factory=dict)
    """Actions that will fail, each with the permission to grant."""
    needless: tuple[str, ...] = ()
    """Permissions that are granted, dangerous and not needed."""


def understood(method: Callable[..., Awaitable[T]]) -> Callable[..., Awaitable[T]]:
    """An answer that trips the code that reads it was not understood; it is never our own end.

    What an adapter raises besides AdapterError would stop the verbs that come after it.
    """

    @wraps(method)
    async def careful(*args: Any, **named: Any) -> T:
        try:
            return await method(*args, **named)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as why:
            what = f"{method.__name__}: an answer was not understood ({type(why).__name__})"
            raise Unrecognised(what) from why

    return careful


class Adapter(ABC):
    """One system. Subclasses hold vendor knowledge and nothing else.

    Every verb is safe to repeat, changes one account, returns an Outcome and raises only
    AdapterError. No log, no retry, no sleep: the steps own retries, the door owns translation,
    the ledger owns memory.
    """

    actions: ClassVar[Mapping[Action, Facts]] = {}
    gaps: ClassVar[Mapping[Action, Gap]] = {}
    ways_back: ClassVar[Mapping[Action, str]] = {}
    """By which method each reversible verb is taken back."""
    contain: ClassVar[tuple[Action, ...]] = ()
    """The one tested order of the contain verbs in this kind of system."""
    propagation: ClassVar[timedelta] = timedelta(0)
    """How long after a write a read may still show the state before it."""
    block_within: ClassVar[timedelta | None] = None
    """Where verbs stand before the block: how long they may hold it up. After that, after an error
    and after a crash the block goes first."""
    needs_open: ClassVar[frozenset[Action]] = frozenset()
    """Verbs that are taken back only on an account that can sign in: after the block is."""
    searchable: ClassVar[bool] = True
    """False where nobody can be looked up: a person has to say."""

    lingers: ClassVar[str] = "an access token from before the cut may work until then"
    """What may still work until the last possible access, and where it is known to end sooner."""
    rates: ClassVar[tuple[Rate, ...]] = ()
    """What the vendor lets one credential ask, as far as it is published."""

    Settings: ClassVar[type[SystemSettings]] = SystemSettings
    """What a user may write about such a system in the configuration file."""

    def __init_subclass__(cls) -> None:
        members = [pair for base in reversed(cls.__mro__) for pair in vars(base).items()]
        # Action(name) makes a misspelt verb fail at import, not at 2 a.m.
        cls.actions = {Action(n): m.__facts__ for n, m in members if hasattr(m, "__facts__")}
        cls.ways_back = {m.__gives_back__: n for n, m in members if hasattr(m, "__gives_back__")}
        for name in (
            "check",
            "candidates",
            "observe",
            "glance",
            *cls.actions,
            *cls.ways_back.values(),
        ):
            if name in vars(cls):
                setattr(cls, name, understood(vars(cls)[name]))

    def __init__(self, system: str, token_lifetime: timedelta = timedelta(0)) -> None:
        self.system = system
        self.token_lifetime = token_lifetime
        """How long an access token that was given out before the cut may still work there."""

    @classmethod
    @abstractmethod
    def connect(
        cls,
        system: str,
        settings: Any,
        clock: Clock,
        transport: Any = None,
    ) -> Self:
        """Build one from its settings (an instance of `Settings`). No call is made yet.

        `transport` stands in for the network in tests: an httpx.AsyncBaseTransport, or what else
        the door of this adapter takes.
        """

    @abstractmethod
    async def check(self) -> Check:
        """Prove credential and permissions. Raises CredentialDenied with the fix."""

    @abstractmethod
    async def candidates(self, person: Person) -> tuple[Account, ...]:
        """Everybody whom the system's own search offers, complete over all pages."""

    @abstractmethod
    async def observe(self, account: Account, verb: Action | None = None) -> State:
        """Read all that the verbs change. `State.gone()` only if the system said that it is.

        What cannot be read right now is None, but for what `verb` changes: that raises.
        """

    async def glance(self, account: Account) -> State:
        """What must be known before the block: whether the account is privileged, who writes it,
        and the facts that BLOCK_SIGN_IN and REVOKE_SESSIONS change. All else may be None.

        Override it where `observe` reads lists that the account's owner can make long: these are
        then read right after the block, and before any other verb.
        """
        return await self.observe(account)

    @classmethod
    def glances(cls) -> bool:
        """Whether a glance is less than the whole."""
        return cls.glance is not Adapter.glance

    @abstractmethod
    def accounts(self) -> AsyncIterator[Account]:
        """List every account, page by page, for reconciliation."""

    async def find_accounts(self, person: Person) -> tuple[Match, ...]:
        """The candidates that are this person by exact equality on our side."""
        found = {account.id: account for account in await self.candidates(person)}
        return tuple(hit for account in found.values() if (hit := match(person, account)))

    def facts(self) -> Mapping[Action, Facts]:
        """What the verbs are like in this one system, where its settings change that."""
        return self.actions

    def lacks(self) -> Mapping[Action, Gap]:
        """What this one system does not do, where its settings change that."""
        return self.gaps

    async def perform(self, verb: Action, account: Account, brief: Brief | None = None) -> Outcome:
        more = (brief or Brief(),) if self.actions[verb].briefed else ()
        outcome: Outcome = await getattr(self, verb)(account, *more)
        return outcome

    async def give_back(
        self, verb: Action, account: Account, before: State, things: tuple[Held, ...]
    ) -> None:
        """Take a verb back. Raises AdapterError; a verb without a way back raises KeyError."""
        await getattr(self, self.ways_back[verb])(account, before, things)

    async def close(self) -> None:
        """Give connections back."""


def aware(value: str | None) -> datetime | None:
    """A vendor's ISO 8601 instant, None if it is missing. Raises ValueError on one without zone."""
    if not value:
        return None
    instant = datetime.fromisoformat(value)
    if instant.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone")
    return instant
