"""Read a mailbox: itself and its protocols always, the rest as far as it can be read."""

import asyncio
from collections.abc import Awaitable, Callable
from collections.abc import Set as AbstractSet
from typing import TypeVar

from adapters.actions import Action
from adapters.contract import Adapter
from adapters.errors import AdapterError, TryAgain, Unrecognised
from adapters.nouns import COPY, HOLDERS, NOBODY, SHARED, Account, Held, State
from adapters.postconditions import FACTS
from adapters.reading import Answer, read_as
from adapters.systems.exchange.door import ExchangeApi, Row
from adapters.systems.exchange.shapes import (
    RUNBOOK,
    ExchangeSettings,
    Mailbox,
    MailList,
    MobileDevice,
    Permission,
    Protocols,
    Recipient,
    Statistics,
    Way,
    equals,
)

M = TypeVar("M", bound=Answer)
T = TypeVar("T")
FORWARDING = frozenset({Action.STOP_FORWARDING, Action.FORWARD_MAIL})
ADDRESS, SMTP = "ForwardingAddress", "ForwardingSmtpAddress"
INSIDE = "to a mailbox of this organisation: no mail leaves it"
REDIRECT = "redirect"
NOBODY_IN = f"the mailbox is shared, but nobody was given access to it ({RUNBOOK})"


class Observing(Adapter):
    def __init__(self, system: str, api: ExchangeApi, settings: ExchangeSettings) -> None:
        super().__init__(system, settings.token_lifetime)
        self._api = api
        self._settings = settings

    async def observe(self, account: Account, verb: Action | None = None) -> State:
        if self._settings.way is Way.BY_HAND:
            return State()
        box = await self._mailbox(account.id)
        if box is None:
            return State.gone()
        whole = self._settings.way is Way.INVOKE_COMMAND
        state = await (self._whole(box, verb) if whole else self._official(box))
        if verb in self.facts() and verb in FACTS and getattr(state, FACTS[verb]) is None:
            raise Unrecognised(f"an answer does not tell what {verb} changes")
        return state

    async def _official(self, box: Mailbox) -> State:
        """What Get-Mailbox alone tells."""
        mailbox = Held(box.purpose, box.purpose, "mailbox") if box.purpose else None
        return State(mailbox=mailbox, listed=_not(box.hidden), notes=box.notes(None))

    async def _whole(self, box: Mailbox, verb: Action | None) -> State:
        protocols, forwards, access, size, lists, devices = await asyncio.gather(
            self._protocols(box.id),
            _if_asked(verb, FORWARDING, lambda: self._forwards(box)),
            _if_asked(verb, {Action.DELEGATE_MAILBOX}, lambda: self._full_access(box.id)),
            self._size(box.id, verb),
            _if_asked(verb, {Action.REVOKE_GRANTS}, lambda: self._lists(box)),
            _if_asked(verb, {Action.RETIRE_DEVICES}, lambda: self._devices(box.id)),
        )
        if protocols is None:
            raise TryAgain("a mailbox is there, but not its protocols: the directory catches up")
        alone = box.purpose == SHARED and access == []
        return State(
            enabled=protocols.any_on,
            protocols=Held("protocols", "protocols", "mailbox", None, {**protocols.flags}),
            mailbox=_mailbox(box, access),
            forwards=forwards,
            copied=_copied(forwards),
            grants=lists,
            managed=devices,
            listed=_not(box.hidden),
            notes=box.notes(size) + (NOBODY_IN,) * alone,
        )

    async def _mailbox(self, identifier: str) -> Mailbox | None:
        """One mailbox by its object id; None if Exchange says that there is none."""
        rows = await self._api.read("Get-Mailbox", Identity=identifier)
        return None if rows is None else _the_one(Mailbox, rows, identifier)

    async def _protocols(self, identifier: str) -> Protocols | None:
        rows = await self._api.read("Get-CASMailbox", Identity=identifier)
        return None if rows is None else _the_one(Protocols, rows, identifier)

    async def _forwards(self, box: Mailbox) -> tuple[Held, ...] | None:
        """What sends mail on. `details` tell to whom, by an id where there is one."""
        if not box.tells_forwarding:
            return None
        found = []
        if box.forwarding_smtp:
            to = {"value": box.forwarding_smtp, "again": f"{SMTP}={box.forwarding_smtp}"}
            obstacle = INSIDE if box.leads_inside else None
            name = "forwarding to an address"
            found.append(Held(SMTP, name, "forwarding", obstacle, to | {"deliver": box.deliver}))
        if box.forwarding_address:
            whom = await self._recipient(box.forwarding_address)
            key = (whom.id or whom.guid) if whom else box.forwarding_address
            shared = whom is not None and whom.shared
            to_whom: dict[str, object] = {"value": key, "again": f"{ADDRESS}={key}"}
            to_whom |= {"deliver": box.deliver, "shared": shared}
            obstacle = INSIDE if whom and whom.inside else None
            name = "forwarding to a recipient"
            found.append(Held(ADDRESS, name, "forwarding", obstacle, to_whom))
        return tuple(found)

    async def _recipient(self, name: str) -> Recipient | None:
        """None if the name means nobody, or several: then it counts as outside."""
        rows = await self._api.read("Get-Recipient", Identity=name)
        return read_as(Recipient, rows[0]) if rows and len(rows) == 1 else None

    async def _lists(self, box: Mailbox) -> tuple[Held, ...] | None:
        """Direct memberships; `Members` is compared with the distinguished name (Microsoft)."""
        if not box.dn:
            return None
        rows = await self._api.read("Get-DistributionGroup", Filter=equals("Members", box.dn))
        return tuple(read_as(MailList, row).held for row in rows or ())

    async def _devices(self, identifier: str) -> tuple[Held, ...]:
        rows = await self._api.read("Get-MobileDevice", Mailbox=identifier)
        return tuple(read_as(MobileDevice, row).held for row in rows or ())

    async def _full_access(self, identifier: str) -> list[str]:
        """The logins of those who may open the mailbox beside its owner."""
        rows = await self._api.read("Get-MailboxPermission", Identity=identifier)
        found = [read_as(Permission, row) for row in rows or ()]
        return sorted(one.user for one in found if one.lets_in)

    async def _size(self, identifier: str, verb: Action | None) -> int | None:
        """Never waited for: a mailbox that nobody has opened has no statistics."""
        if verb not in (None, Action.DELEGATE_MAILBOX):
            return None
        try:
            rows = await self._api.read("Get-MailboxStatistics", Identity=identifier)
        except AdapterError:
            return None
        return read_as(Statistics, rows[0]).size if rows else None


