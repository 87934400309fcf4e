"""A witness as a small service of its own: no database, no settings of Exeunt, plain text.

C2SP tlog-witness v1.0.0: https://c2sp.org/tlog-witness
"""

import asyncio
import hashlib
from collections.abc import Callable

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse
from starlette.exceptions import HTTPException

from app.body_limit import BodyLimit
from workflows.ledger.witnessed import LARGEST_BODY, Ahead, Declined, Witness

log = structlog.get_logger()

SIZE = "text/x.tlog.size"


def create_app(witness: Witness) -> FastAPI:
    app = FastAPI(title="Exeunt witness", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(BodyLimit)
    for error, answer in ANSWERS.items():
        app.add_exception_handler(error, answer)

    @app.post("/add-checkpoint")
    async def add_checkpoint(request: Request) -> PlainTextResponse:
        body = await request.body()
        if len(body) > LARGEST_BODY:
            raise Declined(413, f"a body may hold {LARGEST_BODY} bytes")
        return PlainTextResponse(await asyncio.to_thread(witness.add, body))

    @app.get("/checkpoints/{origin:path}")
    async def checkpoint(origin: str, size: int | None = None) -> PlainTextResponse:
        return PlainTextResponse(await asyncio.to_thread(witness.checkpoint, origin, size))

    @app.get("/{origin_hash}/checkpoint")
    async def by_hash(origin_hash: str) -> PlainTextResponse:
        hashes = {hashlib.sha256(name.encode()).hexdigest(): name for name in witness.origins}
        return await checkpoint(hashes.get(origin_hash, ""))

    @app.get("/")
    async def about() -> PlainTextResponse:
        return PlainTextResponse(await asyncio.to_thread(_about, witness))

    return app


def _declined(_request: Request, why: Declined) -> PlainTextResponse:
    if isinstance(why, Ahead):
        return PlainTextResponse(why.message, why.status, media_type=SIZE)
    log.warning("witness.declined", status=why.status, why=why.message)
    return PlainTextResponse(f"{why.message}\n", why.status)


def _http(_request: Request, why: HTTPException) -> PlainTextResponse:
    return PlainTextResponse(f"{why.detail}\n", why.status_code)


ANSWERS: dict[type[Exception], Callable[..., PlainTextResponse]] = {
    Declined: _declined,
    HTTPException: _http,
}


def _about(witness: Witness) -> str:
    lines = [
        "A witness: it cosigns the head of a log only if it follows from all that it cosigned",
        "before (https://c2sp.org/tlog-witness). Its key:",
        "",
        f"  {witness.signer.vkey}",
        "",
    ]
    for origin in witness.origins:
        seen, refused = witness.last(origin), witness.refusals(origin)
        lines.append(f"{origin}: {seen.size} events, last seen {seen.at or 'never'}")
        if refused:
            lines.append(f"  REFUSED {refused} heads that the log signed but that do not follow")
    return "\n".join(lines) + "\n"
