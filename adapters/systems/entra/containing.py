"""Contain: block, sign out, and take what could let somebody back in."""

import base64

import httpx

from adapters.actions import Action, Outcome, Undo
from adapters.contract import action, gives_back
from adapters.errors import AdapterError, NeedsHuman, TryAgain, Unrecognised
from adapters.nouns import Account, Held, State
from adapters.postconditions import removable
from adapters.systems.entra.door import granted, user_at
from adapters.systems.entra.observing import Observing
from adapters.systems.entra.shapes import Observed
from adapters.systems.entra.things import Method

ELSEWHERE = "docs/runbooks/mastered-elsewhere.md"
RULES = "mailFolders/inbox/messageRules"


class Containing(Observing):
    @action(
        "User.Read.All", "User.EnableDisableAccount.All", calls="PATCH /users/{id} accountEnabled"
    )
    async def block_sign_in(self, account: Account) -> Outcome:
        user = await self._read(Observed, account.id)
        if user is None:
            return Outcome.ABSENT
        if user.enabled is False:
            return Outcome.ALREADY
        status = await self._set_enabled(account, enabled=False)
        if status == httpx.codes.BAD_REQUEST:
            raise _refused_block(user)
        return Outcome.ABSENT if status == httpx.codes.NOT_FOUND else Outcome.CHANGED

    @gives_back(Action.BLOCK_SIGN_IN)
    async def let_sign_in(self, account: Account, _: State, __: tuple[Held, ...]) -> None:
        status = await self._set_enabled(account, enabled=True)
        if status != httpx.codes.NO_CONTENT:
            raise Unrecognised(f"PATCH of accountEnabled: {status}")

    async def _set_enabled(self, account: Account, *, enabled: bool) -> int:
        with granted("User.EnableDisableAccount.All"):
            reply = await self._api.send(
                "PATCH",
                user_at(account.id),
                body={"accountEnabled": enabled},
                gone_ok=True,
                codes=frozenset({httpx.codes.BAD_REQUEST}),
            )
        return reply.status

    @action(
        "User.RevokeSessions.All",
        calls="POST /users/{id}/revokeSignInSessions",
        undo=Undo.RE_ENROL,
    )
    async def revoke_sessions(self, account: Account) -> Outcome:
        with granted("User.RevokeSessions.All"):
            reply = await self._api.send(
                "POST", f"{user_at(account.id)}/revokeSignInSessions", gone_ok=True
            )
        return Outcome.ABSENT if reply.gone else Outcome.CHANGED

    @action(
        "Directory.Read.All",
        "DelegatedPermissionGrant.ReadWrite.All",
        calls="DELETE /oauth2PermissionGrants/{id} of consents that the user gave",
        undo=Undo.RE_ENROL,
    )
    async def revoke_tokens(self, account: Account) -> Outcome:
        """What applications may do in the user's name. What all users consented to stays."""
        seen = await self.observe(account, Action.REVOKE_TOKENS)
        if not seen.exists:
            return Outcome.ABSENT
        with granted("DelegatedPermissionGrant.ReadWrite.All"):
            done = await self._each(
                self._remove(f"/oauth2PermissionGrants/{one.id}")
                for one in removable(seen.tokens or ())
            )
        return Outcome.CHANGED if done else Outcome.ALREADY

    @action(
        "MailboxSettings.ReadWrite",
        calls="PATCH /users/{id}/mailFolders/inbox/messageRules/{rule} isEnabled",
    )
    async def stop_forwarding(self, account: Account) -> Outcome:
        """Rules that send mail outside are switched off, not deleted: they are evidence."""
        return await self._switch_rules(account, await self._leading_outside(account), on=False)

    @gives_back(Action.STOP_FORWARDING)
    async def forward_again(self, account: Account, _: State, things: tuple[Held, ...]) -> None:
        await self._switch_rules(account, things, on=True)

    async def _leading_outside(self, account: Account) -> tuple[Held, ...] | None:
        seen = await self.observe(account, Action.STOP_FORWARDING)
        return removable(seen.forwards or ()) if seen.exists else None

    async def _switch_rules(
        self, account: Account, rules: tuple[Held, ...] | None, *, on: bool
    ) -> Outcome:
        if rules is None:
            return Outcome.ABSENT
        paths = [f"{user_at(account.id)}/{RULES}/{rule.id}" for rule in rules]
        with granted("MailboxSettings.ReadWrite"):
            done = await self._each(self._patch(path, {"isEnabled": on}) for path in paths)
        return Outcome.CHANGED if done else Outcome.ALREADY

    async def _patch(self, path: str, body: dict[str, bool]) -> None:
        await self._api.send("PATCH", path, body=body, gone_ok=True)

    @action(
        "Device.ReadWrite.All",
        "DeviceManagementManagedDevices.PrivilegedOperations.All",
        calls="PATCH /devices/{id} accountEnabled; POST …/managedDevices/{id}/remoteLock",
        visible=True,
    )
    async def lock_devices(self, account: Account) -> Outcome:
        """Registered Windows devices are disabled, managed ones locked, each once."""
        seen = await self.observe(account, Action.LOCK_DEVICES)
        if not seen.exists:
            return Outcome.ABSENT
        done = await self._each(self._lock(one) for one in removable(seen.devices or ()))
        return Outcome.CHANGED if done else Outcome.ALREADY

    async def _lock(self, device: Held) -> None:
        if device.kind == "device":
            await self._set_device(device, enabled=False)
            return
        with granted("DeviceManagementManagedDevices.PrivilegedOperations.All"):
            await self._api.post(f"/deviceManagement/managedDevices/{device.id}/remoteLock")

    async def _set_device(self, device: Held, *, enabled: bool) -> None:
        with granted("Device.ReadWrite.All, and Cloud Device Administrator for the application"):
            await self._patch(f"/devices/{device.id}", {"accountEnabled": enabled})

    @gives_back(Action.LOCK_DEVICES)
    async def let_devices_in(self, _: Account, __: State, things: tuple[Held, ...]) -> None:
        await self._each(self._set_device(device, enabled=True) for device in things)

    @action(
        "User.Read.All",
        "User-PasswordProfile.ReadWrite.All",
        "User.RevokeSessions.All",
        calls="PATCH /users/{id} passwordProfile, then revokeSignInSessions once more",
        undo=Undo.RE_ENROL,
    )
    async def reset_credentials(self, account: Account) -> Outcome:
        """To a random password that nobody learns. Only cloud users: others have theirs on-site."""
        user = await self._read(Observed, account.id)
        if user is None:
            return Outcome.ABSENT
        if user.synced:
            raise NeedsHuman(
                "the password is mastered on premises: reset it there, twice", ELSEWHERE
            )
        secret = base64.b64encode(self._clock.token(48)).decode("ascii")
        profile = {"password": f"{secret}aA1!", "forceChangePasswordNextSignIn": True}
        with granted(
            "User-PasswordProfile.ReadWrite.All, and User Administrator for the application"
        ):
            await self._api.patch(user_at(account.id), {"passwordProfile": profile})
        await self.revoke_sessions(account)
        return Outcome.CHANGED

    @action(
        "UserAuthenticationMethod.ReadWrite.All",
        "User.RevokeSessions.All",
        calls="DELETE /users/{id}/authentication/…Methods/{method}, then revokeSignInSessions",
        undo=Undo.RE_ENROL,
    )
    async def remove_factors(self, account: Account) -> Outcome:
        """Only behind a block that was read back: else whoever has the password signs up anew."""
        user = await self._read(Observed, account.id)
        if user is None:
            return Outcome.ABSENT
        if user.enabled is not False:
            raise TryAgain("factors stay until the block is to be seen")
        if user.synced:
            raise NeedsHuman("mastered on premises: a sync may lift the block", ELSEWHERE)
        found = [m for m in await self._methods(account) if m.held and not m.held.obstacle]
        with granted("UserAuthenticationMethod.ReadWrite.All"):
            defaults = [one for one in found if not await self._forget(account, one)]
            for one in defaults:  # the default one goes when no other is left
                if not await self._forget(account, one):
                    raise Unrecognised("a default method is refused although it is the last one")
        if found:
            await self.revoke_sessions(account)
        return Outcome.CHANGED if found else Outcome.ALREADY

    async def _methods(self, account: Account) -> list[Method]:
        path = f"{user_at(account.id)}/authentication/methods"
        return await self._list("UserAuthenticationMethod.Read.All", path, Method)

    async def _forget(self, account: Account, method: Method) -> bool:
        """False if Graph refuses it for now, as it does with the default while others are left."""
        kind = Method.PATHS[method.type.removeprefix("#microsoft.graph.")]
        reply = await self._api.send(
            "DELETE",
            f"{user_at(account.id)}/authentication/{kind}/{method.id}",
            gone_ok=True,
            codes=frozenset({httpx.codes.BAD_REQUEST}),
        )
        return reply.status != httpx.codes.BAD_REQUEST

    async def _remove(self, path: str) -> None:
        """A 404 means that the link or the thing is gone: it is not there any more."""
        await self._api.delete(path, gone_ok=True)


def _refused_block(user: Observed) -> AdapterError:
    """A 400 bears one code for many reasons, so what the user is like decides."""
    if user.synced:
        return NeedsHuman(
            "the account is mastered on premises and can only be blocked there", ELSEWHERE
        )
    return Unrecognised("PATCH of accountEnabled: 400, for no reason that the account shows")
