"""Read a user of Identity Center: the status always, the rest as far as it can be read."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from adapters.actions import Action
from adapters.clock import Clock
from adapters.contract import Adapter
from adapters.errors import AdapterError, NeedsHuman
from adapters.nouns import Account, Held, State
from adapters.reading import read_as
from adapters.systems.aws.center.denying import Denied
from adapters.systems.aws.center.things import (
    BY_GROUP,
    ENTERPRISE,
    GROUP,
    Application,
    Assignment,
    Instance,
    Membership,
    User,
)
from adapters.systems.aws.door import ABSENT, AwsApi
from adapters.systems.aws.settings import CenterSettings

T = TypeVar("T")
RUNBOOK = "docs/runbooks/aws-identity-center.md"
PAGE = 100
EXTERNAL = "an identity provider writes this user: block and leave groups there as well"


@dataclass(frozen=True)
class Doors:
    """The services that Identity Center is made of, and those beside it."""

    store: AwsApi
    admin: AwsApi
    organizations: AwsApi
    iam: AwsApi
    sts: AwsApi


class Observing(Adapter):
    def __init__(self, system: str, doors: Doors, settings: CenterSettings, clock: Clock) -> None:
        super().__init__(system, settings.token_lifetime)
        self._doors = doors
        self._settings = settings
        self._clock = clock
        self._found: Instance | None = None
        policy = settings.deny_policy
        self._denied = Denied(doors.organizations, policy) if policy else None

    async def observe(self, account: Account, verb: Action | None = None) -> State:
        user = await self._user(account.id)
        if user is None:
            return State.gone()
        roles, grants, denied = await asyncio.gather(
            _if_asked(verb, Action.REVOKE_PRIVILEGES, lambda: self._roles(user.id)),
            _if_asked(verb, Action.REVOKE_GRANTS, lambda: self._grants(user.id)),
            _if_asked(verb, Action.REVOKE_SESSIONS, lambda: self._is_denied(user.id)),
        )
        external = bool(user.external_ids)
        return State(
            enabled=user.enabled,
            # While the policy names the user, no session from before this very moment does a thing.
            sessions_valid_from=self._clock.now() if denied else None,
            roles=roles,
            grants=grants,
            mastered_elsewhere=external or None,
            notes=(EXTERNAL,) * external,
        )

    async def _user(self, identifier: str) -> User | None:
        store = (await self._instance()).store
        answer = await self._doors.store.call(
            "DescribeUser",
            ABSENT,
            IdentityStoreId=store,
            UserId=identifier,
            Extensions=[ENTERPRISE],
        )
        return None if answer is None else read_as(User, answer)

    async def _instance(self) -> Instance:
        """As configured, or the only one that our credential sees."""
        arn, store = self._settings.instance_arn, self._settings.identity_store_id
        if arn and store:
            return Instance(InstanceArn=arn, IdentityStoreId=store)
        if self._found is None:
            found = self._doors.admin.pages("ListInstances", "Instances")
            every = [read_as(Instance, one) async for one in found]
            if len(every) != 1:
                raise NeedsHuman(
                    f"{len(every)} instances are seen: name instance_arn and identity_store_id",
                    RUNBOOK,
                )
            self._found = every[0]
        return self._found

    async def _memberships(self, user: str) -> list[Membership]:
        store = (await self._instance()).store
        found = self._doors.store.pages(
            "ListGroupMembershipsForMember",
            "GroupMemberships",
            IdentityStoreId=store,
            MemberId={"UserId": user},
            MaxResults=PAGE,
        )
        return [read_as(Membership, one) async for one in found]

    async def _assignments(self, principal: str, kind: str) -> list[Assignment]:
        arn = (await self._instance()).arn
        found = self._doors.admin.pages(
            "ListAccountAssignmentsForPrincipal",
            "AccountAssignments",
            InstanceArn=arn,
            PrincipalId=principal,
            PrincipalType=kind,
            MaxResults=PAGE,
        )
        return [read_as(Assignment, one) async for one in found]

    async def _applications(self, user: str) -> list[Application]:
        arn = (await self._instance()).arn
        found = self._doors.admin.pages(
            "ListApplicationAssignmentsForPrincipal",
            "ApplicationAssignments",
            InstanceArn=arn,
            PrincipalId=user,
            PrincipalType="USER",
            MaxResults=PAGE,
        )
        every = [read_as(Application, one) async for one in found]
        return [one for one in every if one.principal == user]

    async def _groups(self, user: str) -> tuple[list[Membership], list[Membership]]:
        """Those whose groups open AWS accounts, and the others."""
        every = await self._memberships(user)
        opened = await asyncio.gather(*(self._assignments(one.group, "GROUP") for one in every))
        pairs = list(zip(every, opened, strict=True))
        return [m for m, a in pairs if a], [m for m, a in pairs if not a]

    async def _roles(self, user: str) -> tuple[Held, ...]:
        """What opens AWS accounts. The list of a user may name what comes by a group as well."""
        direct, (opening, _) = await asyncio.gather(
            self._assignments(user, "USER"), self._groups(user)
        )
        own = (one.held for one in direct if one.principal == user)
        return (*own, *(one.held(BY_GROUP) for one in opening))

    async def _grants(self, user: str) -> tuple[Held, ...]:
        """The other groups, and applications."""
        applications, (_, others) = await asyncio.gather(
            self._applications(user), self._groups(user)
        )
        return (*(one.held(GROUP) for one in others), *(one.held for one in applications))

    async def _is_denied(self, user: str) -> bool:
        return self._denied is not None and await self._denied.names(user)

    async def close(self) -> None:
        for door in vars(self._doors).values():
            await door.close()


async def _if_asked(
    verb: Action | None, feeds: Action, reading: Callable[[], Awaitable[T]]
) -> T | None:
    """None for what nobody asked for, and for what fails while nobody asked for just that."""
    if verb not in (None, feeds):
        return None
    try:
        return await reading()
    except AdapterError:
        if verb is feeds:
            raise
        return None
