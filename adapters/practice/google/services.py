"""The practice services beside the directory: Gmail's settings, licences, transfers, devices."""

from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.practice.google.answers import (
    Json,
    instant,
    missing,
    nothing,
    paged,
    refused,
    told,
)
from adapters.practice.google.directory import PAGE, ROOT, Directory

TRANSFERS = "/admin/datatransfer/v1/transfers"
SETTINGS = "/gmail/v1/users/{user}/settings"
SKU = "/apps/licensing/v1/product/{product}/sku/{sku}/user"
NO_MAIL = "Mail service not enabled"
BECOMES = {"block": "BLOCKED", "approve": "APPROVED", "wipe": "WIPING"}
SINGLE = {"autoForwarding", "vacation"}
LISTS = {
    "delegates": ("delegates", "delegateEmail"),
    "forwardingAddresses": ("forwardingAddresses", "forwardingEmail"),
    "filters": ("filter", "id"),
}
"""Under which key Gmail answers a list, and what names an entry."""


class Services(Directory):
    def services(self) -> list[Route]:
        return [
            Route(TRANSFERS, self._list_transfers, methods=["GET"]),
            Route(TRANSFERS, self._insert_transfer, methods=["POST"]),
            Route(SKU, self._insert_licence, methods=["POST"]),
            Route(f"{SKU}/{{user}}", self._licence, methods=["GET", "DELETE"]),
            Route(f"{SETTINGS}/{{setting}}", self._setting, methods=["GET", "PUT", "POST"]),
            Route(f"{SETTINGS}/{{setting}}/{{thing}}", self._drop, methods=["DELETE"]),
            Route("/v1/devices/-/deviceUsers", self._device_users),
            Route("/v1/devices/{device}/deviceUsers/{told}", self._tell_user, methods=["POST"]),
            Route("/v1/devices/{device}", self._device, methods=["GET", "POST"]),
            Route(f"{ROOT}/customer/{{customer}}/devices/chromeos", self._chromebooks),
            Route(
                f"{ROOT}/customer/{{customer}}/devices/chromeos:batchChangeStatus",
                self._change_chromebooks,
                methods=["POST"],
            ),
        ]

    async def _list_transfers(self, request: Request) -> Response:
        mine = [
            self._by_now(one)
            for one in self.transfers.values()
            if one["oldOwnerUserId"] == request.query_params["oldOwnerUserId"]
        ]
        return paged(request, "admin#datatransfer#dataTransfersList", "dataTransfers", mine, PAGE)

    async def _insert_transfer(self, request: Request) -> Response:
        said = await request.json()
        old, new = said["oldOwnerUserId"], said["newOwnerUserId"]
        if old not in self.users or new not in self.users:
            return refused(404, "notFound")
        identifier = f"t{self.new_id()}"
        self.transfers[identifier] = {
            "kind": "admin#datatransfer#DataTransfer",
            "id": identifier,
            "requestTime": instant(self.clock.now()),
            **said,
        }
        return told(self._by_now(self.transfers[identifier]))

    def _by_now(self, transfer: Json) -> Json:
        """Also one that was asked for twice: nobody at Google minds."""
        begun = datetime.fromisoformat(transfer["requestTime"])
        over = self.clock.now() - begun >= self.transfers_take
        status = transfer.get("overallTransferStatusCode")
        if status != "failed":
            status = "completed" if over else "inProgress"
        shares = [
            {**share, "applicationTransferStatus": status}
            for share in transfer["applicationDataTransfers"]
        ]
        return {
            **transfer,
            "overallTransferStatusCode": status,
            "applicationDataTransfers": shares,
        }

    async def _licence(self, request: Request) -> Response:
        product, sku = request.path_params["product"], request.path_params["sku"]
        user, holders = request.path_params["user"], self.licences.get(f"{product}/{sku}", set())
        if user not in holders:
            return missing("userId")
        if request.method == "DELETE":
            holders.discard(user)
            return told({})
        return told(_licence(product, sku, user))

    async def _insert_licence(self, request: Request) -> Response:
        product, sku = request.path_params["product"], request.path_params["sku"]
        user = (await request.json())["userId"]
        self.licences.setdefault(f"{product}/{sku}", set()).add(user)
        return told(_licence(product, sku, user))

    def _settings_of(self, request: Request) -> Json | None:
        """None where Gmail is off: no mailbox, or a suspended user."""
        user = self.find(request.path_params["user"])
        if user is None or user["suspended"] or not user["isMailboxSetup"]:
            return None
        return self.gmail[user["id"]]

    async def _setting(self, request: Request) -> Response:
        settings, name = self._settings_of(request), request.path_params["setting"]
        if settings is None:
            return refused(400, "failedPrecondition", NO_MAIL)
        if name in SINGLE:
            if request.method == "PUT":
                settings[name] = await request.json()
            return told(settings[name])
        key, _ = LISTS[name]
        if request.method == "POST":
            made = self._made(name, await request.json())
            settings[name].append(made)
            return told(made)
        return told({key: settings[name]} if settings[name] else {})

    def _made(self, name: str, said: Json) -> Json:
        if name == "filters":
            return {"id": f"f{self.new_id()}", **said}
        return {**said, "verificationStatus": "accepted"}

    async def _drop(self, request: Request) -> Response:
        settings, name = self._settings_of(request), request.path_params["setting"]
        if settings is None:
            return refused(400, "failedPrecondition", NO_MAIL)
        _, key = LISTS[name]
        wanted, there = request.path_params["thing"], settings[name]
        settings[name] = [one for one in there if one[key] != wanted]
        return missing(key) if len(settings[name]) == len(there) else nothing()

    async def _device_users(self, request: Request) -> Response:
        """The search offers whatever contains the text."""
        text = request.query_params.get("filter", "").removeprefix("email:")
        found = [one for one in self.device_users.values() if text in one["userEmail"]]
        return paged(request, "", "deviceUsers", found, PAGE)

    async def _tell_user(self, request: Request) -> Response:
        user, _, what = request.path_params["told"].partition(":")
        name = f"devices/{request.path_params['device']}/deviceUsers/{user}"
        if name not in self.device_users:
            return missing("name")
        self.device_users[name]["managementState"] = BECOMES[what]
        return told({"done": True, "name": f"operations/{self.new_id()}"})

    async def _device(self, request: Request) -> Response:
        device, _, what = request.path_params["device"].partition(":")
        found = self.devices.get(f"devices/{device}")
        if found is None:
            return missing("name")
        if request.method == "GET":
            return told(found)
        found["managementState"] = BECOMES[what]
        return told({"done": True, "name": f"operations/{self.new_id()}"})

    async def _chromebooks(self, request: Request) -> Response:
        text = request.query_params.get("query", "").removeprefix("user:")
        found = [one for one in self.chromebooks.values() if text in one["annotatedUser"]]
        return paged(request, "admin#directory#chromeosdevices", "chromeosdevices", found, PAGE)

    async def _change_chromebooks(self, request: Request) -> Response:
        said = await request.json()
        disable = said["changeChromeOsDeviceStatusAction"].endswith("_DISABLE")
        for one in said["deviceIds"]:
            self.chromebooks[one]["status"] = "DISABLED" if disable else "ACTIVE"
        results = [{"deviceId": one, "response": {}} for one in said["deviceIds"]]
        return told({"changeChromeOsDeviceStatusResults": results})


def _licence(product: str, sku: str, user: str) -> Json:
    return {
        "kind": "licensing#licenseAssignment",
        "productId": product,
        "skuId": sku,
        "userId": user,
        "skuName": f"Edition {sku}",
    }
