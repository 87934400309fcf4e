"""IAM Identity Center: the people of an organisation, and which AWS accounts they open."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import ClassVar, Self

import httpx

from adapters.actions import Action
from adapters.clock import Clock
from adapters.contract import Check, Facts, Gap, by_hand, covered_by, not_applicable
from adapters.nouns import Account, Person
from adapters.reading import read_as
from adapters.systems.aws.center.changing import Changing
from adapters.systems.aws.center.observing import PAGE, RUNBOOK, Doors
from adapters.systems.aws.center.things import ENTERPRISE, User
from adapters.systems.aws.door import ABSENT, opened
from adapters.systems.aws.permissions import judge
from adapters.systems.aws.settings import CenterSettings
from adapters.systems.aws.signing import Keys

NO_MAIL = not_applicable("Identity Center knows no mail")
NO_DEVICES = not_applicable("Identity Center knows no devices but factors")


class AwsIdentityCenter(Changing):
    Settings = CenterSettings
    # No new session first, then the sessions that there are, by one call. The accounts come after
    # that, because their assignments are deleted in AWS's own time.
    contain: ClassVar[tuple[Action, ...]] = (
        Action.BLOCK_SIGN_IN,
        Action.REVOKE_SESSIONS,
        Action.REVOKE_PRIVILEGES,
    )
    # AWS names no time in which a write is to be read; this one is our choice.
    propagation = timedelta(seconds=5)
    gaps = {
        # Neither is in the API. Who is disabled signs in with no password and no factor.
        Action.REVOKE_TOKENS: covered_by(Action.BLOCK_SIGN_IN),
        Action.RESET_CREDENTIALS: covered_by(Action.BLOCK_SIGN_IN),
        Action.REMOVE_FACTORS: covered_by(Action.BLOCK_SIGN_IN),
        Action.REMOVE_ROLES: covered_by(Action.REVOKE_PRIVILEGES),
        Action.LOCK_DEVICES: NO_DEVICES,
        Action.STOP_FORWARDING: NO_MAIL,
        Action.TRANSFER_FILES: not_applicable("what is made in AWS belongs to the AWS account"),
        Action.TRANSFER_OWNERSHIP: by_hand(RUNBOOK),
        Action.DELEGATE_MAILBOX: NO_MAIL,
        Action.FORWARD_MAIL: NO_MAIL,
        Action.SET_AUTO_REPLY: NO_MAIL,
        Action.CANCEL_MEETINGS: not_applicable("Identity Center knows no calendars"),
        Action.RELEASE_LICENCES: by_hand(RUNBOOK),
        Action.HIDE_FROM_DIRECTORY: not_applicable("Identity Center knows no address list"),
        Action.RETIRE_DEVICES: NO_DEVICES,
        Action.WIPE_DEVICES: NO_DEVICES,
    }

    def __init__(self, system: str, doors: Doors, settings: CenterSettings, clock: Clock) -> None:
        super().__init__(system, doors, settings, clock)
        if settings.deny_policy is None:
            self.contain = tuple(verb for verb in self.contain if verb in self.facts())  # type: ignore[misc]  # the settings decide, not the class

    @classmethod
    def connect(
        cls,
        system: str,
        settings: CenterSettings,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> Self:
        keys = Keys(settings, clock)
        names = ("identitystore", "sso-admin", "organizations", "iam", "sts")
        doors = Doors(*(opened(one, settings, transport, system, keys) for one in names))
        return cls(system, doors, settings, clock)

    def facts(self) -> Mapping[Action, Facts]:
        denies = self._settings.deny_policy is not None
        return {v: f for v, f in self.actions.items() if denies or v is not Action.REVOKE_SESSIONS}

    def lacks(self) -> Mapping[Action, Gap]:
        """Without a deny policy sessions end by themselves: `token_lifetime` says when."""
        left = covered_by(Action.REVOKE_PRIVILEGES)
        return {**self.gaps, **{v: left for v in self.actions if v not in self.facts()}}

    async def check(self) -> Check:
        store = (await self._instance()).store
        answer = await self._doors.store.ask("ListUsers", IdentityStoreId=store, MaxResults=1)
        for entry in answer["Users"]:
            read_as(User, entry)
        return await judge(self._doors.sts, self._doors.iam, self.facts(), "users can be read")

    async def candidates(self, person: Person) -> tuple[Account, ...]:
        """Everybody, as only lists show employee numbers; or those whom an exact question finds."""
        if not self._settings.exact_lookups:
            return tuple([account async for account in self.accounts()])
        questions = [
            (path, text)
            for path, texts in {
                "userName": (*person.addresses, *person.links),
                "emails.value": person.addresses,
            }.items()
            for text in texts
        ]
        ids = await asyncio.gather(*(self._id_of(*one) for one in questions))
        wanted = {one for one in (*ids, *filter(_may_be_id, person.links)) if one}
        users = await asyncio.gather(*map(self._user, sorted(wanted)))
        return tuple(self._account(user) for user in users if user)

    async def accounts(self) -> AsyncIterator[Account]:
        found = self._doors.store.pages(
            "ListUsers",
            "Users",
            IdentityStoreId=(await self._instance()).store,
            Extensions=[ENTERPRISE],
            MaxResults=PAGE,
        )
        async for entry in found:
            yield self._account(read_as(User, entry))

    async def _id_of(self, path: str, text: str) -> str | None:
        unique = {"AttributePath": path, "AttributeValue": text}
        answer = await self._doors.store.call(
            "GetUserId",
            ABSENT,
            IdentityStoreId=(await self._instance()).store,
            AlternateIdentifier={"UniqueAttribute": unique},
        )
        return None if answer is None else str(answer["UserId"])

    def _account(self, user: User) -> Account:
        return Account(
            self.system,
            user.id,
            user.login,
            user.addresses,
            user.number(self._settings.employee_number),
            created_at=user.created_at,
            enabled=user.enabled,
        )


def _may_be_id(link: str) -> bool:
    """The form that AWS describes: a UUID, with the store's digits before it or without."""
    return len(link) in (36, 47) and set(link) <= set("0123456789abcdefABCDEF-")
