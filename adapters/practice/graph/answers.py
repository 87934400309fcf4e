"""How the practice tenant answers: OData pages, selections, and codes that say little."""

import re
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

ROOT = "/v1.0"
CONTEXT = "https://graph.microsoft.com/v1.0/$metadata#"
DONE = 204

_EQUALS = re.compile(r"^([\w/]+) eq '((?:[^']|'')*)'$")
_ANY = re.compile(r"^(proxyAddresses)/any\(p:p eq '((?:[^']|'')*)'\)$")
SEARCHABLE = frozenset(
    {
        "assignmentTargetId",
        "employeeId",
        "mail",
        "principalId",
        "proxyAddresses",
        "target/objectId",
        "userPrincipalName",
    }
)

Json = dict[str, Any]


def asked(request: Request) -> tuple[str, str] | None:
    """The one comparison of `$filter`; None if it is none that is understood here."""
    text = request.query_params.get("$filter", "")
    found = _EQUALS.match(text) or _ANY.match(text)
    if not found or found[1] not in SEARCHABLE:
        return None
    return found[1], found[2].replace("''", "'")


def page(request: Request, kind: str, found: list[Json], largest: int) -> Response:
    start = int(request.query_params.get("$skiptoken", 0))
    count = min(int(request.query_params.get("$top", 100)), largest)
    shown = [selected(request, one) for one in found]
    body: Json = {"@odata.context": CONTEXT + kind, "value": shown[start : start + count]}
    if start + count < len(shown):
        following = request.url.include_query_params(**{"$skiptoken": start + count})
        body["@odata.nextLink"] = str(following)
    return JSONResponse(body)


def one(request: Request, kind: str, thing: Json) -> Response:
    return JSONResponse({"@odata.context": CONTEXT + kind} | selected(request, thing))


def selected(request: Request, thing: Json) -> Json:
    """Only what `$select` names; the kind always comes along."""
    names = request.query_params.get("$select", "").split(",")
    return {k: v for k, v in thing.items() if k in names or names == [""] or k[0] == "@"}


def fits(held: Any, value: str) -> bool:
    """`eq` knows no case in the directory."""
    several = held if isinstance(held, list) else [held]
    return any(str(each).lower() == value.lower() for each in several if each)


def instant(when: datetime) -> str:
    return when.isoformat().replace("+00:00", "Z")


def done() -> Response:
    return Response(status_code=DONE)


def not_found() -> Response:
    return error(404, "Request_ResourceNotFound", "Resource does not exist.")


def denied() -> Response:
    return error(403, "Authorization_RequestDenied", "Insufficient privileges.")


def bad(message: str, code: str = "Request_BadRequest") -> Response:
    return error(400, code, message)


def error(status: int, code: str, message: str) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status)
