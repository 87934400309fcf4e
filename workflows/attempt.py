"""One try of one verb on one account: intent, call, read-back, result.

The intent is committed before the call and the result after it. If the process dies in between,
the next turn finds an intent without a result, and looks before it does anything again.
"""

from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from adapters.actions import CUTS_ACCESS, Action, Wave
from adapters.budget import urgently
from adapters.contract import Brief
from adapters.errors import AdapterError, TryAgain
from adapters.http import Call, recording
from adapters.nouns import Account, Kind, State
from adapters.postconditions import FACTS
from workflows.deeds import THINGS, Cut, Deed, GiveBack
from workflows.ledger.events import Event, stamp
from workflows.lookup import STATE, call_data
from workflows.successor import successor_of
from workflows.tables import Attempt, Case, CaseAccount, Item
from workflows.tasks import withdraw_tasks
from workflows.trouble import is_paused, item_in_trouble
from workflows.world import World

OPEN = ("planned", "waiting")


@dataclass(frozen=True)
class Intent:
    """What is about to be tried, as committed. `again`: an earlier call may have taken effect."""

    attempt_id: str
    item_id: str
    case_id: str
    wave: Wave
    deed: Deed
    again: bool


@dataclass
class Result:
    """What came of it. `after` is None if nothing was read back."""

    calls: list[Call] = field(default_factory=list)
    after: State | None = None
    error: AdapterError | None = None


async def attempt(world: World, item_id: str) -> None:
    """Try one item once. Never raises for a vendor's sake: what failed is on the item."""
    intent = await _intend(world, item_id)
    if intent is None:
        return
    result = Result()
    cut = intent.wave is Wave.CONTAIN
    with recording() as calls, urgently() if cut else nullcontext():
        result.calls = calls
        try:
            intent = await _prepared(world, intent)
            await _try(world, intent, result)
        except AdapterError as why:
            result.error = why
    await _conclude(world, intent, result)


async def _prepared(world: World, intent: Intent) -> Intent:
    """Find out what the verb must know, where it is not a cut: a cut waits for nothing."""
    deed = intent.deed
    if isinstance(deed, GiveBack) or deed.action in CUTS_ACCESS:
        return intent
    before = deed.before if intent.again else await _whole_before(world, intent)
    facts = world.adapter(deed.account.system).actions.get(deed.action)
    successor = None
    if facts and facts.briefed:
        successor = await successor_of(world, intent.case_id, deed.account.system)
    return replace(intent, deed=replace(deed, before=before, brief=Brief(successor, before)))


async def _whole_before(world: World, intent: Intent) -> State:
    """What could not be read when the account was found is read before it is first changed."""
    deed = intent.deed
    fact = FACTS.get(deed.action)
    if fact is None or getattr(deed.before, fact) is not None or not deed.before.exists:
        return deed.before
    now = await world.adapter(deed.account.system).observe(deed.account, deed.action)
    value = getattr(now, fact)
    if value is None:
        return deed.before
    async with world.store.write() as session:
        item = await session.get_one(Item, intent.item_id)
        account = await session.get_one(CaseAccount, item.case_account_id)
        kept = replace(STATE.validate_python(account.before), **{fact: value})
        account.before = STATE.dump_python(kept, mode="json")
    return kept


async def _try(world: World, intent: Intent, result: Result) -> None:
    deed = intent.deed
    adapter = world.adapter(deed.account.system)
    if intent.again:
        result.after = await adapter.observe(deed.account, deed.action)
        if deed.seen(result.after):
            return
    await deed.do(adapter)
    result.after = await adapter.observe(deed.account, deed.action)


async def _intend(world: World, item_id: str) -> Intent | None:
    async with world.store.write() as session:
        item = await session.get_one(Item, item_id)
        if item.state not in OPEN or item.case_account_id is None:
            return None
        if await is_paused(session, item.system):
            item.state, item.due_at = "waiting", None
            return None
        account = await session.get_one(CaseAccount, item.case_account_id)
        unfinished = await _unfinished(session, item.id)
        if unfinished is None and item.due_at and item.due_at > world.clock.now():
            return None  # it was tried and waits: only the engine's memory of that was lost
        row = unfinished or _new_attempt(world, session, item, account)
        again = item.attempts > 1 or unfinished is not None
        await world.ledger.record(
            session,
            Event(
                f"{_verb(item)}.{'resumed' if unfinished else 'intent'}",
                "pending",
                item.case_id,
                data=_place(item, account, row.n),
                personal={"account_id": account.account_id},
            ),
        )
        deed = _deed(item, account, row)
        return Intent(row.id, item.id, item.case_id, Wave(item.wave), deed, again)


def _deed(item: Item, account: CaseAccount, row: Attempt) -> Deed:
    action, who = Action(item.action), account_of(account)
    before, baseline = (STATE.validate_python(s) for s in (account.before, row.baseline))
    if item.wave == Wave.RESTORE:
        return GiveBack(action, who, before, baseline, THINGS.validate_python(item.things))
    return Cut(action, who, before, baseline)


