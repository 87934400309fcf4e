"""Who is this person in that system? Find, decide who it is, read the state before, plan."""

from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from adapters.budget import urgently
from adapters.calls import Call, recording
from adapters.errors import AdapterError
from adapters.nouns import Account, Kind, Match, Rule, State
from workflows.identify import Identified, identify
from workflows.ledger.events import Event
from workflows.model import KnownAccount
from workflows.people import claimed_by_others, person_of, record_of
from workflows.planned import write_plan
from workflows.tables import Case, CaseAccount, Part, Worker
from workflows.tasks import Ask, open_task, withdraw_tasks
from workflows.told import state_sha256, told
from workflows.trouble import is_paused, part_in_trouble
from workflows.world import System, World

STATE = TypeAdapter(State)
MOST_CALLS = 20
MOST_ACCOUNTS = 60
"""Whose state before fits into one leaf of 64 KiB."""


@dataclass(frozen=True)
class Sighting:
    """One account that is this person's, with what the system said before anything was done."""

    match: Match
    before: State


@dataclass(frozen=True)
class Found:
    """The answer of one system."""

    identified: Identified
    sightings: tuple[Sighting, ...]


async def look_up(world: World, part_id: str) -> None:
    """Answer the question for one part, once; a system that cannot answer is asked again later."""
    async with world.store.read() as session:
        part = await session.get_one(Part, part_id)
        case = await session.get_one(Case, part.case_id)
        worker = await session.get_one(Worker, case.worker_id)
        person = await person_of(session, record_of(worker), part.system, worker.id)
        paused = await is_paused(session, part.system)
        known = await accounts_of(session, case.id, part.system)
    if part.lookup != "unanswered" or paused:
        return
    with recording() as calls, urgently():  # who it is must be known before it can be cut
        try:
            adapter = world.adapter(part.system)
            matches = await adapter.find_accounts(person)
            async with world.store.read() as session:
                claimed = await claimed_by_others(session, record_of(worker), worker.id, matches)
            identified = identify(person, matches, case.effective_at, claimed)
            hits = [*identified.accounts, *_known_before(known, identified)]
            sightings = [Sighting(hit, await adapter.glance(hit.account)) for hit in hits]
        except AdapterError as why:
            await part_in_trouble(world, part_id, why, calls)
            return
    async with world.store.write() as session:
        await _keep(world, session, part_id, Found(identified, tuple(sightings)), calls)


def _known_before(known: list[CaseAccount], identified: Identified) -> list[Match]:
    """Accounts that this case gave back and is to cut once more, even if no rule finds them now."""
    hits = {hit.account.id for hit in identified.accounts}
    return [
        Match(account_of(row), Rule(row.rule))
        for row in known
        if row.before is None and row.account_id not in hits
    ]


def account_of(row: CaseAccount) -> Account:
    """The account as a verb needs it: after the match, only the immutable id counts."""
    return Account(row.system, row.account_id, row.login, kind=Kind(row.kind))


def newest(was: dict[str, Any] | None, now: State) -> dict[str, Any]:
    """What could not be read, or was not asked for, stays as it was last read."""
    read: dict[str, Any] = STATE.dump_python(now, mode="json")
    if was is None or not now.exists:
        return read
    return {**was, **{fact: value for fact, value in read.items() if value is not None}}


async def _keep(
    world: World, session: AsyncSession, part_id: str, found: Found, calls: list[Call]
) -> None:
    part = await session.get_one(Part, part_id)
    if part.lookup != "unanswered":
        return
    case = await session.get_one(Case, part.case_id)
    worker = await session.get_one(Worker, case.worker_id)
    system = world.systems[part.system]
    part.lookup = _answer(system, found)
    case.first_call_at = case.first_call_at or world.clock.now()
    known = {row.account_id: row for row in await accounts_of(session, case.id, part.system)}
    cut = [name for name, row in known.items() if row.before is not None]
    new = [one for one in found.sightings if one.match.account.id not in cut]
    rows = [
        _seen(
            world, known.get(one.match.account.id) or _account(world, case, part.system, one), one
        )
        for one in new
    ]
    session.add_all(rows)
    undecided = found.identified.undecided
    part.lookup_note = undecided.reason if undecided else ""
    await _record_lookup(world, session, part, worker.subject, calls, rows)
    if undecided:
        await _ask_who(world, session, case, part, found)
    else:
        await withdraw_tasks(world, session, case.id, "decide", system=part.system)
    await session.flush()
    await write_plan(
        world,
        session,
        part,
        [(row, known_account(system, sighting)) for row, sighting in zip(rows, new, strict=True)],
    )


