"""How practice AWS is spoken to: the Query protocol in XML, and JSON 1.1, by one path for all.

Every call is a POST to `/`. The operation is in the body (`Action`), or in `X-Amz-Target`; here it
becomes the path, so that routes, faults and counting work as with every practice vendor.
"""

import json
from abc import abstractmethod
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeAlias
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.clock import Clock
from adapters.practice.base import PracticeVendor

Asked: TypeAlias = dict[str, Any]
Told: TypeAlias = dict[str, Any]
NAMESPACE = "https://iam.amazonaws.com/doc/2010-05-08/"
ACCOUNT = "123456789012"
READS = ("Get", "List", "Describe", "Simulate")


class Refusal(Exception):
    """An error code with its status, as the vendor answers it."""

    def __init__(self, code: str, status: int = 400) -> None:
        super().__init__(code)
        self.code, self.status = code, status


class PracticeAws(PracticeVendor):
    """What IAM and Identity Center have in common: the wire, and who is asking."""

    def __init__(self, clock: Clock | None = None, latency: float = 0.0) -> None:
        super().__init__(clock, latency)
        self.largest_page = 3
        self.forbidden: set[str] = set()
        """What our own policies do not allow, as `iam:DeleteUser`."""
        self.powers: set[str] = set()
        """Dangerous things that they do allow."""
        self.as_role = False
        """Whether we are a role that was taken on."""

    @abstractmethod
    def operations(self) -> Mapping[str, Callable[[Asked], Told]]:
        """Each operation by its name."""

    def routes(self) -> Starlette:
        every = {
            "GetCallerIdentity": self._who,
            "SimulatePrincipalPolicy": self._simulate,
            **self.operations(),
        }
        return Starlette(
            routes=[
                Route(f"/{name}", _handler(name, work), methods=["POST"])
                for name, work in every.items()
            ]
        )

    async def _answer(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        body = await Request(scope, receive).body()
        operation, asked = _understood(Request(scope), body)
        scope = {**scope, "path": f"/{operation}", "raw_path": b"", "asked": asked}

        async def again() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        await super()._answer(inner, scope, again, send)

    def _kind(self, scope: Scope) -> str:
        return "GET" if scope["path"].startswith(tuple(f"/{one}" for one in READS)) else "POST"

    def page(self, asked: Asked, key: str, entries: list[Any]) -> Told:
        """A page of IAM's, which goes on by `Marker`."""
        start = int(asked.get("Marker", 0))
        most = min(int(asked.get("MaxItems", 100)), self.largest_page)
        more = start + most < len(entries)
        told = {key: entries[start : start + most], "IsTruncated": more}
        return told | ({"Marker": str(start + most)} if more else {})

    def next_page(self, asked: Asked, key: str, entries: list[Any]) -> Told:
        """A page of the younger services', which go on by `NextToken`."""
        start = int(asked.get("NextToken", 0))
        most = min(int(asked.get("MaxResults", 100)), self.largest_page)
        more = start + most < len(entries)
        return {key: entries[start : start + most]} | (
            {"NextToken": str(start + most)} if more else {}
        )

    def _who(self, _: Asked) -> Told:
        name = "sts::{}:assumed-role/exeunt/exeunt" if self.as_role else "iam::{}:user/exeunt"
        arn = f"arn:aws:{name.format(ACCOUNT)}"
        return {"UserId": "AIDAEXEUNT0000000000", "Account": ACCOUNT, "Arn": arn}

    def _simulate(self, asked: Asked) -> Told:
        if ":assumed-role/" in asked["PolicySourceArn"]:
            raise Refusal("InvalidInput")
        results = [
            {"EvalActionName": name, "EvalDecision": self._decision(name)}
            for name in asked["ActionNames"]
        ]
        return self.page(asked, "EvaluationResults", results)

    def _decision(self, name: str) -> str:
        risky = name.startswith(("iam:Create", "iam:UpdateLogin", "iam:UpdateAssume", "iam:Pass"))
        risky |= name in ("iam:PutRolePolicy", "iam:AttachRolePolicy")
        risky |= name == "sso:PutInlinePolicyToPermissionSet"
        refused = name in self.forbidden or (risky and name not in self.powers)
        return "implicitDeny" if refused else "allowed"


def _understood(request: Request, body: bytes) -> tuple[str, Asked | None]:
    """The operation and its parameters; None for a body that is JSON, which is read later."""
    target = request.headers.get("x-amz-target", "")
    if target:
        return target.rpartition(".")[2], None
    flat = dict(parse_qsl(body.decode(), keep_blank_values=True))
    asked: Asked = {}
    for key, value in flat.items():
        name, _, rest = key.partition(".member.")
        if rest:
            asked.setdefault(name, []).append(value)
        else:
            asked[name] = value
    return str(asked.pop("Action", "Unknown")), asked


def _handler(name: str, work: Callable[[Asked], Told]) -> Callable[[Request], Any]:
    async def answer(request: Request) -> Response:
        asked: Asked | None = request.scope["asked"]
        in_xml = asked is not None
        try:
            told = work(asked if asked is not None else json.loads(await request.body()))
        except Refusal as why:
            return _refused(why, in_xml=in_xml)
        if in_xml:
            return _xml(f"{name}Response", _result(name, told))
        return Response(json.dumps(told, default=_seconds), media_type="application/x-amz-json-1.1")

    return answer


def _result(name: str, told: Told) -> str:
    result = f"<{name}Result>{_inner(told)}</{name}Result>" if told else ""
    return f"{result}<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata>"


def _refused(why: Refusal, *, in_xml: bool) -> Response:
    if not in_xml:
        body = json.dumps({"__type": f"com.amazonaws.practice#{why.code}", "Message": "no"})
        return Response(body, why.status, media_type="application/x-amz-json-1.1")
    error = f"<Error><Type>Sender</Type><Code>{why.code}</Code><Message>no</Message></Error>"
    return _xml("ErrorResponse", f"{error}<RequestId>r-1</RequestId>", why.status)


def _xml(root: str, inside: str, status: int = 200) -> Response:
    text = f'<{root} xmlns="{NAMESPACE}">{inside}</{root}>'
    return Response(text, status, media_type="text/xml")


def _inner(told: Any) -> str:
    if isinstance(told, dict):
        return "".join(f"<{key}>{_inner(value)}</{key}>" for key, value in told.items())
    if isinstance(told, list | tuple):
        return "".join(f"<member>{_inner(value)}</member>" for value in told)
    if isinstance(told, bool):
        return str(told).lower()
    return escape(told.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(told, datetime) else str(told))


def _seconds(value: object) -> float:
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError(type(value).__name__)
