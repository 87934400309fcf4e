"""What is changed at a mailbox, and how each change is taken back. Only ids are acted on."""

from adapters.actions import Action, Outcome, Undo
from adapters.contract import Brief, action, gives_back
from adapters.errors import NeedsHuman, TargetDenied, Unrecognised
from adapters.nouns import COPY, GIVEN_TO, HOLDERS, NOBODY, SHARED, Account, Held, State
from adapters.postconditions import is_among, removable
from adapters.systems.exchange.observing import ADDRESS, Observing
from adapters.systems.exchange.shapes import RUNBOOK, TYPES, Mailbox

ROLE = "Exchange Recipient Administrator"
GRANTS = ("Exchange.ManageAsApp", ROLE)
FULL = {"AccessRights": ["FullAccess"]}


class Changing(Observing):
    @action(*GRANTS, calls="Set-CASMailbox, every protocol off")
    async def block_sign_in(self, account: Account) -> Outcome:
        """The mailbox opens by no protocol, whatever token is shown. Mail still arrives."""
        protocols = await self._protocols(account.id)
        if protocols is None:
            return Outcome.ABSENT
        if not protocols.any_on:
            return Outcome.ALREADY
        off = dict.fromkeys(protocols.flags, False)
        await self._api.write("Set-CASMailbox", Identity=account.id, **off)
        return Outcome.CHANGED

    @gives_back(Action.BLOCK_SIGN_IN)
    async def let_sign_in(self, account: Account, before: State, _: tuple[Held, ...]) -> None:
        """Only what was on: a protocol that the organisation does not want stays off."""
        if before.protocols is None:
            raise NeedsHuman("it is not known which protocols were on", RUNBOOK)
        await self._api.write("Set-CASMailbox", Identity=account.id, **before.protocols.details)

    @action(*GRANTS, calls="Set-Mailbox ForwardingSmtpAddress and ForwardingAddress to null")
    async def stop_forwarding(self, account: Account) -> Outcome:
        """What leads out of the organisation. Inbox rules are stopped through Microsoft Graph."""
        seen = await self.observe(account, Action.STOP_FORWARDING)
        if not seen.exists:
            return Outcome.ABSENT
        every = seen.forwards or ()
        outside = removable(every)
        if not outside:
            return Outcome.ALREADY
        cleared: dict[str, object] = dict.fromkeys((one.id for one in outside), None)
        if outside == every:
            cleared["DeliverToMailboxAndForward"] = False
        await self._api.write("Set-Mailbox", Identity=account.id, **cleared)
        return Outcome.CHANGED

    @gives_back(Action.STOP_FORWARDING)
    async def forward_again(self, account: Account, _: State, things: tuple[Held, ...]) -> None:
        for one in things:
            again = {
                one.id: one.details["value"],
                "DeliverToMailboxAndForward": bool(one.details.get("deliver")),
            }
            await self._api.write("Set-Mailbox", Identity=account.id, **again)

    @action(*GRANTS, calls="Add-MailboxPermission FullAccess, then Set-Mailbox Type Shared")
    async def delegate_mailbox(self, account: Account, brief: Brief) -> Outcome:
        """Access first: what is read back is the type, so it must be the last to change.

        Without a successor the mailbox is converted all the same, so that it outlives its licence.
        """
        seen = await self.observe(account, Action.DELEGATE_MAILBOX)
        box, heir = seen.mailbox, brief.successor
        if box is None:
            return Outcome.ABSENT
        gives = heir is not None and not is_among(heir, box.details[HOLDERS])
        if heir and gives:
            more = {**FULL, "InheritanceType": "All", "AutoMapping": True}
            await self._api.write(
                "Add-MailboxPermission", Identity=account.id, User=heir.id, **more
            )
        if box.id == SHARED:
            return Outcome.CHANGED if gives else Outcome.ALREADY
        await self._api.write("Set-Mailbox", Identity=account.id, Type="Shared")
        return Outcome.CHANGED

    @gives_back(Action.DELEGATE_MAILBOX)
    async def own_mailbox_again(
        self, account: Account, before: State, things: tuple[Held, ...]
    ) -> None:
        """Whom we let in goes out, then it is converted back. It needs a licence again.

        Nobody else who came since is put out: an administrator may have had a reason.
        """
        seen = await self.observe(account, Action.DELEGATE_MAILBOX)
        was, now = before.mailbox, seen.mailbox
        inside = was.details.get(HOLDERS) if was else None
        if was is None or now is None or inside is None:
            raise NeedsHuman("it is not known what the mailbox was and who had access", RUNBOOK)
        told = (one.details[GIVEN_TO] for one in (*things, was) if GIVEN_TO in one.details)
        given = next(told, "")
        if given:
            await self._out_again(account, given, inside)
        if now.id != was.id and was.id in TYPES:
            await self._api.write("Set-Mailbox", Identity=account.id, Type=TYPES[was.id])
        if not given and set(now.details[HOLDERS]) - set(inside):
            raise NeedsHuman("more people than before may open the mailbox: look who", RUNBOOK)

    async def _out_again(self, account: Account, successor: str, before: list[str]) -> None:
        """Unless they were inside before. Who is inside is told by login only."""
        heir = await self._mailbox(successor)
        if heir and not is_among(Account(self.system, heir.id, heir.login), before):
            await self._api.write(
                "Remove-MailboxPermission", Identity=account.id, User=heir.id, **FULL
            )

    @action(*GRANTS, calls="Set-Mailbox ForwardingAddress, DeliverToMailboxAndForward")
    async def forward_mail(self, account: Account, brief: Brief) -> Outcome:
        """A copy to the successor. Without one, mail that reaches a shared mailbox is enough."""
        seen = await self.observe(account, Action.FORWARD_MAIL)
        now = seen.copied
        if now is None:
            return Outcome.ABSENT
        if brief.successor is None:
            if now.details.get("shared"):
                return Outcome.ALREADY
            raise NeedsHuman("nobody was found to forward the mail to", RUNBOOK)
        if now.id == brief.successor.id and now.kind == COPY:
            return Outcome.ALREADY
        await self._forward_to(account, brief.successor.id, keep=True)
        return Outcome.CHANGED

    @gives_back(Action.FORWARD_MAIL)
    async def keep_mail(self, account: Account, before: State, _: tuple[Held, ...]) -> None:
        """Where it went before; what we stopped comes back with `forward_again`."""
        was = before.copied
        if was is None:
            raise NeedsHuman("it is not known where the mail went", RUNBOOK)
        kept = [one for one in before.forwards or () if one.obstacle]
        keep = any(one.details.get("deliver") for one in kept)
        await self._forward_to(account, None if was.id == NOBODY else was.id, keep=keep)

    async def _forward_to(self, account: Account, whom: str | None, *, keep: bool) -> None:
        to = {ADDRESS: whom, "DeliverToMailboxAndForward": keep}
        await self._api.write("Set-Mailbox", Identity=account.id, **to)

    @action(*GRANTS, calls="Remove-DistributionGroupMember")
    async def revoke_grants(self, account: Account) -> Outcome:
        """Distribution lists and mail-enabled security groups; one refusal spares no other."""
        seen = await self.observe(account, Action.REVOKE_GRANTS)
        if not seen.exists:
            return Outcome.ABSENT
        held, refused = removable(seen.grants or ()), None
        for one in held:
            try:
                await self._member("Remove-DistributionGroupMember", one, account)
            except (TargetDenied, Unrecognised) as why:
                refused = refused or why
        if refused:
            raise refused
        return Outcome.CHANGED if held else Outcome.ALREADY

    @gives_back(Action.REVOKE_GRANTS)
    async def join_again(self, account: Account, _: State, things: tuple[Held, ...]) -> None:
        seen = await self.observe(account, Action.REVOKE_GRANTS)
        there = {one.key for one in seen.grants or ()}
        for one in things:
            if one.key not in there:
                await self._member("Add-DistributionGroupMember", one, account)

    async def _member(self, cmdlet: str, group: Held, account: Account) -> None:
        """By ids: a display name may mean another group (field notes, CIPP)."""
        await self._api.write(
            cmdlet, Identity=group.id, Member=account.id, BypassSecurityGroupManagerCheck=True
        )

    @action(*GRANTS, calls="Set-Mailbox HiddenFromAddressListsEnabled")
    async def hide_from_directory(self, account: Account) -> Outcome:
        box = await self._mailbox(account.id)
        if box is None:
            return Outcome.ABSENT
        if box.hidden:
            return Outcome.ALREADY
        await self._set_hidden(account, box, hidden=True)
        return Outcome.CHANGED

    @gives_back(Action.HIDE_FROM_DIRECTORY)
    async def list_again(self, account: Account, _: State, __: tuple[Held, ...]) -> None:
        box = await self._mailbox(account.id)
        if box and box.hidden is not False:
            await self._set_hidden(account, box, hidden=False)

    async def _set_hidden(self, account: Account, box: Mailbox, *, hidden: bool) -> None:
        if box.synced:
            raise NeedsHuman("mastered on premises: it is hidden and listed there", RUNBOOK)
        key = {"HiddenFromAddressListsEnabled": hidden}
        await self._api.write("Set-Mailbox", Identity=account.id, **key)

    @action(*GRANTS, calls="Remove-MobileDevice", undo=Undo.RE_ENROL)
    async def retire_devices(self, account: Account) -> Outcome:
        """The partnership goes; what lies on the device is taken away by Intune."""
        seen = await self.observe(account, Action.RETIRE_DEVICES)
        if not seen.exists:
            return Outcome.ABSENT
        for device in seen.managed or ():
            await self._api.write("Remove-MobileDevice", Identity=device.id)
        return Outcome.CHANGED if seen.managed else Outcome.ALREADY
