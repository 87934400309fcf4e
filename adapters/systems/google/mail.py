"""What is read of Gmail's settings and of devices."""

import json
from typing import Any

from pydantic import Field

from adapters.matching import normal_address
from adapters.nouns import COPY, HOLDERS, NOBODY, OURS, SHARED, Held
from adapters.reading import Answer

PERSONAL = "personal"
LOCKABLE = frozenset({"APPROVED", "PENDING_APPROVAL", "MANAGEMENT_STATE_UNSPECIFIED"})
GIVEN_UP = frozenset({"WIPING", "WIPED", "UNENROLLED", "UNPROVISIONED"})
AUTO = "auto-forwarding"
COMPANY = "company device"


class AutoForwarding(Answer):
    enabled: bool = False
    address: str = Field("", alias="emailAddress")
    disposition: str = "leaveInInbox"

    @property
    def body(self) -> dict[str, Any]:
        if not self.enabled:
            return {"enabled": False}
        return {
            "enabled": True,
            "emailAddress": self.address,
            "disposition": self.disposition,
        }


class FilterAction(Answer):
    forward: str | None = None


class Filter(Answer):
    """A rule; Gmail cannot switch one off, so it is deleted and kept to be made again."""

    id: str = Field(min_length=1)
    action: FilterAction = FilterAction()
    whole: dict[str, Any] = Field(default_factory=dict)

    @property
    def held(self) -> Held:
        made = {key: value for key, value in self.whole.items() if key != "id"}
        again = json.dumps(made, sort_keys=True)
        return Held(self.id, "filter", "filter", None, {"again": again, "filter": made})


class Delegate(Answer):
    address: str = Field(alias="delegateEmail")
    status: str | None = Field(None, alias="verificationStatus")


class ForwardingAddress(Answer):
    address: str = Field(alias="forwardingEmail")
    status: str | None = Field(None, alias="verificationStatus")


class Vacation(Answer):
    enabled: bool = Field(default=False, alias="enableAutoReply")
    text: str = Field("", alias="responseBodyPlainText")
    whole: dict[str, Any] = Field(default_factory=dict)

    def held(self, ours: str) -> Held:
        if self.enabled and ours in self.text:
            return Held(OURS, "on", "automatic reply", None, self.whole)
        name = "on" if self.enabled else "off"
        return Held(name, name, "automatic reply", None, self.whole)


def leading_outside(
    forwarding: AutoForwarding, filters: list[Filter], inside: frozenset[str]
) -> tuple[Held, ...]:
    found = [one.held for one in filters if one.action.forward and _out(one.action.forward, inside)]
    if forwarding.enabled and _out(forwarding.address, inside):
        found.append(Held(AUTO, AUTO, AUTO, None, {"setting": forwarding.body}))
    return tuple(found)


def mailbox(delegates: list[Delegate], forwarding: AutoForwarding) -> Held:
    """Whoever is an accepted delegate reads and writes there: then it is not only the user's."""
    readers = [one.address for one in delegates if one.status in (None, "accepted")]
    details = {"delegates": readers, HOLDERS: readers, "forwarding": forwarding.body}
    name = SHARED if readers else PERSONAL
    return Held(name, name, "mailbox", None, details)


def copied(forwarding: AutoForwarding, inside: frozenset[str]) -> Held:
    """To whom mail goes as well. A domain that nobody named as ours may still be a successor's."""
    if not forwarding.enabled:
        return Held(NOBODY, NOBODY, COPY)
    if _out(forwarding.address, inside):
        return Held(NOBODY, NOBODY, COPY, None, {HOLDERS: [forwarding.address]})
    return Held(forwarding.address, AUTO, COPY)


def _out(address: str, inside: frozenset[str]) -> bool:
    return domain_of(address) not in inside


def domain_of(address: str) -> str:
    return normal_address(address).rpartition("@")[2]


class DeviceUser(Answer):
    """A user's account on a device (Cloud Identity)."""

    name: str = Field(min_length=1)
    address: str = Field("", alias="userEmail")
    state: str = Field("MANAGEMENT_STATE_UNSPECIFIED", alias="managementState")

    @property
    def device(self) -> str:
        """The device's own name, such as `devices/abc`."""
        return "/".join(self.name.split("/")[:2])


class Device(Answer):
    name: str = Field(min_length=1)
    model: str | None = None
    owner: str | None = Field(None, alias="ownerType")
    state: str = Field("MANAGEMENT_STATE_UNSPECIFIED", alias="managementState")


class Chromebook(Answer):
    id: str = Field(alias="deviceId", min_length=1)
    user: str = Field("", alias="annotatedUser")
    status: str = ""
    model: str | None = None


def lockable(users: list[tuple[DeviceUser, Device]], books: list[Chromebook]) -> tuple[Held, ...]:
    own = [
        Held(user.name, device.model or "device", "device user")
        for user, device in users
        if user.state in LOCKABLE and device.state not in GIVEN_UP
    ]
    return (*own, *(Held(b.id, b.model or "Chromebook", "chromebook") for b in books if _on(b)))


def _on(book: Chromebook) -> bool:
    return book.status.upper() == "ACTIVE"


def unwiped(users: list[tuple[DeviceUser, Device]]) -> tuple[Held, ...]:
    """What the company owns keeps its other data when an account on it is wiped."""
    held = (_given_to(user, device) for user, device in users if device.state not in GIVEN_UP)
    gone = {user.name for user, _ in users if user.state in GIVEN_UP}
    return tuple(one for one in held if one.kind == COMPANY or one.id not in gone)


def managed(users: list[tuple[DeviceUser, Device]]) -> tuple[Held, ...]:
    return tuple(
        _given_to(user, device)
        for user, device in users
        if user.state not in GIVEN_UP and device.state not in GIVEN_UP
    )


def _given_to(user: DeviceUser, device: Device) -> Held:
    kind = COMPANY if device.owner == "COMPANY" else "own device"
    return Held(user.name, device.model or "device", kind, None, {"device": device.name})
