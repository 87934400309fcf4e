"""Receivers of the log in a test, which speak real HTTP: Splunk's collector, and a webhook.

The collector answers what docs.splunk.com says ("Troubleshoot HTTP Event Collector" for the codes,
"About HTTP Event Collector Indexer Acknowledgment" for acknowledgements). It never sees our code.
"""

import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks import Webhook
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.serving import served

TOKEN = "3f8a1c9e-0000-4000-8000-5e1d2c3b4a59"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
REASONS = {
    1: (403, "Token disabled"),
    2: (401, "Token is required"),
    4: (403, "Invalid token"),
    5: (400, "No data"),
    6: (400, "Invalid data format"),
    7: (400, "Incorrect index"),
    8: (500, "Internal server error"),
    9: (503, "Server is busy"),
    10: (400, "Data channel is missing"),
    12: (400, "Event field is required"),
    13: (400, "Event field cannot be blank"),
    14: (400, "ACK is disabled"),
    15: (400, "Error in handling indexed fields"),
}
LARGEST = 1_000_000
KEYS = {"time", "host", "source", "sourcetype", "index", "fields", "event"}


@dataclass
class Collector:
    """Splunk's HTTP Event Collector. `faults` are codes for the next requests; 0 is none."""

    acknowledges: bool = False
    indexes: tuple[str, ...] = ("main", "audit")
    events: list[dict[str, Any]] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    faults: deque[int] = field(default_factory=deque)
    asked_before_indexed: int = 2
    """How often it says of an acknowledgement: not yet."""
    pending: dict[tuple[str, int], int] = field(default_factory=dict)
    disabled: bool = False

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/services/collector/event", self.take, methods=["POST"]),
                Route("/services/collector/ack", self.ack, methods=["POST"]),
            ]
        )

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[str]:
        async with served(self.app()) as url:
            yield url

    async def take(self, request: Request) -> Response:
        self.requests.append(request)
        body = await request.body()
        if refused := self._stranger(request):
            return refused
        if self.faults and (code := self.faults.popleft()):
            return say(code)
        channel = request.headers.get("X-Splunk-Request-Channel")
        if self.acknowledges and not channel:
            return say(10)
        if len(body) > LARGEST:
            return Response("content too large", 413)
        return self._read(body, channel or "")

    def _read(self, body: bytes, channel: str) -> Response:
        try:
            events = list(concatenated(body.decode()))
        except ValueError:
            return say(6)
        if not events:
            return say(5)
        for number, event in enumerate(events):
            if code := self._fault_of(event):
                return say(code, **{"invalid-event-number": number})
        self.events += events
        if not self.acknowledges:
            return JSONResponse({"text": "Success", "code": 0})
        ack = len(self.pending)
        self.pending[channel, ack] = self.asked_before_indexed
        return JSONResponse({"text": "Success", "code": 0, "ackId": ack})

    def _fault_of(self, event: dict[str, Any]) -> int:
        if set(event) - KEYS:
            return 6
        if "event" not in event:
            return 12
        if event["event"] in ("", None):
            return 13
        if event.get("index", "main") not in self.indexes:
            return 7
        fields = event.get("fields", {})
        return 0 if all(isinstance(value, str) for value in fields.values()) else 15

    async def ack(self, request: Request) -> Response:
        if refused := self._stranger(request):
            return refused
        if not self.acknowledges:
            return say(14)
        channel = request.query_params.get("channel") or ""
        asked = json.loads(await request.body())["acks"]
        return JSONResponse({"acks": {str(ack): self._indexed(channel, ack) for ack in asked}})

    def _indexed(self, channel: str, ack: int) -> bool:
        """True is said once, and then forgotten."""
        left = self.pending.get((channel, ack))
        if left is None:
            return False
        self.pending[channel, ack] = left - 1
        return left == 0

    def _stranger(self, request: Request) -> Response | None:
        said = request.headers.get("Authorization")
        if said is None:
            return say(2)
        if said != f"Splunk {TOKEN}":
            return say(4)
        return say(1) if self.disabled else None


def say(code: int, **more: Any) -> Response:
    status, text = REASONS[code]
    return JSONResponse({"text": text, "code": code, **more}, status)


def concatenated(text: str) -> list[dict[str, Any]]:
    """One JSON object behind the other, with or without blanks between."""
    decoder, found, at = json.JSONDecoder(), [], 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        value, at = decoder.raw_decode(text, at)
        found.append(value)
    return found


@dataclass
class Receiver:
    """A webhook that checks deliveries with the library that its owner would use."""

    secret: str = SECRET
    answers: deque[Response] = field(default_factory=deque)
    bodies: list[bytes] = field(default_factory=list)
    parsed: list[Any] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[str]:
        routes = [Route("/{path:path}", self.take, methods=["POST", "GET"])]
        async with served(Starlette(routes=routes)) as url:
            yield url

    async def take(self, request: Request) -> Response:
        body = await request.body()
        self.targets.append(f"{request.method} {request.url.path}?{request.url.query}")
        if self.answers:
            answer = self.answers.popleft()
            if answer.status_code >= 300:
                return answer
        array = request.headers["content-type"] == "application/json"
        self.parsed.append(
            Webhook(self.secret).verify(body, dict(request.headers), json_parse=array)
        )
        self.bodies.append(body)
        self.ids.append(request.headers["webhook-id"])
        self.types.append(request.headers["content-type"])
        return Response(status_code=202)