def _verb(item: Item) -> str:
    """The event that a deed belongs to: giving back is told apart from taking away."""
    return f"restore.{item.action}" if item.wave == Wave.RESTORE else item.action


async def _unfinished(session: AsyncSession, item_id: str) -> Attempt | None:
    open_ones = select(Attempt).where(Attempt.item_id == item_id, Attempt.result_at == None)  # noqa: E711
    return (await session.exec(open_ones)).first()


def _new_attempt(world: World, session: AsyncSession, item: Item, account: CaseAccount) -> Attempt:
    item.attempts += 1
    row = Attempt(
        id=world.clock.id("try"),
        item_id=item.id,
        n=item.attempts,
        baseline=account.after,
        intent_at=world.clock.now(),
    )
    session.add(row)
    return row


def account_of(row: CaseAccount) -> Account:
    """The account as a verb needs it: after the match, only the immutable id counts."""
    return Account(row.system, row.account_id, row.login, kind=Kind(row.kind))


def _place(item: Item, account: CaseAccount, n: int) -> dict[str, object]:
    return {"system": item.system, "account": account.id, "item": item.id, "attempt": n}


async def _conclude(world: World, intent: Intent, result: Result) -> None:
    async with world.store.write() as session:
        item = await session.get_one(Item, intent.item_id)
        case = await session.get_one(Case, item.case_id)
        row = await session.get_one(Attempt, intent.attempt_id)
        account = await session.get_one(CaseAccount, item.case_account_id)
        now = world.clock.now()
        row.result_at, row.calls = now, call_data(result.calls)
        confirmed = None if result.after is None else intent.deed.seen(result.after)
        if result.after is not None:
            account.after = _newest(account.after, result.after)
            account.observed_at = now
        error = result.error or _not_seen(world, item, confirmed)
        if error:
            row.error = type(error).__name__
            await item_in_trouble(world, session, case, item, error)
        else:
            outcome = intent.deed.outcome(result.after)
            row.outcome = item.outcome = outcome
            item.state, item.confirmed, item.done_at = "done", confirmed, now
            item.error = item.message = ""
            await withdraw_tasks(world, session, case.id, "failed", item_id=item.id)
            if isinstance(intent.deed, Cut) and intent.deed.brief.successor:
                item.given_to = intent.deed.brief.successor.id
            await _sign_out_again(session, item)
        await _record(world, session, item, account, row, result, confirmed)


def _newest(was: dict[str, Any] | None, now: State) -> dict[str, Any]:
    """A read-back looks at what the verb changed; the rest stays as it was last read."""
    read: dict[str, Any] = STATE.dump_python(now, mode="json")
    if was is None or not now.exists:
        return read
    return {**was, **{fact: value for fact, value in read.items() if value is not None}}


async def _sign_out_again(session: AsyncSession, blocked: Item) -> None:
    """Sessions that were ended before a late block may have been opened again in between."""
    if blocked.action != Action.BLOCK_SIGN_IN or blocked.wave == Wave.RESTORE:
        return
    ended = select(Item).where(
        Item.case_account_id == blocked.case_account_id,
        Item.state == "done",
        col(Item.action).in_([Action.REVOKE_SESSIONS, Action.REVOKE_TOKENS]),
    )
    for item in (await session.exec(ended)).all():
        item.state = "planned"


def _not_seen(world: World, item: Item, confirmed: bool | None) -> TryAgain | None:
    """The call was accepted, but the system does not show it: not done, look again soon."""
    if confirmed is not False:
        return None
    pause = world.adapter(item.system).propagation.total_seconds()
    return TryAgain(
        f"{item.action} was accepted but is not to be seen on reading back", pause or None
    )


async def _record(
    world: World,
    session: AsyncSession,
    item: Item,
    account: CaseAccount,
    row: Attempt,
    result: Result,
    confirmed: bool | None,
) -> None:
    place = _place(item, account, row.n)
    await world.ledger.record(
        session,
        Event(
            f"{_verb(item)}.result",
            row.outcome or "failure",
            item.case_id,
            data={**place, "error": row.error or None, "calls": row.calls},
            personal={"message": result.error.message if result.error else None},
        ),
    )
    if result.after is None:
        return
    after = result.after
    await world.ledger.record(
        session,
        Event(
            f"{_verb(item)}.read_back",
            {True: "confirmed", False: "contradicted", None: "cannot_tell"}[confirmed],
            item.case_id,
            data={
                **place,
                "exists": after.exists,
                "enabled": after.enabled,
                "sessions_valid_from": stamp(after.sessions_valid_from)
                if after.sessions_valid_from
                else None,
                "observed_at": stamp(account.observed_at) if account.observed_at else None,
            },
        ),
    )
