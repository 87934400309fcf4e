"""A practice Microsoft 365: a Graph tenant and its Exchange, which know the same people."""

from dataclasses import dataclass

from adapters.clock import Clock
from adapters.practice.exchange import PracticeExchange
from adapters.practice.graph import PracticeTenant
from adapters.practice.graph.story import Leaver, furnish


@dataclass(frozen=True)
class Microsoft365:
    """`leaver` has everything that makes offboarding hard; `manager` takes over."""

    tenant: PracticeTenant
    exchange: PracticeExchange
    leaver: Leaver
    manager: str


def microsoft365(
    leaver: str, number: str, manager: str, clock: Clock | None = None, latency: float = 0.0
) -> Microsoft365:
    """`leaver` and `manager` are addresses, `number` is the leaver's employee number."""
    tenant = PracticeTenant(clock, latency)
    exchange = PracticeExchange(
        clock,
        latency,
        on_convert=lambda user: tenant.convert_mailbox(user, "shared"),
        on_regain=lambda user: tenant.convert_mailbox(user, "user"),
    )
    user = tenant.hire(leaver, employee_number=number)
    boss = tenant.hire(manager)
    exchange.hire(leaver, employee_number=number, identifier=user)
    exchange.hire(manager, identifier=boss)
    return Microsoft365(tenant, exchange, furnish(tenant, user), boss)
