"""GitHub accounts that an identity provider writes over SCIM: managed users, and organisations.

Managed users (`enterprise_managed`) are suspended, and their login and mail are obfuscated then.
In an organisation `active: false` removes the member, and deletes the identity with its SCIM id
(both: GitHub's REST description, "Update an attribute for a SCIM user").
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any, Self

import httpx

from adapters.actions import Action, Outcome, Undo
from adapters.auth import Bearer
from adapters.clock import Clock
from adapters.contract import (
    Adapter,
    Check,
    Facts,
    Gap,
    action,
    by_hand,
    covered_by,
    gives_back,
    not_applicable,
)
from adapters.errors import NeedsHuman
from adapters.matching import normal_address
from adapters.nouns import NEXT, Account, Held, Person, State
from adapters.reading import read_as
from adapters.scim_lists import patch, resources
from adapters.systems.github.door import RATES, GithubApi, at, granted
from adapters.systems.github.settings import GithubScimSettings
from adapters.systems.github.shapes import Licence, login_of, mail_of
from adapters.systems.scim.shapes import Page, User

SCOPES = "scopes scim:enterprise and admin:enterprise; for an organisation admin:org"
RUNBOOK = "docs/runbooks/github-managed.md"
HAND_OVER = "docs/runbooks/github-hand-over.md"
OUT = covered_by(Action.BLOCK_SIGN_IN)
NO_MAIL = not_applicable("GitHub knows no mailboxes")
NO_DEVICES = not_applicable("GitHub knows no devices")


class GithubScim(Adapter):
    Settings = GithubScimSettings
    # Credentials are revoked by login, and a suspension obfuscates the login: so they go first.
    contain = (Action.REVOKE_TOKENS, Action.BLOCK_SIGN_IN)
    rates = RATES
    gaps = {
        Action.REVOKE_SESSIONS: OUT,
        Action.RESET_CREDENTIALS: OUT,
        Action.REMOVE_FACTORS: OUT,
        Action.REVOKE_PRIVILEGES: OUT,
        Action.REMOVE_ROLES: OUT,
        Action.LOCK_DEVICES: NO_DEVICES,
        Action.STOP_FORWARDING: NO_MAIL,
        Action.TRANSFER_FILES: by_hand(HAND_OVER),
        Action.TRANSFER_OWNERSHIP: by_hand(HAND_OVER),
        Action.DELEGATE_MAILBOX: NO_MAIL,
        Action.FORWARD_MAIL: NO_MAIL,
        Action.SET_AUTO_REPLY: NO_MAIL,
        Action.CANCEL_MEETINGS: not_applicable("GitHub knows no calendars"),
        Action.RELEASE_LICENCES: not_applicable("a seat is held by being active"),
        Action.HIDE_FROM_DIRECTORY: not_applicable("GitHub knows no address list"),
        Action.RETIRE_DEVICES: NO_DEVICES,
        Action.WIPE_DEVICES: NO_DEVICES,
    }

    def __init__(
        self,
        system: str,
        api: GithubApi,
        root: GithubApi,
        licences: GithubApi,
        settings: GithubScimSettings,
    ) -> None:
        super().__init__(system, settings.token_lifetime)
        self._api = api
        self._root = root
        self._licences = licences
        self._settings = settings

    @classmethod
    def connect(
        cls,
        system: str,
        settings: GithubScimSettings,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> Self:
        def door(base_url: str, **more: Any) -> GithubApi:
            return GithubApi(
                base_url,
                clock,
                mode=settings.mode,
                transport=transport,
                permission=SCOPES,
                fix=f"put a valid credential under systems.{system}",
                **more,
            )

        token, base = Bearer(settings.token), settings.base_url.rstrip("/")
        told = settings.enterprise_token
        return cls(
            system,
            door(f"{base}/scim/v2{_place(settings)}", auth=token, headers=_SCIM),
            door(base, auth=token),
            door(base, auth=Bearer(told) if told else token),
            settings,
        )

    def facts(self) -> Mapping[Action, Facts]:
        block = self.actions[Action.BLOCK_SIGN_IN]
        undo = Undo.REVERSIBLE if self._settings.kind == "enterprise_managed" else Undo.DESTRUCTIVE
        told = {**self.actions, Action.BLOCK_SIGN_IN: replace(block, undo=undo)}
        return {verb: facts for verb, facts in told.items() if self._may(verb)}

    def lacks(self) -> Mapping[Action, Gap]:
        return {**self.gaps, **{v: OUT for v in self.actions if not self._may(v)}}

    def _may(self, verb: Action) -> bool:
        """Without an enterprise no login is known; in an organisation SCIM has no groups."""
        if verb is Action.REVOKE_TOKENS:
            return self._settings.enterprise is not None
        return verb is not Action.REVOKE_GRANTS or self._settings.kind == "enterprise_managed"

    async def check(self) -> Check:
        reply = await self._api.get("/Users", startIndex=1, count=1)
        total = read_as(Page, reply.body).total
        scopes = reply.headers.get("X-OAuth-Scopes")
        said = "GitHub does not say what the token may do" if scopes is None else f"scopes {scopes}"
        needed = {"organisation": "admin:org"}.get(self._settings.kind, "scim:enterprise")
        have = {one.strip() for one in (scopes or "").split(",")}
        lacking = scopes is not None and needed not in have
        missing = dict.fromkeys(self.facts(), f"scope {needed}") if lacking else {}
        if scopes is not None and Action.REVOKE_TOKENS in self.facts():
            wider = "admin:enterprise" if needed == "scim:enterprise" else "admin:org"
            missing |= {} if wider in have else {Action.REVOKE_TOKENS: f"scope {wider}"}
        return Check(f"{total} users can be read over SCIM; {said}", missing)

    async def candidates(self, person: Person) -> tuple[Account, ...]:
        """Everybody: GitHub filters by userName and externalId only, never by an address."""
        return tuple([account async for account in self._everybody(person.employee_number)])

    async def accounts(self) -> AsyncIterator[Account]:
        async for account in self._everybody(None):
            yield account

    async def _everybody(self, number: str | None) -> AsyncIterator[Account]:
        logins = await self._logins()
        async for body in resources(self._api, "/Users"):
            user = read_as(User, body)
            outside = user.external_id if user.external_id == number else None
            login = login_of(user, logins) or user.login
            yield Account(
                self.system, user.id, login, mail_of(user), outside or None, enabled=user.active
            )

    async def _logins(self) -> dict[str, str]:
        """Address to login, as the licences of the enterprise have it; shared ones are left out."""
        if self._settings.enterprise is None:
            return {}
        path = at("enterprises", self._settings.enterprise, "consumed-licenses")
        found: dict[str, set[str]] = {}
        with granted("scope read:enterprise of an administrator of the enterprise"):
            async for entry in self._licences.pages(path, key="users"):
                row = read_as(Licence, entry)
                for address in row.addresses if row.login else ():
                    found.setdefault(normal_address(address), set()).add(row.login or "")
        return {address: logins.pop() for address, logins in found.items() if len(logins) == 1}

    async def observe(self, account: Account, verb: Action | None = None) -> State:
        """No list says which credentials an account holds; a suspended one can use none."""
        user = await self._user(account.id)
        if user is None:
            return State.gone()
        held = tuple(Held(g.value, g.display or g.value, "group") for g in user.groups)
        managed = self._settings.kind == "enterprise_managed"
        return State(
            enabled=user.active,
            grants=held if managed else None,
            tokens=() if user.active is False else None,
            residue=(_IN_REPOSITORIES,) if verb is None else None,
        )

    async def _user(self, identifier: str) -> User | None:
        reply = await self._api.get(at("Users", identifier), gone_ok=True)
        return None if reply.gone else read_as(User, reply.body)

    @action(
        "scope admin:enterprise, or admin:org of an owner",
        calls="POST /enterprises/{enterprise}/credential-authorizations/{login}/revoke with "
        "revoke_credentials, or POST /orgs/{org}/credential-authorizations/{login}/revoke",
        undo=Undo.RE_ENROL,
    )
    async def revoke_tokens(self, account: Account) -> Outcome:
        """Queued by GitHub (202), and not to be seen: no list says what an account still holds.

        Of managed users the personal tokens and SSH keys themselves are destroyed. Behind a
        suspension there is nothing to do: the old login is no longer anybody's.
        """
        user = await self._user(account.id)
        if user is None:
            return Outcome.ABSENT
        if user.active is False:
            return Outcome.ALREADY
        login = await self._login_of(account, user)
        with granted("scope admin:enterprise, or admin:org of an owner"):
            reply = await self._root.send(
                "POST", self._revoking(login), body=self._how(), gone_ok=True
            )
        if reply.gone:
            raise NeedsHuman("GitHub does not know the login of the account any more", RUNBOOK)
        return Outcome.CHANGED

    async def _login_of(self, account: Account, user: User) -> str:
        """The login by which it was found, or else what the licences say now."""
        if account.login not in ("", user.login):
            return account.login
        login = login_of(user, await self._logins())
        if login is None:
            raise NeedsHuman("which GitHub login the account has is not known", RUNBOOK)
        return login

    def _revoking(self, login: str) -> str:
        return f"{_place(self._settings, 'orgs')}{at('credential-authorizations', login, 'revoke')}"

    def _how(self) -> dict[str, bool] | None:
        managed = self._settings.kind == "enterprise_managed"
        return {"revoke_credentials": True} if managed else None

    @action(SCOPES, calls="PATCH /scim/v2/…/Users/{id} active false", undo=Undo.REVERSIBLE)
    async def block_sign_in(self, account: Account) -> Outcome:
        user = await self._user(account.id)
        if user is None:
            return Outcome.ABSENT
        if user.active is False:
            return Outcome.ALREADY
        await self._set_active(account, active=False)
        return Outcome.CHANGED

    @gives_back(Action.BLOCK_SIGN_IN)
    async def let_sign_in(self, account: Account, _: State, __: tuple[Held, ...]) -> None:
        if self._settings.kind == "organisation":
            raise NeedsHuman("the identity was deleted: let the identity provider add it", RUNBOOK)
        await self._set_active(account, active=True)

    async def _set_active(self, account: Account, *, active: bool) -> None:
        """Without a path: the one form that GitHub documents for both kinds."""
        body = patch({"op": "replace", "value": {"active": active}})
        await self._api.patch(at("Users", account.id), body, gone_ok=not active)

    @action(SCOPES, calls="PATCH /scim/v2/enterprises/{enterprise}/Groups/{id}")
    async def revoke_grants(self, account: Account) -> Outcome:
        user = await self._user(account.id)
        if user is None:
            return Outcome.ABSENT
        for group in user.groups:
            await self._change_group("remove", group.value, account)
        return Outcome.CHANGED if user.groups else Outcome.ALREADY

    @gives_back(Action.REVOKE_GRANTS)
    async def join_groups(self, account: Account, _: State, things: tuple[Held, ...]) -> None:
        for group in things:
            await self._change_group("add", group.id, account)

    async def _change_group(self, how: str, group: str, account: Account) -> None:
        """By value: GitHub takes a path with a filter in it, and does nothing."""
        body = patch({"op": how, "path": "members", "value": [{"value": account.id}]})
        await self._api.patch(at("Groups", group), body, gone_ok=how == "remove")

    @action(SCOPES, calls="DELETE /scim/v2/…/Users/{id}", undo=Undo.DESTRUCTIVE)
    async def delete_account(self, account: Account) -> Outcome:
        """Of managed users: login, mail, keys and tokens are erased, for good."""
        reply = await self._api.delete(at("Users", account.id), gone_ok=True)
        return Outcome.ABSENT if reply.gone else Outcome.CHANGED

    async def close(self) -> None:
        for door in (self._api, self._root, self._licences):
            await door.close()


_SCIM = {"Accept": "application/scim+json"}
_IN_REPOSITORIES = Held(
    "repositories",
    "deploy keys, webhooks and secrets in the repositories",
    "residue",
    "they belong to repositories and work on without the account",
    {NEXT: "Look through each organisation as docs/runbooks/github-residue.md says."},
)


def _place(settings: GithubScimSettings, organisations: str = "organizations") -> str:
    """SCIM says `organizations` where the rest of the API says `orgs`."""
    if settings.kind == "enterprise_managed":
        return at("enterprises", settings.enterprise or "")
    return at(organisations, settings.organisation or "")
