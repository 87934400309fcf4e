"""No request body is read beyond a limit, so that none can fill the memory."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import answer

LARGEST = 256 * 1024
LARGEST_FILE = 32 * 1024 * 1024
"""For the import of account links only."""


class BodyLimit:
    """Answers 413 by what is declared, or as soon as more than that has come."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = LARGEST_FILE if scope["path"].endswith("/account-links/import") else LARGEST
        declared = Headers(scope=scope).get("content-length", "0")
        if declared.isdecimal() and int(declared) > limit:
            refusal = answer(413, "Too large", _says(limit), "Send less at once.")
            await refusal(scope, receive, send)
            return
        await self._app(scope, _counted(receive, limit), send)


def _says(limit: int) -> str:
    return f"a body may hold {limit} bytes"


def _counted(receive: Receive, limit: int) -> Receive:
    came = 0

    async def counted() -> Message:
        nonlocal came
        message = await receive()
        came += len(message.get("body", b""))
        if came > limit:
            raise HTTPException(413, _says(limit))
        return message

    return counted
