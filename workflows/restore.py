"""Give back what a case took away, and nothing else: one person asks for it, another agrees.

What was changed is told from the state before and the state after, never from what was replied.
An account that was disabled before stays disabled; administrator rights are named one by one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from adapters.actions import Action, Outcome, Undo, Wave
from adapters.nouns import NO_WAY_BACK, Held, State
from adapters.postconditions import FACTS, TAKES, removable
from workflows.caller import Caller, not_the_subject
from workflows.deeds import THINGS
from workflows.errors import Conflict, NotFound
from workflows.ledger.events import Event
from workflows.lookup import STATE, accounts_in
from workflows.model import CaseStatus
from workflows.requests import get_case
from workflows.tables import Case, CaseAccount, Item, Part, Recheck, Task, Worker
from workflows.tasks import Ask, open_task
from workflows.world import World

PRIVILEGES = (Action.REVOKE_PRIVILEGES, Action.REMOVE_ROLES)
MOVES = (Action.REVOKE_SESSIONS, Action.RESET_CREDENTIALS)
"""What these leave behind is an instant: nothing stood there that could come back."""
ORDER = {verb: n for n, verb in enumerate(reversed(Action))}
"""The last that was taken comes back first; sign-in comes back when all else is in place."""
ASK_AGAIN = "Look at the case, and ask again when it has settled."


async def ask_to_restore(
    world: World, case_id: str, caller: Caller, reason: str, privileged: frozenset[str]
) -> None:
    """Plan the way back of a case; it waits for people to agree to exactly this.

    `privileged` are the ids of the administrator rights to give back; the others are proposed in a
    task. Raises Conflict if the case is not at rest, NotFound for a right that it never took.
    """
    async with world.store.write() as session:
        case = await get_case(session, case_id)
        if case.status not in (CaseStatus.WAITING, CaseStatus.CLOSED) or case.restored_at:
            raise Conflict(
                f"the case is {'restored' if case.restored_at else case.status}", ASK_AGAIN
            )
        not_the_subject(caller, await session.get_one(Worker, case.worker_id))
        case.restore_by = caller.identity
        accounts = await accounts_in(session, case_id)
        proposed = {t.id for a in accounts for t in _rights(a)}
        if unknown := privileged - proposed:
            raise NotFound(
                f"this case took no administrator right {min(unknown)!r}",
                f"It took: {', '.join(sorted(proposed)) or 'none'}.",
            )
        planned = [
            item
            for account in accounts
            for item in await _plan(world, session, account, privileged)
        ]
        await world.ledger.record(
            session,
            Event(
                "restore.requested",
                "pending",
                case_id,
                data={"items": len(planned), "privileged": len(privileged)},
                personal={"reason": reason},
                actor=caller.actor,
            ),
        )


def _rights(account: CaseAccount) -> tuple[Held, ...]:
    before = STATE.validate_python(account.before or {})
    return removable(before.roles or ())


async def _plan(
    world: World, session: AsyncSession, account: CaseAccount, privileged: frozenset[str]
) -> list[Item]:
    """The way back of one account: an item for each verb that has one, a task for the rest."""
    case = await session.get_one(Case, account.case_id)
    part = await _part(world, session, account)
    before, after = (STATE.validate_python(s or {}) for s in (account.before, account.after))
    ways = world.adapter(account.system).ways_back
    by_people: list[str] = []
    items: list[Item] = []
    changed = await _changed(session, account)
    heirs = [done.given_to for done in changed if done.action == Action.TRANSFER_OWNERSHIP]
    for done in changed:
        verb = Action(done.action)
        took = _taken(done, before, after)
        by_people += took.by_people
        things = took.things
        if verb in PRIVILEGES:
            await _propose(
                world, session, case, account, [t for t in things if t.id not in privileged]
            )
            things = tuple(t for t in things if t.id in privileged)
        if verb in ways and not done.task_id:
            if took.unknown:
                by_people.append(f"{verb.replace('_', ' ')} (what was there is not known)")
            elif things or verb not in TAKES or done.given_to:
                # What a privilege owned changed hands with the rest of what was owned.
                heir = "".join(heirs) if verb in PRIVILEGES else ""
                items.append(_item(world, part, done, things, done.given_to or heir))
        elif verb is not Action.REVOKE_SESSIONS:
            by_people.append(verb.replace("_", " "))
    session.add_all(items)
    if by_people:
        title = f"{account.system}: only a person can undo: {', '.join(dict.fromkeys(by_people))}"
        how = "Sign the person up anew, as for somebody who starts: password, factors, devices."
        await open_task(world, session, case, Ask("restore", title, how, account.system))
    return items


async def _part(world: World, session: AsyncSession, account: CaseAccount) -> Part:
    """This system's way back. It is always gated, and what was planned before is planned anew."""
    query = select(Part).where(
        Part.case_id == account.case_id,
        Part.system == account.system,
        Part.wave == Wave.RESTORE,
    )
    part = (await session.exec(query)).first() or Part(
        id=world.clock.id("part"),
        case_id=account.case_id,
        wave=Wave.RESTORE,
        system=account.system,
        state="awaiting_approval",
    )
    part.state, part.lookup = "awaiting_approval", "found"
    part.approvals, part.due_at = world.policy.restore_approvals, world.clock.now()
    session.add(part)
    await session.flush()
    stale = select(Item).where(
        Item.part_id == part.id, Item.case_account_id == account.id, Item.state == "planned"
    )
    for item in (await session.exec(stale)).all():
        await session.delete(item)
    return part


