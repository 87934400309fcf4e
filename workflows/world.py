"""What the workflows work with. Wired once, at start-up, by the composition root.

DBOS calls module-level functions, so they take their surroundings from here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from adapters.clock import Clock
from adapters.contract import Adapter
from adapters.errors import NeedsHuman
from adapters.hr.contract import HrSource
from adapters.time_stamps import TimeStamps
from adapters.witness import Witness
from workflows.engine import Engine
from workflows.ledger.notary import Notary
from workflows.ledger.outlets import Outlet
from workflows.ledger.record import Ledger
from workflows.model import Capabilities
from workflows.policy.schema import Policy
from workflows.store import Store


@dataclass(frozen=True)
class System:
    """A configured system: who talks to it, and what it can do."""

    adapter: Adapter
    can: Capabilities


@dataclass(frozen=True)
class HrConnection:
    """A configured HR connection, and the zone of workers who have none of their own."""

    source: HrSource
    time_zone: str | None = None


@dataclass(frozen=True)
class World:
    clock: Clock
    store: Store
    ledger: Ledger
    engine: Engine
    policy: Policy
    systems: Mapping[str, System]
    hr: Mapping[str, HrConnection]
    notary: Notary | None = None
    """Who signs the log; None where there is no key."""
    witnesses: Mapping[str, Witness] = field(default_factory=dict)
    time_stamps: TimeStamps | None = None
    outlets: Mapping[str, Outlet] = field(default_factory=dict)
    """Where the log goes as it grows, by the sink's name."""
    retention: timedelta = timedelta(days=395)
    """How long events and leavers are remembered."""

    def adapter(self, system: str) -> Adapter:
        """Who talks to this system. Raises NeedsHuman if it was taken out of the configuration."""
        if system not in self.systems:
            raise NeedsHuman(
                f"{system} is no longer configured: put it back, or do this by hand",
                "docs/configuration.md",
            )
        return self.systems[system].adapter


_wired: list[World] = []


def wire(world: World) -> None:
    _wired[:] = [world]


def world() -> World:
    return _wired[0]
