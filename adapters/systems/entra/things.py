"""What a user works with in Microsoft Graph v1.0: factors, devices, mail, files, numbers."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import AwareDatetime, Field

from adapters.nouns import NO_WAY_BACK, OURS, Held
from adapters.reading import Answer

LOCKED_FOR = timedelta(days=1)


class Method(Answer):
    """A way to prove who one is. The password stays: Graph has no call that takes it away."""

    PATHS: ClassVar[dict[str, str]] = {
        "phoneAuthenticationMethod": "phoneMethods",
        "fido2AuthenticationMethod": "fido2Methods",
        "microsoftAuthenticatorAuthenticationMethod": "microsoftAuthenticatorMethods",
        "softwareOathAuthenticationMethod": "softwareOathMethods",
        "temporaryAccessPassAuthenticationMethod": "temporaryAccessPassMethods",
        "emailAuthenticationMethod": "emailMethods",
        "windowsHelloForBusinessAuthenticationMethod": "windowsHelloForBusinessMethods",
        "platformCredentialAuthenticationMethod": "platformCredentialMethods",
        "externalAuthenticationMethod": "externalAuthenticationMethods",
    }

    id: str = Field(min_length=1)
    type: str = Field(alias="@odata.type")

    @property
    def held(self) -> Held | None:
        kind = self.type.removeprefix("#microsoft.graph.")
        if kind == "passwordAuthenticationMethod":
            return None
        path = self.PATHS.get(kind)
        obstacle = None if path else "Graph v1.0 has no call that removes this kind"
        return Held(self.id, kind.removesuffix("AuthenticationMethod"), "factor", obstacle)


class Device(Answer):
    """A device that the user registered. Graph disables those with Windows only."""

    id: str = Field(min_length=1)
    name: str | None = Field(None, alias="displayName")
    system: str | None = Field(None, alias="operatingSystem")
    enabled: bool | None = Field(None, alias="accountEnabled")

    @property
    def held(self) -> Held | None:
        if self.enabled is False:
            return None
        windows = (self.system or "").lower().startswith("windows")
        obstacle = None if windows else "Graph disables Windows devices only"
        return Held(self.id, self.name or self.id, "device", obstacle)


class Told(Answer):
    """What Intune remembers of a command to a device (Microsoft, deviceActionResult)."""

    name: str | None = Field(None, alias="actionName")
    state: str | None = Field(None, alias="actionState")
    at: AwareDatetime | None = Field(None, alias="startDateTime")

    def still_counts(self, now: datetime) -> bool:
        """One under way will lock the device, however old; one that is done may be undone.

        That a done one counts for a day is our choice: no document says when a lock was lifted,
        and a day is longer than the retries of a cut.
        """
        if self.state in ("pending", "active"):
            return True
        return self.state == "done" and self.at is not None and now - self.at < LOCKED_FOR


class Managed(Answer):
    """A device under Intune. Its commands are carried out when it next reports in."""

    id: str = Field(min_length=1)
    name: str | None = Field(None, alias="deviceName")
    state: str | None = Field(None, alias="managementState")
    results: tuple[Told, ...] = Field((), alias="deviceActionResults")

    def _was_told(self, *commands: str) -> bool:
        said = self.state or ""
        return said.startswith(commands) and not said.endswith(("Failed", "Canceled"))

    @property
    def leaves(self) -> bool:
        return self._was_told("retire", "wipe", "delete")

    @property
    def is_wiped(self) -> bool:
        """A device that was only told to retire keeps what is its holder's."""
        return self._was_told("wipe", "delete")

    def lockable(self, now: datetime) -> Held | None:
        """What Intune remembers of its commands tells whether our lock went out."""
        locks = [one for one in self.results if one.name == "remoteLock"]
        if self.leaves or any(one.still_counts(now) for one in locks):
            return None
        refused = any(one.state == "notSupported" for one in locks)
        obstacle = "Intune says that it cannot lock this device" if refused else None
        back = {NO_WAY_BACK: "whoever holds it unlocks it"}
        return Held(self.id, self.name or self.id, "managed device", obstacle, back)

    @property
    def thing(self) -> Held:
        return Held(self.id, self.name or self.id, "managed device")

    @property
    def held(self) -> Held | None:
        return None if self.leaves else self.thing