def known_account(system: System, sighting: Sighting) -> KnownAccount:
    """What the policy needs to know of an account that was just found."""
    before = sighting.before
    elsewhere, writer = bool(before.mastered_elsewhere), system.can.mastered_by
    return KnownAccount(
        sighting.match.account,
        bool(before.privileged),
        elsewhere and writer is None,
        writer if elsewhere else None,
    )


async def accounts_in(session: AsyncSession, case_id: str) -> list[CaseAccount]:
    query = select(CaseAccount).where(CaseAccount.case_id == case_id).order_by(col(CaseAccount.id))
    return list((await session.exec(query)).all())


async def accounts_of(session: AsyncSession, case_id: str, system: str) -> list[CaseAccount]:
    query = select(CaseAccount).where(CaseAccount.case_id == case_id, CaseAccount.system == system)
    return list((await session.exec(query)).all())


def _answer(system: System, found: Found) -> str:
    if not system.can.searchable:
        return "by_hand"
    if found.identified.undecided:
        return "undecided"
    return "found" if found.sightings else "none"


def _account(world: World, case: Case, system: str, sighting: Sighting) -> CaseAccount:
    account = sighting.match.account
    return CaseAccount(
        id=world.clock.id("acct"),
        case_id=case.id,
        system=system,
        account_id=account.id,
        login=account.login,
        kind=account.kind,
        rule=sighting.match.rule,
        confidence=sighting.match.confidence,
    )


def _seen(world: World, row: CaseAccount, sighting: Sighting) -> CaseAccount:
    """The state before this cut."""
    row.privileged = bool(sighting.before.privileged)
    row.before = row.after = STATE.dump_python(sighting.before, mode="json")
    row.before_at = row.observed_at = world.clock.now()
    row.whole = not world.adapter(row.system).glances()
    return row


async def _record_lookup(
    world: World,
    session: AsyncSession,
    part: Part,
    subject: str,
    calls: list[Call],
    accounts: list[CaseAccount],
) -> None:
    await world.ledger.record(
        session,
        Event(
            "lookup.result",
            part.lookup,
            part.case_id,
            subject,
            data={
                "system": part.system,
                "accounts": [
                    {
                        "account": a.id,
                        "rule": a.rule,
                        "kind": a.kind,
                        "privileged": a.privileged,
                        "before": told(STATE.validate_python(a.before or {})),
                    }
                    for a in accounts[:MOST_ACCOUNTS]
                ],
                "calls": call_data(calls),
            },
            personal={
                **{f"account_{a.id}": a.account_id for a in accounts[:MOST_ACCOUNTS]},
                **{
                    f"before_{a.id}": state_sha256(a.before or {}) for a in accounts[:MOST_ACCOUNTS]
                },
                "why": part.lookup_note or None,
                "replies": replies(calls),
            },
        ),
    )


def call_data(calls: list[Call]) -> list[dict[str, object]]:
    """Calls as a leaf keeps them: no path, because paths can name people.

    Of a long walk the ends are kept and the middle is counted: a leaf is 64 KiB at most.
    """
    left_out = len(calls) - 2 * MOST_CALLS
    if left_out > 0:
        first, last = calls[:MOST_CALLS], calls[-MOST_CALLS:]
        return [*call_data(first), {"calls_left_out": left_out}, *call_data(last)]
    return [
        {
            "method": call.method,
            "status": call.status,
            "request_id": (call.request_id or "")[:100] or None,
            "ms": call.milliseconds,
            "writes": call.writes,
        }
        for call in calls
    ]


def replies(calls: list[Call]) -> str | None:
    """What binds the calls of a leaf to what the vendor said: the SHA-256 of each reply, in order.

    A personal value like any other: a reply is about somebody, and a bare hash of what can be
    guessed tells it.
    """
    ends = calls if len(calls) <= 2 * MOST_CALLS else [*calls[:MOST_CALLS], *calls[-MOST_CALLS:]]
    return " ".join(call.reply_sha256 or "-" for call in ends) or None


async def _ask_who(
    world: World, session: AsyncSession, case: Case, part: Part, found: Found
) -> None:
    undecided = found.identified.undecided
    candidates = [
        {
            "account_id": hit.account.id,
            "login": hit.account.login,
            "rule": hit.rule,
            "kind": hit.account.kind,
            "disagreement": hit.disagreement,
        }
        for hit in (undecided.candidates if undecided else ())
    ]
    ask = Ask(
        "decide",
        f"Which account in {part.system} is this leaver's? {part.lookup_note}",
        "Store an account link for the right one (POST /api/v1/account-links), then retry the "
        "case (POST /api/v1/cases/{id}/retry).",
        part.system,
        candidates=candidates,
    )
    await open_task(world, session, case, ask)
