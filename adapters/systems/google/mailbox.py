"""Hand over the mailbox. Gmail can only be set while the user is not suspended.

A suspended user gets no mail, so there is nothing to forward and nobody to answer; what a company
does instead is a decision (docs/runbooks/google-mail.md). These verbs do their work for an account
that somebody opened for that, and ask a person otherwise.
"""

from adapters.actions import Action, Outcome
from adapters.contract import Brief, action, gives_back
from adapters.errors import NeedsHuman
from adapters.matching import same_address
from adapters.nouns import OURS, Account, Held, State
from adapters.reading import read_as
from adapters.systems.google.door import settings_at
from adapters.systems.google.handing_over import HandingOver, successor_in
from adapters.systems.google.mail import ForwardingAddress
from adapters.systems.google.scopes import MAIL, SHARING, USERS
from adapters.systems.google.signing import acting

RUNBOOK = "docs/runbooks/google-mail.md"


class Mailbox(HandingOver):
    @action(USERS, MAIL, SHARING, calls="POST gmail settings/delegates of the successor")
    async def delegate_mailbox(self, account: Account, brief: Brief) -> Outcome:
        """The successor reads and writes there at once, and no mail is sent about it."""
        seen = await self.observe(account, Action.DELEGATE_MAILBOX)
        if not seen.exists:
            return Outcome.ABSENT
        if seen.mailbox is None:
            return Outcome.ALREADY  # there is none
        successor = successor_in(brief, "the mailbox")
        if any(same_address(one, successor.login) for one in seen.mailbox.details["delegates"]):
            return Outcome.ALREADY
        address = await self._address(account)
        with acting(SHARING, address):
            body = {"delegateEmail": successor.login}
            await self._doors.gmail.post(settings_at(address, "delegates"), body)
        return Outcome.CHANGED

    @gives_back(Action.DELEGATE_MAILBOX)
    async def keep_mailbox(self, account: Account, before: State, _: tuple[Held, ...]) -> None:
        """Whoever was no delegate before is none again."""
        seen = await self.observe(account, Action.DELEGATE_MAILBOX)
        if seen.mailbox is None or before.mailbox is None:
            return
        address = await self._address(account)
        for one in seen.mailbox.details["delegates"]:
            if one not in before.mailbox.details["delegates"]:
                with acting(SHARING, address):
                    path = settings_at(address, "delegates", one)
                    await self._doors.gmail.delete(path, gone_ok=True)

    @action(USERS, MAIL, calls="PUT gmail settings/vacation")
    async def set_auto_reply(self, account: Account, brief: Brief) -> Outcome:
        seen = await self.observe(account, Action.SET_AUTO_REPLY)
        if not seen.exists:
            return Outcome.ABSENT
        if seen.auto_reply is None or seen.auto_reply.id == OURS:
            return Outcome.ALREADY
        text = self._settings.auto_reply
        if brief.successor:
            text += f" Please write to {brief.successor.login}."
        body: dict[str, object] = {
            "enableAutoReply": True,
            "responseBodyPlainText": text,
            "restrictToContacts": False,
            "restrictToDomain": False,
        }
        await self._reply_with(account, body)
        return Outcome.CHANGED

    @gives_back(Action.SET_AUTO_REPLY)
    async def reply_as_before(self, account: Account, before: State, _: tuple[Held, ...]) -> None:
        if before.auto_reply:
            await self._reply_with(account, before.auto_reply.details)

    async def _reply_with(self, account: Account, body: dict[str, object]) -> None:
        address = await self._address(account)
        with acting(MAIL, address):
            await self._doors.gmail.put(settings_at(address, "vacation"), body)

    @action(
        USERS,
        MAIL,
        SHARING,
        calls="POST gmail settings/forwardingAddresses; PUT gmail settings/autoForwarding",
    )
    async def forward_mail(self, account: Account, brief: Brief) -> Outcome:
        seen = await self.observe(account, Action.FORWARD_MAIL)
        if not seen.exists:
            return Outcome.ABSENT
        if seen.mailbox is None:
            return Outcome.ALREADY
        successor = successor_in(brief, "the mail").login
        if seen.mailbox.details["forwarding"].get("emailAddress") == successor:
            return Outcome.ALREADY
        address = await self._address(account)
        if not await self._may_forward(address, successor):
            raise NeedsHuman("the successor must first confirm that mail may come there", RUNBOOK)
        body = {"enabled": True, "emailAddress": successor, "disposition": "leaveInInbox"}
        await self._forward(address, body)
        return Outcome.CHANGED

    async def _may_forward(self, address: str, to: str) -> bool:
        with acting(MAIL, address):
            reply = await self._doors.gmail.get(settings_at(address, "forwardingAddresses"))
        found = [read_as(ForwardingAddress, one) for one in _list(reply.body)]
        known = next((one for one in found if same_address(one.address, to)), None)
        if known is None:
            with acting(SHARING, address):
                path = settings_at(address, "forwardingAddresses")
                made = await self._doors.gmail.post(path, {"forwardingEmail": to})
            known = read_as(ForwardingAddress, made.body)
        return known.status == "accepted"

    @gives_back(Action.FORWARD_MAIL)
    async def forward_as_before(self, account: Account, before: State, _: tuple[Held, ...]) -> None:
        """What led outside before is not for this verb to give back."""
        if before.mailbox is None:
            return
        address = await self._address(account)
        body = before.mailbox.details["forwarding"]
        if any(held.details.get("setting") == body for held in before.forwards or ()):
            body = {"enabled": False}
        await self._forward(address, body)


def _list(body: dict[str, list[dict[str, str]]] | None) -> list[dict[str, str]]:
    return (body or {}).get("forwardingAddresses", [])
