"""The practice tenant's roles, PIM, consents, application roles, packages and factors."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.practice.graph.answers import (
    CONTEXT,
    ROOT,
    Json,
    asked,
    bad,
    denied,
    done,
    error,
    instant,
    not_found,
    page,
)
from adapters.practice.graph.directory import Directory

ROLES = f"{ROOT}/roleManagement/directory"
PIM = f"{ROOT}/identityGovernance/privilegedAccess/group"
PACKAGES = f"{ROOT}/identityGovernance/entitlementManagement"
LISTS = {
    f"{ROLES}/roleAssignments": "roles",
    f"{ROLES}/roleEligibilitySchedules": "eligible",
    f"{ROLES}/roleAssignmentSchedules": "scheduled",
    f"{PIM}/eligibilityScheduleInstances": "pim_eligible",
    f"{PIM}/assignmentScheduleInstances": "pim_active",
    f"{PACKAGES}/assignments": "packages",
}
REQUESTS = {
    f"{ROLES}/roleEligibilityScheduleRequests": "eligible",
    f"{ROLES}/roleAssignmentScheduleRequests": "scheduled",
    f"{PIM}/eligibilityScheduleRequests": "pim_eligible",
    f"{PIM}/assignmentScheduleRequests": "pim_active",
}
OF_PIM = [path for path, name in LISTS.items() if name not in ("roles", "packages")]
HANGING = {
    "authentication/methods": "methods",
    "oauth2PermissionGrants": "consents",
    "appRoleAssignments": "app_roles",
}
DEFAULT = "default"
"""Marks the method that is offered first; it is not part of what Graph tells."""


class Governance(Directory):
    def governance_routes(self) -> list[Route]:
        user = f"{ROOT}/users/{{id}}"
        methods = f"{user}/authentication/{{kind:str}}/{{method}}"
        return [
            *(Route(path, self._listed, methods=["GET"]) for path in LISTS),
            *(Route(path, self._pim, methods=["POST"]) for path in REQUESTS),
            *(Route(f"{user}/{path}", self._hanging, methods=["GET"]) for path in HANGING),
            Route(f"{ROLES}/roleAssignments", self._assign_role, methods=["POST"]),
            Route(f"{ROLES}/roleAssignments/{{thing}}", self._drop_role, methods=["DELETE"]),
            Route(f"{ROLES}/roleDefinitions", self._definitions),
            Route(methods, self._forget, methods=["DELETE"]),
            Route(f"{ROOT}/oauth2PermissionGrants/{{thing}}", self._withdraw, methods=["DELETE"]),
            Route(f"{user}/appRoleAssignments", self._give_app_role, methods=["POST"]),
            Route(f"{user}/appRoleAssignments/{{thing}}", self._take_app_role, methods=["DELETE"]),
            Route(f"{PACKAGES}/assignmentRequests", self._end_package, methods=["POST"]),
        ]

    async def _listed(self, request: Request) -> Response:
        if request.url.path in OF_PIM and not self.premium:
            return bad("The tenant needs an AAD Premium 2 license.", "AadPremiumLicenseRequired")
        found = asked(request)
        if not found:
            return bad("A filter by the principal is required.")
        things = self.hung[found[1]][LISTS[request.url.path]]
        return page(request, "things", _told(things), self.largest_page)

    async def _hanging(self, request: Request) -> Response:
        user = request.path_params["id"]
        if user not in self.users:
            return not_found()
        where = HANGING[request.url.path.partition(f"{user}/")[2]]
        return page(request, where, _told(self.hung[user][where]), self.largest_page)

    async def _definitions(self, request: Request) -> Response:
        hung = [one for lists in self.hung.values() for one in lists["eligible"]]
        names = {one["roleDefinitionId"] for one in hung}
        found = [{"id": name, "displayName": name} for name in sorted(names)]
        return page(request, "roleDefinitions", found, self.largest_page)

    async def _pim(self, request: Request) -> Response:
        said, where = await request.json(), REQUESTS[request.url.path]
        things = self.hung[said["principalId"]][where]
        same = [one for one in things if _same(one, said)]
        if said["action"] == "adminAssign":
            self._assign_by_pim(said, where)
        else:
            if not same:
                return bad("Not there.", "RoleAssignmentDoesNotExist")
            things[:] = [one for one in things if one not in same]
            self._follow_pim(said, where)
            if self.pim_denies:
                return bad("Not there.", "RoleAssignmentDoesNotExist")
        kept = {k: v for k, v in said.items() if k not in ("justification", "scheduleInfo")}
        told = {"id": self.new_id(), "status": "Revoked" if same else "Provisioned"} | kept
        return JSONResponse({"@odata.context": CONTEXT + "requests/$entity"} | told, 201)

    def _assign_by_pim(self, said: Json, where: str) -> None:
        user = said["principalId"]
        if "groupId" in said:
            made = {k: said[k] for k in ("principalId", "groupId", "accessId")}
            ends = said["scheduleInfo"].get("expiration", {}).get("endDateTime")
            self.hang(user, where, made | {"startDateTime": instant(self.clock.now())})
            self.hung[user][where][-1]["endDateTime"] = ends
            return
        made = {k: said[k] for k in ("principalId", "roleDefinitionId", "directoryScopeId")}
        way = {"assignmentType": "Assigned"} if where == "scheduled" else {}
        self.hang(user, where, made | way | {"scheduleInfo": said["scheduleInfo"]})

    def _follow_pim(self, said: Json, where: str) -> None:
        """An active role by schedule is an assignment, too; a membership by schedule a link."""
        user = said["principalId"]
        if where == "scheduled":
            held = self.hung[user]["roles"]
            held[:] = [one for one in held if not _same(one, said)]
        if where == "pim_active":
            self.members[said["groupId"]].discard(user)

    async def _assign_role(self, request: Request) -> Response:
        said = await request.json()
        name = said["roleDefinitionId"]
        made = said | {"roleDefinition": {"id": name, "displayName": name}}
        identifier = self.hang(said["principalId"], "roles", made)
        told = {"id": identifier} | said
        return JSONResponse({"@odata.context": CONTEXT + "roleAssignments/$entity"} | told, 201)

    async def _drop_role(self, request: Request) -> Response:
        held = [one for lists in self.hung.values() for one in lists["roles"]]
        names = {one["id"]: one["roleDefinitionId"] for one in held}
        if self.refuses and names.get(request.path_params["thing"]) == self.refuses:
            return denied()
        return self._drop("roles", request.path_params["thing"])

    async def _withdraw(self, request: Request) -> Response:
        return self._drop("consents", request.path_params["thing"])

    async def _take_app_role(self, request: Request) -> Response:
        return self._drop("app_roles", request.path_params["thing"])

    def _drop(self, where: str, identifier: str) -> Response:
        for lists in self.hung.values():
            left = [one for one in lists[where] if one["id"] != identifier]
            if len(left) < len(lists[where]):
                lists[where][:] = left
                return done()
        return not_found()

    async def _give_app_role(self, request: Request) -> Response:
        said = await request.json()
        place = ("resourceId", "appRoleId")
        held = self.hung[said["principalId"]]["app_roles"]
        if any(all(one[key] == said[key] for key in place) for one in held):
            return bad("Permission being assigned already exists on the object.")
        made = said | {
            "principalType": "User",
            "resourceDisplayName": self.names.get(said["resourceId"]),
        }
        identifier = self.hang(said["principalId"], "app_roles", made)
        return JSONResponse({"id": identifier} | made, 201)

    async def _end_package(self, request: Request) -> Response:
        """The code for a removal that is under way is practitioners' knowledge."""
        said = await request.json()
        for lists in self.hung.values():
            for package in lists["packages"]:
                if package["id"] != said["assignment"]["id"]:
                    continue
                if package["id"] in self.ending:
                    return bad("There is an open request.", "ExistingOpenRequest")
                self.ending.append(package["id"])
        if not self.slow_packages:
            self.process_packages()
        told = {"id": self.new_id(), "requestType": "adminRemove", "state": "submitted"}
        return JSONResponse({"@odata.context": CONTEXT + "requests/$entity"} | told, 201)

    def process_packages(self) -> None:
        """What a tenant does some time after removals were asked for."""
        for lists in self.hung.values():
            for package in lists["packages"]:
                if package["id"] in self.ending:
                    package["state"] = "expired"
        self.ending.clear()

    async def _forget(self, request: Request) -> Response:
        methods = self.hung[request.path_params["id"]]["methods"]
        found = next((m for m in methods if m["id"] == request.path_params["method"]), None)
        if found is None:
            return error(404, "ResourceNotFound", "The method is not there.")
        others = [m for m in methods if m is not found and "password" not in m["@odata.type"]]
        if found.get(DEFAULT) and others:
            return bad("Cannot delete default method with other methods configured.")
        methods.remove(found)
        return done()


def _same(held: Json, said: Json) -> bool:
    role = ("roleDefinitionId", "directoryScopeId")
    keys = ("groupId", "accessId") if "groupId" in said else role
    return all(held.get(key) == said.get(key) for key in keys)


def _told(things: list[Json]) -> list[Json]:
    return [{k: v for k, v in one.items() if k != DEFAULT} for one in things]
