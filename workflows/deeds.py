"""What one attempt does and how its effect is told: a verb, or a verb taken back."""

from dataclasses import dataclass, field, fields, replace
from typing import Any

from pydantic import TypeAdapter

from adapters.actions import Action, Outcome
from adapters.contract import Adapter, Brief
from adapters.nouns import GIVEN_TO, Account, Held, State
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

    async def do(self, adapter: Adapter) -> Outcome:
        return await adapter.perform(self.action, self.account, self.brief)

    def seen(self, after: State) -> bool | None:
        return holds(self.action, self.baseline, after, self.brief)

    def outcome(self, after: State | None, said: Outcome | None = None) -> Outcome:
        """Whether *we* changed something: by the state before, not by what the reply claims.

        Only where the state before cannot tell, what the verb `said` is taken.
        """
        if not self.before.exists:
            return Outcome.ABSENT
        if after is not None and not after.exists and self.action is not Action.DELETE_ACCOUNT:
            return Outcome.ABSENT
        held = self._held_before()
        if held is None:
            return said or Outcome.CHANGED
        return Outcome.ALREADY if held else Outcome.CHANGED

    def _held_before(self) -> bool | None:
        if self.action in (Action.REVOKE_SESSIONS, Action.RESET_CREDENTIALS):
            return False  # an instant that moves: what was open before is ended now
        return holds(self.action, None, self.before, self.brief)


@dataclass(frozen=True)
class GiveBack:
    """A verb taken back: `things` are what it took, as they stood before."""

    action: Action
    account: Account
    before: State
    baseline: State
    things: tuple[Held, ...]

    def given_to(self, successor: str) -> "GiveBack":
        """The same, with the name of who had got it on all that the way back may look at."""
        if not successor:
            return self
        told: dict[str, Any] = {
            one.name: _given(getattr(self.before, one.name), successor)
            for one in fields(State)
            if isinstance(getattr(self.before, one.name), tuple) and one.name != "notes"
        }
        if self.before.mailbox:
            told["mailbox"] = _given((self.before.mailbox,), successor)[0]
        things = _given(self.things, successor)
        return replace(self, before=replace(self.before, **told), things=things)

    async def do(self, adapter: Adapter) -> Outcome | None:
        await adapter.give_back(self.action, self.account, self.before, self.things)
        return None

    def seen(self, after: State) -> bool | None:
        return given_back(self.action, self.before, self.things, after)

    def outcome(self, after: State | None, said: Outcome | None = None) -> Outcome:  # noqa: ARG002
        if after is not None and not after.exists:
            return Outcome.ABSENT
        return Outcome.ALREADY if self.seen(self.baseline) else Outcome.CHANGED


Deed = Cut | GiveBack


def _given(things: tuple[Held, ...], successor: str) -> tuple[Held, ...]:
    return tuple(replace(one, details={**one.details, GIVEN_TO: successor}) for one in things)
