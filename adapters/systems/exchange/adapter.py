"""Exchange Online: what Microsoft Graph cannot do for a mailbox, by the way that is configured.

By hand nothing is called. The Admin API (Microsoft, preview) can look, but changes nothing that a
leaver needs. InvokeCommand can do all; Microsoft does not document it for third parties.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar, Self

import httpx

from adapters.actions import Action, Outcome
from adapters.clock import Clock
from adapters.contract import Brief, Check, Facts, Gap, by_hand, not_applicable
from adapters.errors import NeedsHuman
from adapters.microsoft import signed_in
from adapters.nouns import Account, Person
from adapters.reading import read_as
from adapters.systems.exchange.changing import ROLE, Changing
from adapters.systems.exchange.door import ExchangeApi, Row
from adapters.systems.exchange.shapes import RUNBOOK, ExchangeSettings, Mailbox, Way, equals

_OBJECT_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
PERMISSIONS = {
    Way.BY_HAND: "nothing",
    Way.ADMIN_API: "Exchange.ManageAsAppV2, and a role in Exchange that may read mailboxes",
    Way.INVOKE_COMMAND: f"Exchange.ManageAsApp, and the role {ROLE}",
}
SIGN_IN = not_applicable("sign-in belongs to Entra ID")
GRAPH = not_applicable("done through Microsoft Graph by the entra system")


class Exchange(Changing):
    Settings = ExchangeSettings
    contain: ClassVar[tuple[Action, ...]] = (Action.BLOCK_SIGN_IN, Action.STOP_FORWARDING)
    # Microsoft names no time in which a write is to be read; this one is our choice.
    propagation = timedelta(seconds=10)
    gaps = {
        Action.REVOKE_SESSIONS: SIGN_IN,
        Action.REVOKE_TOKENS: SIGN_IN,
        Action.RESET_CREDENTIALS: SIGN_IN,
        Action.REMOVE_FACTORS: SIGN_IN,
        Action.LOCK_DEVICES: GRAPH,
        Action.REVOKE_PRIVILEGES: GRAPH,
        Action.TRANSFER_FILES: GRAPH,
        Action.SET_AUTO_REPLY: GRAPH,
        Action.TRANSFER_OWNERSHIP: GRAPH,
        Action.CANCEL_MEETINGS: GRAPH,
        Action.REMOVE_ROLES: GRAPH,
        Action.RELEASE_LICENCES: GRAPH,
        Action.DELETE_ACCOUNT: GRAPH,
        Action.WIPE_DEVICES: GRAPH,
    }

    def __init__(self, system: str, api: ExchangeApi, settings: ExchangeSettings) -> None:
        super().__init__(system, api, settings)
        if settings.way is not Way.INVOKE_COMMAND:
            self.contain = ()  # type: ignore[misc]  # the way decides, not the class
        if settings.way is Way.BY_HAND:
            self.searchable = False  # type: ignore[misc]  # likewise

    @classmethod
    def connect(
        cls,
        system: str,
        settings: ExchangeSettings,
        clock: Clock,  # noqa: ARG003 - Exchange needs no clock
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> Self:
        api = ExchangeApi(
            settings.base_url,
            settings.tenant_id or "",
            settings.way,
            auth=None if settings.way is Way.BY_HAND else signed_in(settings)[0],
            mode=settings.mode,
            transport=transport,
            permission=PERMISSIONS[settings.way],
            fix=f"put a valid credential under systems.{system} and grant admin consent",
        )
        return cls(system, api, settings)

    def facts(self) -> Mapping[Action, Facts]:
        return self.actions if self._settings.way is Way.INVOKE_COMMAND else {}

    def lacks(self) -> Mapping[Action, Gap]:
        left = {} if self.facts() else dict.fromkeys(self.actions, by_hand(RUNBOOK))
        return {**self.gaps, **left}

    async def perform(self, verb: Action, account: Account, brief: Brief | None = None) -> Outcome:
        if verb not in self.facts():
            raise NeedsHuman(f"{verb} is not done by the way {self._settings.way}", RUNBOOK)
        return await super().perform(verb, account, brief)

    async def check(self) -> Check:
        if self._settings.way is Way.BY_HAND:
            return Check("a person does it: every leaver's mailbox becomes tasks for the owner")
        await self._api.first("Get-Mailbox", ResultSize=1)
        if self._settings.way is Way.ADMIN_API:
            return Check("mailboxes can be read; Microsoft's Admin API changes none of them")
        return Check("mailboxes can be read by InvokeCommand, which Microsoft may withdraw")

    async def candidates(self, person: Person) -> tuple[Account, ...]:
        if self._settings.way is Way.BY_HAND:
            return ()
        questions = list(dict.fromkeys(self._questions(person)))
        found = await asyncio.gather(*(self._search(key, text) for key, text in questions))
        accounts = {account.id: account for accounts in found for account in accounts}
        return tuple(await asyncio.gather(*map(self._with_protocols, accounts.values())))

    async def accounts(self) -> AsyncIterator[Account]:
        if self._settings.way is not Way.BY_HAND:
            rows = await self._api.read("Get-Mailbox", ResultSize="Unlimited")
            for account in self._those_of_people(rows or []):
                yield account

    async def close(self) -> None:
        await self._api.close()

    def _questions(self, person: Person) -> Iterator[tuple[str, str]]:
        """A parameter of Get-Mailbox and its value. The Admin API knows `Identity` only."""
        if self._settings.way is Way.ADMIN_API:
            yield from (("Identity", text) for text in (*person.addresses, *person.links))
            return
        if person.employee_number and self._settings.employee_number:
            yield "Filter", equals(self._settings.employee_number, person.employee_number)
        for address in person.addresses:
            proxy = equals("EmailAddresses", f"smtp:{address}")
            yield "Filter", f"{proxy} -or {equals('UserPrincipalName', address)}"
        for link in person.links:
            is_id = _OBJECT_ID.fullmatch(link)
            yield ("Identity", link) if is_id else ("Filter", equals("UserPrincipalName", link))

    async def _search(self, key: str, text: str) -> list[Account]:
        rows = await self._api.read("Get-Mailbox", **{key: text})
        return list(self._those_of_people(rows or []))

    def _those_of_people(self, rows: Iterable[Row]) -> Iterator[Account]:
        """An empty object id is a mailbox of Exchange itself, which is nobody's account."""
        for row in rows:
            if row.get("ExternalDirectoryObjectId") != "":
                yield self._account(row)

    def _account(self, row: Row) -> Account:
        box = read_as(Mailbox, row)
        number = row.get(self._settings.employee_number or "")
        return Account(
            self.system,
            box.id,
            box.login,
            box.addresses,
            str(number) if number else None,
            box.kind,
            box.created_at,
        )

    async def _with_protocols(self, account: Account) -> Account:
        """Whether it can be opened: a successor must be able to."""
        if self._settings.way is Way.ADMIN_API:
            return account
        protocols = await self._protocols(account.id)
        return replace(account, enabled=protocols.any_on if protocols else None)
