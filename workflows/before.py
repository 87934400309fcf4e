"""What a verb must know before it changes anything, and what is remembered of that.

The state before is sacred: what a verb changes is read before it, and what was read is never
written over. The block and the end of sessions wait for nothing: a glance told what they change.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from adapters.actions import CUTS_ACCESS, Action, Wave
from adapters.contract import Brief
from adapters.errors import AdapterError
from adapters.nouns import Held, State
from adapters.postconditions import FACTS, TAKES, removable
from workflows.deeds import THINGS, Cut
from workflows.intent import Intent, known_of, open_block
from workflows.ledger.events import Event
from workflows.lookup import STATE, newest
from workflows.successor import successor_of
from workflows.tables import Attempt, Case, CaseAccount, Item, Part
from workflows.told import state_sha256, told
from workflows.world import World

AT_ONCE = (Action.BLOCK_SIGN_IN, Action.REVOKE_SESSIONS)
JUST_READ = timedelta(minutes=1)
"""So long after a cut began, what was read when the account was found is what stands there."""


@dataclass(frozen=True)
class Known:
    """What we know of an account as one of its verbs is about to be done."""

    before: State
    newest: State
    touched: frozenset[str]
    """Facts that a verb of ours may have changed since the state before was read."""
    glanced: bool
    """The account is blocked, and no more than a glance was taken: now there is time."""
    just_read: bool


async def prepared(world: World, intent: Intent) -> Intent:
    """Find out what the verb must know. Raises AdapterError, but a cut waits for no list."""
    deed = intent.deed
    if not isinstance(deed, Cut) or deed.action in AT_ONCE:
        return intent
    known = await _known(world, intent)
    try:
        seen = await _look(world, intent, deed, known)
    except AdapterError:
        if deed.action not in CUTS_ACCESS:
            raise
        seen = None
    facts = world.adapter(deed.account.system).actions.get(deed.action)
    heir = None
    if facts and facts.briefed:
        heir = await successor_of(world, intent.case_id, deed.account.system)
    before = _with(known, seen)
    ready = replace(intent, deed=replace(deed, before=before, brief=Brief(heir, before)))
    if seen is None and heir is None and known.just_read:
        return ready  # the attempt's baseline says what stands there
    async with world.store.write() as session:
        await _keep(world, session, intent, known, seen)
        item = await session.get_one(Item, intent.item_id)
        item.given_to = heir.id if heir else item.given_to
        _note_what_is_there(item, intent, known.newest if seen is None else seen)
    return ready


async def _known(world: World, intent: Intent) -> Known:
    async with world.store.read() as session:
        item = await session.get_one(Item, intent.item_id)
        part = await session.get_one(Part, item.part_id)
        account = await session.get_one(CaseAccount, item.case_account_id)
        began = part.first_try_at
        return Known(
            before=STATE.validate_python(account.before or {}),
            newest=STATE.validate_python(account.after or {}),
            touched=await _touched(session, account, intent),
            glanced=not account.whole and await open_block(session, item) is None,
            just_read=intent.wave is Wave.CONTAIN
            and intent.earlier.tries == 0
            and part.turn == part.first_turn
            and began is not None
            and world.clock.now() - began < JUST_READ,
        )


async def _touched(session: AsyncSession, account: CaseAccount, intent: Intent) -> frozenset[str]:
    ours = (
        select(Item.action)
        .join(Attempt, col(Attempt.item_id) == col(Item.id))
        .where(Item.case_account_id == account.id)
        .where((col(Attempt.reached) != "") | col(Attempt.result_at).is_(None))
    )
    if not intent.earlier.cut_short:
        ours = ours.where(Attempt.id != intent.attempt_id)
    if account.before_at:
        ours = ours.where(Attempt.intent_at >= account.before_at)
    verbs = {Action(name) for name in (await session.exec(ours)).all()}
    return frozenset(FACTS[verb] for verb in verbs if verb in FACTS)


async def _look(world: World, intent: Intent, deed: Cut, known: Known) -> State | None:
    """Read what is not known yet; None if nothing has to be read."""
    adapter, fact = world.adapter(deed.account.system), FACTS.get(deed.action)
    seen = await adapter.observe(deed.account) if known.glanced else None
    if fact is None or not known.before.exists:
        return seen
    unknown = getattr(known.before, fact) is None and fact not in known.touched
    noted = known.just_read or intent.earlier.may_have_written
    stale = deed.action in TAKES and not noted
    if (unknown or stale) and (seen is None or getattr(seen, fact) is None):
        told = await adapter.observe(deed.account, deed.action)
        seen = told if seen is None else replace(seen, **{fact: getattr(told, fact)})
    return seen


def _with(known: Known, seen: State | None) -> State:
    """The state before, with what was unknown in it and that none of our verbs has touched."""
    before = known.before
    if seen is None or not seen.exists:
        return before
    told = {
        one.name: getattr(seen, one.name)
        for one in fields(State)
        if getattr(before, one.name) is None and one.name not in known.touched
    }
    notes = tuple(dict.fromkeys((*before.notes, *seen.notes)))
    return replace(before, **told, notes=notes)


async def _keep(
    world: World, session: AsyncSession, intent: Intent, known: Known, seen: State | None
) -> None:
    if seen is None:
        return
    await session.get_one(Case, intent.case_id, with_for_update=True)
    item = await session.get_one(Item, intent.item_id)
    account = await session.get_one(CaseAccount, item.case_account_id)
    was, before = account.before, _with(known, seen)
    account.before = STATE.dump_python(before, mode="json")
    account.after, account.observed_at = newest(account.after, seen), world.clock.now()
    account.whole = account.whole or known.glanced
    if account.before != was:
        await _record(world, session, account, before)


async def _record(world: World, session: AsyncSession, account: CaseAccount, before: State) -> None:
    """More is known of the state before than the lookup told, of what no verb had touched."""
    await world.ledger.record(
        session,
        Event(
            "account.state_before",
            case_id=account.case_id,
            data={"system": account.system, "account": account.id, "before": told(before)},
            personal={f"before_{account.id}": state_sha256(account.before or {})},
        ),
    )


def _note_what_is_there(item: Item, intent: Intent, now: State) -> None:
    """A verb takes what stands there right before it; what somebody else took is not ours."""
    fact = TAKES.get(intent.deed.action)
    there = known_of(now, fact) if fact else None
    if there is None:
        return
    noted: Sequence[Held] = ()
    if item.taken is not None and (item.since or intent.earlier.may_have_written):
        noted = THINGS.validate_python(item.taken)
    every = {one.key: one for one in (*noted, *removable(there))}
    item.taken = THINGS.dump_python(tuple(every.values()), mode="json")


def note_what_was_taken(item: Item, intent: Intent, after: State) -> None:
    """Of what stood there, what the read-back shows no more."""
    fact = TAKES.get(intent.deed.action)
    left = known_of(after, fact) if fact else None
    if item.taken is None and intent.earlier.tries == 0:
        _note_what_is_there(item, intent, intent.deed.baseline)
    if item.taken is None or left is None:
        return
    keys = {one.key for one in left}
    gone = tuple(one for one in THINGS.validate_python(item.taken) if one.key not in keys)
    item.taken = THINGS.dump_python(gone, mode="json")
