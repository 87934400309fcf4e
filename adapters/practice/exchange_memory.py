"""What the practice Exchange remembers: mailboxes, lists, devices, and who may open what."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any

from adapters.clock import Clock
from adapters.practice.base import PracticeVendor

TENANT = "b1f7a3c2-0000-4000-8000-00000e8c4a9e"
EVERYBODY, PROJECTS, RECEPTION = "everybody", "projects", "reception"
PROTOCOLS = (
    "OWAEnabled",
    "ActiveSyncEnabled",
    "PopEnabled",
    "ImapEnabled",
    "MAPIEnabled",
    "EwsEnabled",
)
Json = dict[str, Any]


class ExchangeMemory(PracticeVendor):
    def __init__(
        self,
        clock: Clock | None = None,
        latency: float = 0.0,
        on_convert: Callable[[str], None] | None = None,
        on_regain: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(clock, latency)
        self.boxes: dict[str, Json] = {}
        self.protocols: dict[str, dict[str, bool | None]] = {}
        self.full_access: dict[str, list[str]] = defaultdict(list)
        """Logins by the id of a mailbox."""
        self.devices: dict[str, Json] = {}
        self.sizes: dict[str, str] = {}
        self.groups: dict[str, Json] = {}
        self.members: dict[str, set[str]] = defaultdict(set)
        self.contacts: dict[str, Json] = {}
        self.cmdlets: list[str] = []
        """What was run, in order."""
        self.slow_reads = 2
        """How many reads still show what a mailbox was before a conversion."""
        self.converting: dict[str, tuple[str, int]] = {}
        self.told = {"SharedMailbox": on_convert, "UserMailbox": on_regain}
        self._last = 0
        self.add_group(EVERYBODY, "MailUniversalDistributionGroup")
        self.add_group(PROJECTS, "MailUniversalSecurityGroup")
        self.add_group(RECEPTION, "GroupMailbox")

    def hire(
        self,
        address: str,
        *,
        employee_number: str | None = None,
        login: str | None = None,
        created_at: datetime | None = None,
        identifier: str | None = None,
    ) -> str:
        """A mailbox that forwards to the reception and to a private address, with a phone."""
        key, name = identifier or self.new_id(), address.partition("@")[0]
        self.boxes[key] = {
            "ExternalDirectoryObjectId": key,
            "Guid": self.new_id(),
            "UserPrincipalName": login or address,
            "Name": f"{name} {key[:8]}",
            "DistinguishedName": f"CN={name} {key[:8]},OU=practice,DC=PROD,DC=OUTLOOK,DC=COM",
            "RecipientTypeDetails": "UserMailbox",
            "PrimarySmtpAddress": address,
            "EmailAddresses": [f"SMTP:{address}", f"SIP:{address}"],
            "HiddenFromAddressListsEnabled": False,
            "ForwardingAddress": RECEPTION,
            "ForwardingSmtpAddress": f"smtp:{name}@private.example",
            "DeliverToMailboxAndForward": True,
            "GrantSendOnBehalfTo": [],
            "LitigationHoldEnabled": False,
            "ArchiveStatus": "None",
            "IsDirSynced": False,
            "CustomAttribute1": employee_number or "",
            "WhenCreatedUTC": (created_at or self.clock.now()).isoformat(),
        }
        self.protocols[key] = {**dict.fromkeys(PROTOCOLS, True), "PopEnabled": False}
        self.protocols[key]["EwsEnabled"] = None  # as the organisation has it
        self.sizes[key] = "1.5 GB (1,610,612,736 bytes)"
        self.devices[self.new_id()] = {"owner": key, "DeviceModel": "Phone"}
        for group in (EVERYBODY, PROJECTS):
            self.members[self.groups[group]["ExternalDirectoryObjectId"]].add(key)
        return key

    def add_group(self, name: str, kind: str, **more: Any) -> str:
        key = self.new_id()
        self.groups[name] = {
            "ExternalDirectoryObjectId": key,
            "Guid": self.new_id(),
            "Name": name,
            "DisplayName": name,
            "RecipientTypeDetails": kind,
            "IsDirSynced": False,
        } | more
        return key

    def enabled(self, account_id: str) -> bool | None:
        flags = self.protocols.get(account_id)
        return None if flags is None else any(flag is not False for flag in flags.values())

    def remove(self, account_id: str) -> None:
        self.boxes.pop(account_id, None)
        self.protocols.pop(account_id, None)
        for members in self.members.values():
            members.discard(account_id)

    def recipient(self, name: str) -> Json:
        """Anything that mail can be sent to. Raises KeyError."""
        everything = [*self.boxes.values(), *self.groups.values(), *self.contacts.values()]
        keys = ("ExternalDirectoryObjectId", "Guid", "Name", "UserPrincipalName")
        for one in everything:
            if name in [one.get(key) for key in keys]:
                return one
        raise KeyError(name)

    def key(self, name: str) -> str:
        """The id of a mailbox by id, login or address. Raises KeyError."""
        for key, box in self.boxes.items():
            if name in (key, box["UserPrincipalName"], box["PrimarySmtpAddress"]):
                return key
        raise KeyError(name)

    def add_contact(self, name: str, address: str) -> None:
        """Somebody outside to whom mail can be forwarded by name."""
        self.contacts[name] = {
            "Guid": self.new_id(),
            "Name": name,
            "ExternalEmailAddress": f"SMTP:{address}",
            "RecipientTypeDetails": "MailContact",
        }

    def new_id(self) -> str:
        self._last += 1
        return f"{self._last:08x}-0000-4000-8000-00000e8c4a9e"
