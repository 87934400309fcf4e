"""The practice tenant's users, groups, links, licences and registered devices."""

from datetime import datetime, timedelta

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
    fits,
    instant,
    not_found,
    one,
    page,
)
from adapters.practice.graph.memory import GROUP_KIND, ROLE_KIND, Memory, licence

_ONLY_EXCHANGE = "Cannot Update a mail-enabled security groups and or distribution list."
_MASTERED = "Unable to update the specified properties for on-premises mastered objects."
_LAST_OWNER = "The group must have at least one owner, hence this owner cannot be removed."
_ALREADY = "One or more added object references already exist."
PATCHABLE = frozenset({"accountEnabled", "passwordProfile"})


class Directory(Memory):
    def directory_routes(self) -> list[Route]:
        user, group = f"{ROOT}/users/{{id}}", f"{ROOT}/groups/{{group}}"
        bin_ = f"{ROOT}/directory/deletedItems"
        links = f"{ROOT}/{{place}}/{{group}}/{{link:str}}"
        return [
            Route(f"{ROOT}/users", self._list_users),
            Route(user, self._read_user, methods=["GET"]),
            Route(user, self._patch_user, methods=["PATCH"]),
            Route(user, self._delete_user, methods=["DELETE"]),
            Route(f"{bin_}/{{id}}/restore", self._undelete, methods=["POST"]),
            Route(f"{user}/revokeSignInSessions", self._revoke, methods=["POST"]),
            Route(f"{user}/assignLicense", self._assign, methods=["POST"]),
            Route(f"{user}/memberOf/{GROUP_KIND[1:]}", self._list_groups),
            Route(f"{user}/memberOf/{ROLE_KIND[1:]}", self._list_roles),
            Route(f"{user}/ownedObjects", self._list_owned),
            Route(f"{user}/ownedDevices", self._list_devices),
            Route(f"{ROOT}/devices/{{device}}", self._read_device, methods=["GET"]),
            Route(f"{ROOT}/devices/{{device}}", self._patch_device, methods=["PATCH"]),
            Route(group, self._read_group, methods=["GET"]),
            Route(f"{links}/$ref", self._add_link, methods=["POST"]),
            Route(f"{links}/{{id}}/$ref", self._remove_link, methods=["DELETE"]),
            Route(f"{group}/{{link:str}}/{{id}}", self._delete_the_user_itself, methods=["DELETE"]),
            Route(f"{ROOT}/{{place}}/{{group}}/owners", self._list_owners, methods=["GET"]),
        ]

    async def _list_users(self, request: Request) -> Response:
        users = list(self.users.values())
        if "$filter" in request.query_params:
            found = asked(request)
            if not found:
                return error(400, "Request_UnsupportedQuery", "Unsupported Query.")
            users = [user for user in users if fits(user.get(found[0]), found[1])]
        shown = [self.shown(user["id"]) or user for user in users]
        return page(request, "users", shown, self.largest_page)

    async def _read_user(self, request: Request) -> Response:
        """A GUID has no case."""
        user = self.shown(request.path_params["id"].lower())
        return one(request, "users/$entity", user) if user else not_found()

    async def _patch_user(self, request: Request) -> Response:
        user, said = self.users.get(request.path_params["id"]), await request.json()
        if user is None:
            return not_found()
        if user["id"] in self.privileged:
            return denied()
        if not set(said) <= PATCHABLE:
            return bad("A property is not practised here.")
        if "passwordProfile" in said and user["onPremisesSyncEnabled"]:
            return bad(_MASTERED)
        self.remember(user)
        if "accountEnabled" in said:
            user["accountEnabled"] = bool(said["accountEnabled"])
        if "passwordProfile" in said:
            self._move(user, "lastPasswordChangeDateTime")
        return done()

    async def _delete_user(self, request: Request) -> Response:
        user = self.users.pop(request.path_params["id"], None)
        if user is None:
            return not_found()
        self.deleted[user["id"]] = user
        return done()

    async def _undelete(self, request: Request) -> Response:
        """Memberships come back with it (Microsoft); they were never taken away here."""
        user = self.deleted.pop(request.path_params["id"], None)
        if user is None:
            return not_found()
        self.users[user["id"]] = user
        kind = {"@odata.type": "#microsoft.graph.user", "id": user["id"]}
        return JSONResponse({"@odata.context": f"{CONTEXT}directoryObjects/$entity"} | kind)

    async def _revoke(self, request: Request) -> Response:
        user = self.users.get(request.path_params["id"])
        if user is None:
            return not_found()
        self.remember(user)
        self._move(user, "signInSessionsValidFromDateTime")
        return JSONResponse({"@odata.context": f"{CONTEXT}Edm.Boolean", "value": True})

    def _move(self, user: Json, name: str) -> None:
        """An instant that only ever goes forward, even if the clock stands still."""
        before = datetime.fromisoformat(user[name])
        user[name] = instant(max(self.clock.now(), before + timedelta(microseconds=1)))

    async def _assign(self, request: Request) -> Response:
        user, said = self.users.get(request.path_params["id"]), await request.json()
        if user is None:
            return not_found()
        if set(said) != {"addLicenses", "removeLicenses"}:
            return bad("Both arrays are required.")
        held, taken = user["licenseAssignmentStates"], set(said["removeLicenses"])
        direct = {have["skuId"] for have in held if have["assignedByGroup"] is None}
        if not taken <= direct:
            return bad("User license is inherited, or not there.")
        self.remember(user)
        user["licenseAssignmentStates"] = [
            have for have in held if have["assignedByGroup"] or have["skuId"] not in taken
        ] + [
            licence(new["skuId"]) | {"disabledPlans": new["disabledPlans"]}
            for new in said["addLicenses"]
            if new["skuId"] not in direct
        ]
        self.loses_mailbox(user["id"])
        return JSONResponse({"@odata.context": f"{CONTEXT}users/$entity", "id": user["id"]})

    async def _list_groups(self, request: Request) -> Response:
        user = request.path_params["id"]
        if user not in self.users:
            return not_found()
        held = [group for key, group in self.groups.items() if user in self.members[key]]
        return page(request, "directoryObjects", held, self.largest_page)

    async def _list_roles(self, request: Request) -> Response:
        return page(request, "directoryObjects", [], self.largest_page)

    async def _list_owned(self, request: Request) -> Response:
        user = request.path_params["id"]
        held = [
            {
                "@odata.type": self.owned_kind.get(thing, GROUP_KIND),
                "id": thing,
                "displayName": self.groups.get(thing, {}).get("displayName")
                or self.names.get(thing, thing),
            }
            for thing, owners in self.owners.items()
            if user in owners
        ]
        return page(request, "directoryObjects", held, self.largest_page)

    async def _list_devices(self, request: Request) -> Response:
        user = request.path_params["id"]
        held = [
            {"@odata.type": "#microsoft.graph.device", "id": device["id"]}
            for device in self.devices.values()
            if device["owner"] == user
        ]
        return page(request, "directoryObjects", held, self.largest_page)

    async def _read_device(self, request: Request) -> Response:
        device = self.devices.get(request.path_params["device"])
        if device is None:
            return not_found()
        return one(request, "devices/$entity", {k: v for k, v in device.items() if k != "owner"})

    async def _patch_device(self, request: Request) -> Response:
        device, said = self.devices.get(request.path_params["device"]), await request.json()
        if device is None:
            return not_found()
        if device["operatingSystem"] != "Windows":
            return bad("Properties other than ExtendedAttribute can be modified only on windows.")
        device["accountEnabled"] = said["accountEnabled"]
        return done()

    async def _read_group(self, request: Request) -> Response:
        group = self.groups.get(request.path_params["group"])
        return one(request, "groups/$entity", group) if group else not_found()

    async def _list_owners(self, request: Request) -> Response:
        kind = "#microsoft.graph.user"
        owners = self.owners.get(request.path_params["group"], [])
        held = [{"@odata.type": kind, "id": owner} for owner in owners]
        return page(request, "directoryObjects", held, self.largest_page)

    async def _add_link(self, request: Request) -> Response:
        thing, said = request.path_params["group"], await request.json()
        user = str(said["@odata.id"]).rpartition("/")[2]
        if user not in self.users:
            return not_found()
        links = self._links(request)
        if user in links:
            return bad(_ALREADY)
        if isinstance(links, list):
            links.append(user)
            return done()
        links.add(user)
        for given in self.groups.get(thing, {}).get("assignedLicenses", []):
            states = self.users[user]["licenseAssignmentStates"]
            states.append(licence(given["skuId"], thing))
        return done()

    async def _remove_link(self, request: Request) -> Response:
        thing, user = request.path_params["group"], request.path_params["id"]
        links = self._links(request)
        if user not in links:
            return not_found()  # the same answer for both, as Graph gives it
        if refused := self._refusal(thing, last=links == [user]):
            return refused
        links.remove(user)
        if isinstance(links, set) and not self.slow_licences:
            self._unlicense(user, thing)
        return done()

    def _links(self, request: Request) -> list[str] | set[str]:
        thing = request.path_params["group"]
        owners = request.path_params["link"] == "owners"
        return self.owners[thing] if owners else self.members[thing]

    def _refusal(self, thing: str, *, last: bool) -> Response | None:
        group: Json = self.groups.get(thing, {})
        if last and group:
            return bad(_LAST_OWNER)
        if group.get("membershipRule"):
            return denied()
        if group.get("onPremisesSyncEnabled"):
            return bad(_MASTERED)
        if group.get("mailEnabled") and "Unified" not in group["groupTypes"]:
            return bad(_ONLY_EXCHANGE)
        return None

    def process_licences(self) -> None:
        """What a tenant does some time after somebody has left a group that gives licences."""
        for user in self.users:
            for group in self.groups:
                if user not in self.members[group]:
                    self._unlicense(user, group)

    def _unlicense(self, user: str, group: str) -> None:
        if user in self.users:
            held = self.users[user]["licenseAssignmentStates"]
            self.users[user]["licenseAssignmentStates"] = [
                have for have in held if have["assignedByGroup"] != group
            ]
            self.loses_mailbox(user)

    async def _delete_the_user_itself(self, request: Request) -> Response:
        """What Graph does when `/$ref` is forgotten: "the member object will also be deleted"."""
        self.remove(request.path_params["id"])
        return done()
