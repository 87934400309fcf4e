"""Read the lists that hang on a user: groups, transfers, Gmail's settings, devices."""

import asyncio
from typing import Any

from adapters.errors import NeedsHuman
from adapters.matching import same_address
from adapters.reading import read_as
from adapters.systems.google import mail
from adapters.systems.google.base import AT_ONCE, SUSPENDED, GoogleBase
from adapters.systems.google.door import REFUSED, customer_at, member_at, settings_at
from adapters.systems.google.mail import AutoForwarding, Chromebook, DeviceUser, Filter
from adapters.systems.google.scopes import CHROME, DEVICES, GROUPS, MAIL, MEMBERS, TRANSFER
from adapters.systems.google.shapes import Group, Member, Membership, Transfer, User
from adapters.systems.google.signing import acting

TRANSFERS = "/admin/datatransfer/v1/transfers"


class Looking(GoogleBase):
    async def _memberships(self, user: User) -> list[Membership]:
        with acting(GROUPS):
            path = "/admin/directory/v1/groups"
            groups = await self._all(Group, path, "groups", userKey=user.id, maxResults=200)
        turns = asyncio.Semaphore(AT_ONCE)

        async def one(group: Group) -> Membership | None:
            async with turns:
                return await self._membership(group, user)

        return [m for m in await asyncio.gather(*map(one, groups)) if m]

    async def _membership(self, group: Group, user: User) -> Membership | None:
        with acting(MEMBERS):
            path = member_at(group.id, user.id)
            reply = await self._doors.admin.get(path, gone_ok=True)
            if reply.gone:
                return None  # the list of groups lags behind
            mine = read_as(Member, reply.body)
            if mine.role != "OWNER":
                return Membership(group=group, mine=mine)
            owners = await self._people(group.id, user, roles="OWNER")
            everybody = None if owners else await self._people(group.id, user)
        return Membership(group=group, mine=mine, owners=owners, members=everybody)

    async def _people(self, group: str, but: User, **query: str) -> tuple[str, ...]:
        found = await self._all(Member, member_at(group), "members", maxResults=200, **query)
        return tuple(one.id for one in found if one.id != but.id)

    async def _transfers(self, user: User) -> list[Transfer]:
        with acting(TRANSFER):
            return await self._all(
                Transfer,
                TRANSFERS,
                "dataTransfers",
                oldOwnerUserId=user.id,
                customerId=self._settings.customer,
            )

    async def _forwarding(self, user: User) -> AutoForwarding:
        return read_as(AutoForwarding, await self._setting(user, "autoForwarding"))

    async def _delegates(self, user: User) -> list[mail.Delegate]:
        found = (await self._setting(user, "delegates")).get("delegates", [])
        return [read_as(mail.Delegate, one) for one in found]

    async def _filters(self, user: User) -> list[Filter]:
        found = (await self._setting(user, "filters")).get("filter", [])
        return [read_as(Filter, {**one, "whole": one}) for one in found]

    async def _setting(self, user: User, name: str) -> dict[str, Any]:
        """In the user's own name. Raises NeedsHuman for a suspended one, whose Gmail is off."""
        if not user.enabled:
            raise NeedsHuman("Gmail's settings of a suspended user cannot be reached", SUSPENDED)
        with acting(MAIL, user.login):
            reply = await self._doors.gmail.send(
                "GET", settings_at(user.login, name), codes=REFUSED
            )
        if reply.status in REFUSED:
            raise NeedsHuman("Gmail does not show the settings: is the service on?", SUSPENDED)
        return dict(reply.body or {})

    async def _device_users(self, user: User) -> list[tuple[DeviceUser, mail.Device]]:
        """Of devices of both kinds; the Directory API shows only those that users own."""
        query: dict[str, str | int] = {
            "filter": f"email:{user.login}",
            "customer": self._customers,
            "pageSize": 20,
        }
        with acting(DEVICES):
            path = "/v1/devices/-/deviceUsers"
            door, made = self._doors.devices, []
            async for entry in door.pages(path, "deviceUsers", query, bare=True):
                one = read_as(DeviceUser, entry)
                if not same_address(one.address, user.login):
                    continue
                reply = await door.get(f"/v1/{one.device}", customer=self._customers, gone_ok=True)
                if not reply.gone:
                    made.append((one, read_as(mail.Device, reply.body)))
        return made

    @property
    def _customers(self) -> str:
        return f"customers/{self._settings.customer}"

    async def _chromebooks(self, user: User) -> list[Chromebook]:
        """Those that an administrator has noted as the user's; a search offers more than these."""
        path = customer_at(self._settings.customer, "devices", "chromeos")
        with acting(CHROME):
            found = await self._all(
                Chromebook, path, "chromeosdevices", query=f"user:{user.login}", projection="BASIC"
            )
        return [one for one in found if same_address(one.user, user.login)]
