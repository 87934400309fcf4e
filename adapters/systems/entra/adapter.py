"""Microsoft 365 through Microsoft Graph v1.0: who is who, and what the adapter does and does not.

The verbs stand in chapters, one file each: containing, privileges, handing_over, cleaning_up.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Self

import httpx

from adapters.actions import Action
from adapters.clock import Clock
from adapters.contract import Check, Facts, Gap, by_hand, covered_by, not_applicable
from adapters.microsoft import signed_in
from adapters.nouns import Account, Kind, Person
from adapters.reading import read_as
from adapters.systems.entra.base import LARGEST_PAGE
from adapters.systems.entra.cleaning_up import CleaningUp
from adapters.systems.entra.door import RATES, GraphApi, any_equals, equals, granted, is_object_id
from adapters.systems.entra.handing_over import APPLICATIONS
from adapters.systems.entra.permissions import judge, our_own_id
from adapters.systems.entra.settings import EntraSettings, Profile
from adapters.systems.entra.shapes import Page, User, chosen

MAILBOX = by_hand("docs/runbooks/entra-mailbox.md")
HOW = {
    Action.REVOKE_PRIVILEGES: "entra-roles",
    Action.REMOVE_ROLES: "entra-roles",
    Action.STOP_FORWARDING: "entra-mailbox",
    Action.SET_AUTO_REPLY: "entra-mailbox",
    Action.CANCEL_MEETINGS: "entra-mailbox",
    Action.TRANSFER_FILES: "entra-hand-over",
    Action.TRANSFER_OWNERSHIP: "entra-hand-over",
    Action.LOCK_DEVICES: "entra-devices",
    Action.RETIRE_DEVICES: "entra-devices",
    Action.WIPE_DEVICES: "entra-devices",
    Action.DELETE_ACCOUNT: "entra-delete",
    Action.REVOKE_GRANTS: "entra-groups",
    Action.RELEASE_LICENCES: "entra-groups",
}
"""Under docs/runbooks/: how a person does what the chosen permission profile leaves out."""


class Entra(CleaningUp):
    Settings = EntraSettings
    # Disable first: a user who is still enabled signs in again right after a revocation. Factors
    # last: behind a block that was read back.
    contain = (
        Action.BLOCK_SIGN_IN,
        Action.REVOKE_SESSIONS,
        Action.REVOKE_TOKENS,
        Action.REVOKE_PRIVILEGES,
        Action.STOP_FORWARDING,
        Action.LOCK_DEVICES,
        Action.RESET_CREDENTIALS,
        Action.REMOVE_FACTORS,
    )
    # Microsoft names no time in which a write is to be read; this one is our choice.
    propagation = timedelta(seconds=5)
    rates = RATES
    # Microsoft, "Continuous access evaluation"; not even disabling reaches the other applications.
    lingers = (
        "an access token from before the cut may work until then; Exchange, SharePoint and Teams "
        "refuse it within 15 minutes where continuous access evaluation is in use"
    )
    gaps = {
        Action.REMOVE_ROLES: covered_by(Action.REVOKE_PRIVILEGES),
        # Not in Graph v1.0: only Exchange converts, delegates, forwards and hides a mailbox.
        Action.DELEGATE_MAILBOX: MAILBOX,
        Action.FORWARD_MAIL: MAILBOX,
        Action.HIDE_FROM_DIRECTORY: MAILBOX,
    }

    @classmethod
    def connect(
        cls,
        system: str,
        settings: EntraSettings,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> Self:
        auth, token = signed_in(settings)
        api = GraphApi(
            f"{settings.base_url.rstrip('/')}/v1.0",
            clock,
            auth=auth,
            mode=settings.mode,
            transport=transport,
            permission="User.Read.All",
            fix=f"put a valid credential under systems.{system} and grant admin consent",
        )
        return cls(system, api, settings, clock, token)

    def facts(self) -> Mapping[Action, Facts]:
        """Who owns an application can make credentials for it: only `privileged` changes that."""
        found = {verb: facts for verb, facts in self.actions.items() if self._settings.may(verb)}
        verb = Action.TRANSFER_OWNERSHIP
        if self._settings.profile is Profile.PRIVILEGED:
            more = (*found[verb].permissions, APPLICATIONS)
            found[verb] = replace(found[verb], permissions=more)
        return found

    def lacks(self) -> Mapping[Action, Gap]:
        found = dict(self.gaps)
        if self._settings.exchange:
            done = not_applicable(f"the system {self._settings.exchange} does this")
            found |= dict.fromkeys((v for v, gap in found.items() if gap is MAILBOX), done)
        found |= {verb: _left_out(verb) for verb in self.actions if not self._settings.may(verb)}
        if Action.REVOKE_PRIVILEGES in found:
            found[Action.REMOVE_ROLES] = _left_out(Action.REMOVE_ROLES)
        return found

    async def check(self) -> Check:
        """One harmless read, and what our own token says that we are granted."""
        with granted("User.Read.All"):
            params: dict[str, str | int] = {"$select": "id", "$top": 1}
            read_as(Page, (await self._api.send("GET", "/users", params=params)).body)
        return judge(await self._token(), self.facts(), self._settings.profile)

    async def candidates(self, person: Person) -> tuple[Account, ...]:
        number = person.employee_number
        filters = [equals("employeeId", number)] if number else []
        for address in person.addresses:
            filters += [equals(key, address) for key in ("mail", "userPrincipalName")]
            # The prefix of the main address is written in capitals.
            filters += [any_equals("proxyAddresses", f"{p}:{address}") for p in ("smtp", "SMTP")]
        ids = [link for link in person.links if is_object_id(link)]
        filters += [equals("userPrincipalName", link) for link in person.links if link not in ids]
        found = await asyncio.gather(*map(self._search, filters), *map(self._by_id, ids))
        ourselves = our_own_id(await self._token())
        return tuple(
            replace(account, kind=Kind.SERVICE) if account.id == ourselves else account
            for accounts in found
            for account in accounts
        )

    async def accounts(self) -> AsyncIterator[Account]:
        with granted("User.Read.All"):
            everybody: dict[str, str | int] = {"$select": chosen(User), "$top": LARGEST_PAGE}
            async for entry in self._api.pages("/users", everybody):
                yield self._account(read_as(User, entry))

    async def _search(self, text: str) -> list[Account]:
        with granted("User.Read.All"):
            pages = self._api.pages("/users", {"$filter": text, "$select": chosen(User)})
            return [self._account(read_as(User, entry)) async for entry in pages]

    async def _by_id(self, identifier: str) -> list[Account]:
        user = await self._read(User, identifier)
        return [self._account(user)] if user else []

    def _account(self, user: User) -> Account:
        """A shared mailbox looks like a person: only its mailbox settings say what it is."""
        return Account(
            self.system,
            user.id,
            user.login,
            user.addresses,
            user.employee_number,
            Kind.GUEST if user.kind == "Guest" else Kind.PERSON,
            user.created_at,
            user.enabled,
        )


def _left_out(verb: Action) -> Gap:
    """A blocked account takes neither password nor factor (AADSTS50057), so these are hygiene."""
    covered = {
        Action.REVOKE_TOKENS: Action.REVOKE_SESSIONS,  # it ends refresh tokens
        Action.RESET_CREDENTIALS: Action.BLOCK_SIGN_IN,
        Action.REMOVE_FACTORS: Action.BLOCK_SIGN_IN,
    }
    if verb in covered:
        return covered_by(covered[verb])
    return by_hand(f"docs/runbooks/{HOW[verb]}.md")
