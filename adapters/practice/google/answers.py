"""How Google answers: lists without their key where they are empty, and errors with a reason."""

import re
from datetime import datetime
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

Json: TypeAlias = dict[str, Any]
_QUERY = re.compile(r"(?P<field>email|externalId)='(?P<value>(?:[^'\\]|\\.)*)'")


def told(body: Json, status: int = 200) -> Response:
    return JSONResponse(body, status)


def nothing() -> Response:
    return Response(status_code=204)


def refused(status: int, reason: str, message: str = "") -> Response:
    error = {"domain": "global", "reason": reason, "message": message or reason}
    return told({"error": {"code": status, "message": message, "errors": [error]}}, status)


def missing(what: str = "userKey") -> Response:
    return refused(404, "notFound", f"Resource Not Found: {what}")


def listed(kind: str, key: str, entries: list[Json]) -> Response:
    """Without a page."""
    return told({"kind": kind} | ({key: entries} if entries else {}))


def paged(request: Request, kind: str, key: str, entries: list[Json], size: int) -> Response:
    """A page of at most `size`. The token says where the next one starts; "" has no kind."""
    start = int(request.query_params.get("pageToken") or 0)
    page = entries[start : start + size]
    body: Json = {"kind": kind} if kind else {}
    body |= {key: page} if page else {}
    if start + size < len(entries):
        body["nextPageToken"] = str(start + size)
    return told(body)


def asked_for(query: str) -> tuple[str, str] | None:
    """Field and value of a search with one clause."""
    found = _QUERY.fullmatch(query)
    return (found["field"], re.sub(r"\\(.)", r"\1", found["value"])) if found else None


def instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
