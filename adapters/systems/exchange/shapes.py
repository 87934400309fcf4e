"""What a user configures, and what Exchange Online's cmdlets say of a mailbox.

Names and meanings are those of Microsoft's cmdlet reference (Get-Mailbox, Get-CASMailbox and so
on); that InvokeCommand gives them as JSON is known from practice only.
"""

import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from adapters.durations import Duration
from adapters.microsoft import MicrosoftSettings
from adapters.nouns import NO_WAY_BACK, SHARED, Held, Kind
from adapters.reading import Answer

RUNBOOK = "docs/runbooks/exchange.md"
GIGABYTE = 1024**3
UNLICENSED_UP_TO = 50 * GIGABYTE
_BYTES = re.compile(r"\(([\d,]+) bytes\)")
_QUOTES = re.compile("(['‘’‚‛])")


class Way(StrEnum):
    """How much of Exchange Online is done by us (docs/runbooks/exchange.md)."""

    BY_HAND = "by_hand"
    ADMIN_API = "admin_api"
    INVOKE_COMMAND = "invoke_command"


class ExchangeSettings(MicrosoftSettings):
    """A tenant's mailboxes. By hand it needs nothing; else `tenant_id` and a way to sign in.

    Microsoft describes the sign-in to Exchange with a certificate or a managed identity only.
    """

    host = "exchange"

    way: Way = Way.BY_HAND
    unsupported_is_understood: bool = False
    """Without it, the way invoke_command is refused."""
    employee_number: str | None = Field(None, pattern=r"^CustomAttribute([1-9]|1[0-5])$")
    """The attribute in which the tenant keeps employee numbers; Exchange has none of its own."""
    token_lifetime: Duration = timedelta(hours=1)
    """Microsoft names no time after which a mailbox that is open is closed; this is our choice."""

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if self.way is Way.BY_HAND:
            return self
        if self.way is Way.INVOKE_COMMAND and not self.unsupported_is_understood:
            raise ValueError(
                "Microsoft does not document InvokeCommand for third parties and may withdraw it: "
                "set unsupported_is_understood to use it all the same"
            )
        if not self.tenant_id:
            raise ValueError("add tenant_id")
        self.require_a_way_in()
        return self


class Page(Answer):
    value: tuple[dict[str, object], ...]
    following: str | None = Field(None, alias="@odata.nextLink")


# Graph's `userPurpose` has the same words, so that both systems say the same of one mailbox.
_PURPOSES = {
    "UserMailbox": "user",
    "LinkedMailbox": "linked",
    "SharedMailbox": SHARED,
    "RoomMailbox": "room",
    "EquipmentMailbox": "equipment",
}
TYPES = {"user": "Regular", "room": "Room", "equipment": "Equipment"}
"""What `Set-Mailbox -Type` calls them."""


class Mailbox(Answer):
    """Get-Mailbox. A field that is not there is not known; one that is null is not set."""

    id: str = Field(alias="ExternalDirectoryObjectId", min_length=1)
    login: str = Field(alias="UserPrincipalName")
    dn: str | None = Field(None, alias="DistinguishedName")
    type: str | None = Field(None, alias="RecipientTypeDetails")
    primary: str | None = Field(None, alias="PrimarySmtpAddress")
    proxies: tuple[str, ...] = Field((), alias="EmailAddresses")
    hidden: bool | None = Field(None, alias="HiddenFromAddressListsEnabled")
    forwarding_address: str | None = Field(None, alias="ForwardingAddress")
    forwarding_smtp: str | None = Field(None, alias="ForwardingSmtpAddress")
    deliver: bool | None = Field(None, alias="DeliverToMailboxAndForward")
    on_hold: bool | None = Field(None, alias="LitigationHoldEnabled")
    archive: str | None = Field(None, alias="ArchiveStatus")
    synced: bool | None = Field(None, alias="IsDirSynced")
    created: datetime | None = Field(None, alias="WhenCreatedUTC")

    @property
    def purpose(self) -> str | None:
        return None if self.type is None else _PURPOSES.get(self.type, self.type)

    @property
    def kind(self) -> Kind:
        return Kind.PERSON if self.purpose in (None, "user", "linked") else Kind.SHARED

    @property
    def addresses(self) -> tuple[str, ...]:
        ours = [proxy[5:] for proxy in self.proxies if proxy[:5].lower() == "smtp:"]
        return tuple(dict.fromkeys(text for text in (self.primary, self.login, *ours) if text))

    @property
    def created_at(self) -> datetime | None:
        """The field's name says that it is in UTC; its value does not always."""
        at = self.created
        return at.replace(tzinfo=UTC) if at and at.tzinfo is None else at

    @property
    def tells_forwarding(self) -> bool:
        return {"forwarding_address", "forwarding_smtp"} <= self.model_fields_set

    @property
    def leads_inside(self) -> bool:
        """Whether ForwardingSmtpAddress is in a domain of the mailbox's own addresses."""
        domain = (self.forwarding_smtp or "").rpartition("@")[2].casefold()
        return domain in {address.rpartition("@")[2].casefold() for address in self.addresses}

    def notes(self, size: int | None) -> tuple[str, ...]:
        """`size` in bytes. What is not known is not said."""
        reasons = {
            "larger than 50 GB": size is not None and size > UNLICENSED_UP_TO,
            "with an archive": self.archive not in (None, "", "None"),
            "on litigation hold": self.on_hold,
        }
        found = [reason for reason, true in reasons.items() if true]
        licence = f"keeps needing an Exchange Online Plan 2 licence: {', '.join(found)} ({RUNBOOK})"
        synced = f"mastered on premises: convert and hide the mailbox there too ({RUNBOOK})"
        return (licence,) * bool(found) + (synced,) * bool(self.synced)


