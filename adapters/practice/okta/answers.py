"""How the practice org answers: plain lists with Link headers, and codes that begin with E0000."""

import json
import re
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

ROOT = "/api/v1"
DONE = 204
_CLAUSE = re.compile(r'^([\w.]+) eq (".*")$')

Json = dict[str, Any]


def asked(text: str) -> tuple[str, str] | None:
    """The one comparison of a search or filter; None if it is none that is understood here."""
    found = _CLAUSE.match(text)
    if not found:
        return None
    try:
        value = json.loads(found[2])
    except ValueError:
        return None
    return found[1], value


def page(request: Request, found: list[Json], largest: int) -> Response:
    """`after` is opaque to clients, and leads on from where the page ended."""
    start = int(request.query_params.get("after", 0))
    count = min(int(request.query_params.get("limit", 200)), largest)
    links = [f'<{request.url}>; rel="self"']
    if start + count < len(found):
        following = request.url.include_query_params(after=start + count)
        links.append(f'<{following}>; rel="next"')
    answer = JSONResponse(found[start : start + count])
    for link in links:
        answer.headers.append("Link", link)
    return answer


def instant(when: datetime) -> str:
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def done() -> Response:
    return Response(status_code=DONE)


def accepted() -> Response:
    """A lifecycle call is answered without a body."""
    return Response(status_code=200)


def not_found() -> Response:
    return error(404, "E0000007", "Not found: Resource not found (practice)")


def denied() -> Response:
    return error(403, "E0000006", "You do not have permission to perform the requested action")


def wrong_status() -> Response:
    return error(403, "E0000038", "This operation is not allowed in the user's current status.")


def invalid(what: str) -> Response:
    return error(400, "E0000001", f"Api validation failed: {what}")


def error(status: int, code: str, summary: str) -> Response:
    body = {
        "errorCode": code,
        "errorSummary": summary,
        "errorLink": code,
        "errorId": "practice",
        "errorCauses": [],
    }
    return JSONResponse(body, status)
