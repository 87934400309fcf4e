"""Okta: who is who, and what the adapter does and does not.

The verbs stand in chapters: containing, cleaning_up. Facts are from Okta's own description
(okta-management-openapi-spec 2026.06) unless another source is named.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Self

import httpx
from pydantic import SecretStr

from adapters.actions import Action, Undo
from adapters.auth import Bearer
from adapters.clock import Clock
from adapters.contract import Check, Facts, Gap, by_hand, covered_by, not_applicable
from adapters.errors import Unrecognised
from adapters.nouns import Account, Kind, Person
from adapters.reading import read_as
from adapters.systems.okta.base import LARGEST_PAGE
from adapters.systems.okta.cleaning_up import CleaningUp
from adapters.systems.okta.door import OktaApi, equals, granted
from adapters.systems.okta.permissions import OPTIONAL, judge, owner_of, probe, scopes_of
from adapters.systems.okta.settings import OktaSettings
from adapters.systems.okta.shapes import User
from adapters.systems.okta.signing_in import ServiceApp, Ssws

LEFT_OUT = by_hand("docs/runbooks/okta.md")
"""What the configured scopes leave to people."""
NO_MAILBOX = not_applicable("Okta knows no mailboxes")
NO_FILES = not_applicable("Okta keeps no files and no calendars")
NO_DEVICES = not_applicable("Okta manages no devices: what does is a system of its own")
USERS = "/api/v1/users"


class Okta(CleaningUp):
    Settings = OktaSettings
    # Suspend first: who is still active signs in again right after a revocation. Roles go before
    # the password, so that nobody administers while the rest is done. Factors last: behind a
    # block that was read back, and before a deactivation, after which Okta removes none.
    contain = (
        Action.BLOCK_SIGN_IN,
        Action.REVOKE_SESSIONS,
        Action.REVOKE_TOKENS,
        Action.REVOKE_PRIVILEGES,
        Action.RESET_CREDENTIALS,
        Action.REMOVE_FACTORS,
    )
    gaps = {
        Action.REMOVE_ROLES: covered_by(Action.REVOKE_PRIVILEGES),
        # A suspended user gets in by no device, and a device may have other users.
        Action.LOCK_DEVICES: covered_by(Action.BLOCK_SIGN_IN),
        Action.STOP_FORWARDING: NO_MAILBOX,
        Action.DELEGATE_MAILBOX: NO_MAILBOX,
        Action.FORWARD_MAIL: NO_MAILBOX,
        Action.SET_AUTO_REPLY: NO_MAILBOX,
        Action.TRANSFER_FILES: NO_FILES,
        Action.CANCEL_MEETINGS: NO_FILES,
        Action.TRANSFER_OWNERSHIP: by_hand("docs/runbooks/okta-hand-over.md"),
        Action.RELEASE_LICENCES: not_applicable("Okta's API assigns no licences to users"),
        Action.HIDE_FROM_DIRECTORY: not_applicable("Okta has no address list for colleagues"),
        Action.RETIRE_DEVICES: NO_DEVICES,
        Action.WIPE_DEVICES: NO_DEVICES,
    }

    @classmethod
    def connect(
        cls,
        system: str,
        settings: OktaSettings,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> Self:
        api = OktaApi(
            settings.base_url,
            clock,
            auth=_auth(settings, clock),
            mode=settings.mode,
            headers={"Accept": "application/json"},
            transport=transport,
            permission="okta.users.read",
            fix=f"put a valid credential under systems.{system} (docs/runbooks/okta.md)",
        )
        return cls(system, api, settings, clock, lambda api: owner_of(settings, api))

    def facts(self) -> Mapping[Action, Facts]:
        found = {verb: one for verb, one in self.actions.items() if self._may(one)}
        if self._settings.deprovision and Action.REVOKE_GRANTS in found:
            grants = found[Action.REVOKE_GRANTS]
            found[Action.REVOKE_GRANTS] = replace(grants, undo=Undo.DESTRUCTIVE)
        return found

    def lacks(self) -> Mapping[Action, Gap]:
        left = dict.fromkeys((v for v, one in self.actions.items() if not self._may(one)), LEFT_OUT)
        if Action.REVOKE_PRIVILEGES in left:
            left[Action.REMOVE_ROLES] = LEFT_OUT
        return {**self.gaps, **left}

    def _may(self, facts: Facts) -> bool:
        return all(self._settings.may(p) for p in facts.permissions if p not in OPTIONAL)

    async def check(self) -> Check:
        """One harmless read, and what our token says or its owner may."""
        await self._somebody_is_there()
        if self._settings.token is None and self._settings.api_token is not None:
            return await probe(self._api)
        return judge(scopes_of(self._settings), self.facts())

    async def candidates(self, person: Person) -> tuple[Account, ...]:
        """By search, whose index lags behind, and by filter, whose values know capitals.

        Never by the path: that one stands in the ledger.
        """
        number = person.employee_number
        searches = [equals(f"profile.{self._settings.employee_number}", number)] if number else []
        searches += [equals("profile.email", address) for address in person.addresses]
        names = (*person.addresses, *person.links)
        logins = [equals("profile.login", name) for name in names]
        ids = [equals("id", link) for link in person.links]
        found = await asyncio.gather(
            *(self._users(search=text) for text in (*searches, *logins)),
            *(self._users(filter=text) for text in (*logins, *ids)),
        )
        users = [user for users in found for user in users]
        if not users:
            await self._somebody_is_there()
        return tuple([await self._account(user) for user in users])

    async def accounts(self) -> AsyncIterator[Account]:
        """Okta leaves the deactivated ones out, unless one asks for them."""
        queries: tuple[dict[str, str], ...] = ({}, {"filter": equals("status", "DEPROVISIONED")})
        with granted("okta.users.read"):
            for query in queries:
                async for entry in self._api.pages(USERS, limit=LARGEST_PAGE, **query):
                    yield await self._account(read_as(User, entry))

    async def _users(self, **query: str) -> list[User]:
        return await self._list("okta.users.read", USERS, User, limit=LARGEST_PAGE, **query)

    async def _somebody_is_there(self) -> None:
        """No org is without users: who sees none was given something else than the directory."""
        with granted("okta.users.read"):
            reply = await self._api.get(USERS, limit=1)
        if not isinstance(reply.body, list) or not reply.body:
            raise Unrecognised("not one user is to be seen: nobody's absence can be told from that")
        read_as(User, reply.body[0])

    async def _account(self, user: User) -> Account:
        number = user.profile.get(self._settings.employee_number)
        ours = user.id == await self._our_own_id()
        return Account(
            self.system,
            user.id,
            user.login,
            user.addresses,
            str(number) if number else None,
            Kind.SERVICE if ours else Kind.PERSON,
            user.created_at,
            user.enabled,
        )


def _auth(settings: OktaSettings, clock: Clock) -> httpx.Auth:
    if settings.token:
        return Bearer(settings.token)
    if settings.api_token:
        return Ssws(settings.api_token)
    return ServiceApp(
        settings.base_url,
        clock,
        settings.client_id or "",
        settings.key_id or "",
        settings.private_key or SecretStr(""),
        settings.scopes,
    )
