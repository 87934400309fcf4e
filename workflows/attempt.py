"""One try of one verb on one account: intent, call, read-back, result.

The intent is committed before the call and the result after it. If the process dies in between,
the next turn finds an intent without a result, and looks before it does anything again.
"""

from contextlib import nullcontext
from dataclasses import dataclass, field

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from adapters.actions import Action, Outcome, Wave
from adapters.budget import urgently
from adapters.calls import Call, recording
from adapters.contract import Adapter
from adapters.errors import AdapterError, TryAgain
from adapters.nouns import State
from workflows.again import order_again
from workflows.before import note_what_was_taken, prepared
from workflows.deeds import Cut
from workflows.intent import BlockFirst, Intent, intend, place_of, verb_of
from workflows.ledger.events import Event, stamp
from workflows.lookup import call_data, newest, replies
from workflows.tables import Attempt, Case, CaseAccount, Item
from workflows.tasks import withdraw_tasks
from workflows.told import told
from workflows.trouble import item_in_trouble
from workflows.world import World

REFUSALS = (401, 403, 429)


@dataclass
class Result:
    """What came of it. `after` is None if nothing was read back."""

    calls: list[Call] = field(default_factory=list)
    after: State | None = None
    said: Outcome | None = None
    ended: bool = False
    """The verb ended well; what it sent was accepted."""
    error: AdapterError | None = None

    @property
    def reached(self) -> str:
        """How far it got, in the words of Attempt. A refusal changed nothing."""
        if not any(call.writes and call.status not in REFUSALS for call in self.calls):
            return ""
        return "accepted" if self.ended else "sent"


async def attempt(world: World, item_id: str) -> None:
    """Try one item once. Never raises for a vendor's sake: what failed is on the item."""
    intent = await intend(world, item_id)
    if isinstance(intent, BlockFirst):
        await attempt(world, intent.item_id)
        intent = await intend(world, item_id, may_defer=False)
    if not isinstance(intent, Intent):
        return
    result = Result()
    cut = intent.wave is Wave.CONTAIN
    with recording() as calls, urgently() if cut else nullcontext():
        result.calls = calls
        try:
            intent = await prepared(world, intent)
            await _try(world, intent, result)
        except AdapterError as why:
            result.error = why
    await _conclude(world, intent, result)


async def _try(world: World, intent: Intent, result: Result) -> None:
    """Look before a repeat. What people notice is not repeated once it was accepted."""
    deed, earlier = intent.deed, intent.earlier
    adapter = world.adapter(deed.account.system)
    if earlier.may_have_written:
        result.after = await adapter.observe(deed.account, deed.action)
        if deed.seen(result.after) or (earlier.accepted and _is_visible(adapter, intent)):
            return
    result.said = await deed.do(adapter)
    result.ended = True
    result.after = await adapter.observe(deed.account, deed.action)


def _is_visible(adapter: Adapter, intent: Intent) -> bool:
    facts = adapter.actions.get(intent.deed.action)
    return isinstance(intent.deed, Cut) and facts is not None and facts.visible


async def _conclude(world: World, intent: Intent, result: Result) -> None:
    async with world.store.write() as session:
        # The case before anything of it, as everybody who writes in a case: else two wait for each
        # other on PostgreSQL.
        case = await session.get_one(Case, intent.case_id, with_for_update=True)
        item = await session.get_one(Item, intent.item_id)
        row = await session.get_one(Attempt, intent.attempt_id)
        account = await session.get_one(CaseAccount, item.case_account_id)
        now = world.clock.now()
        row.result_at, row.calls = now, call_data(result.calls)
        row.reached = result.reached or ("sent" if intent.earlier.cut_short else "")
        confirmed = None if result.after is None else intent.deed.seen(result.after)
        if result.after is not None:
            account.after = newest(account.after, result.after)
            account.observed_at = now
        error = _patiently(world, intent, row, result.error) or _not_seen(world, item, confirmed)
        if error:
            row.error = type(error).__name__
            await item_in_trouble(world, session, case, item, error)
        else:
            item.state, item.confirmed, item.done_at = "done", confirmed, now
            item.error = item.message = ""
            row.outcome = item.outcome = _outcome(intent, row, item, result)
            await withdraw_tasks(world, session, case.id, "failed", item_id=item.id)
            await _sign_out_again(session, item)
        await _record(world, session, item, account, row, result, confirmed)


def _outcome(intent: Intent, row: Attempt, item: Item, result: Result) -> Outcome:
    """What it came to. What an earlier try did is not "already": the last reply would say so."""
    wrote = bool(row.reached) or intent.earlier.may_have_written
    if isinstance(intent.deed, Cut):
        item.given_to = item.given_to if wrote else ""
        if result.after is not None:
            note_what_was_taken(item, intent, result.after)
    return intent.deed.outcome(result.after, Outcome.CHANGED if wrote else result.said)


def _patiently(
    world: World, intent: Intent, row: Attempt, error: AdapterError | None
) -> AdapterError | None:
    """What people notice is not repeated before the half that was done can be seen."""
    adapter = world.systems[intent.system].adapter if intent.system in world.systems else None
    if not (isinstance(error, TryAgain) and row.reached and adapter):
        return error
    if not _is_visible(adapter, intent):
        return error
    pause = max(error.retry_after or 0.0, adapter.propagation.total_seconds())
    return TryAgain(error.message, pause)


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
        order_again(item)


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
    place = place_of(item, account, row.n)
    await world.ledger.record(
        session,
        Event(
            f"{verb_of(item)}.result",
            row.outcome or "failure",
            item.case_id,
            data={
                **place,
                "error": row.error or None,
                "state": item.state,
                "next_try_at": stamp(item.due_at)
                if item.state == "waiting" and item.due_at
                else None,
                "calls": row.calls,
            },
            personal={
                "message": result.error.message if result.error else None,
                "replies": replies(result.calls),
                "given_to": item.given_to or None,
            },
        ),
    )
    if result.after is None:
        return
    after = result.after
    await world.ledger.record(
        session,
        Event(
            f"{verb_of(item)}.read_back",
            {True: "confirmed", False: "contradicted", None: "cannot_tell"}[confirmed],
            item.case_id,
            data={
                **place,
                **told(after),
                "observed_at": stamp(account.observed_at) if account.observed_at else None,
            },
        ),
    )
