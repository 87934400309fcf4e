"""The one place where a vendor's status becomes what we do next."""

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from adapters.errors import AdapterError, CredentialDenied, TargetDenied, TryAgain, Unrecognised


def raise_for_status(response: httpx.Response, permission: str = "", fix: str = "") -> None:
    """Raise what the status means; a success raises nothing.

    `permission` and `fix` are what to grant and to do if the vendor refuses us.
    """
    if response.is_success:
        return
    what = f"{name_of(response.request)}: {response.status_code}{_code(response)}"
    raise _error(response, what, permission, fix)


def _error(response: httpx.Response, what: str, permission: str, fix: str) -> AdapterError:
    match response.status_code:
        case 401:
            return CredentialDenied(what, permission, fix)
        case 403:
            return TargetDenied(what, permission)
        case 408 | 409 | 412 | 423 | 425 | 429 | 500 | 502 | 503 | 504:
            return TryAgain(what, retry_after(response.headers))
        case _:
            return Unrecognised(what)


def retry_after(headers: httpx.Headers) -> float | None:
    """Seconds to wait by Retry-After (a number or a date), None if there is none to read."""
    value = headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        until = parsedate_to_datetime(value)
        sent = parsedate_to_datetime(headers.get("Date", ""))
        # "-0000" is UTC as well, but comes without a zone (RFC 5322 section 3.3).
        seconds = (_in_utc(until) - _in_utc(sent)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0.0, seconds)


def _in_utc(time: datetime) -> datetime:
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _code(response: httpx.Response) -> str:
    """The vendor's error code, never its message: messages hold names and addresses."""
    body = json_or_none(response)
    error = body.get("error", body) if isinstance(body, dict) else None
    said = error if isinstance(error, dict) else {"code": error}
    code = said.get("code") or said.get("scimType") or said.get("errorCode")
    text = str(code) if isinstance(code, str | int) else ""
    return f" {text}" if text.isascii() and text.replace("_", "").replace(".", "").isalnum() else ""


def json_or_none(response: httpx.Response) -> Any:
    try:
        return json.loads(response.content)
    except ValueError:
        return None


def name_of(request: httpx.Request) -> str:
    return f"{request.method} {path_of(request)}"


def path_of(request: httpx.Request) -> str:
    """As logs and people may see it: without addresses, which some vendors want in a path.

    Where a vendor has one path for all, it is the operation.
    """
    parts = request.url.path.split("/")
    path = "/".join("{address}" if "@" in part else part for part in parts)
    return str(request.extensions.get("named") or path)
