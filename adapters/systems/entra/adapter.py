"""Microsoft 365 through Microsoft Graph v1.0: the account, its sessions, groups and licences."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Self, TypeVar

import httpx

from adapters.actions import Action, Outcome
from adapters.auth import Bearer
from adapters.clock import Clock
from adapters.contract import Adapter, Check, action, by_hand, covered_by
from adapters.errors import AdapterError, NeedsHuman, TargetDenied, Unrecognised
from adapters.msal_auth import MsalAuth, application
from adapters.nouns import Account, Held, Kind, Person, State
from adapters.reading import Answer, read_as
from adapters.systems.entra.door import (
    URGENT,
    GraphApi,
    any_equals,
    equals,
    granted,
    is_object_id,
    membership_at,
    user_at,
)
from adapters.systems.entra.permissions import judge
from adapters.systems.entra.shapes import EntraSettings, Group, Observed, Page, Role, User, chosen

M = TypeVar("M", bound=Answer)
L = TypeVar("L", Group, Role)
LARGEST_PAGE = 999
HAND_OVER = by_hand("docs/runbooks/entra-hand-over.md")
MAILBOX = by_hand("docs/runbooks/entra-mailbox.md")
DEVICES = by_hand("docs/runbooks/entra-devices.md")


class Entra(Adapter):
    Settings = EntraSettings
    # Disable first: a user who is still enabled signs in again right after a revocation.
    contain = (Action.BLOCK_SIGN_IN, Action.REVOKE_SESSIONS)
    # Microsoft names no time in which a write is to be read; this one is our choice.
    propagation = timedelta(seconds=5)
    gaps = {
        Action.REVOKE_TOKENS: covered_by(Action.REVOKE_SESSIONS),  # it ends refresh tokens
        # A disabled account accepts neither a password nor a second factor (AADSTS50057), and
        # changing either needs an Entra role on top of the permission. So both are hygiene here.
        Action.RESET_CREDENTIALS: covered_by(Action.BLOCK_SIGN_IN),
        Action.REMOVE_FACTORS: covered_by(Action.BLOCK_SIGN_IN),
        Action.LOCK_DEVICES: DEVICES,
        Action.REVOKE_PRIVILEGES: by_hand("docs/runbooks/entra-roles.md"),
        Action.STOP_FORWARDING: MAILBOX,
        Action.TRANSFER_FILES: HAND_OVER,
        Action.DELEGATE_MAILBOX: MAILBOX,
        Action.FORWARD_MAIL: MAILBOX,
        Action.SET_AUTO_REPLY: MAILBOX,
        Action.TRANSFER_OWNERSHIP: HAND_OVER,
        Action.CANCEL_MEETINGS: MAILBOX,
        Action.REMOVE_ROLES: by_hand("docs/runbooks/entra-roles.md"),
        Action.HIDE_FROM_DIRECTORY: MAILBOX,
        Action.RETIRE_DEVICES: DEVICES,
        Action.DELETE_ACCOUNT: by_hand("docs/runbooks/entra-delete.md"),
        Action.WIPE_DEVICES: DEVICES,
    }

    def __init__(
        self,
        system: str,
        api: GraphApi,
        token_lifetime: timedelta,
        token: Callable[[], Awaitable[str]],
    ) -> None:
        super().__init__(system, token_lifetime)
        self._api = api
        self._token = token

    @classmethod
    def connect(
        cls,
        system: str,
        settings: EntraSettings,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> Self:
        auth, token = _credential(settings)
        api = GraphApi(
            f"{settings.base_url.rstrip('/')}/v1.0",
            clock,
            auth=auth,
            mode=settings.mode,
            transport=transport,
            permission="User.Read.All",
            fix=f"put a valid credential under systems.{system} and grant admin consent",
        )
        return cls(system, api, settings.token_lifetime, token)

    async def check(self) -> Check:
        """One harmless read, and what our own token says that we are granted."""
        with granted("User.Read.All"):
            params: dict[str, str | int] = {"$select": "id", "$top": 1}
            read_as(Page, (await self._api.send("GET", "/users", params=params)).body)
        return judge(await self._token(), self.actions)

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
        return tuple(account for accounts in found for account in accounts)

    async def observe(self, account: Account, verb: Action | None = None) -> State:  # noqa: ARG002
        user = await self._read(Observed, account.id)
        if user is None:
            return State.gone()
        groups, roles = await asyncio.gather(
            self._memberships(Group, account.id), self._memberships(Role, account.id)
        )
        return State(
            enabled=user.enabled,
            sessions_valid_from=user.sessions_valid_from,
            password_changed_at=user.password_changed_at,
            grants=_held(groups),
            roles=_held(roles),
            licences=tuple(one.held for one in user.licences),
            listed=user.listed,
            privileged=_privileged(groups, roles),
            notes=user.notes,
        )

    async def accounts(self) -> AsyncIterator[Account]:
        with granted("User.Read.All"):
            everybody: dict[str, str | int] = {"$select": chosen(User), "$top": LARGEST_PAGE}
            async for entry in self._api.pages("/users", everybody):
                yield self._account(read_as(User, entry))

    @action(
        "User.Read.All", "User.EnableDisableAccount.All", calls="PATCH /users/{id} accountEnabled"
    )
    async def block_sign_in(self, account: Account) -> Outcome:
        user = await self._read(Observed, account.id)
        if user is None:
            return Outcome.ABSENT
        if user.enabled is False:
            return Outcome.ALREADY
        with granted("User.EnableDisableAccount.All"):
            reply = await self._api.send(
                "PATCH",
                user_at(account.id),
                body={"accountEnabled": False},
                headers=URGENT,
                gone_ok=True,
                codes=frozenset({httpx.codes.BAD_REQUEST}),
            )
        if reply.status == httpx.codes.BAD_REQUEST:
            raise _refused_block(user)
        return Outcome.ABSENT if reply.gone else Outcome.CHANGED

    @action("User.RevokeSessions.All", calls="POST /users/{id}/revokeSignInSessions")
    async def revoke_sessions(self, account: Account) -> Outcome:
        with granted("User.RevokeSessions.All"):
            reply = await self._api.send(
                "POST", f"{user_at(account.id)}/revokeSignInSessions", headers=URGENT, gone_ok=True
            )
        return Outcome.ABSENT if reply.gone else Outcome.CHANGED

    @action(
        "Directory.Read.All",
        "GroupMember.ReadWrite.All",
        calls="DELETE /groups/{group}/members/{id}/$ref",
    )
    async def revoke_grants(self, account: Account) -> Outcome:
        """Leave every group that Graph lets us leave; one refusal does not spare the others."""
        if await self._read(User, account.id) is None:
            return Outcome.ABSENT
        groups = await self._memberships(Group, account.id)
        if groups is None:
            raise TargetDenied("the memberships cannot be read", "Directory.Read.All")
        removable = [group.id for group in groups if group.held.obstacle is None]
        refusal: AdapterError | None = None
        for group in removable:
            try:
                await self._leave(group, account.id)
            except (TargetDenied, Unrecognised) as why:
                refusal = refusal or why
        if refusal:
            raise refusal
        return Outcome.CHANGED if removable else Outcome.ALREADY

    @action(
        "User.Read.All",
        "LicenseAssignment.ReadWrite.All",
        calls="POST /users/{id}/assignLicense removeLicenses",
    )
    async def release_licences(self, account: Account) -> Outcome:
        """All direct licences in one call: service plans depend on each other across licences."""
        user = await self._read(Observed, account.id)
        if user is None:
            return Outcome.ABSENT
        direct = sorted({one.sku for one in user.licences if one.by_group is None})
        if not direct:
            return Outcome.ALREADY
        body = {"addLicenses": [], "removeLicenses": direct}
        with granted("LicenseAssignment.ReadWrite.All"):
            reply = await self._api.post(f"{user_at(account.id)}/assignLicense", body, gone_ok=True)
        return Outcome.ABSENT if reply.gone else Outcome.CHANGED

    async def close(self) -> None:
        await self._api.close()

    async def _search(self, text: str) -> list[Account]:
        with granted("User.Read.All"):
            pages = self._api.pages("/users", {"$filter": text, "$select": chosen(User)})
            return [self._account(read_as(User, entry)) async for entry in pages]

    async def _by_id(self, identifier: str) -> list[Account]:
        user = await self._read(User, identifier)
        return [self._account(user)] if user else []

    async def _read(self, model: type[M], identifier: str) -> M | None:
        """The user itself; None if the directory says that it is gone."""
        with granted("User.Read.All"):
            reply = await self._api.send(
                "GET", user_at(identifier), params={"$select": chosen(model)}, gone_ok=True
            )
        return None if reply.gone else read_as(model, reply.body)

    async def _memberships(self, model: type[L], identifier: str) -> tuple[L, ...] | None:
        """Direct ones only. None if we may not read them: that must not stop the cut."""
        path = f"{user_at(identifier)}/memberOf/{model.graph_type}"
        try:
            found = self._api.pages(path, {"$select": chosen(model), "$top": LARGEST_PAGE})
            return tuple([read_as(model, entry) async for entry in found])
        except TargetDenied:
            return None

    async def _leave(self, group: str, user: str) -> None:
        """A 404 means that membership, group or user is gone: the link is not there any more."""
        with granted("GroupMember.ReadWrite.All"):
            await self._api.delete(membership_at(group, user), gone_ok=True)

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


def _credential(settings: EntraSettings) -> tuple[httpx.Auth, Callable[[], Awaitable[str]]]:
    static = settings.token
    if static is None:
        auth = MsalAuth(lambda: application(settings), f"{settings.base_url.rstrip('/')}/.default")
        return auth, auth.token

    async def token() -> str:
        return static.get_secret_value()

    return Bearer(static), token


def _refused_block(user: Observed) -> AdapterError:
    """A 400 bears one code for many reasons, so what the user is like decides."""
    if user.synced:
        return NeedsHuman(
            "the account is mastered on premises and can only be blocked there",
            "docs/runbooks/entra-on-premises.md",
        )
    return Unrecognised("PATCH of accountEnabled: 400, for no reason that the account shows")


def _held(things: tuple[L, ...] | None) -> tuple[Held, ...] | None:
    return None if things is None else tuple(thing.held for thing in things)


def _privileged(groups: tuple[Group, ...] | None, roles: tuple[Role, ...] | None) -> bool | None:
    """A role, or a group that gives one; a role that is only eligible is not seen here."""
    if roles or any(group.assigns_roles for group in groups or ()):
        return True
    return None if roles is None or groups is None else False
