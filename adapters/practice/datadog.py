"""A practice Datadog: users, roles, teams and keys of one organisation (API of 2026-04)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.clock import Clock
from adapters.practice.base import PracticeVendor

LARGEST_PAGE = 3
NO_NUMBER = "Datadog keeps no employee number, so nobody is found or told apart by one"


class PracticeDatadog(PracticeVendor):
    """Its search offers whatever contains the text, and its pages are shorter than asked for."""

    kind: ClassVar[str] = "datadog"
    exempt: ClassVar[Mapping[str, str]] = {
        "test_the_employee_number_is_a_stronger_rule_than_the_address": NO_NUMBER,
        "test_an_address_with_another_employee_number_is_a_disagreement": NO_NUMBER,
    }

    def __init__(self, clock: Clock | None = None, latency: float = 0.0) -> None:
        super().__init__(clock, latency)
        self.users: dict[str, dict[str, Any]] = {}
        self.roles = {"r-admin": "Datadog Admin Role", "r-standard": "Datadog Standard Role"}
        self.teams: dict[str, dict[str, dict[str, Any]]] = {"t-core": {}, "t-saml": {}}
        self.keys: dict[str, str] = {}
        """Application keys: whose each is."""
        self.api_keys: dict[str, str] = {}
        self.may_not: set[str] = set()
        """The ends of addresses for which our key has no permission."""
        self._last = 0

    def settings(self, base_url: str) -> dict[str, object]:
        return {
            "adapter": self.kind,
            "base_url": base_url,
            "token": self.token,
            "token_lifetime": "1h",
        }

    def hire(
        self,
        address: str,
        *,
        employee_number: str | None = None,  # noqa: ARG002 - there is no place for it
        login: str | None = None,
        created_at: datetime | None = None,
    ) -> str:
        identifier = self._new_id()
        self.users[identifier] = {
            "handle": login or address,
            "email": address,
            "disabled": False,
            "service_account": False,
            "created_at": (created_at or self.clock.now()).isoformat(),
            "roles": ["r-standard"],
        }
        self.teams["t-core"][identifier] = {"role": "admin", "provisioned_by": None}
        self.keys[self._new_id()] = identifier
        self.api_keys[self._new_id()] = identifier
        return identifier

    def _new_id(self) -> str:
        self._last += 1
        return str(UUID(int=self._last))

    def enabled(self, account_id: str) -> bool | None:
        user = self.users.get(account_id)
        return None if user is None else not user["disabled"]

    def remove(self, account_id: str) -> None:
        self.users.pop(account_id, None)
        self.keys = {key: owner for key, owner in self.keys.items() if owner != account_id}
        for members in self.teams.values():
            members.pop(account_id, None)

    def routes(self) -> Starlette:
        root, member = "/api/v2", "/team/{team}/memberships"
        return Starlette(
            routes=[
                Route(f"{root}/users", self._list_users),
                Route(f"{root}/users/{{id}}", self._read_user, methods=["GET"]),
                Route(f"{root}/users/{{id}}", self._change_user, methods=["PATCH"]),
                Route(f"{root}/users/{{id}}/memberships", self._memberships),
                Route(f"{root}/roles", self._list_roles),
                Route(
                    f"{root}/roles/{{role}}/users", self._change_role, methods=["POST", "DELETE"]
                ),
                Route(f"{root}{member}", self._join, methods=["POST"]),
                Route(f"{root}{member}/{{id}}", self._leave, methods=["DELETE"]),
                Route(f"{root}/application_keys", self._list_keys),
                Route(f"{root}/application_keys/{{key}}", self._delete_key, methods=["DELETE"]),
                Route(f"{root}/api_keys", self._list_api_keys),
            ]
        )

    async def _list_users(self, request: Request) -> Response:
        text = request.query_params.get("filter", "").lower()
        found = [
            self._shown(identifier)
            for identifier, user in self.users.items()
            if text in f"{user['handle']} {user['email']}".lower()
        ]
        return self._page(request, found)

    async def _read_user(self, request: Request) -> Response:
        identifier = request.path_params["id"]
        if identifier not in self.users:
            return _error(404)
        return JSONResponse({"data": self._shown(identifier)})

    async def _change_user(self, request: Request) -> Response:
        identifier = request.path_params["id"]
        said = (await request.json())["data"]
        if identifier not in self.users:
            return _error(404)
        if said["id"] != identifier:
            return _error(422)
        self.users[identifier]["disabled"] = said["attributes"]["disabled"]
        return JSONResponse({"data": self._shown(identifier)})

    async def _memberships(self, request: Request) -> Response:
        identifier = request.path_params["id"]
        if identifier not in self.users:
            return _error(404)
        return JSONResponse(
            {
                "data": [
                    _membership(team, identifier, members[identifier])
                    for team, members in self.teams.items()
                    if identifier in members
                ]
            }
        )

    async def _list_roles(self, request: Request) -> Response:
        shown = [
            {"id": role, "type": "roles", "attributes": {"name": name}}
            for role, name in self.roles.items()
        ]
        return self._page(request, shown)

    async def _change_role(self, request: Request) -> Response:
        user = self.users.get((await request.json())["data"]["id"])
        role = request.path_params["role"]
        if user is None or role not in self.roles:
            return _error(404)
        user["roles"] = [one for one in user["roles"] if one != role]
        user["roles"] += [role] if request.method == "POST" else []
        held = [self._shown(i) for i, one in self.users.items() if role in one["roles"]]
        return JSONResponse({"data": held})

    async def _join(self, request: Request) -> Response:
        team, said = request.path_params["team"], (await request.json())["data"]
        identifier = said["relationships"]["user"]["data"]["id"]
        if team not in self.teams or identifier not in self.users:
            return _error(404)
        if identifier in self.teams[team]:
            return _error(409)
        about = {"role": said["attributes"].get("role"), "provisioned_by": None}
        self.teams[team][identifier] = about
        return JSONResponse({"data": _membership(team, identifier, about)})

    async def _leave(self, request: Request) -> Response:
        members = self.teams.get(request.path_params["team"], {})
        if members.pop(request.path_params["id"], None) is None:
            return _error(404)
        return Response(status_code=204)

    async def _list_keys(self, request: Request) -> Response:
        shown = [_key(k, "application_keys", "owned_by", who) for k, who in self.keys.items()]
        return self._page(request, shown)

    async def _delete_key(self, request: Request) -> Response:
        if self.keys.pop(request.path_params["key"], None) is None:
            return _error(404)
        return Response(status_code=204)

    async def _list_api_keys(self, request: Request) -> Response:
        shown = [_key(k, "api_keys", "created_by", who) for k, who in self.api_keys.items()]
        return self._page(request, shown)

    def _shown(self, identifier: str) -> dict[str, Any]:
        user = self.users[identifier]
        roles = [{"id": role, "type": "roles"} for role in user["roles"]]
        return {
            "id": identifier,
            "type": "users",
            "attributes": {name: value for name, value in user.items() if name != "roles"},
            "relationships": {"roles": {"data": roles}},
        }

    def _page(self, request: Request, found: list[dict[str, Any]]) -> Response:
        if request.url.path.rpartition("/")[2] in self.may_not:
            return _error(403)
        asked = request.query_params
        size = min(int(asked.get("page[size]", 10)), LARGEST_PAGE)
        start = int(asked.get("page[number]", 0)) * size
        page = {"total_filtered_count": len(found)}
        return JSONResponse({"data": found[start : start + size], "meta": {"page": page}})


def _membership(team: str, user: str, about: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"{team}-{user}",
        "type": "team_memberships",
        "attributes": about,
        "relationships": {
            "team": {"data": {"id": team, "type": "team"}},
            "user": {"data": {"id": user, "type": "users"}},
        },
    }


def _key(key: str, kind: str, whose: str, user: str) -> dict[str, Any]:
    return {
        "id": key,
        "type": kind,
        "attributes": {"name": "laptop", "last4": key[-4:]},
        "relationships": {whose: {"data": {"id": user, "type": "users"}}},
    }


def _error(status: int) -> Response:
    return JSONResponse({"errors": ["refused"]}, status)
