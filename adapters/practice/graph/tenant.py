"""A practice tenant of Microsoft Graph v1.0, with the ugly parts that a leaver's account meets.

A membership that is deleted without `/$ref` deletes the *user*, one inherited licence fails the
whole call, 400s all bear one code, a read may lag behind a write, PIM may deny what it has done,
and within a batch each request is throttled on its own.
"""

import json
from typing import ClassVar
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Scope

from adapters.practice.graph.answers import CONTEXT, ROOT, Json
from adapters.practice.graph.work import Work

THROTTLED = {"status": 429, "headers": {"Retry-After": "2"}}


class PracticeTenant(Work):
    kind: ClassVar[str] = "entra"
    only_reads: ClassVar[tuple[str, ...]] = ("/$batch",)

    def settings(self, base_url: str) -> dict[str, object]:
        """Here a new block counts at once; a real tenant takes up to 90 minutes."""
        return {
            "adapter": self.kind,
            "base_url": base_url,
            "token": self.token,
            "token_lifetime": "1s",
            "profile": "privileged",
        }

    def routes(self) -> Starlette:
        listed = self.directory_routes() + self.governance_routes() + self.work_routes()
        inner = Starlette(routes=listed)

        async def batch(request: Request) -> Response:
            said = await request.json()
            answers = [await self._within(inner, request, one) for one in said["requests"]]
            return JSONResponse({"@odata.context": CONTEXT + "batch", "responses": answers[::-1]})

        return Starlette(routes=[Route(f"{ROOT}/$batch", batch, methods=["POST"]), *listed])

    async def _within(self, inner: ASGIApp, outer: Request, asked: Json) -> Json:
        """One request of a batch. It is answered, and throttled, on its own."""
        if self.inner_throttles:
            self.inner_throttles -= 1
            error = {"error": {"code": "TooManyRequests", "message": "Wait."}}
            return {"id": asked["id"], **THROTTLED, "body": error}
        path, _, query = asked["url"].partition("?")
        self.requests.append(f"{asked['method']} {ROOT}{path}")
        scope: Scope = dict(outer.scope) | {
            "method": asked["method"],
            "path": ROOT + unquote(path),
            "raw_path": f"{ROOT}{path}".encode(),
            "query_string": query.encode(),
        }
        for key in ("app", "router", "endpoint", "path_params", "route"):
            scope.pop(key, None)
        sent: list[Message] = []

        async def nothing() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def keep(message: Message) -> None:
            sent.append(message)

        await inner(scope, nothing, keep)
        body = b"".join(message.get("body", b"") for message in sent)
        answer = {"id": asked["id"], "status": sent[0]["status"]}
        return answer | ({"body": json.loads(body)} if body else {})
