"""Two practice SCIM services that speak different dialects, as real ones do (RFC 7643, RFC 7644).

`PracticeDirectory` does it by the book. `PracticeCrm` does what servers get wrong: no PATCH,
`active` as a text, filters that offer too much, pages that are shorter than asked for. Those of
single vendors are in scim_vendors.py.
"""

import json
import re
from datetime import datetime
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.clock import Clock
from adapters.matching import normal_address
from adapters.practice.base import PracticeVendor

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
ROOT = "/scim/v2"

_FILTER = re.compile(r'^(?P<path>[\w:.]+) eq (?P<value>".*")$')
_MEMBER = re.compile(r'^members\[value eq (?P<value>".*")\]$')


class PracticeDirectory(PracticeVendor):
    kind: ClassVar[str] = "scim"
    root: ClassVar[str] = ROOT
    patches: ClassVar[bool] = True
    puts: ClassVar[bool] = True
    largest_page: ClassVar[int] = 100
    shapes: ClassVar[frozenset[str]] = frozenset({"path"})
    """Whether `active` may be patched with a path, or as a value without one."""
    leaves: ClassVar[frozenset[str]] = frozenset({"path"})
    """Whether a member is removed by a path with its id, or by a list of values."""
    filters: ClassVar[frozenset[str] | None] = None
    """What users can be asked for; None: whatever an account has."""
    asks_members: ClassVar[bool] = True
    """Whether groups can be asked for by a member."""
    inactive_deletes: ClassVar[bool] = False

    def __init__(self, clock: Clock | None = None, latency: float = 0.0) -> None:
        super().__init__(clock, latency)
        self.users: dict[str, dict[str, Any]] = {}
        self.members: dict[str, set[str]] = {"g-staff": set(), "g-projects": set()}
        self._last = 0

    def settings(self, base_url: str) -> dict[str, object]:
        """What to write under `systems:` to reach it."""
        return {"adapter": self.kind, "base_url": base_url + self.root, "token": self.token}

    def hire(
        self,
        address: str,
        *,
        employee_number: str | None = None,
        login: str | None = None,
        created_at: datetime | None = None,
    ) -> str:
        self._last += 1
        identifier = f"u-{self._last:05}"
        self.users[identifier] = {
            "schemas": [USER, ENTERPRISE],
            "id": identifier,
            "userName": login or address,
            "displayName": address.partition("@")[0].replace(".", " ").title(),
            "emails": [{"value": address, "type": "work", "primary": True}],
            "active": self.shown(active=True),
            ENTERPRISE: {"employeeNumber": employee_number} if employee_number else {},
            "meta": {
                "resourceType": "User",
                "created": (created_at or self.clock.now()).isoformat(),
                "version": 'W/"1"',
            },
        }
        for members in self.members.values():
            members.add(identifier)
        return identifier

    def enabled(self, account_id: str) -> bool | None:
        user = self.users.get(account_id)
        return None if user is None else str(user["active"]).lower() == "true"

    def remove(self, account_id: str) -> None:
        self.users.pop(account_id, None)

    def shown(self, *, active: bool) -> bool | str:
        """How this dialect writes `active`."""
        return active

    def fits(self, user: dict[str, Any], path: str, value: str) -> bool:
        """Whether this dialect's search offers the user."""
        return any(normal_address(v) == normal_address(value) for v in _values(user, path))

    def routes(self) -> Starlette:
        user, group = f"{self.root}/Users/{{id}}", f"{self.root}/Groups/{{id}}"
        return Starlette(
            routes=[
                Route(f"{self.root}/ServiceProviderConfig", self._config),
                Route(f"{self.root}/Users", self._list_users),
                Route(user, self._read_user, methods=["GET"]),
                Route(user, self._patch_user, methods=["PATCH"]),
                Route(user, self._put_user, methods=["PUT"]),
                Route(user, self._delete_user, methods=["DELETE"]),
                Route(f"{self.root}/Groups", self._list_groups),
                Route(group, self._patch_group, methods=["PATCH"]),
            ]
        )

    async def _config(self, _request: Request) -> Response:
        return _answer({"patch": {"supported": self.patches}, "filter": {"supported": True}})

    async def _list_users(self, request: Request) -> Response:
        text = request.query_params.get("filter")
        users = list(self.users.values())
        if text is not None:
            asked = _FILTER.match(text)
            if not asked or (self.filters is not None and asked["path"] not in self.filters):
                return _error(400, "invalidFilter")
            value = json.loads(asked["value"])
            users = [user for user in users if self.fits(user, asked["path"], value)]
        return self._page(request, users)

    async def _read_user(self, request: Request) -> Response:
        user = self.users.get(request.path_params["id"])
        if user is None:
            return _error(404)
        if self.asks_members:
            return _answer(user)
        groups = [{"value": g} for g, members in self.members.items() if user["id"] in members]
        return _answer(user | {"groups": groups})

    async def _patch_user(self, request: Request) -> Response:
        user = self.users.get(request.path_params["id"])
        if not self.patches:
            return _error(501)
        if user is None:
            return _error(404)
        if _conflicts(request, user):
            return _error(412)
        for operation in (await request.json())["Operations"]:
            shape = "path" if "path" in operation else "value"
            if operation["op"].lower() != "replace" or shape not in self.shapes:
                return _error(400, "invalidPath")
            value = operation["value"] if shape == "path" else operation["value"]["active"]
            self._set_active(user, value)
        return Response(status_code=204)

    def _set_active(self, user: dict[str, Any], value: bool | str) -> None:
        user["active"] = value
        _next_version(user)
        if self.inactive_deletes and not value:
            self.remove(user["id"])

    async def _put_user(self, request: Request) -> Response:
        user = self.users.get(request.path_params["id"])
        if not self.puts:
            return _error(501)
        if user is None:
            return _error(404)
        if _conflicts(request, user):
            return _error(412)
        said = await request.json()
        meta, identifier = user["meta"], user["id"]
        user.clear()
        user.update(said, id=identifier, meta=meta)
        _next_version(user)
        return _answer(user)

    async def _delete_user(self, request: Request) -> Response:
        if self.users.pop(request.path_params["id"], None) is None:
            return _error(404)
        return Response(status_code=204)

    async def _list_groups(self, request: Request) -> Response:
        asked = _FILTER.match(request.query_params.get("filter", ""))
        if not asked or asked["path"] != "members.value" or not self.asks_members:
            return _error(400, "invalidFilter")
        user = json.loads(asked["value"])
        return self._page(
            request,
            [
                {"schemas": [GROUP], "id": group, "displayName": group.removeprefix("g-").title()}
                for group, members in self.members.items()
                if user in members
            ],
        )

    async def _patch_group(self, request: Request) -> Response:
        members = self.members.get(request.path_params["id"])
        if members is None:
            return _error(404)
        for operation in (await request.json())["Operations"]:
            path, named = operation.get("path", ""), operation.get("value")
            by_path = _MEMBER.match(path)
            told = {one["value"] for one in named} if path == "members" and named else set()
            if operation["op"].lower() == "add" and told:
                members |= told
            elif operation["op"].lower() == "remove" and by_path and "path" in self.leaves:
                members.discard(json.loads(by_path["value"]))
            elif operation["op"].lower() == "remove" and told and "list" in self.leaves:
                members -= told
            else:
                return _error(400, "invalidPath")
        return Response(status_code=204)

    def _page(self, request: Request, found: list[dict[str, Any]]) -> Response:
        start = int(request.query_params.get("startIndex", 1))
        count = min(int(request.query_params.get("count", 100)), self.largest_page)
        page = found[start - 1 : start - 1 + count]
        return _answer(
            {
                "schemas": [LIST],
                "totalResults": len(found),
                "startIndex": start,
                "itemsPerPage": len(page),
                "Resources": page,
            }
        )


