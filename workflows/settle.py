"""At the end of a turn: judge the accounts and the case by what was read back, and go on.

Judgement only reads rows. Nothing here calls a system, so it can run twice.
"""

from datetime import datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from adapters.actions import CUTS_ACCESS, Wave
from workflows.judge import AccountFacts, Lookup, judge_account, judge_case
from workflows.ledger.events import Event, stamp
from workflows.lookup import STATE, accounts_in
from workflows.model import CaseStatus, Containment
from workflows.recheck_plan import plan_rechecks
from workflows.residue import ask_about_residue
from workflows.tables import Case, CaseAccount, Item, Part, Task
from workflows.tasks import Ask, open_task, withdraw_tasks
from workflows.trouble import gave_up, is_paused
from workflows.world import World

MOST_ACCOUNTS = 200
"""What of a case fits into one leaf of 64 KiB; each account has a leaf of its own as well."""
SAFE = (Containment.CONTAINED, Containment.BLOCKED_UNTIL_EXPIRY)


async def settle(world: World, part_id: str) -> None:
    """Close this turn of one part: done, or due again, or waiting for its system."""
    async with world.store.write() as session:
        part = await session.get_one(Part, part_id)
        # Two systems that settle at once take turns, so that each sees what the other found.
        case = await session.get_one(Case, part.case_id, with_for_update=True)
        await session.refresh(part)
        await _close_turn(world, session, case, part)
        await session.flush()
        await judge(world, session, case)


async def _close_turn(world: World, session: AsyncSession, case: Case, part: Part) -> None:
    if part.lookup == "unanswered" and part.wave == Wave.CONTAIN:
        await _answer_later(world, session, case, part)
        return
    waiting = [i for i in await items_of(session, part.id) if i.state in ("waiting", "planned")]
    if waiting and gave_up(case, part, world.clock.now()):
        await _give_up(world, session, case, part, waiting)
        waiting = []
    if waiting and await is_paused(session, part.system):
        part.state, part.due_at = "paused", None
    elif waiting:
        now = world.clock.now()
        part.state, part.due_at = "waiting", min(item.due_at or now for item in waiting)
    else:
        part.state, part.due_at = "done", None
        if part.wave == Wave.CONTAIN:
            await ask_about_residue(world, session, case, part)
        if not gave_up(case, part, world.clock.now()):
            await withdraw_tasks(world, session, case.id, "escalated", system=part.system)
        await _unblock_next(session, part)


async def _answer_later(world: World, session: AsyncSession, case: Case, part: Part) -> None:
    if await is_paused(session, part.system):
        part.state, part.due_at = "paused", None
    elif gave_up(case, part, world.clock.now()):
        part.state, part.lookup = "done", "undecided"
        await _escalate(world, session, case, part, "the account could not be looked up")
    else:
        part.state, part.due_at = "waiting", part.due_at or world.clock.now()


async def _give_up(
    world: World, session: AsyncSession, case: Case, part: Part, waiting: list[Item]
) -> None:
    for item in waiting:
        item.state = "failed"
    verbs = ", ".join(item.action.replace("_", " ") for item in waiting)
    await _escalate(world, session, case, part, verbs)


async def _escalate(world: World, session: AsyncSession, case: Case, part: Part, what: str) -> None:
    hours = case.give_up_seconds / 3600
    title = f"{part.system}: still open after {hours:g} hours of trying: {what}"
    how = "Cut this account by hand, then close the task; or mend the system and retry the case."
    await open_task(
        world, session, case, Ask("escalated", title, how, part.system, due_in=timedelta(0))
    )


async def items_of(session: AsyncSession, part_id: str) -> list[Item]:
    query = select(Item).where(Item.part_id == part_id).order_by(col(Item.ord), col(Item.id))
    return list((await session.exec(query)).all())


async def _unblock_next(session: AsyncSession, part: Part) -> None:
    """The same system's next wave may come, in its own time. Other systems are not waited for."""
    same = select(Part).where(Part.case_id == part.case_id, Part.system == part.system)
    order = list(Wave)
    parts = sorted((await session.exec(same)).all(), key=lambda p: order.index(Wave(p.wave)))
    unfinished = [p for p in parts if p.state not in ("done", "cancelled")]
    if unfinished and unfinished[0].state == "blocked":
        unfinished[0].state = "due"


async def judge(world: World, session: AsyncSession, case: Case) -> None:
    """Say of every account and of the case how contained they are, from read-backs only."""
    now = world.clock.now()
    accounts = await accounts_in(session, case.id)
    said = []
    for account in _masters_first(world, accounts):
        authority_open = _authority_open(world, account, accounts)
        was = account.containment
        due = await _judge_account(world, session, account, now, authority_open=authority_open)
        if account.containment != was:
            said.append(_judged(account, was, due))
    if said:
        await world.ledger.record_all(session, said)
    parts = list((await session.exec(select(Part).where(Part.case_id == case.id))).all())
    lookups = [Lookup(part.lookup) for part in parts if part.wave == Wave.CONTAIN]
    verdict = judge_case([Containment(a.containment) for a in accounts], lookups)
    await _say(world, session, case, verdict, accounts)
    case.status = await _status(session, case, parts)
    if case.status == CaseStatus.CLOSED and case.closed_at is None:
        await _close(world, session, case)


