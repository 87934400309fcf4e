"""The practice tenant's mail, calendar, files, Teams, phone numbers and managed devices."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.practice.graph.answers import (
    CONTEXT,
    ROOT,
    Json,
    asked,
    bad,
    done,
    error,
    instant,
    not_found,
    one,
    page,
)
from adapters.practice.graph.governance import Governance

NUMBERS = f"{ROOT}/admin/teams/telephoneNumberManagement/numberAssignments"
NO_MAILBOX = "MailboxNotEnabledForRESTAPI"
NOT_IN_STORE = "ErrorItemNotFound"
"""Exchange's code for a meeting or a rule that is not there (practitioners; not described)."""


class Work(Governance):
    def work_routes(self) -> list[Route]:
        user, drive = f"{ROOT}/users/{{id}}", f"{ROOT}/drives/{{drive}}"
        team = f"{ROOT}/teams/{{team}}/members"
        rules = f"{user}/mailFolders/inbox/messageRules"
        permissions = f"{drive}/items/{{item}}/permissions"
        device = f"{ROOT}/deviceManagement/managedDevices/{{device}}/{{what:str}}"
        return [
            Route(f"{user}/mailboxSettings", self._read_mailbox, methods=["GET"]),
            Route(f"{user}/mailboxSettings", self._patch_mailbox, methods=["PATCH"]),
            Route(rules, self._list_rules, methods=["GET"]),
            Route(f"{rules}/{{rule}}", self._patch_rule, methods=["PATCH"]),
            Route(f"{user}/calendarView", self._list_meetings),
            Route(f"{user}/events/{{event}}/cancel", self._cancel, methods=["POST"]),
            Route(f"{user}/drive", self._read_drive),
            Route(f"{drive}/root", self._read_root),
            Route(f"{drive}/items/{{item}}/invite", self._invite, methods=["POST"]),
            Route(permissions, self._list_permissions, methods=["GET"]),
            Route(f"{permissions}/{{thing}}", self._drop_permission, methods=["DELETE"]),
            Route(team, self._list_members),
            Route(f"{team}/{{member}}", self._drop_member, methods=["DELETE"]),
            Route(NUMBERS, self._list_numbers),
            Route(f"{NUMBERS}/unassignNumber", self._unassign, methods=["POST"]),
            Route(f"{user}/managedDevices", self._list_managed),
            Route(device, self._tell_device, methods=["POST"]),
        ]

    async def _read_mailbox(self, request: Request) -> Response:
        boxes = self.hung[request.path_params["id"]]["mailbox"]
        if not boxes:
            return error(404, NO_MAILBOX, "The mailbox is not there.")
        return one(request, "mailboxSettings", {k: v for k, v in boxes[0].items() if k != "id"})

    async def _patch_mailbox(self, request: Request) -> Response:
        boxes = self.hung[request.path_params["id"]]["mailbox"]
        if not boxes:
            return error(404, NO_MAILBOX, "The mailbox is not there.")
        boxes[0] |= await request.json()
        return await self._read_mailbox(request)

    async def _list_rules(self, request: Request) -> Response:
        user = request.path_params["id"]
        if not self.hung[user]["mailbox"]:
            return error(404, NO_MAILBOX, "The mailbox is not there.")
        return page(request, "messageRules", self.hung[user]["rules"], self.largest_page)

    async def _patch_rule(self, request: Request) -> Response:
        for rule in self.hung[request.path_params["id"]]["rules"]:
            if rule["id"] == request.path_params["rule"]:
                rule.update(await request.json())
                return JSONResponse(rule)
        return error(404, NOT_IN_STORE, "The specified object was not found in the store.")

    async def _list_meetings(self, request: Request) -> Response:
        user = request.path_params["id"]
        if not self.hung[user]["mailbox"]:
            return error(404, NO_MAILBOX, "The mailbox is not there.")
        return page(request, "events", self.hung[user]["meetings"], self.largest_page)

    async def _cancel(self, request: Request) -> Response:
        """A series goes as a whole; whoever does not organise a meeting cannot cancel it."""
        event = request.path_params["event"]
        meetings = self.hung[request.path_params["id"]]["meetings"]
        mine = [one for one in meetings if event in (one["id"], one.get("seriesMasterId"))]
        if not mine:
            return error(404, NOT_IN_STORE, "The specified object was not found in the store.")
        if not mine[0]["isOrganizer"]:
            return bad("You need to be an organizer to cancel a meeting.", "ErrorInvalidRequest")
        meetings[:] = [one for one in meetings if one not in mine]
        return done()

    async def _read_drive(self, request: Request) -> Response:
        drives = self.hung[request.path_params["id"]]["drives"]
        if not drives:
            return error(404, "itemNotFound", "The drive is not there.")
        return one(request, "drives/$entity", {"id": drives[0]["id"]})

    async def _read_root(self, request: Request) -> Response:
        return one(request, "items/$entity", {"id": f"root-{request.path_params['drive']}"})

    def _permissions(self, request: Request) -> list[Json]:
        return self.hung[request.path_params["drive"]]["permissions"]

    async def _list_permissions(self, request: Request) -> Response:
        return page(request, "permissions", self._permissions(request), self.largest_page)

    async def _invite(self, request: Request) -> Response:
        """By an address it goes to whoever has it, whosever login it is."""
        said, made = await request.json(), []
        for recipient in said["recipients"]:
            key, name = ("id", "objectId") if "objectId" in recipient else ("mail", "email")
            users = [user for user in self.users.values() if user[key] == recipient[name]]
            if not users:
                return bad("The recipient is not known.", "invalidRequest")
            who = {"user": {"id": users[0]["id"], "displayName": users[0]["displayName"]}}
            permission = {"roles": said["roles"], "grantedToV2": who}
            identifier = self.hang(request.path_params["drive"], "permissions", permission)
            made.append({"id": identifier} | permission)
        return JSONResponse({"@odata.context": CONTEXT + "permissions", "value": made})

    async def _drop_permission(self, request: Request) -> Response:
        held, thing = self._permissions(request), request.path_params["thing"]
        left = [one for one in held if one["id"] != thing]
        if len(left) == len(held):
            return error(404, "itemNotFound", "The permission is not there.")
        held[:] = left
        return done()

    async def _list_members(self, request: Request) -> Response:
        team = request.path_params["team"]
        kind = "#microsoft.graph.aadUserConversationMember"
        held = [
            {"@odata.type": kind, "id": f"membership-{user}", "userId": user, "roles": []}
            for user in sorted(self.members[team])
        ]
        return page(request, "members", held, self.largest_page)

    async def _drop_member(self, request: Request) -> Response:
        user = request.path_params["member"].removeprefix("membership-")
        if user not in self.members[request.path_params["team"]]:
            return error(404, "NotFound", "The membership is not there.")
        self.members[request.path_params["team"]].remove(user)
        return done()

    async def _list_numbers(self, request: Request) -> Response:
        found = asked(request)
        held = self.hung[found[1]]["numbers"] if found else []
        return page(request, "numberAssignments", held, self.largest_page)

    async def _unassign(self, request: Request) -> Response:
        said = await request.json()
        for lists in self.hung.values():
            lists["numbers"][:] = [
                one for one in lists["numbers"] if one["telephoneNumber"] != said["telephoneNumber"]
            ]
        return done()

    async def _list_managed(self, request: Request) -> Response:
        held = self.hung[request.path_params["id"]]["managed"]
        return page(request, "managedDevices", held, self.largest_page)

    async def _tell_device(self, request: Request) -> Response:
        for lists in self.hung.values():
            for device in lists["managed"]:
                if device["id"] == request.path_params["device"]:
                    self._obey(device, request.path_params["what"])
                    return done()
        return not_found()

    def _obey(self, device: Json, what: str) -> None:
        """Commands are carried out when the device next reports in; Intune remembers them."""
        if what == "remoteLock":
            told = {"actionName": what, "actionState": "pending"}
            told["startDateTime"] = instant(self.clock.now())
            device["deviceActionResults"] = [*device["deviceActionResults"], told]
        else:
            device["managementState"] = f"{what}Pending"
