"""What hangs on a practice user: groups, applications, roles, factors, tokens and devices."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.practice.okta.answers import (
    ROOT,
    Json,
    asked,
    denied,
    done,
    invalid,
    not_found,
    page,
    wrong_status,
)
from adapters.practice.okta.users import Users

VERIFY = frozenset({"push", "signed_nonce"})
TOGETHER = VERIFY | {"token:software:totp"}


class Things(Users):
    def thing_routes(self) -> list[Route]:
        user = f"{ROOT}/users/{{id}}"
        member, assigned = f"{ROOT}/groups/{{group}}/users/{{id}}", f"{ROOT}/apps/{{app}}/users"
        return [
            Route(f"{user}/groups", self._list_groups),
            Route(member, self._join, methods=["PUT"]),
            Route(member, self._leave, methods=["DELETE"]),
            Route(f"{ROOT}/apps", self._list_apps),
            Route(assigned, self._assign, methods=["POST"]),
            Route(f"{assigned}/{{id}}", self._unassign, methods=["DELETE"]),
            Route(f"{user}/roles", self._list_roles, methods=["GET"]),
            Route(f"{user}/roles", self._add_role, methods=["POST"]),
            Route(f"{user}/roles/{{role}}", self._drop_role, methods=["DELETE"]),
            Route(f"{ROOT}/iam/assignees/users", self._list_administrators),
            Route(f"{user}/factors", self._list_factors),
            Route(f"{user}/factors/{{factor}}", self._drop_factor, methods=["DELETE"]),
            Route(f"{user}/clients", self._list_clients),
            Route(f"{user}/clients/{{client}}/tokens", self._drop_tokens, methods=["DELETE"]),
            Route(f"{user}/grants", self._list_consents, methods=["GET"]),
            Route(f"{user}/grants", self._drop_consents, methods=["DELETE"]),
            Route(f"{ROOT}/api-tokens", self._list_api_tokens),
            Route(f"{ROOT}/api-tokens/{{token}}", self._drop_api_token, methods=["DELETE"]),
            Route(f"{user}/devices", self._list_devices),
        ]

    async def _list_groups(self, request: Request) -> Response:
        user = self.found(request)
        if user is None:
            return not_found()
        found = [one for g, one in self.groups.items() if user["id"] in self.members[g]]
        return page(request, found, 1_000)

    async def _join(self, request: Request) -> Response:
        return self._change_membership(request, join=True)

    async def _leave(self, request: Request) -> Response:
        return self._change_membership(request, join=False)

    def _change_membership(self, request: Request, *, join: bool) -> Response:
        user, group = self.found(request), request.path_params["group"]
        if user is None or group not in self.groups:
            return not_found()
        if self.groups[group]["type"] != "OKTA_GROUP":
            return denied()
        if join:
            self.members[group].add(user["id"])
        elif group not in self.rules:
            self.members[group].discard(user["id"])
        self.settle()
        return done()

    async def _list_apps(self, request: Request) -> Response:
        clause = asked(request.query_params.get("filter", 'none eq "none"'))
        if clause is None:
            return invalid("filter")
        if clause[0] != "user.id":
            return page(request, list(self.apps.values()), self.largest_page)
        if request.query_params.get("expand") != f"user/{clause[1]}":
            return invalid("expand")
        found = [
            {**body, "_embedded": {"user": given}}
            for app, body in self.apps.items()
            if (given := self.assignment(app, clause[1]))
        ]
        return page(request, found, self.largest_page)

    async def _assign(self, request: Request) -> Response:
        said, app = await request.json(), request.path_params["app"]
        if app not in self.apps or said.get("id") not in self.users:
            return not_found()
        profile: Json = said.get("profile") or {}
        if self.mapped & set(profile):
            return invalid("a mapped attribute may not be set")
        self.assign(app, said["id"], profile)
        return JSONResponse(self.app_users[app][said["id"]])

    async def _unassign(self, request: Request) -> Response:
        user, app = self.found(request), request.path_params["app"]
        if user is None or app not in self.apps or user["id"] not in self.app_users[app]:
            return not_found()
        del self.app_users[app][user["id"]]
        self.settle()
        return done()

    async def _list_roles(self, request: Request) -> Response:
        user = self.found(request)
        if user is None:
            return not_found()
        expand = request.query_params.get("expand", "")
        return JSONResponse([_role(one, expand) for one in self.roles[user["id"]]])

    async def _add_role(self, request: Request) -> Response:
        user, said = self.found(request), await request.json()
        if user is None:
            return not_found()
        more: dict[str, Any] = {k: said[k] for k in ("role", "resource-set") if k in said}
        role = self.add_role(user["id"], said["type"], **more)
        [made] = [one for one in self.roles[user["id"]] if one["id"] == role]
        return JSONResponse(made, 201)

    async def _drop_role(self, request: Request) -> Response:
        user, role = self.found(request), request.path_params["role"]
        held = self.roles[user["id"]] if user else []
        found = [one for one in held if one["id"] == role]
        if not found:
            return not_found()
        if found[0]["assignmentType"] == "GROUP":
            return denied()
        held.remove(found[0])
        return done()

    async def _list_administrators(self, request: Request) -> Response:
        """In an envelope, with the next page named inside of it."""
        everybody = [{"id": user} for user, roles in self.roles.items() if roles]
        start = int(request.query_params.get("after", 0))
        shown = everybody[start : start + self.largest_page]
        body: Json = {"value": shown}
        if start + len(shown) < len(everybody):
            following = request.url.include_query_params(after=start + len(shown))
            body["_links"] = {"next": {"href": str(following)}}
        return JSONResponse(body)

    async def _list_factors(self, request: Request) -> Response:
        user = self.found(request)
        return JSONResponse(self.factors[user["id"]]) if user else not_found()

    async def _drop_factor(self, request: Request) -> Response:
        """With one of Okta Verify, its others go too."""
        user, factor = self.found(request), request.path_params["factor"]
        held = self.factors[user["id"]] if user else []
        found = [one for one in held if one["id"] == factor]
        if user is None or not found:
            return not_found()
        if user["status"] == "DEPROVISIONED":
            return wrong_status()
        gone = TOGETHER if found[0]["factorType"] in VERIFY else frozenset[str]()
        self.factors[user["id"]] = [
            one for one in held if one["id"] != factor and one["factorType"] not in gone
        ]
        return done()

    async def _list_clients(self, request: Request) -> Response:
        user = self.found(request)
        return JSONResponse(list(self.clients[user["id"]].values())) if user else not_found()

    async def _drop_tokens(self, request: Request) -> Response:
        """A client stays listed as long as it has a consent."""
        user, client = self.found(request), request.path_params["client"]
        if user is None or client not in self.clients[user["id"]]:
            return not_found()
        if all(one["clientId"] != client for one in self.consents[user["id"]]):
            del self.clients[user["id"]][client]
        return done()

    async def _list_consents(self, request: Request) -> Response:
        user = self.found(request)
        if user is None:
            return not_found()
        return page(request, self.consents[user["id"]], self.largest_page)

    async def _drop_consents(self, request: Request) -> Response:
        user = self.found(request)
        if user is None:
            return not_found()
        self.consents[user["id"]] = []
        self.clients[user["id"]] = {}
        return done()

    async def _list_api_tokens(self, _: Request) -> Response:
        return JSONResponse(list(self.api_tokens.values()))

    async def _drop_api_token(self, request: Request) -> Response:
        found = self.api_tokens.pop(request.path_params["token"], None)
        return done() if found else not_found()

    async def _list_devices(self, request: Request) -> Response:
        """Of somebody unknown, Okta's description names no 404."""
        user = self.found(request)
        held = self.devices[user["id"]] if user else []
        links = [{"deviceUserId": f"du-{one['id']}", "device": one} for one in held]
        return JSONResponse(links)


def _role(role: Json, expand: str) -> Json:
    """Targets are shown only to who asks for that kind of them."""
    shown = {key: value for key, value in role.items() if key != "_embedded"}
    targets = role.get("_embedded", {}).get("targets", {})
    kind = expand.removeprefix("targets/").partition("/")[0]
    return shown | ({"_embedded": {"targets": {kind: targets[kind]}}} if kind in targets else {})
