"""A practice tenant of Microsoft Graph v1.0, with the ugly parts that a leaver's account meets.

A membership that is deleted without `/$ref` deletes the *user*, one inherited licence fails the
whole call, 400s all bear one code, and a read may lag behind a write.
"""

import copy
import re
from datetime import datetime, timedelta
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.clock import Clock
from adapters.practice.base import PracticeVendor

ROOT = "/v1.0"
CONTEXT = "https://graph.microsoft.com/v1.0/$metadata#"
STANDARD_SKU = "05e9a617-0261-4cee-bb44-138d3ef5d965"
GROUP_KIND, ROLE_KIND = "#microsoft.graph.group", "#microsoft.graph.directoryRole"

_EQUALS = re.compile(r"^(employeeId|mail|userPrincipalName) eq '((?:[^']|'')*)'$")
_ANY = re.compile(r"^(proxyAddresses)/any\(p:p eq '((?:[^']|'')*)'\)$")
_ONLY_EXCHANGE = "Cannot Update a mail-enabled security groups and or distribution list."
_MASTERED = "Unable to update the specified properties for on-premises mastered objects."

Json = dict[str, Any]


class PracticeTenant(PracticeVendor):
    kind: ClassVar[str] = "entra"
    largest_page: int = 100

    def __init__(
        self, clock: Clock | None = None, latency: float = 0.0, lag: timedelta = timedelta(0)
    ) -> None:
        super().__init__(clock, latency)
        self.lag = lag
        """How long a read of a user still shows what a write has changed."""
        self.users: dict[str, Json] = {}
        self.groups: dict[str, Json] = {}
        self.members: dict[str, set[str]] = {}
        """Members by the id of a group or of a directory role."""
        self.roles: dict[str, Json] = {}
        self.privileged: set[str] = set()
        """Users whom the application may not change, whatever it is granted."""
        self._before: dict[str, tuple[datetime, Json]] = {}
        self._last = 0
        self.security = self.add_group("Staff", securityEnabled=True)
        self.team = self.add_group("Projects", groupTypes=["Unified"], mailEnabled=True)
        self.dynamic = self.add_group(
            "Everybody", groupTypes=["DynamicMembership"], membershipRule="user.accountEnabled"
        )

    def settings(self, base_url: str) -> dict[str, object]:
        """Here a new block counts at once; a real tenant takes up to 90 minutes."""
        return {
            "adapter": self.kind,
            "base_url": base_url,
            "token": self.token,
            "token_lifetime": "1s",
        }

    def hire(
        self,
        address: str,
        *,
        employee_number: str | None = None,
        login: str | None = None,
        created_at: datetime | None = None,
    ) -> str:
        identifier, born = self._new_id(), _instant(created_at or self.clock.now())
        self.users[identifier] = {
            "id": identifier,
            "userPrincipalName": login or address,
            "displayName": address.partition("@")[0].replace(".", " ").title(),
            "mail": address,
            "proxyAddresses": [f"SMTP:{address}"],
            "otherMails": [],
            "employeeId": employee_number,
            "accountEnabled": True,
            "userType": "Member",
            "onPremisesSyncEnabled": None,
            "isManagementRestricted": None,
            "showInAddressList": True,
            "createdDateTime": born,
            "signInSessionsValidFromDateTime": born,
            "lastPasswordChangeDateTime": born,
            "licenseAssignmentStates": [_licence(STANDARD_SKU)],
        }
        for group in (self.security, self.team, self.dynamic):
            self.members[group].add(identifier)
        return identifier

    def add_group(self, name: str, **properties: Any) -> str:
        identifier = self._new_id()
        self.members[identifier] = set()
        self.groups[identifier] = {
            "@odata.type": GROUP_KIND,
            "id": identifier,
            "displayName": name,
            "groupTypes": [],
            "mailEnabled": False,
            "securityEnabled": False,
            "membershipRule": None,
            "isAssignableToRole": None,
            "onPremisesSyncEnabled": None,
            "isManagementRestricted": None,
            "assignedLicenses": [],
        } | properties
        return identifier

    def give_role(self, user: str, name: str = "Global Administrator") -> str:
        """Make a user privileged; the application then gets 403 for changing it."""
        identifier = self._new_id()
        self.roles[identifier] = {"@odata.type": ROLE_KIND, "id": identifier, "displayName": name}
        self.members[identifier] = {user}
        self.privileged.add(user)
        return identifier

    def license_by_group(self, user: str, group: str, sku: str) -> None:
        self.users[user]["licenseAssignmentStates"].append(_licence(sku, group))

    def enabled(self, account_id: str) -> bool | None:
        user = self.users.get(account_id)
        return None if user is None else bool(user["accountEnabled"])

    def remove(self, account_id: str) -> None:
        self.users.pop(account_id, None)
        for members in self.members.values():
            members.discard(account_id)

    def routes(self) -> Starlette:
        user, group = f"{ROOT}/users/{{id}}", f"{ROOT}/groups/{{group}}"
        member = f"{group}/{{link:str}}/{{id}}"
        return Starlette(
            routes=[
                Route(f"{ROOT}/users", self._list_users),
                Route(user, self._read_user, methods=["GET"]),
                Route(user, self._patch_user, methods=["PATCH"]),
                Route(f"{user}/revokeSignInSessions", self._revoke, methods=["POST"]),
                Route(f"{user}/assignLicense", self._assign, methods=["POST"]),
                Route(f"{user}/memberOf/{GROUP_KIND[1:]}", self._list_groups),
                Route(f"{user}/memberOf/{ROLE_KIND[1:]}", self._list_roles),
                Route(f"{member}/$ref", self._remove_member, methods=["DELETE"]),
                Route(member, self._delete_the_user_itself, methods=["DELETE"]),
            ]
        )

    async def _list_users(self, request: Request) -> Response:
        text, users = request.query_params.get("$filter"), list(self.users.values())
        if text is not None:
            asked = _EQUALS.match(text) or _ANY.match(text)
            if not asked:
                return _error(400, "Request_UnsupportedQuery", "Unsupported Query.")
            key, value = asked[1], asked[2].replace("''", "'")
            users = [user for user in users if _fits(user.get(key), value)]
        return self._page(request, "users", users)

    async def _read_user(self, request: Request) -> Response:
        user = self._shown(request.path_params["id"])
        if user is None:
            return _not_found()
        chosen = _selected(request, user)
        return JSONResponse({"@odata.context": f"{CONTEXT}users/$entity"} | chosen)

    async def _patch_user(self, request: Request) -> Response:
        user, said = self.users.get(request.path_params["id"]), await request.json()
        if user is None:
            return _not_found()
        if user["id"] in self.privileged:
            return _denied()
        if set(said) != {"accountEnabled"} or not isinstance(said["accountEnabled"], bool):
            return _error(400, "Request_BadRequest", "A property is not practised here.")
        self._remember(user)
        user.update(said)
        return Response(status_code=204)

    async def _revoke(self, request: Request) -> Response:
        user = self.users.get(request.path_params["id"])
        if user is None:
            return _not_found()
        self._remember(user)
        before = datetime.fromisoformat(user["signInSessionsValidFromDateTime"])
        later = max(self.clock.now(), before + timedelta(microseconds=1))
        user["signInSessionsValidFromDateTime"] = _instant(later)
        return JSONResponse({"@odata.context": f"{CONTEXT}Edm.Boolean", "value": True})

    async def _assign(self, request: Request) -> Response:
        user, said = self.users.get(request.path_params["id"]), await request.json()
        if user is None:
            return _not_found()
        if set(said) != {"addLicenses", "removeLicenses"} or said["addLicenses"]:
            return _error(400, "Request_BadRequest", "Both arrays are required.")
        held, taken = user["licenseAssignmentStates"], set(said["removeLicenses"])
        direct = {one["skuId"] for one in held if one["assignedByGroup"] is None}
        if not taken <= direct:
            return _error(400, "Request_BadRequest", "User license is inherited, or not there.")
        self._remember(user)
        user["licenseAssignmentStates"] = [
            one for one in held if one["assignedByGroup"] or one["skuId"] not in taken
        ]
        return JSONResponse({"@odata.context": f"{CONTEXT}users/$entity", "id": user["id"]})

    async def _list_groups(self, request: Request) -> Response:
        return self._memberships(request, self.groups)

    async def _list_roles(self, request: Request) -> Response:
        return self._memberships(request, self.roles)

    def _memberships(self, request: Request, things: dict[str, Json]) -> Response:
        user = request.path_params["id"]
        if user not in self.users:
            return _not_found()
        held = [thing for key, thing in things.items() if user in self.members[key]]
        return self._page(request, "directoryObjects", held)

    async def _remove_member(self, request: Request) -> Response:
        group = self.groups.get(request.path_params["group"])
        user = request.path_params["id"]
        if group is None or user not in self.members[group["id"]]:
            return _not_found()  # the same answer for both, as Graph gives it
        if group["membershipRule"] or group["isAssignableToRole"]:
            return _denied()
        if group["onPremisesSyncEnabled"]:
            return _error(400, "Request_BadRequest", _MASTERED)
        if group["mailEnabled"] and "Unified" not in group["groupTypes"]:
            return _error(400, "Request_BadRequest", _ONLY_EXCHANGE)
        self.members[group["id"]].remove(user)
        return Response(status_code=204)

    async def _delete_the_user_itself(self, request: Request) -> Response:
        """What Graph does when `/$ref` is forgotten: "the member object will also be deleted"."""
        self.remove(request.path_params["id"])
        return Response(status_code=204)

    def _page(self, request: Request, kind: str, found: list[Json]) -> Response:
        start = int(request.query_params.get("$skiptoken", 0))
        count = min(int(request.query_params.get("$top", 100)), self.largest_page)
        shown = [_selected(request, self._shown(one["id"]) or one) for one in found]
        body: Json = {"@odata.context": CONTEXT + kind, "value": shown[start : start + count]}
        if start + count < len(shown):
            following = request.url.include_query_params(**{"$skiptoken": start + count})
            body["@odata.nextLink"] = str(following)
        return JSONResponse(body)

    def _remember(self, user: Json) -> None:
        if self.lag:
            self._before[user["id"]] = (self.clock.now() + self.lag, copy.deepcopy(user))

    def _shown(self, identifier: str) -> Json | None:
        until, before = self._before.get(identifier, (None, None))
        if until and self.clock.now() < until and identifier in self.users:
            return before
        return self.users.get(identifier)

    def _new_id(self) -> str:
        self._last += 1
        return f"{self._last:08x}-0000-4000-8000-00000e17ea00"


def _licence(sku: str, group: str | None = None) -> Json:
    return {
        "skuId": sku,
        "assignedByGroup": group,
        "state": "Active",
        "error": "None",
        "disabledPlans": [],
    }


def _fits(held: Any, value: str) -> bool:
    """`eq` knows no case in the directory."""
    several = held if isinstance(held, list) else [held]
    return any(str(one).lower() == value.lower() for one in several if one)


def _selected(request: Request, thing: Json) -> Json:
    """Only what `$select` names; the kind always comes along."""
    names = request.query_params.get("$select", "").split(",")
    return {k: v for k, v in thing.items() if k in names or names == [""] or k[0] == "@"}


def _instant(when: datetime) -> str:
    return when.isoformat().replace("+00:00", "Z")


def _not_found() -> Response:
    return _error(404, "Request_ResourceNotFound", "Resource does not exist.")


def _denied() -> Response:
    return _error(403, "Authorization_RequestDenied", "Insufficient privileges.")


def _error(status: int, code: str, message: str) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status)
