"""A later read-back: read the account and search for it again. What came back is cut again."""

from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from adapters.actions import Wave
from adapters.calls import Call, recording
from adapters.errors import AdapterError, NeedsHuman, TryAgain
from adapters.nouns import State
from workflows.cases import replan_cuts
from workflows.ledger.events import Event, stamp
from workflows.lookup import account_of, accounts_of, call_data, newest, replies
from workflows.people import person_of, record_of
from workflows.settle import judge
from workflows.tables import Case, CaseAccount, Part, Recheck, Worker
from workflows.tasks import Ask, open_task
from workflows.told import told
from workflows.trouble import is_paused
from workflows.world import World

TRY_AGAIN_AFTER = timedelta(minutes=5)
TRIES = 12


async def recheck(world: World, recheck_id: str) -> None:
    async with world.store.read() as session:
        check = await session.get_one(Recheck, recheck_id)
        account = await session.get_one(CaseAccount, check.case_account_id)
        case = await session.get_one(Case, check.case_id)
        worker = await session.get_one(Worker, case.worker_id)
        person = await person_of(session, record_of(worker), account.system, worker.id)
        known = {a.account_id for a in await accounts_of(session, case.id, account.system)}
        paused = await is_paused(session, account.system)
    if check.state == "done":
        return
    try:
        if paused:
            raise TryAgain(f"{account.system} is paused until its credential is proved")
        adapter = world.adapter(account.system)
        with recording() as calls:
            state = await adapter.observe(account_of(account))
            matches = await adapter.find_accounts(person) if check.label != "expiry" else ()
    except AdapterError as why:
        await _again_later(world, recheck_id, why)
        return
    others = [hit for hit in matches if hit.account.id not in known and hit.account.enabled]
    seen = Seen(state, tuple(calls), check.label != "expiry", len(others))
    async with world.store.write() as session:
        await _conclude(world, session, recheck_id, seen)


@dataclass(frozen=True)
class Seen:
    """What the system said of the account, and whether we searched for others, too."""

    state: State
    calls: tuple[Call, ...]
    searched: bool
    new_accounts: int


async def _conclude(world: World, session: AsyncSession, recheck_id: str, seen: Seen) -> None:
    state, new_accounts = seen.state, seen.new_accounts
    check = await session.get_one(Recheck, recheck_id)
    case = await session.get_one(Case, check.case_id, with_for_update=True)
    await session.refresh(check)  # whoever held the case may have ended it
    if check.state == "done" or case.restored_at:
        return  # people have agreed to give access back while we looked
    account = await session.get_one(CaseAccount, check.case_account_id)
    account.after, account.observed_at = newest(account.after, state), world.clock.now()
    came_back = state.exists and state.enabled is True
    check.state = "done"
    check.result = "came_back" if came_back else "new_account" if new_accounts else "still_cut"
    await _record(world, session, check, account, seen)
    if came_back or new_accounts:
        await _cut_again(world, session, case, account, came_back=came_back)
    await session.flush()
    await judge(world, session, case)


async def _record(
    world: World, session: AsyncSession, check: Recheck, account: CaseAccount, seen: Seen | None
) -> None:
    """`seen` None: the system could not be asked, however often we tried."""
    found = (
        {
            **told(seen.state),
            "searched": seen.searched,
            "new_accounts": seen.new_accounts,
            "calls": call_data(list(seen.calls)),
        }
        if seen
        else {}
    )
    await world.ledger.record(
        session,
        Event(
            "recheck.result",
            check.result,
            check.case_id,
            data={
                "account": account.id,
                "system": account.system,
                "after": check.label,
                "due_at": stamp(check.due_at),
                **found,
            },
            personal={"replies": replies(list(seen.calls)) if seen else None},
        ),
    )


async def _cut_again(
    world: World, session: AsyncSession, case: Case, account: CaseAccount, *, came_back: bool
) -> None:
    """Somebody or something gave access back, or a new account turned up: cut it, tell a person."""
    case.closed_at = None
    contain = select(Part).where(
        Part.case_id == case.id, Part.system == account.system, Part.wave == Wave.CONTAIN
    )
    part = (await session.exec(contain.with_for_update())).one()
    if came_back:
        account.blocked_at = account.contained_at = account.last_possible_access = None
        await replan_cuts(session, part.id, account.id)
    else:
        part.lookup = "unanswered"
    now = world.clock.now()
    part.first_try_at, part.first_turn = now, part.turn + 1
    if part.state != "running":  # a turn that is under way finds it when it ends
        part.state, part.due_at = "waiting", now
    title = f"{account.system}: access came back after the cut; it is being cut again"
    how = "Find out who or what enabled it: a sync from a directory, an administrator, a new hire."
    await open_task(world, session, case, Ask("came_back", title, how, account.system))


async def _again_later(world: World, recheck_id: str, why: AdapterError) -> None:
    async with world.store.write() as session:
        check = await session.get_one(Recheck, recheck_id)
        case = await session.get_one(Case, check.case_id, with_for_update=True)
        await session.refresh(check)
        if check.state == "done" or case.restored_at:
            return
        if check.turn < TRIES and not isinstance(why, NeedsHuman):
            check.state, check.due_at = "due", world.clock.now() + TRY_AGAIN_AFTER
            return
        account = await session.get_one(CaseAccount, check.case_account_id)
        check.state, check.result = "done", "unanswered"
        await _record(world, session, check, account, None)
        title = f"{account.system}: could not be read again after {check.label}"
        await open_task(world, session, case, Ask("failed", title, why.message, account.system))
