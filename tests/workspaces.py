"""Practice Workspaces for tests: one adapter on one, each exchange held to Google's description."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx

from adapters.clock import Clock
from adapters.nouns import Account
from adapters.practice.google import PracticeWorkspace
from adapters.practice.google.story import Leaver, furnish
from adapters.systems.google import GoogleWorkspace
from tests.discovery import DOCUMENTS, Described, Discovery

BASE = "https://google.practice.example"
MARA, BOSS = "mara@acme.example", "boss@acme.example"


def google(
    workspace: PracticeWorkspace, transport: httpx.AsyncBaseTransport, **told: Any
) -> GoogleWorkspace:
    settings = GoogleWorkspace.Settings(**(workspace.settings(BASE) | told))
    return GoogleWorkspace.connect("google", settings, workspace.clock, transport)


def described(workspace: PracticeWorkspace) -> Described:
    return Described(Discovery.load(*DOCUMENTS), httpx.ASGITransport(workspace.app))


@dataclass(frozen=True)
class Rich:
    """A Workspace with a leaver who has everything, a successor, and the adapter on it."""

    workspace: PracticeWorkspace
    leaver: Leaver
    account: Account
    successor: Account
    transport: Described
    google: GoogleWorkspace

    @property
    def user(self) -> dict[str, Any]:
        return self.workspace.users[self.leaver.id]


def rich(clock: Clock, *, transfers_take: timedelta = timedelta(0), **told: Any) -> Rich:
    workspace = PracticeWorkspace(clock, transfers_take=transfers_take)
    user = workspace.hire(MARA, employee_number="1207")
    heir = workspace.hire(BOSS, employee_number="7")
    leaver = furnish(workspace, user)
    transport = described(workspace)
    return Rich(
        workspace,
        leaver,
        Account("google", user, MARA, (MARA,)),
        Account("google", heir, BOSS, (BOSS,), enabled=True),
        transport,
        google(workspace, transport, **told),
    )


class Interposed(httpx.AsyncBaseTransport):
    """The Workspace, but for requests of which a test wants another answer (None: the real one)."""

    def __init__(
        self,
        inner: httpx.AsyncBaseTransport,
        answer: Callable[[httpx.Request], httpx.Response | None],
    ) -> None:
        self._inner, self._answer = inner, answer
        self.sent: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        other = self._answer(request)
        return other if other is not None else await self._inner.handle_async_request(request)


def error(status: int, reason: str) -> httpx.Response:
    body = {"error": {"code": status, "errors": [{"domain": "global", "reason": reason}]}}
    return httpx.Response(status, json=body)