def _masters_first(world: World, accounts: list[CaseAccount]) -> list[CaseAccount]:
    """Each account after those of the system that writes it: it is judged by them."""

    def depth(system: str | None) -> int:
        return 0 if system is None else 1 + depth(_master(world, system))

    return sorted(accounts, key=lambda account: depth(account.system))


def _master(world: World, name: str) -> str | None:
    system = world.systems.get(name)
    return system.can.mastered_by if system else None


def _authority_open(world: World, account: CaseAccount, accounts: list[CaseAccount]) -> bool:
    """Whether the system that writes this account might still enable it again."""
    state = STATE.validate_python(account.after or account.before)
    master = _master(world, account.system)
    elsewhere = state.mastered_elsewhere
    if not (bool(master) if elsewhere is None else elsewhere):
        return False
    there = [a for a in accounts if a.system == master]
    return not there or any(a.containment not in SAFE for a in there)


async def _judge_account(
    world: World,
    session: AsyncSession,
    account: CaseAccount,
    now: datetime,
    *,
    authority_open: bool,
) -> dict[str, datetime]:
    """The later read-backs that were planned with it, by their names."""
    system = world.systems.get(account.system)
    cuts = select(Item).where(
        Item.case_account_id == account.id, col(Item.action).in_(list(CUTS_ACCESS))
    )
    items = list((await session.exec(cuts)).all())
    after = STATE.validate_python(account.after) if account.after else None
    blocked = after is not None and after.enabled is False
    if blocked and account.blocked_at is None:
        account.blocked_at = account.observed_at
    ended = max([i.done_at for i in items if i.done_at] + [account.blocked_at or now])
    if blocked and account.contained_at is None and system:
        # Until it is contained, a verb that is done later gives old tokens their time anew.
        account.last_possible_access = ended + system.adapter.token_lifetime
    was = account.containment
    account.containment = judge_account(
        AccountFacts(
            read_back=after,
            verbs={item.action: _standing(item) for item in items},
            authority_open=authority_open,
            last_possible_access=account.last_possible_access,
            now=now,
        )
    )
    due: dict[str, datetime] = {}
    if account.containment in SAFE and was not in SAFE:
        due = await plan_rechecks(world, session, account, now)
    if account.containment == Containment.CONTAINED:
        account.contained_at = account.contained_at or max(
            ended, account.last_possible_access or ended
        )
    return due


def _judged(account: CaseAccount, was: str, rechecks: dict[str, datetime]) -> Event:
    return Event(
        "account.judged",
        account.containment,
        account.case_id,
        data={
            "account": account.id,
            "system": account.system,
            "was": was,
            "blocked_at": _instant(account.blocked_at),
            "contained_at": _instant(account.contained_at),
            "last_possible_access": _instant(account.last_possible_access),
            "rechecks": {label: stamp(at) for label, at in rechecks.items()} or None,
        },
    )


def _instant(at: datetime | None) -> str | None:
    return stamp(at) if at else None


def _standing(item: Item) -> str:
    """How a verb stands for judgement, in the words of AccountFacts."""
    if item.state == "done":
        return "confirmed" if item.confirmed else "said_done" if item.task_id else "open"
    if item.state == "gap":
        return "covered" if item.gap == "covered_by" else "not_needed"
    return {"task": "by_hand", "failed": "failed"}.get(item.state, "open")


async def _say(
    world: World,
    session: AsyncSession,
    case: Case,
    verdict: Containment,
    accounts: list[CaseAccount],
) -> None:
    if verdict == case.containment:
        return
    case.containment = verdict
    if verdict == Containment.CONTAINED:
        case.contained_at = max(a.contained_at for a in accounts if a.contained_at)
    else:
        case.contained_at = None
    await world.ledger.record(
        session,
        Event(
            "case.judged",
            verdict,
            case.id,
            data={
                "accounts": [
                    {
                        "account": a.id,
                        "system": a.system,
                        "containment": a.containment,
                        "contained_at": _instant(a.contained_at),
                        "last_possible_access": _instant(a.last_possible_access),
                    }
                    for a in accounts[:MOST_ACCOUNTS]
                ],
                "accounts_left_out": max(0, len(accounts) - MOST_ACCOUNTS) or None,
                "contained_at": _instant(case.contained_at),
            },
        ),
    )


async def _status(session: AsyncSession, case: Case, parts: list[Part]) -> CaseStatus:
    if case.status in (CaseStatus.CANCELLED, CaseStatus.SCHEDULED, CaseStatus.HELD):
        return CaseStatus(case.status)
    states = {part.state for part in parts}
    if "running" in states:
        return CaseStatus.RUNNING
    open_tasks = select(Task.id).where(Task.case_id == case.id, Task.state == "open")
    if states <= {"done", "cancelled"} and not (await session.exec(open_tasks)).first():
        return CaseStatus.CLOSED
    return CaseStatus.WAITING


async def _close(world: World, session: AsyncSession, case: Case) -> None:
    """The last event of a case says how many there were, so that none can be missing."""
    case.closed_at = world.clock.now()
    await session.flush()
    await session.refresh(case, ["last_seq"])
    await world.ledger.record(
        session,
        Event("case.closed", case.containment, case.id, data={"events": case.last_seq + 1}),
    )
