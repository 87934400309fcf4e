"""Contain: everything that Google refuses on a suspended user first, then the suspension."""

import base64

import httpx

from adapters.actions import Action, Outcome, Undo
from adapters.contract import action, gives_back
from adapters.errors import NeedsHuman, Unrecognised
from adapters.nouns import Account, Held, State
from adapters.postconditions import removable
from adapters.systems.google.base import SUSPENDED, accepted
from adapters.systems.google.door import REFUSED, customer_at, settings_at, user_at
from adapters.systems.google.mail import AUTO
from adapters.systems.google.observing import Observing
from adapters.systems.google.scopes import CHROME, DEVICES, MAIL, SECURITY, SHARING, USERS
from adapters.systems.google.signing import acting

CHANGE = "CHANGE_CHROME_OS_DEVICE_STATUS_ACTION_"


class Containing(Observing):
    @action(
        USERS, calls="PUT /users/{id} password, recoveryEmail, recoveryPhone", undo=Undo.RE_ENROL
    )
    async def reset_credentials(self, account: Account) -> Outcome:
        """To a random password that nobody learns; the ways to recover the account go with it."""
        async with self._haste.before_suspension(account.id, lambda: self._is_open(account)):
            secret = base64.b64encode(self._clock.token(48)).decode("ascii")
            body = {"password": f"{secret}aA1!", "recoveryEmail": "", "recoveryPhone": ""}
            reply = await self._update(account, body, REFUSED)
            accepted(reply, "the password")
        return Outcome.ABSENT if reply.gone else Outcome.CHANGED

    @action(USERS, SECURITY, calls="POST /users/{id}/signOut", undo=Undo.RE_ENROL)
    async def revoke_sessions(self, account: Account) -> Outcome:
        """A suspended user has no sessions to end: Google refuses the call with invalidInput."""
        async with self._haste.before_suspension(account.id, lambda: self._is_open(account)):
            user = await self._user(account.id)
            if user is None:
                return Outcome.ABSENT
            if not user.enabled:
                return Outcome.ALREADY
            with acting(SECURITY):
                reply = await self._doors.admin.send(
                    "POST", user_at(account.id, "signOut"), gone_ok=True, codes=REFUSED
                )
            if reply.status in REFUSED:
                if await self._is_open(account):
                    raise Unrecognised("POST signOut: refused, although the user is not suspended")
                return Outcome.ALREADY
        return Outcome.ABSENT if reply.gone else Outcome.CHANGED

    @action(
        USERS,
        SECURITY,
        calls="DELETE /users/{id}/tokens/{client}; DELETE /users/{id}/asps/{code}",
        undo=Undo.RE_ENROL,
    )
    async def revoke_tokens(self, account: Account) -> Outcome:
        """What applications may do in the user's name, and passwords that applications have."""
        async with self._haste.before_suspension(account.id, lambda: self._is_open(account)):
            seen = await self._observe(account, Action.REVOKE_TOKENS)
            if not seen.exists:
                return Outcome.ABSENT
            done = await self._each(
                self._forget(account, one) for one in removable(seen.tokens or ())
            )
        return Outcome.CHANGED if done else Outcome.ALREADY

    async def _forget(self, account: Account, one: Held) -> None:
        place = "tokens" if one.kind == "token" else "asps"
        with acting(SECURITY):
            reply = await self._doors.admin.send(
                "DELETE", user_at(account.id, place, one.id), gone_ok=True, codes=REFUSED
            )
        accepted(reply, f"a {one.kind}")

    @action(
        USERS,
        SECURITY,
        calls="POST /users/{id}/verificationCodes/invalidate",
        undo=Undo.RE_ENROL,
    )
    async def remove_factors(self, account: Account) -> Outcome:
        """Backup codes only. 2-Step Verification stays on: off, a password alone would do."""
        async with self._haste.before_suspension(account.id, lambda: self._is_open(account)):
            seen = await self._observe(account, Action.REMOVE_FACTORS)
            if not seen.exists:
                return Outcome.ABSENT
            if not removable(seen.factors or ()):
                return Outcome.ALREADY
            with acting(SECURITY):
                path = user_at(account.id, "verificationCodes", "invalidate")
                reply = await self._doors.admin.send("POST", path, gone_ok=True, codes=REFUSED)
            accepted(reply, "backup codes")
        return Outcome.ABSENT if reply.gone else Outcome.CHANGED

    @action(
        USERS,
        MAIL,
        SHARING,
        calls="PUT gmail settings/autoForwarding; DELETE gmail settings/filters/{id}",
    )
    async def stop_forwarding(self, account: Account) -> Outcome:
        """What leads outside. A filter cannot be switched off; it is kept, to be made again."""
        async with self._haste.before_suspension(account.id, lambda: self._is_open(account)):
            seen = await self._observe(account, Action.STOP_FORWARDING)
            if not seen.exists:
                return Outcome.ABSENT
            address, rules = await self._address(account), removable(seen.forwards or ())
            for one in rules:
                if one.kind == AUTO:
                    await self._forward(address, {"enabled": False})
                else:
                    with acting(MAIL, address):
                        path = settings_at(address, "filters", one.id)
                        await self._doors.gmail.delete(path, gone_ok=True)
        return Outcome.CHANGED if rules else Outcome.ALREADY

    @gives_back(Action.STOP_FORWARDING)
    async def forward_again(self, account: Account, _: State, things: tuple[Held, ...]) -> None:
        """What stands there already is left alone. Gmail must be on: see the runbook."""
        seen = await self._observe(account, Action.STOP_FORWARDING)
        there = {one.key for one in seen.forwards or ()}
        address = await self._address(account)
        for one in things:
            if one.key in there:
                continue
            if one.kind == AUTO:
                await self._forward(address, one.details["setting"])
            else:
                with acting(MAIL, address):
                    path = settings_at(address, "filters")
                    await self._doors.gmail.post(path, one.details["filter"])

    async def _forward(self, address: str, body: dict[str, object]) -> None:
        with acting(SHARING, address):
            await self._doors.gmail.put(settings_at(address, "autoForwarding"), body)

    async def _address(self, account: Account) -> str:
        """The current one: Gmail and licences go by address, and an address may change."""
        user = await self._user(account.id)
        if user is None:
            raise Unrecognised("the user went away in between")
        return user.login

    @action(USERS, calls="PUT /users/{id} suspended")
    async def block_sign_in(self, account: Account) -> Outcome:
        try:
            user = await self._user(account.id)
            if user is None:
                return Outcome.ABSENT
            if not user.enabled:
                return Outcome.ALREADY
            reply = await self._update(account, {"suspended": True})
            return Outcome.ABSENT if reply.gone else Outcome.CHANGED
        finally:
            self._haste.over(account.id)

    @gives_back(Action.BLOCK_SIGN_IN)
    async def let_sign_in(self, account: Account, _: State, __: tuple[Held, ...]) -> None:
        codes = frozenset({httpx.codes.PRECONDITION_FAILED})
        reply = await self._update(account, {"suspended": False}, codes)
        if reply.status in codes:
            raise NeedsHuman("Google suspended this user itself: ask Google to lift it", SUSPENDED)
        if reply.gone:
            raise Unrecognised("the user is gone")

    @action(
        USERS,
        DEVICES,
        CHROME,
        calls="POST /v1/devices/{id}/deviceUsers/{id}:block; "
        "POST …/devices/chromeos:batchChangeStatus DISABLE",
        visible=True,
    )
    async def lock_devices(self, account: Account) -> Outcome:
        """The account is blocked on phones and computers; its own Chromebooks are disabled."""
        seen = await self.observe(account, Action.LOCK_DEVICES)
        if not seen.exists:
            return Outcome.ABSENT
        held = removable(seen.devices or ())
        await self._each(self._tell(one.id, "block") for one in held if one.kind == "device user")
        await self._chromebooks_are(held, "DISABLE")
        return Outcome.CHANGED if held else Outcome.ALREADY

    @gives_back(Action.LOCK_DEVICES)
    async def let_devices_in(self, _: Account, __: State, things: tuple[Held, ...]) -> None:
        await self._each(
            self._tell(one.id, "approve") for one in things if one.kind == "device user"
        )
        await self._chromebooks_are(things, "REENABLE")

    async def _tell(self, name: str, what: str) -> None:
        with acting(DEVICES):
            body = {"customer": self._customers}
            await self._doors.devices.post(f"/v1/{name}:{what}", body, gone_ok=True)

    async def _chromebooks_are(self, held: tuple[Held, ...], what: str) -> None:
        """The answer says of each device whether it was done; the list is what counts."""
        books = [one.id for one in held if one.kind == "chromebook"]
        path = customer_at(self._settings.customer, "devices", "chromeos:batchChangeStatus")
        for start in range(0, len(books), MOST_BOOKS):
            body = {
                "deviceIds": books[start : start + MOST_BOOKS],
                "changeChromeOsDeviceStatusAction": CHANGE + what,
            }
            with acting(CHROME):
                await self._doors.admin.post(path.replace("%3A", ":"), body)


MOST_BOOKS = 50
"""Google: the most devices in one batch."""
