"""What one attempt does and how its effect is told: a verb, or a verb taken back."""

from dataclasses import dataclass, field

from pydantic import TypeAdapter

from adapters.actions import Action, Outcome
from adapters.contract import Adapter, Brief
from adapters.nouns import Account, Held, State
from adapters.postconditions import given_back, holds

THINGS = TypeAdapter(tuple[Held, ...])


@dataclass(frozen=True)
class Cut:
    """A verb, as planned. `baseline` is the last state known before this try."""

    action: Action
    account: Account
    before: State
    baseline: State
    brief: Brief = field(default_factory=Brief)

    async def do(self, adapter: Adapter) -> None:
        await adapter.perform(self.action, self.account, self.brief)

    def seen(self, after: State) -> bool | None:
        return holds(self.action, self.baseline, after)

    def outcome(self, after: State | None) -> Outcome:
        """Whether *we* changed something: by the state before, not by what the reply claims."""
        if not self.before.exists:
            return Outcome.ABSENT
        if after is not None and not after.exists and self.action is not Action.DELETE_ACCOUNT:
            return Outcome.ABSENT
        return Outcome.ALREADY if self._held_before() else Outcome.CHANGED

    def _held_before(self) -> bool:
        if self.action in (Action.REVOKE_SESSIONS, Action.RESET_CREDENTIALS):
            return False  # an instant that moves: what was open before is ended now
        return holds(self.action, None, self.before) is True


@dataclass(frozen=True)
class GiveBack:
    """A verb taken back: `things` are what it took, as they stood before."""

    action: Action
    account: Account
    before: State
    baseline: State
    things: tuple[Held, ...]

    async def do(self, adapter: Adapter) -> None:
        await adapter.give_back(self.action, self.account, self.before, self.things)

    def seen(self, after: State) -> bool | None:
        return given_back(self.action, self.before, self.things, after)

    def outcome(self, after: State | None) -> Outcome:
        if after is not None and not after.exists:
            return Outcome.ABSENT
        return Outcome.ALREADY if self.seen(self.baseline) else Outcome.CHANGED


Deed = Cut | GiveBack
