"""Practice GitHub accounts that SCIM writes: an enterprise of managed users, and an organisation.

With the ugly parts: a suspension obfuscates login and mail, `active: false` in an organisation
deletes, and a path with a filter in it is answered as if it had worked.
"""

import re
from datetime import datetime
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.clock import Clock
from adapters.practice.base import PracticeVendor
from adapters.practice.github import answers

SLUG = "acme"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


class PracticeGithubManaged(PracticeVendor):
    kind: ClassVar[str] = "github_scim"
    model: ClassVar[str] = "enterprise_managed"
    place: ClassVar[str] = f"enterprises/{SLUG}"
    deletes: ClassVar[bool] = False
    exempt = {
        "test_an_address_with_another_employee_number_is_a_disagreement": (
            "GitHub's SCIM has no employee number: an externalId counts only if it is looked for"
        ),
    }
    largest_page: ClassVar[int] = 3

    def __init__(self, clock: Clock | None = None, latency: float = 0.0) -> None:
        super().__init__(clock, latency)
        self.users: dict[str, dict[str, Any]] = {}
        self.logins: dict[str, str] = {}
        self.members: dict[str, set[str]] = {"g-staff": set(), "g-projects": set()}
        self.destroyed: list[str] = []
        """Logins whose credentials were asked to be destroyed."""
        self.scopes = "scim:enterprise, admin:enterprise, read:enterprise, admin:org"
        self._last = 0

    def settings(self, base_url: str) -> dict[str, object]:
        """What to write under `systems:` to reach it."""
        return {
            "adapter": self.kind,
            "kind": self.model,
            "base_url": base_url,
            "enterprise": SLUG,
            "organisation": SLUG,
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
        identifier = f"7fce0092-d52e-4f76-b727-{self._last:012}"
        name = login or re.sub(r"[^a-z0-9]+", "-", address.partition("@")[0]) + "_acme"
        self.logins[identifier] = name
        self.users[identifier] = {
            "schemas": [USER],
            "id": identifier,
            "externalId": employee_number,
            "userName": address if login is None else f"{login}@idp.example",
            "displayName": address.partition("@")[0].replace(".", " ").title(),
            "emails": [{"value": address, "type": "work", "primary": True}],
            "active": True,
            "meta": {
                "resourceType": "User",
                "created": (created_at or self.clock.now()).isoformat(),
            },
        }
        for members in self.members.values():
            members.add(identifier)
        return identifier

    def enabled(self, account_id: str) -> bool | None:
        user = self.users.get(account_id)
        return None if user is None else bool(user["active"])

    def remove(self, account_id: str) -> None:
        self.users.pop(account_id, None)
        self.logins.pop(account_id, None)

    def routes(self) -> Starlette:
        root = f"/scim/v2/{self.place}"
        revoking = f"/{self.place.replace('organizations', 'orgs')}/credential-authorizations"
        user = f"{root}/Users/{{id}}"
        return Starlette(
            routes=[
                Route(f"{root}/Users", self._list),
                Route(user, self._read, methods=["GET"]),
                Route(user, self._patch, methods=["PATCH"]),
                Route(user, self._delete, methods=["DELETE"]),
                Route(f"{root}/Groups/{{id}}", self._patch_group, methods=["PATCH"]),
                Route(f"{revoking}/{{login}}/revoke", self._revoke, methods=["POST"]),
                Route(f"/enterprises/{SLUG}/consumed-licenses", self._licences),
            ]
        )

    def _shown(self, identifier: str) -> dict[str, Any]:
        user = self.users[identifier]
        if self.deletes:
            return user
        groups = [
            {"value": group, "display": group.removeprefix("g-").title()}
            for group, members in self.members.items()
            if identifier in members
        ]
        return {**user, "groups": groups}

    async def _list(self, request: Request) -> Response:
        start = int(request.query_params.get("startIndex", 1))
        count = min(int(request.query_params.get("count", 30)), self.largest_page)
        found = [self._shown(one) for one in self.users][start - 1 : start - 1 + count]
        body = {
            "schemas": [LIST],
            "totalResults": len(self.users),
            "startIndex": start,
            "itemsPerPage": len(found),
            "Resources": found,
        }
        return JSONResponse(body, headers={"X-OAuth-Scopes": self.scopes})

    async def _read(self, request: Request) -> Response:
        identifier = request.path_params["id"]
        if identifier not in self.users:
            return self._missing()
        return JSONResponse(self._shown(identifier), media_type="application/scim+json")

    def _missing(self) -> Response:
        if self.deletes:
            said = {"schemas": [ERROR], "status": 404, "detail": "Resource not found"}
            return JSONResponse(said, 404, media_type="application/scim+json")
        return answers.error(404)

    async def _patch(self, request: Request) -> Response:
        identifier = request.path_params["id"]
        if identifier not in self.users:
            return self._missing()
        shown = self._shown(identifier)
        for operation in (await request.json())["Operations"]:
            if operation["op"] != "replace" or set(operation["value"]) != {"active"}:
                said = {"schemas": [ERROR], "status": 400, "scimType": "invalidSyntax"}
                return JSONResponse(said, 400, media_type="application/scim+json")
            active = bool(operation["value"]["active"])
            shown["active"] = self.users[identifier]["active"] = active
            self._told(identifier, active=active)
        return JSONResponse(shown, media_type="application/scim+json")

    def _told(self, identifier: str, *, active: bool) -> None:
        """What a suspension does to the login; where it deletes, nothing is left."""
        if self.deletes and not active:
            self.remove(identifier)
        elif not active:
            self.logins[identifier] = f"{identifier[-12:]}{self.logins[identifier]}"
        else:
            self.logins[identifier] = self.logins[identifier].removeprefix(identifier[-12:])

    async def _delete(self, request: Request) -> Response:
        if request.path_params["id"] not in self.users:
            return self._missing()
        self.remove(request.path_params["id"])
        return Response(status_code=204)

    async def _patch_group(self, request: Request) -> Response:
        """With a filter in the path it answers just the same, and changes nothing."""
        group = request.path_params["id"]
        if group not in self.members:
            return answers.error(404)
        for operation in (await request.json())["Operations"]:
            if operation.get("path") == "members":
                whom = {one["value"] for one in operation["value"]}
                held = self.members[group]
                self.members[group] = held - whom if operation["op"] == "remove" else held | whom
        return Response(status_code=204)

    async def _revoke(self, request: Request) -> Response:
        login = request.path_params["login"]
        if login not in self.logins.values():
            return answers.error(404)
        self.destroyed.append(login)
        return JSONResponse({"message": "Revocation has been queued"}, 202)

    async def _licences(self, request: Request) -> Response:
        """A suspended user takes no licence, so that none stands here."""
        found = [
            answers.licence(self.logins[one], user["emails"][0]["value"], name_id=False)
            | {"github_com_saml_name_id": user["userName"]}
            for one, user in self.users.items()
            if user["active"]
        ]
        return answers.page(request, found, self.largest_page, key="users")


class PracticeGithubProvisioned(PracticeGithubManaged):
    """An organisation whose members an identity provider writes: deactivating one deletes it."""

    model = "organisation"
    place = f"organizations/{SLUG}"
    deletes = True
