"""The one place where our errors become HTTP: RFC 9457 problems that say what to do next."""

from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import DataError, OperationalError, SQLAlchemyError
from starlette.exceptions import HTTPException

from adapters.errors import AdapterError
from adapters.hr.contract import BadSignature, Unreadable
from workflows.errors import Conflict, Forbidden, Invalid, NotFound, Refused

log = structlog.get_logger()


class Problem(BaseModel):
    """RFC 9457, with the next step for the one who reads it."""

    type: str = Field(examples=["urn:exeunt:problem:conflict"])
    title: str = Field(examples=["Conflict"])
    status: int = Field(examples=[409])
    detail: str = Field(examples=["the case is running: what has begun cannot be cancelled"])
    next_step: str = Field("", examples=["Give access back in the systems by hand."])
    errors: list[dict[str, str]] = Field(default_factory=list)


class Unauthenticated(Exception):
    """No token, or one that we do not know."""


def answer(
    status: int,
    title: str,
    detail: str,
    next_step: str = "",
    errors: list[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    problem = Problem(
        type=f"urn:exeunt:problem:{title.lower().replace(' ', '-')}",
        title=title,
        status=status,
        detail=detail,
        next_step=next_step,
        errors=errors or [],
    )
    return JSONResponse(
        problem.model_dump(exclude_defaults=True), status, headers, "application/problem+json"
    )


_REFUSALS: dict[type[Refused], tuple[int, str]] = {
    NotFound: (404, "Not found"),
    Conflict: (409, "Conflict"),
    Invalid: (422, "Invalid"),
    Forbidden: (403, "Forbidden"),
}


def install(app: FastAPI) -> None:  # noqa: C901 - a list of answers, one below the other
    """Every error has its answer here; what has none is a bug, and shows no stack trace."""

    @app.exception_handler(Refused)
    async def refused(_request: Request, why: Refused) -> JSONResponse:
        status, title = _REFUSALS[type(why)]
        return answer(status, title, why.message, why.next_step)

    @app.exception_handler(Unauthenticated)
    async def unauthenticated(_request: Request, why: Unauthenticated) -> JSONResponse:
        return answer(
            401,
            "Unauthenticated",
            str(why),
            "Send `Authorization: Bearer …`; make a token with `exeunt token create`.",
            headers={"WWW-Authenticate": "Bearer"},
        )

    @app.exception_handler(BadSignature)
    async def bad_signature(_request: Request, why: BadSignature) -> JSONResponse:
        return answer(
            401,
            "Bad signature",
            why.message,
            "Compare this connection's secret in exeunt.yaml with the sender's, and the clocks.",
        )

    @app.exception_handler(Unreadable)
    async def unreadable(_request: Request, why: Unreadable) -> JSONResponse:
        errors = [{"field": why.field, "problem": why.message}] if why.field else []
        return answer(
            400,
            "Unreadable",
            why.message,
            "It was signed rightly and is on record; mend the named field and send it again.",
            errors,
        )

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, why: RequestValidationError) -> JSONResponse:
        return answer(
            422,
            "Invalid",
            "the request does not fit",
            "See /docs.",
            list(map(_place, why.errors())),
        )

    @app.exception_handler(HTTPException)
    async def http(_request: Request, why: HTTPException) -> JSONResponse:
        return answer(why.status_code, "Refused", str(why.detail), "See /docs for what there is.")

    @app.exception_handler(AdapterError)
    async def vendor(_request: Request, why: AdapterError) -> JSONResponse:
        return answer(502, type(why).__name__, why.message, getattr(why, "fix", ""))

    @app.exception_handler(SQLAlchemyError)
    async def database(_request: Request, why: SQLAlchemyError) -> JSONResponse:
        if isinstance(why, DataError):
            return answer(422, "Invalid", "a value cannot be stored", "Send plain text.")
        log.error("database.failed", error=type(why).__name__)
        status = 503 if isinstance(why, OperationalError) else 500
        return answer(
            status,
            "Not stored",
            "the database could not be used, so nothing was taken",
            "Send the same request again later.",
            headers={"Retry-After": "5"} if status == 503 else None,  # noqa: PLR2004
        )

    @app.exception_handler(Exception)
    async def bug(request: Request, why: Exception) -> JSONResponse:
        log.error("request.failed", path=request.url.path, exc_info=why)
        return answer(
            500, "Internal error", "this is a fault of Exeunt", "The log of the service has it."
        )


def _place(error: dict[str, Any]) -> dict[str, str]:
    """Where and what, never the value: it may be somebody's name."""
    where = ".".join(str(step) for step in error["loc"] if step != "body")
    return {"field": where, "problem": str(error["msg"])}