class PracticeCrm(PracticeDirectory):
    patches = False
    largest_page = 2

    def shown(self, *, active: bool) -> bool | str:
        return str(active)

    def fits(self, user: dict[str, Any], path: str, value: str) -> bool:
        """`eq` means "contains" here, whatever RFC 7644 says."""
        return any(value.lower() in shown.lower() for shown in _values(user, path))


def _values(user: dict[str, Any], path: str) -> list[str]:
    if path == "emails.value":
        return [email["value"] for email in user["emails"]]
    if path == f"{ENTERPRISE}:employeeNumber":
        return [str(n) for n in [user.get(ENTERPRISE, {}).get("employeeNumber")] if n]
    return [str(user[path])] if user.get(path) else []


def _conflicts(request: Request, user: dict[str, Any]) -> bool:
    wanted = request.headers.get("if-match")
    return wanted is not None and wanted != user["meta"]["version"]


def _next_version(user: dict[str, Any]) -> None:
    now = int(re.sub(r"\D", "", user["meta"]["version"]))
    user["meta"] = {**user["meta"], "version": f'W/"{now + 1}"'}


def _answer(body: object, status: int = 200) -> Response:
    return JSONResponse(body, status, media_type="application/scim+json")


def _error(status: int, kind: str | None = None) -> Response:
    body = {"schemas": [ERROR], "status": str(status)} | ({"scimType": kind} if kind else {})
    return _answer(body, status)
