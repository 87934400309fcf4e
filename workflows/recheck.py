"""A later read-back: read the account and search for it again. What came back is cut again."""

from datetime import timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from adapters.actions import CUTS_ACCESS, Wave
from adapters.errors import AdapterError
from adapters.nouns import State
from workflows.attempt import account_of
from workflows.ledger.events import Event
from workflows.lookup import STATE, accounts_of
from workflows.people import person_of, record_of
from workflows.settle import judge
from workflows.tables import Case, CaseAccount, Item, Part, Recheck, Worker
from workflows.tasks import Ask, open_task
from workflows.world import World

TRY_AGAIN_AFTER = timedelta(minutes=5)
TRIES = 12


async def recheck(world: World, recheck_id: str) -> None:
    async with world.store.read() as session:
        check = await session.get_one(Recheck, recheck_id)
        account = await session.get_one(CaseAccount, check.case_account_id)
        case = await session.get_one(Case, check.case_id)
        worker = await session.get_one(Worker, case.worker_id)
        person = await person_of(session, record_of(worker), account.system)
        known = {a.account_id for a in await accounts_of(session, case.id, account.system)}
    system = world.systems.get(account.system)
    if check.state == "done" or system is None:
        return
    try:
        state = await system.adapter.observe(account_of(account))
        matches = await system.adapter.find_accounts(person) if check.label != "expiry" else ()
    except AdapterError as why:
        await _again_later(world, recheck_id, why)
        return
    others = [hit for hit in matches if hit.account.id not in known and hit.account.enabled]
    async with world.store.write() as session:
        await _conclude(world, session, recheck_id, state, new_accounts=len(others))


async def _conclude(
    world: World, session: AsyncSession, recheck_id: str, state: State, new_accounts: int
) -> None:
    check = await session.get_one(Recheck, recheck_id)
    account = await session.get_one(CaseAccount, check.case_account_id)
    case = await session.get_one(Case, check.case_id)
    account.after, account.observed_at = STATE.dump_python(state, mode="json"), world.clock.now()
    came_back = state.exists and state.enabled is True
    check.state = "done"
    check.result = "came_back" if came_back else "new_account" if new_accounts else "still_cut"
    await world.ledger.record(
        session,
        Event(
            "recheck.result",
            check.result,
            case.id,
            data={
                "account": account.id,
                "system": account.system,
                "after": check.label,
                "enabled": state.enabled,
                "new_accounts": new_accounts,
            },
        ),
    )
    if came_back or new_accounts:
        await _cut_again(world, session, case, account, search=bool(new_accounts))
    await session.flush()
    await judge(world, session, case)


async def _cut_again(
    world: World, session: AsyncSession, case: Case, account: CaseAccount, *, search: bool
) -> None:
    """Somebody or something gave access back, or a new account turned up: cut it, tell a person."""
    account.blocked_at = account.contained_at = account.last_possible_access = None
    case.closed_at = None
    cuts = select(Item).where(
        Item.case_account_id == account.id,
        Item.state == "done",
        col(Item.action).in_(list(CUTS_ACCESS)),
    )
    for item in (await session.exec(cuts)).all():
        item.state, item.confirmed = "planned", None
    contain = select(Part).where(
        Part.case_id == case.id, Part.system == account.system, Part.wave == Wave.CONTAIN
    )
    part = (await session.exec(contain)).one()
    part.state, part.due_at, part.first_try_at = "waiting", world.clock.now(), world.clock.now()
    if search:
        part.lookup = "unanswered"
    title = f"{account.system}: access came back after the cut; it is being cut again"
    how = "Find out who or what enabled it: a sync from a directory, an administrator, a new hire."
    await open_task(world, session, case, Ask("came_back", title, how, account.system))


async def _again_later(world: World, recheck_id: str, why: AdapterError) -> None:
    async with world.store.write() as session:
        check = await session.get_one(Recheck, recheck_id)
        if check.turn < TRIES:
            check.state, check.due_at = "due", world.clock.now() + TRY_AGAIN_AFTER
            return
        account = await session.get_one(CaseAccount, check.case_account_id)
        case = await session.get_one(Case, check.case_id)
        check.state, check.result = "done", "unanswered"
        title = f"{account.system}: could not be read again after {check.label}"
        await open_task(world, session, case, Ask("failed", title, why.message, account.system))
