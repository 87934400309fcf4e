"""A system that only people can change: a badge, a safe, an application without an interface."""

from collections.abc import AsyncIterator
from typing import Self

import httpx
from pydantic import Field

from adapters.actions import Action
from adapters.clock import Clock
from adapters.configured import SystemSettings
from adapters.contract import Adapter, Check, by_hand, covered_by
from adapters.nouns import Account, Person, State


class ManualSettings(SystemSettings):
    """`owner` gets one task for every leaver, and closes it with a note."""

    owner: str = Field(min_length=1)


class Manual(Adapter):
    Settings = ManualSettings
    searchable = False
    gaps = {
        verb: by_hand("docs/runbooks/manual.md")
        if verb is Action.BLOCK_SIGN_IN
        else covered_by(Action.BLOCK_SIGN_IN)
        for verb in Action
    }

    @classmethod
    def connect(
        cls,
        system: str,
        settings: ManualSettings,
        clock: Clock,  # noqa: ARG003 - people have their own
        transport: httpx.AsyncBaseTransport | None = None,  # noqa: ARG003 - nothing is called
    ) -> Self:
        return cls(system, settings.token_lifetime)

    async def check(self) -> Check:
        return Check("a person does it: every leaver becomes a task for the owner")

    async def candidates(self, person: Person) -> tuple[Account, ...]:  # noqa: ARG002
        """Nobody can be looked up here: the task asks the owner to."""
        return ()

    async def observe(self, account: Account, verb: Action | None = None) -> State:  # noqa: ARG002
        """It cannot tell."""
        return State()

    async def accounts(self) -> AsyncIterator[Account]:
        nobody: tuple[Account, ...] = ()
        for account in nobody:
            yield account