class Rule(Answer):
    """An inbox rule. Hidden and client-side rules are not listed by Graph."""

    id: str = Field(min_length=1)
    name: str | None = Field(None, alias="displayName")
    enabled: bool | None = Field(None, alias="isEnabled")
    read_only: bool | None = Field(None, alias="isReadOnly")
    actions: dict[str, Any] | None = None
    conditions: dict[str, Any] | None = None

    def held(self, inside: frozenset[str]) -> Held | None:
        """Only if it is on and sends mail to a domain that none of the user's own addresses has.

        What it did is kept as evidence, with the state before.
        """
        leads = [address for address in self._recipients() if _domain(address) not in inside]
        if not (self.enabled and leads):
            return None
        obstacle = "read-only: only its owner or Exchange changes it" if self.read_only else None
        kept = {"actions": self.actions, "conditions": self.conditions}
        return Held(
            self.id, f"rule that sends mail to {len(leads)} outside", "rule", obstacle, kept
        )

    def _recipients(self) -> list[str]:
        said = self.actions or {}
        lists = [said.get(k) or [] for k in ("forwardTo", "forwardAsAttachmentTo", "redirectTo")]
        found = [(one.get("emailAddress") or {}).get("address") for many in lists for one in many]
        return [address or "" for address in found]


class Mailbox(Answer):
    purpose: str | None = Field(None, alias="userPurpose")
    replies: dict[str, Any] | None = Field(None, alias="automaticRepliesSetting")

    @property
    def held(self) -> Held | None:
        return Held(self.purpose, self.purpose, "mailbox") if self.purpose else None

    def reply(self, ours: str) -> Held | None:
        if self.replies is None:
            return None
        status = str(self.replies.get("status"))
        said = str(self.replies.get("internalReplyMessage") or "")
        if status == "alwaysEnabled" and ours in said:
            return Held(OURS, "alwaysEnabled", "automatic reply", None, self.replies)
        return Held(status, status, "automatic reply", None, self.replies)


class Meeting(Answer):
    id: str = Field(min_length=1)
    organised: bool | None = Field(None, alias="isOrganizer")
    cancelled: bool | None = Field(None, alias="isCancelled")
    attendees: tuple[dict[str, Any], ...] = ()
    series: str | None = Field(None, alias="seriesMasterId")

    @property
    def held(self) -> Held | None:
        """A series is one meeting. What nobody else was invited to is nobody else's business."""
        if not (self.organised and self.attendees) or self.cancelled:
            return None
        return Held(self.series or self.id, "meeting", "series" if self.series else "meeting")


class Number(Answer):
    number: str = Field(alias="telephoneNumber", min_length=1)
    type: str | None = Field(None, alias="numberType")
    target: str | None = Field(None, alias="assignmentTargetId")

    @property
    def held(self) -> Held:
        back = {NO_WAY_BACK: "a number is assigned in the Teams admin centre", "type": self.type}
        return Held(self.number, "Teams phone number", "phone number", None, back)


class Drive(Answer):
    id: str = Field(min_length=1)


class Permission(Answer):
    id: str = Field(min_length=1)
    roles: tuple[str, ...] = ()
    to: dict[str, Any] | None = Field(None, alias="grantedToV2")

    @property
    def holder(self) -> str | None:
        found = ((self.to or {}).get("user") or {}).get("id")
        return str(found) if found else None


class Linked(Answer):
    """Anything in the directory, as far as a link to it is followed."""

    id: str = Field(min_length=1)
    type: str = Field("", alias="@odata.type")
    name: str | None = Field(None, alias="displayName")


class Member(Answer):
    """A member of a Team. Its id is opaque; `userId` says whose membership it is."""

    id: str = Field(min_length=1)
    user: str | None = Field(None, alias="userId")


def _domain(address: str) -> str:
    return address.rpartition("@")[2].casefold()
