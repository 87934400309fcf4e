"""Hand over: to somebody who is named, is enabled and was found by exact match."""

import html
from typing import Any

import httpx

from adapters.actions import Action, Outcome, Undo
from adapters.contract import Brief, action, gives_back
from adapters.errors import NeedsHuman
from adapters.nouns import GIVEN_TO, Account, Held, State
from adapters.postconditions import removable
from adapters.systems.entra.door import granted, owner_at, user_at
from adapters.systems.entra.privileges import OWNED, Privileges
from adapters.systems.entra.things import Permission

RUNBOOK = "docs/runbooks/entra-hand-over.md"
CANCELLED = (
    "The organiser no longer works here. Please arrange a new meeting if it is still needed."
)


class HandingOver(Privileges):
    @action(
        "Files.ReadWrite.All",
        calls="POST /drives/{drive}/items/{root}/invite of the successor",
        visible=True,
    )
    async def transfer_files(self, account: Account, brief: Brief) -> Outcome:
        """The successor may open and change everything; the files stay where they are.

        Microsoft deletes them 30 days after the *user* is deleted, and archives them 93 days after
        the licence has gone: until then they must be moved (docs/runbooks/entra-hand-over.md).
        """
        seen = await self.observe(account, Action.TRANSFER_FILES)
        if not seen.exists:
            return Outcome.ABSENT
        drives = removable(seen.files or ())
        with granted("Files.ReadWrite.All"):
            done = await self._each(self._invite(drive, brief) for drive in drives)
        return Outcome.CHANGED if done else Outcome.ALREADY

    async def _invite(self, drive: Held, brief: Brief) -> None:
        body = {
            "recipients": [{"email": _successor(brief, "the OneDrive").login}],
            "roles": ["write"],
            "requireSignIn": True,
            "sendInvitation": False,
        }
        await self._api.post(f"/drives/{drive.id}/items/{drive.details['root']}/invite", body)

    @gives_back(Action.TRANSFER_FILES)
    async def keep_files(self, _: Account, __: State, things: tuple[Held, ...]) -> None:
        """The successor whom we let in goes out again; nobody else does."""
        for drive in things:
            path = f"/drives/{drive.id}/items/{drive.details['root']}/permissions"
            before, successor = {*drive.details["permissions"]}, drive.details.get(GIVEN_TO)
            for one in await self._list("Files.Read.All", path, Permission):
                if one.id not in before and successor and one.holder == successor:
                    with granted("Files.ReadWrite.All"):
                        await self._remove(f"{path}/{one.id}")

    @action(
        "MailboxSettings.ReadWrite",
        calls="PATCH /users/{id}/mailboxSettings automaticRepliesSetting",
    )
    async def set_auto_reply(self, account: Account, brief: Brief) -> Outcome:
        seen = await self.observe(account, Action.SET_AUTO_REPLY)
        if not seen.exists:
            return Outcome.ABSENT
        if seen.auto_reply is None:
            return Outcome.ALREADY  # no mailbox: nobody can write there
        text = html.escape(self._settings.auto_reply)
        if brief.successor:
            text += f" Please write to {html.escape(brief.successor.login)}."
        await self._reply_with(
            account,
            {
                "status": "alwaysEnabled",
                "externalAudience": "all",
                "internalReplyMessage": text,
                "externalReplyMessage": text,
            },
        )
        return Outcome.CHANGED

    @gives_back(Action.SET_AUTO_REPLY)
    async def reply_as_before(self, account: Account, before: State, _: tuple[Held, ...]) -> None:
        if before.auto_reply:
            await self._reply_with(account, before.auto_reply.details)

    async def _reply_with(self, account: Account, setting: dict[str, Any]) -> None:
        with granted("MailboxSettings.ReadWrite"):
            path = f"{user_at(account.id)}/mailboxSettings"
            await self._api.patch(path, {"automaticRepliesSetting": setting})

    @action(
        "Calendars.ReadWrite",
        calls="POST /users/{id}/events/{event}/cancel of meetings that the user organises",
        undo=Undo.DESTRUCTIVE,
        visible=True,
    )
    async def cancel_meetings(self, account: Account) -> Outcome:
        """Everybody who was invited is told. A series is cancelled once, as a whole."""
        seen = await self.observe(account, Action.CANCEL_MEETINGS)
        if not seen.exists:
            return Outcome.ABSENT
        events = f"{user_at(account.id)}/events"
        with granted("Calendars.ReadWrite"):
            done = await self._each(
                self._cancel(f"{events}/{meeting.id}/cancel") for meeting in seen.meetings or ()
            )
        return Outcome.CHANGED if done else Outcome.ALREADY

    async def _cancel(self, path: str) -> None:
        await self._api.post(path, {"Comment": CANCELLED}, gone_ok=True)

    @action(
        "Directory.Read.All",
        "Group.ReadWrite.All",
        calls="POST /groups/{id}/owners/$ref of the successor, then DELETE …/owners/{id}/$ref",
    )
    async def transfer_ownership(self, account: Account, brief: Brief) -> Outcome:
        """A successor is there before the owner goes: Graph keeps the last one (Microsoft)."""
        seen = await self.observe(account, Action.TRANSFER_OWNERSHIP)
        if not seen.exists:
            return Outcome.ABSENT
        mine = removable(seen.owns or ())
        apps = [
            held
            for held in removable(brief.before.roles or ())
            if held.kind in OWNED and held.kind != "owned group"
        ]
        deeds = [self._hand_group(group, account, brief) for group in mine]
        await self._each([*deeds, *(self._hand_application(app, brief) for app in apps)])
        return Outcome.CHANGED if mine else Outcome.ALREADY

    async def _hand_group(self, group: Held, account: Account, brief: Brief) -> None:
        others = [one for one in group.details["owners"] if one != account.id]
        if not others or brief.successor:
            await self._add_owner(group, _successor(brief, f"a {group.kind} without an owner"))
        await self._give_up(group, account)

    async def _hand_application(self, app: Held, brief: Brief) -> None:
        """The leaver's ownership went with the privileges; an application may have no owner."""
        if brief.successor:
            with granted("Application.ReadWrite.All"):
                await self._link(f"/{OWNED[app.kind]}/{app.id}/owners", brief.successor.id)

    async def _add_owner(self, group: Held, successor: Account) -> None:
        with granted("Group.ReadWrite.All"):
            await self._link(f"/groups/{group.id}/owners", successor.id)
            if group.kind == "team":  # a Team's owner is one of its members
                await self._link(f"/groups/{group.id}/members", successor.id)

    async def _give_up(self, group: Held, account: Account) -> None:
        with granted("Group.ReadWrite.All"):
            reply = await self._api.send(
                "DELETE",
                owner_at("groups", group.id, account.id),
                gone_ok=True,
                codes=frozenset({httpx.codes.BAD_REQUEST}),
            )
        if reply.status == httpx.codes.BAD_REQUEST:
            raise NeedsHuman(f"a {group.kind} keeps its last owner: give it another one", RUNBOOK)

    @gives_back(Action.TRANSFER_OWNERSHIP)
    async def own_again(self, account: Account, _: State, things: tuple[Held, ...]) -> None:
        with granted("Group.ReadWrite.All"):
            await self._each(self._own_again("groups", group, account) for group in things)


def _successor(brief: Brief, what: str) -> Account:
    if brief.successor is None:
        raise NeedsHuman(
            f"nobody was found to take over {what}: name a `successor` in the policy", RUNBOOK
        )
    return brief.successor
