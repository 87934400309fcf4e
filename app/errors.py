"""The one place where our errors become HTTP: RFC 9457 problems that say what to do next."""

from collections.abc import Callable
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


def _refused(_request: Request, why: Refused) -> JSONResponse:
    status, title = next(_REFUSALS[kind] for kind in type(why).__mro__ if kind in _REFUSALS)
    return answer(status, title, why.message, why.next_step)


def _unauthenticated(_request: Request, why: Unauthenticated) -> JSONResponse:
    return answer(
        401,
        "Unauthenticated",
        str(why),
        "Send `Authorization: Bearer …`; make a token with `exeunt token create`.",
        headers={"WWW-Authenticate": "Bearer"},
    )


def _bad_signature(_request: Request, why: BadSignature) -> JSONResponse:
    return answer(
        401,
        "Bad signature",
        why.message,
        "Compare this connection's secret in exeunt.yaml with the sender's, and the clocks.",
    )


def _unreadable(_request: Request, why: Unreadable) -> JSONResponse:
    return answer(
        400,
        "Unreadable",
        why.message,
        "It was signed rightly and is on record; mend the named field and send it again.",
        [{"field": why.field, "problem": why.message}] if why.field else [],
    )


def _invalid(_request: Request, why: RequestValidationError) -> JSONResponse:
    places = list(map(_place, why.errors()))
    return answer(422, "Invalid", "the request does not fit", "See /docs.", places)


def _http(_request: Request, why: HTTPException) -> JSONResponse:
    return answer(why.status_code, "Refused", str(why.detail), "See /docs for what there is.")


def _vendor(_request: Request, why: AdapterError) -> JSONResponse:
    return answer(502, type(why).__name__, why.message, getattr(why, "fix", ""))


def _database(_request: Request, why: SQLAlchemyError) -> JSONResponse:
    if isinstance(why, DataError):
        return answer(422, "Invalid", "a value cannot be stored", "Send plain text.")
    log.error("database.failed", error=type(why).__name__)
    passes = isinstance(why, OperationalError)
    return answer(
        503 if passes else 500,
        "Not stored",
        "the database could not be used, so nothing was taken",
        "Send the same request again later.",
        headers={"Retry-After": "5"} if passes else None,
    )


def _bug(request: Request, why: Exception) -> JSONResponse:
    log.error("request.failed", path=request.url.path, exc_info=why)
    return answer(500, "Internal error", "this is a fault of Exeunt", "The service's log has it.")


ANSWERS: dict[type[Exception], Callable[..., JSONResponse]] = {
    Refused: _refused,
    Unauthenticated: _unauthenticated,
    BadSignature: _bad_signature,
    Unreadable: _unreadable,
    RequestValidationError: _invalid,
    HTTPException: _http,
    AdapterError: _vendor,
    SQLAlchemyError: _database,
    Exception: _bug,
}
"""What has no answer of its own is a bug, and shows no stack trace."""


def install(app: FastAPI) -> None:
    for error, handler in ANSWERS.items():
        app.add_exception_handler(error, handler)


def _place(error: dict[str, Any]) -> dict[str, str]:
    """Where and what, never the value: it may be somebody's name."""
    where = ".".join(str(step) for step in error["loc"] if step != "body")
    return {"field": where, "problem": str(error["msg"])}
