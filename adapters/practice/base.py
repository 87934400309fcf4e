"""What every practice vendor offers: a stateful imitation that speaks the real protocol and can
misbehave. Most speak HTTP.

The demo serves them on loopback; the tests call them in process. They never see our adapters'
code, and their answers are held to the vendor's own API description where there is one.
"""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.clock import Clock
from adapters.serving import served

READS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Fault:
    """One misbehaviour, used up by the next request that it fits.

    `after_effect` answers wrongly although the write has happened: the reply is lost, not the deed.
    """

    status: int = 503
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    after_effect: bool = False
    writes_only: bool = False
    drop: bool = False
    """Close the connection without an answer."""


class Practice(ABC):
    """A vendor in memory. `writes` counts what was changed, `requests` is what was asked."""

    token = "practice-token"  # noqa: S105 - it opens nothing but this imitation

    exempt: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """Promises of the contract suite that cannot arise here: the test's name, and the reason."""

    def __init__(self, clock: Clock | None = None, latency: float = 0.0) -> None:
        self.clock = clock or Clock()
        self.latency = latency
        """Seconds before each answer."""
        self.faults: deque[Fault] = deque()
        self.writes = 0
        self.requests: list[str] = []

    @abstractmethod
    def settings(self, base_url: str) -> dict[str, object]:
        """What to write under `systems:` to reach it at this address."""

    @abstractmethod
    def serve(self) -> AbstractAsyncContextManager[str]:
        """A loopback address where it answers."""

    @abstractmethod
    def hire(
        self,
        address: str,
        *,
        employee_number: str | None = None,
        login: str | None = None,
        created_at: datetime | None = None,
    ) -> str:
        """Make an account with a few things that leavers hold; its id comes back."""

    @abstractmethod
    def enabled(self, account_id: str) -> bool | None:
        """The truth, beside the API: None if the account is gone."""

    @abstractmethod
    def remove(self, account_id: str) -> None:
        """Take the account away behind our back."""

    def _fault_for(self, method: str) -> Fault | None:
        if not self.faults or (self.faults[0].writes_only and method in READS):
            return None
        return self.faults.popleft()


class PracticeVendor(Practice):
    """One that speaks HTTP."""

    only_reads: ClassVar[tuple[str, ...]] = ()
    """How addresses end that are asked by POST and change nothing."""

    @abstractmethod
    def routes(self) -> Starlette:
        """The vendor's API as far as offboarding uses it, mounted where the real one has it."""

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[str]:
        async with served(self.app) as url:
            yield url

    @property
    def app(self) -> ASGIApp:
        inner = self.routes()

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await inner(scope, receive, send)
                return
            await self._answer(inner, scope, receive, send)

        return answer

    async def _answer(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        self.requests.append(f"{scope['method']} {scope['path']}")
        method = self._kind(scope)
        if self.latency:
            await asyncio.sleep(self.latency)
        fault = self._fault_for(method)
        if fault and not fault.after_effect:
            await _misbehave(fault, scope, receive, send)
            return
        if Request(scope).headers.get("authorization") != f"Bearer {self.token}":
            await Response(status_code=401)(scope, receive, send)
            return
        if fault:
            await self._lose_the_answer(fault, inner, scope, receive, send)
            return
        await inner(scope, receive, self._counting(method, send))

    async def _lose_the_answer(
        self, fault: Fault, inner: ASGIApp, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Only the answer to a deed is lost; a refusal arrives, and the fault stays for later."""
        answer: list[Message] = []

        async def keep(message: Message) -> None:
            answer.append(message)

        await inner(scope, receive, self._counting(self._kind(scope), keep))
        if answer[0]["status"] < 400:  # noqa: PLR2004 - a success
            await _misbehave(fault, scope, receive, send)
            return
        self.faults.appendleft(fault)
        for message in answer:
            await send(message)

    def _kind(self, scope: Scope) -> str:
        return "GET" if scope["path"].endswith(self.only_reads or ("?",)) else scope["method"]

    def _counting(self, method: str, send: Send) -> Send:
        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.writes += method not in READS and message["status"] < 400  # noqa: PLR2004
            await send(message)

        return counted


async def _misbehave(fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
    if fault.drop:
        raise ConnectionResetError("the practice vendor hung up")
    await Response(fault.body, fault.status, fault.headers)(scope, receive, send)
