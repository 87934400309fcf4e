"""The practice Directory API: users, their security, groups and roles."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.practice.google.answers import (
    Json,
    asked_for,
    listed,
    missing,
    nothing,
    paged,
    refused,
    told,
)
from adapters.practice.google.memory import HELP_DESK, SUPER, Memory, addresses

ROOT = "/admin/directory/v1"
PAGE = 3
"""Smaller than what is asked for, as pages may be."""
READ_ONLY = frozenset({"isAdmin", "isDelegatedAdmin", "aliases", "isMailboxSetup", "lastLoginTime"})


class Directory(Memory):
    def directory(self) -> list[Route]:
        user = f"{ROOT}/users/{{user}}"
        return [
            Route(f"{ROOT}/users", self._users),
            Route(user, self._read_user, methods=["GET"]),
            Route(user, self._update_user, methods=["PUT", "PATCH"]),
            Route(user, self._delete_user, methods=["DELETE"]),
            Route(f"{user}/undelete", self._undelete, methods=["POST"]),
            Route(f"{user}/makeAdmin", self._make_admin, methods=["POST"]),
            Route(f"{user}/signOut", self._sign_out, methods=["POST"]),
            Route(f"{user}/tokens", self._tokens),
            Route(f"{user}/tokens/{{thing}}", self._delete_token, methods=["DELETE"]),
            Route(f"{user}/asps", self._asps),
            Route(f"{user}/asps/{{thing}}", self._delete_asp, methods=["DELETE"]),
            Route(f"{user}/verificationCodes", self._codes),
            Route(f"{user}/verificationCodes/invalidate", self._invalidate, methods=["POST"]),
            *self._group_routes(),
            *self._role_routes(),
        ]

    def _group_routes(self) -> list[Route]:
        members = f"{ROOT}/groups/{{group}}/members"
        return [
            Route(f"{ROOT}/groups", self._groups_of),
            Route(members, self._members, methods=["GET"]),
            Route(members, self._add_member, methods=["POST"]),
            Route(f"{members}/{{user}}", self._member, methods=["GET", "PATCH", "DELETE"]),
        ]

    def _role_routes(self) -> list[Route]:
        here = f"{ROOT}/customer/{{customer}}/roleassignments"
        return [
            Route(f"{ROOT}/customer/{{customer}}/roles", self._roles),
            Route(here, self._assignments, methods=["GET"]),
            Route(here, self._assign, methods=["POST"]),
            Route(f"{here}/{{assignment}}", self._unassign, methods=["DELETE"]),
        ]

    def _user(self, request: Request) -> Json | None:
        return self.find(request.path_params["user"])

    async def _users(self, request: Request) -> Response:
        if "customer" not in request.query_params:
            return refused(400, "required", "customer or domain")
        users, query = list(self.users.values()), request.query_params.get("query")
        if query is not None:
            asked = asked_for(query)
            if asked is None:
                return refused(400, "invalid", "query")
            users = [user for user in users if _fits(user, *asked)]
        return paged(request, "admin#directory#users", "users", users, PAGE)

    async def _read_user(self, request: Request) -> Response:
        user = self._user(request)
        return missing() if user is None else told(user)

    async def _update_user(self, request: Request) -> Response:
        user, said = self._user(request), await request.json()
        if user is None:
            return missing()
        password = said.pop("password", None)
        if password is not None:
            if not 8 <= len(password) <= 100:  # noqa: PLR2004 - Google's limits
                return refused(400, "invalid", "password")
            self.passwords[user["id"]] = password
        was = user["suspended"]
        user.update({key: value for key, value in said.items() if key not in READ_ONLY})
        if user["suspended"] and not was:
            user["suspensionReason"] = "ADMIN"
        if not user["suspended"]:
            user.pop("suspensionReason", None)
        return told(user)

    async def _delete_user(self, request: Request) -> Response:
        user = self._user(request)
        if user is None:
            return missing()
        self.remove(user["id"])
        return nothing()

    async def _undelete(self, request: Request) -> Response:
        user = self.deleted.pop(request.path_params["user"], None)
        if user is None:
            return missing()
        # Whether Google keeps the suspension is not documented: the worse case is practised.
        user |= {"suspended": False, "orgUnitPath": (await request.json())["orgUnitPath"]}
        self.users[user["id"]] = user
        return nothing()

    async def _make_admin(self, request: Request) -> Response:
        user = self._user(request)
        if user is None:
            return missing()
        user["isAdmin"] = (await request.json())["status"]
        if user["isAdmin"]:
            self.assign(user["id"], SUPER)
            return nothing()
        for key, one in list(self.assignments.items()):
            if one["assignedTo"] == user["id"] and one["roleId"] == SUPER:
                del self.assignments[key]
        return nothing()

    async def _sign_out(self, request: Request) -> Response:
        user = self._user(request)
        if user is None:
            return missing()
        if user["suspended"]:
            return refused(400, "invalidInput")
        self.signed_out.append(user["id"])
        return nothing()

    async def _tokens(self, request: Request) -> Response:
        user = self._user(request)
        if user is None:
            return missing()
        return listed("admin#directory#tokenList", "items", self.tokens[user["id"]])

    async def _delete_token(self, request: Request) -> Response:
        user = self._user(request)
        return missing() if user is None else self._take(request, self.tokens, user, "clientId")

    async def _asps(self, request: Request) -> Response:
        user = self._user(request)
        if user is None:
            return missing()
        return listed("admin#directory#aspList", "items", self.asps[user["id"]])

    async def _delete_asp(self, request: Request) -> Response:
        user = self._user(request)
        return missing() if user is None else self._take(request, self.asps, user, "codeId")

    def _take(
        self, request: Request, held: dict[str, list[Json]], user: Json, key: str
    ) -> Response:
        wanted, mine = request.path_params["thing"], held[user["id"]]
        left = [one for one in mine if str(one[key]) != wanted]
        if len(left) == len(mine):
            return missing(key)
        held[user["id"]] = left
        return nothing()

    async def _codes(self, request: Request) -> Response:
        user = self._user(request)
        if user is None:
            return missing()
        kind = "admin#directory#verificationCode"
        codes = [
            {"kind": kind, "userId": user["id"], "verificationCode": code}
            for code in self.codes[user["id"]]
        ]
        return listed("admin#directory#verificationCodesList", "items", codes)

    async def _invalidate(self, request: Request) -> Response:
        user = self._user(request)
        if user is None:
            return missing()
        if user["suspended"]:
            return refused(400, "invalidInput")
        self.codes[user["id"]] = []
        return nothing()

    async def _groups_of(self, request: Request) -> Response:
        user = request.query_params["userKey"]
        mine = [self.groups[g] for g, members in self.members.items() if user in members]
        return paged(request, "admin#directory#groups", "groups", mine, PAGE)

    async def _members(self, request: Request) -> Response:
        role = request.query_params.get("roles")
        found = [
            {key: value for key, value in one.items() if key != "delivery_settings"}
            for one in self.members[request.path_params["group"]].values()
            if role in (None, one["role"])
        ]
        return paged(request, "admin#directory#members", "members", found, PAGE)

    async def _add_member(self, request: Request) -> Response:
        said, group = await request.json(), request.path_params["group"]
        if said["id"] in self.members[group]:
            return refused(409, "duplicate")
        self.join(group, said["id"], said.get("role", "MEMBER"))
        self.members[group][said["id"]] |= said
        return told(self.members[group][said["id"]])

    async def _member(self, request: Request) -> Response:
        group, user = request.path_params["group"], request.path_params["user"]
        member = self.members[group].get(user)
        if member is None:
            return missing("memberKey")
        if request.method == "GET":
            return told(member)
        if group in self.dynamic:
            return refused(412, "conditionNotMet")
        if request.method == "DELETE":
            del self.members[group][user]
            return nothing()
        member.update(await request.json())
        return told(member)

    async def _roles(self, request: Request) -> Response:
        roles = [_role(SUPER, "_SEED_ADMIN_ROLE"), _role(HELP_DESK, "_HELP_DESK_ADMIN_ROLE")]
        return paged(request, "admin#directory#roles", "items", roles, PAGE)

    async def _assignments(self, request: Request) -> Response:
        user, also = (
            request.query_params["userKey"],
            request.query_params.get("includeIndirectRoleAssignments"),
        )
        whose = {user}
        if also == "true":
            whose |= {g for g, members in self.members.items() if user in members}
        found = [one for one in self.assignments.values() if one["assignedTo"] in whose]
        return paged(request, "admin#directory#roleAssignments", "items", found, PAGE)

    async def _assign(self, request: Request) -> Response:
        said: dict[str, Any] = await request.json()
        made = self.assign(said["assignedTo"], said["roleId"])
        self.assignments[made] |= said
        return told(self.assignments[made])

    async def _unassign(self, request: Request) -> Response:
        if self.assignments.pop(request.path_params["assignment"], None) is None:
            return missing("roleAssignmentId")
        return nothing()


def _role(identifier: str, name: str) -> Json:
    return {
        "kind": "admin#directory#role",
        "roleId": identifier,
        "roleName": name,
        "isSystemRole": True,
        "isSuperAdminRole": identifier == SUPER,
    }


def _fits(user: Json, field: str, value: str) -> bool:
    if field == "email":
        return value.strip().lower() in addresses(user)
    return any(one["value"] == value for one in user["externalIds"])