async def _changed(session: AsyncSession, account: CaseAccount) -> list[Item]:
    query = select(Item).where(
        Item.case_account_id == account.id,
        Item.state == "done",
        Item.wave != Wave.RESTORE,
        (col(Item.outcome) == Outcome.CHANGED)
        | col(Item.task_id).is_not(None)
        | (col(Item.given_to) != ""),
    )
    items = (await session.exec(query)).all()
    return sorted(items, key=lambda item: ORDER[Action(item.action)])


@dataclass(frozen=True)
class Took:
    """What a verb took: `things` that we give back, the rest for people."""

    things: tuple[Held, ...] = ()
    by_people: tuple[str, ...] = ()
    unknown: bool = False
    """Nobody could read what stood there before."""


def _taken(done: Item, before: State, after: State) -> Took:
    """What stood there before, and what this verb took of it; not what somebody else did."""
    verb = Action(done.action)
    fact = FACTS.get(verb)
    if fact is None or verb in MOVES:
        return Took()
    known = getattr(before, fact) is not None
    if verb not in TAKES or not known:
        return Took(unknown=not known and done.outcome == Outcome.CHANGED)
    stood = removable(getattr(before, fact))
    left = {thing.key for thing in getattr(after, fact) or ()}
    took = stood if done.taken is None else THINGS.validate_python(done.taken)
    gone = {thing.key: thing for thing in took if thing.key not in left}
    mine = [thing for thing in stood if thing.key in gone]
    came_since = [gone[key] for key in gone.keys() - {thing.key for thing in stood}]
    ours = tuple(thing for thing in mine if NO_WAY_BACK not in thing.details)
    said = [f"{t.kind} ({t.details[NO_WAY_BACK]})" for t in mine if NO_WAY_BACK in t.details]
    said += [f"{thing.kind} that came after the cut began" for thing in came_since]
    return Took(ours, tuple(said))


def _item(world: World, part: Part, done: Item, things: Sequence[Held], given_to: str) -> Item:
    verb = Action(done.action)
    late = verb in world.adapter(part.system).needs_open
    return Item(
        id=world.clock.id("item"),
        case_id=part.case_id,
        part_id=part.id,
        case_account_id=done.case_account_id,
        system=done.system,
        wave=Wave.RESTORE,
        action=verb,
        ord=ORDER[verb] + (len(ORDER) if late else 0),
        state="planned",
        undo=Undo.REVERSIBLE,
        owner=done.owner,
        given_to=given_to,
        things=THINGS.dump_python(tuple(things), mode="json"),
    )


async def _propose(
    world: World, session: AsyncSession, case: Case, account: CaseAccount, rights: list[Held]
) -> None:
    """Administrator rights come back one by one, each because somebody named it."""
    if not rights:
        return
    ask = Ask(
        "restore",
        f"{account.system}: {len(rights)} administrator rights are not given back unasked",
        "Ask again with the ids of those that are still needed: POST /api/v1/cases/{id}/restore "
        '{"privileged": [...]}.',
        account.system,
        candidates=[{"id": one.id, "name": one.name, "kind": one.kind} for one in rights],
    )
    await open_task(world, session, case, ask)


async def stop_cutting(world: World, session: AsyncSession, case: Case) -> None:
    """People have agreed: from here on nothing of this case cuts, cleans up or looks again.

    Raises Conflict while a wave is running.
    """
    mine = select(Part).where(Part.case_id == case.id, Part.wave != Wave.RESTORE)
    parts = (await session.exec(mine.with_for_update())).all()
    if any(part.state == "running" for part in parts):
        raise Conflict("a wave of this case is running", "Approve again in a moment.")
    for part in parts:
        part.state = part.state if part.state == "done" else "cancelled"
    pending = select(Item).where(
        Item.case_id == case.id,
        Item.wave != Wave.RESTORE,
        col(Item.state).in_(["planned", "waiting", "task", "failed"]),
    )
    for item in (await session.exec(pending)).all():
        item.state = "cancelled"
    for check in (await session.exec(select(Recheck).where(Recheck.case_id == case.id))).all():
        if check.state != "done":
            check.state, check.result = "done", "restored"
    asked = select(Task).where(
        Task.case_id == case.id, Task.state == "open", Task.kind != "restore"
    )
    for task in (await session.exec(asked)).all():
        task.state, task.closed_at, task.note = "closed", world.clock.now(), "access is given back"
    case.restored_at, case.closed_at = world.clock.now(), None
    await world.ledger.record(
        session, Event("restore.begun", case_id=case.id, data={"tasks_withdrawn": True})
    )
