"""What a sink is: a place outside that takes the log, in its order, and says that it has it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict

from adapters.clock import Clock
from adapters.contract import understood


class SinkSettings(BaseModel):
    """What every sink may say. Each adds its own keys in a subclass."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    sink: str
    format: Literal["jsonl", "ocsf", "cef"] = "jsonl"
    since: Literal["beginning", "now"] = "beginning"
    """Where a sink begins that has never taken anything."""


@dataclass(frozen=True)
class Item:
    """One event on its way. `line` is the event in the sink's format, without a line end.

    `index` is that of its leaf; a checkpoint is no leaf, has no `leaf_hash`, and stands behind the
    last leaf that it covers, whose index it has.
    """

    index: int
    id: str
    type: str
    time: datetime
    outcome: str
    case: str | None
    leaf_hash: bytes | None
    line: bytes


@dataclass(frozen=True)
class Parcel:
    """What is handed over at once: neighbours in the order of the log `origin`; never empty."""

    origin: str
    items: tuple[Item, ...]

    @property
    def first(self) -> int:
        return self.items[0].index

    @property
    def last(self) -> int:
        return self.items[-1].index


class Sink(ABC):
    """One destination. It keeps nothing: what was not taken is handed to it again."""

    Settings: ClassVar[type[SinkSettings]] = SinkSettings
    parcel_events: ClassVar[int] = 500
    parcel_bytes: ClassVar[int] = 512 * 1024
    """How much it takes at once: the sum of its lines. One item may be larger."""
    proves: ClassVar[str]
    """What is known of a parcel that was taken, in one sentence."""

    @classmethod
    @abstractmethod
    def connect(cls, name: str, settings: Any, clock: Clock, transport: Any = None) -> Self:
        """Build one from its settings (an instance of `Settings`). No call is made yet.

        `transport` stands in for the network in tests.
        """

    @abstractmethod
    async def deliver(self, parcel: Parcel) -> None:
        """Hand a parcel over, whole; return when the other side has it (see `proves`).

        After any error it may have some of it, or all. Raises TryAgain; CredentialDenied if it does
        not let us in, or is not who it should be; TargetDenied if it will not take *this* parcel
        for what is in it; NeedsHuman if it wants no more; Unrecognised.
        """

    async def close(self) -> None:
        """Give connections back."""

    def __init_subclass__(cls) -> None:
        if "deliver" in vars(cls):
            setattr(cls, "deliver", understood(cls.deliver))  # noqa: B010 - mypy guards methods
