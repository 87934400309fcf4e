"""A practice Slack: SCIM and the Web API of an Enterprise organisation.

With the ugly parts: 200 with `ok: false`, a rate limit without a header, a primary owner whom
nobody can deactivate, and lists of user groups that are written as a whole.
"""

import json
import re
from datetime import datetime
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from adapters.clock import Clock
from adapters.matching import normal_address
from adapters.practice.base import PracticeVendor
from adapters.practice.slack.answers import (
    ENTERPRISE,
    FILTER,
    FLAGS,
    GROUP,
    LIST,
    MEMBER,
    TEAM,
    USER,
    profile,
    refused,
    scim,
    user_group,
    values,
    wrong,
)


class PracticeSlack(PracticeVendor):
    kind: ClassVar[str] = "slack"
    plan: ClassVar[str] = "enterprise"
    only_reads = ("/admin.users.session.list",)
    largest_page: ClassVar[int] = 3

    def __init__(self, clock: Clock | None = None, latency: float = 0.0) -> None:
        super().__init__(clock, latency)
        self.users: dict[str, dict[str, Any]] = {}
        self.flags: dict[str, set[str]] = {}
        """What users.info says beyond SCIM: is_owner, is_restricted, is_bot …"""
        self.members: dict[str, list[str]] = {"S0STAFF": [], "S0PROJECTS": []}
        self.user_groups: dict[str, list[str]] = {"S0ONCALL": []}
        self.sessions: dict[int, str] = {}
        """Open sessions, and whose they are."""
        self.resets: list[str] = []
        self.refusals: dict[str, dict[str, Any]] = {}
        """Methods that answer with an error instead."""
        self.scopes = (
            "admin,admin.users:write,admin.users:read,users:read,usergroups:read,usergroups:write"
        )
        self._last = 0

    def settings(self, base_url: str) -> dict[str, object]:
        """What to write under `systems:` to reach it."""
        return {
            "adapter": self.kind,
            "plan": self.plan,
            "base_url": f"{base_url}/api",
            "scim_url": f"{base_url}/scim/v2",
            "user_groups": True,
            "token": self.token,
        }

    def hire(
        self,
        address: str,
        *,
        employee_number: str | None = None,
        login: str | None = None,
        created_at: datetime | None = None,
    ) -> str:
        self._last += 1
        identifier = f"U{self._last:08}"
        self.flags[identifier] = set()
        self.users[identifier] = {
            "schemas": [USER, ENTERPRISE],
            "id": identifier,
            "userName": login or re.sub(r"[^a-z0-9]+", ".", address.partition("@")[0]),
            "displayName": address.partition("@")[0].replace(".", " ").title(),
            "emails": [{"value": address, "primary": True}],
            "active": True,
            ENTERPRISE: {"employeeNumber": employee_number} if employee_number else {},
            "meta": {
                "resourceType": "User",
                "created": (created_at or self.clock.now()).isoformat(),
            },
        }
        for members in (*self.members.values(), *self.user_groups.values()):
            members.append(identifier)
        for device in range(2):
            self.sessions[self._last * 10 + device] = identifier
        return identifier

    def enabled(self, account_id: str) -> bool | None:
        user = self.users.get(account_id)
        return None if user is None else bool(user["active"])

    def remove(self, account_id: str) -> None:
        """Slack itself removes nobody; whoever left the organisation is not seen any more."""
        self.users.pop(account_id, None)

    def routes(self) -> Starlette:
        user, methods = "/scim/{version}/Users/{id}", self._methods()
        return Starlette(
            routes=[
                Route("/scim/{version}/Users", self._list_users),
                Route(user, self._read_user, methods=["GET"]),
                Route(user, self._patch_user, methods=["PATCH"]),
                Route(user, self._deactivate_user, methods=["DELETE"]),
                Route("/scim/{version}/Groups", self._list_groups),
                Route("/scim/{version}/Groups/{id}", self._patch_group, methods=["PATCH"]),
                *(Route(f"/api/{name}", one, methods=[how]) for name, how, one in methods),
            ]
        )

    def _methods(self) -> list[tuple[str, str, Any]]:
        return [
            ("auth.test", "GET", self._test),
            ("users.info", "GET", self._info),
            ("usergroups.list", "GET", self._list_user_groups),
            ("usergroups.users.update", "POST", self._update_user_group),
            ("admin.users.session.reset", "POST", self._reset),
            ("admin.users.session.list", "POST", self._list_sessions),
        ]

    async def _answer(self, inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """The Web API knows no other status than 200: a refused token stands in the body."""
        method = scope["path"].removeprefix("/api/")
        shown = Request(scope).headers.get("authorization")
        if method != scope["path"] and not self.faults:
            refusal = self.refusals.get(method)
            if shown != f"Bearer {self.token}":
                refusal = {"error": "invalid_auth"}
            if refusal is not None:
                self.requests.append(f"{scope['method']} {scope['path']}")
                await JSONResponse({"ok": False, **refusal})(scope, receive, send)
                return
        await super()._answer(inner, scope, receive, send)

    async def _list_users(self, request: Request) -> Response:
        text, users = request.query_params.get("filter"), list(self.users.values())
        if text is not None:
            asked = FILTER.match(text)
            if not asked:
                return refused(400, "invalidFilter")
            value = normal_address(json.loads(asked["value"]))
            users = [u for u in users if value in map(normal_address, values(u, asked["path"]))]
        return self._page(request, users)

    async def _read_user(self, request: Request) -> Response:
        user = self.users.get(request.path_params["id"])
        return scim(user) if user else refused(404)

    async def _patch_user(self, request: Request) -> Response:
        identifier = request.path_params["id"]
        if identifier not in self.users:
            return refused(404)
        for operation in (await request.json())["Operations"]:
            if operation["op"] != "replace" or operation.get("path") != "active":
                return refused(400, "invalidPath")
            if "is_primary_owner" in self.flags[identifier]:
                return refused(403)
            self.users[identifier]["active"] = operation["value"]
        return scim(self.users[identifier])

    async def _deactivate_user(self, request: Request) -> Response:
        """DELETE deletes nobody here."""
        if request.path_params["id"] not in self.users:
            return refused(404)
        self.users[request.path_params["id"]]["active"] = False
        return Response(status_code=204)

    async def _list_groups(self, request: Request) -> Response:
        asked = FILTER.match(request.query_params.get("filter", ""))
        if not asked or asked["path"] != "members.value":
            return refused(400, "invalidFilter")
        whom = json.loads(asked["value"])
        found = [
            {"schemas": [GROUP], "id": group, "displayName": group.removeprefix("S0").title()}
            for group, members in self.members.items()
            if whom in members
        ]
        return self._page(request, found)

    async def _patch_group(self, request: Request) -> Response:
        members = self.members.get(request.path_params["id"])
        if members is None:
            return refused(404)
        for operation in (await request.json())["Operations"]:
            asked = MEMBER.match(operation["path"])
            whom = [json.loads(asked["value"])] if asked else []
            if operation["op"] == "add":
                members += [one["value"] for one in operation["value"]]
            members[:] = dict.fromkeys(one for one in members if one not in whom)
        return Response(status_code=204)

    def _page(self, request: Request, found: list[dict[str, Any]]) -> Response:
        start = int(request.query_params.get("startIndex", 1))
        count = min(int(request.query_params.get("count", 10)), self.largest_page)
        page = found[start - 1 : start - 1 + count]
        return scim(
            {
                "schemas": [LIST],
                "totalResults": len(found),
                "startIndex": start,
                "itemsPerPage": len(page),
                "Resources": page,
            }
        )

    async def _test(self, _: Request) -> Response:
        url, us = "https://acme.slack.com/", "U0ADMIN00"
        who = {"url": url, "team": "Acme", "team_id": TEAM, "user": "exeunt", "user_id": us}
        return JSONResponse({"ok": True, **who}, headers={"X-OAuth-Scopes": self.scopes})

    async def _info(self, request: Request) -> Response:
        identifier = request.query_params.get("user", "")
        user = self.users.get(identifier)
        if user is None:
            return wrong("user_not_found")
        shown = {
            "id": identifier,
            "name": user["userName"],
            "deleted": not user["active"],
            "profile": profile(user),
            "team_id": TEAM,
            "updated": int(self.clock.now().timestamp()),
            **{flag: flag in self.flags[identifier] for flag in FLAGS},
        }
        return JSONResponse({"ok": True, "user": shown})

    async def _list_user_groups(self, _: Request) -> Response:
        found = [user_group(one, users) for one, users in self.user_groups.items()]
        return JSONResponse({"ok": True, "usergroups": found})

    async def _update_user_group(self, request: Request) -> Response:
        said = await request.json()
        users = [one for one in said["users"].split(",") if one]
        if not users or said["usergroup"] not in self.user_groups:
            return wrong("invalid_arg_name")
        self.user_groups[said["usergroup"]] = users
        return JSONResponse({"ok": True, "usergroup": user_group(said["usergroup"], users)})

    async def _reset(self, request: Request) -> Response:
        whom = (await request.json())["user_id"]
        if whom not in self.users:
            return wrong("user_not_found")
        for flag in ("primary_owner", "bot"):
            if f"is_{flag}" in self.flags[whom]:
                return wrong(f"cannot_reset_{flag}")
        self.resets.append(whom)
        self.sessions = {n: who for n, who in self.sessions.items() if who != whom}
        return JSONResponse({"ok": True})

    async def _list_sessions(self, request: Request) -> Response:
        said = await request.json()
        start, size = int(said.get("cursor", 0)), self.largest_page
        some = [*self.sessions.items()][start : start + size]
        following = str(start + size) if start + size < len(self.sessions) else ""
        found = [{"session_id": n, "user_id": who, "team_id": TEAM} for n, who in some]
        more = {"response_metadata": {"next_cursor": following}}
        return JSONResponse({"ok": True, "active_sessions": found, **more})
