"""Hand over: to somebody who is named, is enabled and was found by exact match."""

import html
from typing import Any

import httpx

from adapters.actions import Action, Outcome, Undo
from adapters.contract import Brief, action, gives_back
from adapters.errors import NeedsHuman, TryAgain
from adapters.nouns import GIVEN_TO, HOLDERS, Account, Held, State
from adapters.postconditions import handed_on, is_among, removable
from adapters.reading import read_as
from adapters.systems.entra.door import granted, owner_at, user_at
from adapters.systems.entra.privileges import Privileges
from adapters.systems.entra.shapes import Observed
from adapters.systems.entra.things import Linked, Permission

RUNBOOK = "docs/runbooks/entra-hand-over.md"
PLACES = {
    "group": "groups",
    "team": "groups",
    "application": "applications",
    "service principal": "servicePrincipals",
}
"""Where the owners of what is handed over are linked."""
APPLICATIONS = "Application.ReadWrite.All"
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

        That somebody else may do so is not enough: the leaver may have chosen them.

        Microsoft deletes them 30 days after the *user* is deleted, and archives them 93 days after
        the licence has gone: until then they must be moved (docs/runbooks/entra-hand-over.md).
        """
        seen = await self.observe(account, Action.TRANSFER_FILES)
        if not seen.exists:
            return Outcome.ABSENT
        drives = removable(seen.files or ())
        if not drives:
            return Outcome.ALREADY
        heir = _successor(brief, "the OneDrive")
        closed = [drive for drive in drives if not is_among(heir, drive.details[HOLDERS])]
        with granted("Files.ReadWrite.All"):
            done = await self._each(self._invite(drive, heir) for drive in closed)
        return Outcome.CHANGED if done else Outcome.ALREADY

    async def _invite(self, drive: Held, heir: Account) -> None:
        """By id (Graph, driveRecipient): a login may be the mail address of somebody else."""
        body = {
            "recipients": [{"objectId": heir.id}],
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
        if address := await self._mail_of(brief.successor):
            text += f" Please write to {html.escape(address)}."
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

    async def _mail_of(self, successor: Account | None) -> str | None:
        """Where to write to. A login is no mail address, and none of an outsider's business."""
        user = await self._read(Observed, successor.id) if successor else None
        return user.mail if user else None

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
        calls="POST /groups/{id}/owners/$ref of the successor, then DELETE …/owners/{id}/$ref; "
        "of applications, too, with the profile `privileged`",
    )
    async def transfer_ownership(self, account: Account, brief: Brief) -> Outcome:
        """A successor is seen to own it before the owner goes: a group keeps its last one.

        Applications may have been taken from the leaver with the privileges, so what was owned
        before the cut counts; the leaver's state cannot show that the successor owns them.
        """
        seen = await self.observe(account, Action.TRANSFER_OWNERSHIP)
        if not seen.exists:
            return Outcome.ABSENT
        mine = removable(seen.owns or ())
        known = {one.key for one in mine}
        passed = [one for one in handed_on(brief) if one.key not in known]
        left = [one for one in passed if await self._lacks(one, brief)]
        deeds = [self._hand_over(one, account, brief) for one in mine]
        done = await self._each([*deeds, *(self._add_owner(one, brief) for one in left)])
        return Outcome.CHANGED if done else Outcome.ALREADY

    async def _hand_over(self, thing: Held, account: Account, brief: Brief) -> None:
        """An application may be without owner, a group may not."""
        others = [one for one in thing.details["owners"] if one != account.id]
        needed = not others and PLACES[thing.kind] == "groups"
        if needed or brief.successor:
            await self._add_owner(thing, brief)
        await self._give_up(thing, account)

    async def _add_owner(self, thing: Held, brief: Brief) -> None:
        """A 400 may say that they own it already, or that they cannot: the list decides."""
        heir, place = _successor(brief, f"a {thing.kind} without an owner"), PLACES[thing.kind]
        with granted(_permission(thing)):
            await self._link(f"/{place}/{thing.id}/owners", heir.id)
            if thing.kind == "team":  # a Team's owner is one of its members
                await self._link(f"/groups/{thing.id}/members", heir.id)
        if await self._lacks(thing, brief):
            wait = self.propagation.total_seconds()
            raise TryAgain(f"the successor is not to be seen among a {thing.kind}'s owners", wait)

    async def _lacks(self, thing: Held, brief: Brief) -> bool:
        """Whether the successor does not own it. What is gone lacks nobody."""
        path = f"/{PLACES[thing.kind]}/{thing.id}/owners"
        with granted("Directory.Read.All"):
            reply = await self._api.send("GET", path, params={"$select": "id"}, gone_ok=True)
            if reply.gone:
                return False
            owners = [read_as(Linked, one).id async for one in self._api.rest_of(reply.body)]
        return brief.successor is not None and brief.successor.id not in owners

    async def _give_up(self, thing: Held, account: Account) -> None:
        with granted(_permission(thing)):
            reply = await self._api.send(
                "DELETE",
                owner_at(PLACES[thing.kind], thing.id, account.id),
                gone_ok=True,
                codes=frozenset({httpx.codes.BAD_REQUEST}),
            )
        if reply.status == httpx.codes.BAD_REQUEST:
            raise NeedsHuman(f"a {thing.kind} keeps its last owner: give it another one", RUNBOOK)

    @gives_back(Action.TRANSFER_OWNERSHIP)
    async def own_again(self, account: Account, _: State, things: tuple[Held, ...]) -> None:
        """Of an application only the successor goes: who governs it is given back by name."""
        with granted("Group.ReadWrite.All"):
            groups = [one for one in things if PLACES[one.kind] == "groups"]
            await self._each(self._own_again("groups", group, account) for group in groups)
        with granted(APPLICATIONS):
            apps = [one for one in things if PLACES[one.kind] != "groups"]
            await self._each(self._out_again(PLACES[app.kind], app) for app in apps)


def _permission(thing: Held) -> str:
    return "Group.ReadWrite.All" if PLACES[thing.kind] == "groups" else APPLICATIONS


def _successor(brief: Brief, what: str) -> Account:
    if brief.successor is None:
        raise NeedsHuman(
            f"nobody was found to take over {what}: name a `successor` in the policy", RUNBOOK
        )
    return brief.successor