def _mailbox(box: Mailbox, access: list[str] | None) -> Held | None:
    """What it was is known only with who could open it: alone it gives nothing back."""
    if box.purpose is None or access is None:
        return None
    return Held(box.purpose, box.purpose, "mailbox", None, {HOLDERS: access})


def _copied(forwards: tuple[Held, ...] | None) -> Held | None:
    """To whom ForwardingAddress leads, inside; what leads outside is not for a successor."""
    if forwards is None:
        return None
    inside = (one for one in forwards if one.id == ADDRESS and one.obstacle)
    found = next((one.details for one in inside), None)
    if found is None:
        return Held(NOBODY, NOBODY, COPY)
    kind = COPY if found["deliver"] else REDIRECT
    return Held(
        found["value"], "forwarding to a recipient", kind, None, {"shared": found["shared"]}
    )


async def _if_asked(
    verb: Action | None, feeds: AbstractSet[Action], reading: Callable[[], Awaitable[T]]
) -> T | None:
    """None for what nobody asked for, and for what fails while nobody asked for just that."""
    if verb is not None and verb not in feeds:
        return None
    try:
        return await reading()
    except AdapterError:
        if verb is not None:
            raise
        return None


def _the_one(model: type[M], rows: list[Row], identifier: str) -> M:
    """A read of one object that answers none, several or another one is not understood."""
    if len(rows) != 1:
        raise Unrecognised(f"one mailbox was asked for, {len(rows)} came")
    found = read_as(model, rows[0])
    if getattr(found, "id", None) not in (None, identifier):
        raise Unrecognised("another mailbox came than the one that was asked for")
    return found


def _not(flag: bool | None) -> bool | None:
    return None if flag is None else not flag
