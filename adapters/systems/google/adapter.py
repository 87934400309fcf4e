"""Google Workspace: who is who, and what the adapter does and does not.

The verbs stand in chapters, one file each: containing, privileges, handing_over, mailbox,
cleaning_up.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Self

import httpx

from adapters.actions import Action
from adapters.auth import Bearer
from adapters.budget import Budget
from adapters.clock import Clock
from adapters.contract import by_hand, covered_by
from adapters.matching import same_address
from adapters.nouns import Account, Kind, Person
from adapters.reading import read_as
from adapters.systems.google.checking import Checking
from adapters.systems.google.door import RATES, Doors, GoogleApi, user_at
from adapters.systems.google.scopes import USERS
from adapters.systems.google.settings import GoogleSettings
from adapters.systems.google.shapes import User
from adapters.systems.google.signing import ServiceAccount, acting, read_key

USERS_AT = "/admin/directory/v1/users"
UNKNOWN = frozenset({400, 403, 404})
"""What Google answers to an address that is nobody's here, or of another company's domain."""
LARGEST_PAGE = 500


class GoogleWorkspace(Checking):
    Settings = GoogleSettings
    # Google refuses a sign-out, backup codes and Gmail's settings on a suspended user, so these
    # come before the suspension (GAM, "Users - Deprovision"), which they must not hold up (haste).
    contain = (
        Action.RESET_CREDENTIALS,
        Action.REVOKE_SESSIONS,
        Action.REVOKE_TOKENS,
        Action.REMOVE_FACTORS,
        Action.STOP_FORWARDING,
        Action.REVOKE_PRIVILEGES,
        Action.BLOCK_SIGN_IN,
        Action.LOCK_DEVICES,
    )
    block_within = timedelta(seconds=10)
    # Gmail's settings cannot be written while the user is suspended (GAM, as above).
    needs_open = frozenset(
        {
            Action.STOP_FORWARDING,
            Action.DELEGATE_MAILBOX,
            Action.FORWARD_MAIL,
            Action.SET_AUTO_REPLY,
        }
    )
    # Google names no time in which a write is to be read; this one is our choice.
    propagation = timedelta(seconds=5)
    rates = RATES
    gaps = {
        Action.REMOVE_ROLES: covered_by(Action.REVOKE_PRIVILEGES),
        # A transfer moves them; nothing in the API cancels what a suspended user organised.
        Action.CANCEL_MEETINGS: by_hand("docs/runbooks/google-hand-over.md"),
    }

    @classmethod
    def connect(
        cls,
        system: str,
        settings: GoogleSettings,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> Self:
        auth = _credential(settings, clock)

        def door(url: str, budget: Budget | None = None) -> GoogleApi:
            return GoogleApi(
                url,
                auth=auth,
                mode=settings.mode,
                transport=transport,
                permission=USERS,
                fix=f"put a valid credential under systems.{system} (key and subject)",
                budget=budget,
            )

        doors = Doors(
            door(settings.base_url, Budget(RATES, clock)),
            door(settings.gmail_url),
            door(settings.licensing_url),
            door(settings.devices_url),
        )
        return cls(system, doors, settings, clock)

    async def candidates(self, person: Person) -> tuple[Account, ...]:
        """By search, and by name: new addresses take up to 36 hours to be found by searching."""
        number = person.employee_number
        names = [*person.addresses, *person.links]
        queries = [f"externalId={_quoted(number)}"] if number else []
        queries += [f"email={_quoted(name)}" for name in names]
        found = await asyncio.gather(
            *map(self._search, queries), *map(self._by_name, filter(_is_a_key, names))
        )
        return tuple(self._account(user, number) for users in found for user in users)

    async def accounts(self) -> AsyncIterator[Account]:
        async for entry in self._doors.admin.pages(USERS_AT, "users", self._everybody):
            yield self._account(read_as(User, entry))

    @property
    def _everybody(self) -> dict[str, str | int]:
        return {
            "customer": self._settings.customer,
            "maxResults": LARGEST_PAGE,
            "projection": "full",
        }

    async def _search(self, query: str) -> list[User]:
        with acting(USERS):
            asked = {**self._everybody, "query": query}
            found = self._doors.admin.pages(USERS_AT, "users", asked)
            return [read_as(User, entry) async for entry in found]

    async def _by_name(self, name: str) -> list[User]:
        """By id, address or alias. Whether we may ask at all, the search has shown."""
        with acting(USERS):
            reply = await self._doors.admin.send(
                "GET", user_at(name), params={"projection": "full"}, codes=UNKNOWN
            )
        return [] if reply.status in UNKNOWN else [read_as(User, reply.body)]

    def _account(self, user: User, wanted: str | None = None) -> Account:
        return Account(
            self.system,
            user.id,
            user.login,
            user.addresses,
            user.employee_number(wanted),
            self._kind(user),
            user.created_at,
            user.enabled,
        )

    def _kind(self, user: User) -> Kind:
        """The administrator in whose name we work is never cut unasked: it would cut us off."""
        ours = self._settings.subject
        if ours and any(same_address(ours, address) for address in user.addresses):
            return Kind.SERVICE
        return Kind.GUEST if user.guest else Kind.PERSON


def _credential(settings: GoogleSettings, clock: Clock) -> httpx.Auth:
    if settings.token:
        return Bearer(settings.token)
    key, subject = settings.key, settings.subject
    if key is None or subject is None:
        raise ValueError("give a token, or key and subject")
    return ServiceAccount(lambda: read_key(key), settings.token_url, subject, clock)


def _is_a_key(name: str) -> bool:
    """An address or an id. The path shows ids only in what we remember of a call."""
    return "@" in name or name.isdecimal()


def _quoted(value: str) -> str:
    r"""Google, "Search for users": in single quotes, a quote within as \'."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