class Protocols(Answer):
    """Get-CASMailbox. Null follows what the organisation says, so only False is off."""

    id: str | None = Field(None, alias="ExternalDirectoryObjectId")
    owa: bool | None = Field(alias="OWAEnabled")
    active_sync: bool | None = Field(alias="ActiveSyncEnabled")
    pop: bool | None = Field(alias="PopEnabled")
    imap: bool | None = Field(alias="ImapEnabled")
    mapi: bool | None = Field(alias="MAPIEnabled")
    ews: bool | None = Field(alias="EwsEnabled")

    @property
    def flags(self) -> dict[str, bool | None]:
        return self.model_dump(by_alias=True, exclude={"id"})

    @property
    def any_on(self) -> bool:
        return any(flag is not False for flag in self.flags.values())


class Recipient(Answer):
    """Get-Recipient: whom a ForwardingAddress means, which is told by a name only."""

    guid: str = Field(alias="Guid", min_length=1)
    id: str | None = Field(None, alias="ExternalDirectoryObjectId")
    type: str = Field(alias="RecipientTypeDetails")

    @property
    def inside(self) -> bool:
        """A contact, a guest or a list may lead out of the organisation; a mailbox does not."""
        return self.type.endswith("Mailbox")

    @property
    def shared(self) -> bool:
        return self.type in ("SharedMailbox", "GroupMailbox")


class MailList(Answer):
    """Get-DistributionGroup."""

    guid: str = Field(alias="Guid", min_length=1)
    id: str | None = Field(None, alias="ExternalDirectoryObjectId")
    name: str = Field("", alias="DisplayName")
    type: str = Field("", alias="RecipientTypeDetails")
    synced: bool | None = Field(None, alias="IsDirSynced")

    @property
    def held(self) -> Held:
        secure = self.type == "MailUniversalSecurityGroup"
        kind = "mail-enabled security group" if secure else "distribution list"
        obstacle = "mastered on premises: change it there" if self.synced else None
        key = self.id or self.guid
        return Held(key, self.name or key, kind, obstacle)


class MobileDevice(Answer):
    """Get-MobileDevice: a partnership, by which a device holds the mail."""

    guid: str = Field(alias="Guid", min_length=1)
    model: str | None = Field(None, alias="DeviceModel")

    @property
    def held(self) -> Held:
        back = {NO_WAY_BACK: "the device is set up anew"}
        return Held(self.guid, self.model or "mobile device", "mail on a device", None, back)


class Permission(Answer):
    """Get-MailboxPermission. `User` is a login, or `NT AUTHORITY\\SELF` for the owner."""

    user: str = Field(alias="User", min_length=1)
    rights: tuple[str, ...] = Field(alias="AccessRights")
    denied: bool = Field(default=False, alias="Deny")
    inherited: bool = Field(default=False, alias="IsInherited")

    @property
    def lets_in(self) -> bool:
        ours = not (self.denied or self.inherited or self.user.upper().startswith("NT AUTHORITY\\"))
        return ours and "FullAccess" in self.rights


class Statistics(Answer):
    """Get-MailboxStatistics, whose sizes read "1.5 GB (1,610,612,736 bytes)"."""

    total: str = Field(alias="TotalItemSize")

    @property
    def size(self) -> int | None:
        found = _BYTES.search(self.total)
        return int(found[1].replace(",", "")) if found else None


def equals(key: str, value: str) -> str:
    """OPATH. A quote is doubled, and the curly ones count as quotes there too."""
    doubled = _QUOTES.sub(r"\1\1", value)
    return f"{key} -eq '{doubled}'"
