"""What a sink is: a place outside that takes the log, in its order, and says that it has it."""

import ssl
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict

from adapters.clock import Clock
from adapters.contract import understood

INFORMATIONAL, LOW, MEDIUM, HIGH = 1, 2, 3, 4
"""How bad an event is, as OCSF numbers it."""


def readable_authorities(path: str) -> str:
    """Raises ValueError for a file that holds no certificate in PEM."""
    try:
        ssl.create_default_context(cafile=path)
    except ssl.SSLError:
        raise ValueError(f"{path} holds no certificate in PEM") from None
    except OSError as why:
        raise ValueError(f"{path} cannot be read: {why.strerror}") from None
    return path


CaFile = Annotated[str, AfterValidator(readable_authorities)]


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
    severity: int
    case: str | None
    leaf_hash: bytes | None
    line: bytes


@dataclass(frozen=True)
class Parcel:
    """What is handed over at once: neighbours in the order of the log `origin`; never empty."""

    origin: str
    items: tuple[Item, ...]

    @property
    def name(self) -> str:
        """The same for the same content of the same log, such as `12-40`; `c41` is a checkpoint."""
        first, last = (
            str(item.index) if item.leaf_hash else f"c{item.index + 1}"
            for item in (self.items[0], self.items[-1])
        )
        return f"{first}-{last}"


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

    def refuses(self, item: Item, origin: str) -> str:  # noqa: ARG002 - most take all that a leaf can hold
        """Why this one of the log `origin` can never be handed over, whoever is on the other side;
        "" if it can.
        """
        return ""

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
