"""What is about to be tried, committed before anything is called."""

from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from adapters.actions import Action, Wave
from adapters.nouns import Held, State
from workflows.deeds import THINGS, Cut, Deed, GiveBack
from workflows.ledger.events import Event
from workflows.lookup import STATE, account_of
from workflows.tables import Attempt, CaseAccount, Item, Part
from workflows.trouble import is_paused
from workflows.world import World

OPEN = ("planned", "waiting")
BLOCK = Action.BLOCK_SIGN_IN
NEXT_LOOK = timedelta(seconds=2)
"""How long what waits for the way back of the block waits at least."""


@dataclass(frozen=True)
class Earlier:
    """What earlier tries of the same order did, as far as we know."""

    tries: int = 0
    sent: bool = False
    """A write left us: it may have taken effect."""
    accepted: bool = False
    """The verb ended well, only its effect was not seen."""
    cut_short: bool = False
    """The last one has no result: we died in it, and do not know what it did."""

    @property
    def may_have_written(self) -> bool:
        return self.sent or self.cut_short


@dataclass(frozen=True)
class Intent:
    attempt_id: str
    item_id: str
    case_id: str
    wave: Wave
    deed: Deed
    earlier: Earlier

    @property
    def system(self) -> str:
        return self.deed.account.system


@dataclass(frozen=True)
class BlockFirst:
    """This item would hold up the block, which is `item_id`."""

    item_id: str


async def intend(
    world: World, item_id: str, *, may_defer: bool = True
) -> Intent | BlockFirst | None:
    """Commit to one try of one item; None if there is nothing to try now."""
    async with world.store.write() as session:
        item = await session.get_one(Item, item_id)
        if item.state not in OPEN or item.case_account_id is None:
            return None
        if await is_paused(session, item.system):
            item.state, item.due_at = "waiting", None
            return None
        tries = await _tries(session, item)
        unfinished = next((row for row in tries if row.result_at is None), None)
        if unfinished is None and item.due_at and item.due_at > world.clock.now():
            return None  # it was tried and waits: only the engine's memory of that was lost
        if may_defer and (block := await _block_first(world, session, item, unfinished)):
            return BlockFirst(block)
        if await _waits_for_opening(world, session, item):
            return None
        account = await session.get_one(CaseAccount, item.case_account_id)
        row = unfinished or _new_attempt(world, session, item, account)
        await world.ledger.record(
            session,
            Event(
                f"{verb_of(item)}.{'resumed' if unfinished else 'intent'}",
                "pending",
                item.case_id,
                data=place_of(item, account, row.n),
                personal={"account_id": account.account_id},
            ),
        )
        deed = _deed(item, account, row)
        earlier = _earlier(tries, cut_short=unfinished is not None)
        return Intent(row.id, item.id, item.case_id, Wave(item.wave), deed, earlier)


def verb_of(item: Item) -> str:
    """The event that a deed belongs to: giving back is told apart from taking away."""
    return f"restore.{item.action}" if item.wave == Wave.RESTORE else item.action


def place_of(item: Item, account: CaseAccount, n: int) -> dict[str, object]:
    return {
        "system": item.system,
        "account": account.id,
        "item": item.id,
        "wave": item.wave,
        "attempt": n,
    }


async def _tries(session: AsyncSession, item: Item) -> list[Attempt]:
    """Those of this order; a try without a result counts whenever it was."""
    mine = (col(Attempt.n) > item.since) | col(Attempt.result_at).is_(None)
    query = select(Attempt).where(Attempt.item_id == item.id, mine)
    return list((await session.exec(query)).all())


def _earlier(tries: list[Attempt], *, cut_short: bool) -> Earlier:
    reached = {row.reached for row in tries}
    return Earlier(
        tries=len(tries),
        sent=bool(reached & {"sent", "accepted"}),
        accepted="accepted" in reached,
        cut_short=cut_short,
    )


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


def _deed(item: Item, account: CaseAccount, row: Attempt) -> Deed:
    action, who = Action(item.action), account_of(account)
    before, baseline = (STATE.validate_python(s or {}) for s in (account.before, row.baseline))
    if item.wave == Wave.RESTORE:
        things: tuple[Held, ...] = THINGS.validate_python(item.things)
        return GiveBack(action, who, before, baseline, things).given_to(item.given_to)
    return Cut(action, who, before, baseline)


async def _block_first(
    world: World, session: AsyncSession, item: Item, unfinished: Attempt | None
) -> str | None:
    """The account's block, if this verb stands before it and may hold it up no longer."""
    adapter = world.systems[item.system].adapter if item.system in world.systems else None
    if adapter is None or adapter.block_within is None or item.wave != Wave.CONTAIN:
        return None
    order = adapter.contain
    if Action(item.action) not in order[: order.index(BLOCK)]:
        return None
    part = await session.get_one(Part, item.part_id)
    now = world.clock.now()
    late = now - (part.first_try_at or now) > adapter.block_within
    if not (late or unfinished or part.turn > part.first_turn):
        return None
    return await open_block(session, item)


async def open_block(session: AsyncSession, item: Item) -> str | None:
    block = select(Item.id).where(
        Item.part_id == item.part_id,
        Item.case_account_id == item.case_account_id,
        Item.action == BLOCK,
        col(Item.state).in_(OPEN),
    )
    return (await session.exec(block)).first()


async def _waits_for_opening(world: World, session: AsyncSession, item: Item) -> bool:
    """Some verbs are taken back only on an account that can sign in: these wait until it can."""
    if item.wave != Wave.RESTORE or item.system not in world.systems:
        return False
    if Action(item.action) not in world.adapter(item.system).needs_open:
        return False
    block = await open_block(session, item)
    if block is None:
        return False
    opening = await session.get_one(Item, block)
    soon = world.clock.now() + NEXT_LOOK
    item.state, item.due_at = "waiting", max(opening.due_at or soon, soon)
    return True


def known_of(state: State, fact: str) -> tuple[Held, ...] | None:
    """A list of things that an account holds, None if it was not read."""
    held: tuple[Held, ...] | None = getattr(state, fact)
    return held
