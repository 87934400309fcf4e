"""The pure plan, kept as rows: this part's items, and those of the waves that come after."""

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from adapters.actions import Wave
from adapters.hr.contract import WorkerRecord
from workflows.again import order_again
from workflows.cases import leaver_of
from workflows.ledger.events import Event, stamp
from workflows.model import CaseKind, KnownAccount, Plan, PlannedItem
from workflows.plan import plan
from workflows.tables import Case, CaseAccount, Item, Part, Worker
from workflows.tasks import Ask, open_task
from workflows.world import World

MOST_ITEMS = 200
"""What of a plan fits into one leaf of 64 KiB; the digest is over all of it."""
Place = tuple[str | None, str, str]
"""Account, wave and verb: there is one item of each in a case."""


async def write_plan(
    world: World,
    session: AsyncSession,
    part: Part,
    accounts: list[tuple[CaseAccount, KnownAccount]],
) -> None:
    """Plan one system of a case for accounts that were just found, and keep the result."""
    case = await session.get_one(Case, part.case_id)
    worker = await session.get_one(Worker, case.worker_id)
    record = WorkerRecord.model_validate(worker.record)
    made = plan(
        leaver_of(record, CaseKind(case.kind), case.effective_at),
        tuple(known for _, known in accounts),
        world.systems[part.system].can,
        world.policy,
        world.clock.now(),
    )
    rows = {row.account_id: row.id for row, _ in accounts}
    former, planned = await _former(session, part), list[Item]()
    for wave in Wave:
        items = [item for item in made.items if item.wave is wave]
        if items:
            home = part if wave is Wave.CONTAIN else await _later_part(world, session, part, items)
            planned += [_row(world, home, rows, item, former) for item in items]
    session.add_all(planned)
    both = list(zip(planned, _in_order(made), strict=True))
    await world.ledger.record(
        session,
        Event(
            "plan.made",
            case_id=case.id,
            data={
                "system": part.system,
                "policy": made.policy,
                "rules": list(made.rules),
                "items": len(made.items),
                "planned": [_said(row, item) for row, item in both[:MOST_ITEMS]],
                "planned_left_out": max(0, len(both) - MOST_ITEMS) or None,
            },
            personal={"digest": made.digest},  # over the account's id, which may be a name
        ),
    )


def _in_order(made: Plan) -> list[PlannedItem]:
    return [item for wave in Wave for item in made.items if item.wave is wave]


def _said(row: Item, item: PlannedItem) -> dict[str, object]:
    """One planned item as a leaf keeps it; its runbook and owner may name people."""
    said = {
        "item": row.id,
        "account": row.case_account_id,
        "wave": row.wave,
        "action": row.action,
        "state": row.state,
        "gap": row.gap,
        "undo": row.undo,
        "approvals": item.approvals or None,
        "due_at": stamp(item.due_at),
    }
    return {name: value for name, value in said.items() if value is not None}


async def _later_part(
    world: World, session: AsyncSession, contain: Part, items: list[PlannedItem]
) -> Part:
    """The same system's share of a later wave, blocked until the wave before it is settled."""
    query = select(Part).where(
        Part.case_id == contain.case_id,
        Part.system == contain.system,
        Part.wave == items[0].wave,
    )
    part = (await session.exec(query)).first() or Part(
        id=world.clock.id("part"),
        case_id=contain.case_id,
        wave=items[0].wave,
        system=contain.system,
        state="blocked",
    )
    if part.state == "done":
        part.state = "blocked"  # there is more to do, when this system's earlier waves are settled
    part.due_at = min([item.due_at for item in items] + ([part.due_at] if part.due_at else []))
    # Never lowered here: what was gated stays gated until people have said yes to all of it.
    part.approvals = max([item.approvals for item in items] + [part.approvals])
    session.add(part)
    await session.flush()
    return part


async def _former(session: AsyncSession, part: Part) -> dict[Place, Item]:
    """The items of a cut that was taken back: each is planned anew in its own row."""
    cancelled = select(Item).where(
        Item.case_id == part.case_id,
        Item.system == part.system,
        Item.wave != Wave.RESTORE,
        Item.state == "cancelled",
    )
    items = (await session.exec(cancelled)).all()
    return {(item.case_account_id, item.wave, item.action): item for item in items}


def _row(
    world: World,
    part: Part,
    accounts: dict[str, str],
    item: PlannedItem,
    former: dict[Place, Item],
) -> Item:
    account = accounts.get(item.account_id or "")
    row = former.get((account, item.wave, item.action)) or Item(
        id=world.clock.id("item"),
        case_id=part.case_id,
        part_id=part.id,
        case_account_id=account,
        system=item.system,
        wave=item.wave,
        action=item.action,
        ord=item.order,
        state="planned",
    )
    order_again(row)
    row.ord, row.state, row.due_at = item.order, _state(item), item.due_at
    row.gap = item.gap.kind if item.gap else None
    row.gap_detail = item.gap.detail if item.gap else ""
    row.undo, row.owner = item.undo, item.owner
    row.outcome = row.taken = row.task_id = row.done_at = None
    row.error = row.message = row.permission = row.fix = row.given_to = ""
    return row


def _state(item: PlannedItem) -> str:
    if item.gap:
        return "task" if item.gap.kind == "by_hand" else "gap"
    return "observed" if item.observe_only else "planned"


async def ask_people(world: World, part_id: str) -> None:
    """Open the tasks of a part that has come due: one for each runbook and owner."""
    by_hand = select(Item).where(
        Item.part_id == part_id, Item.state == "task", col(Item.task_id).is_(None)
    )
    async with world.store.read() as session:
        if (await session.exec(by_hand.limit(1))).first() is None:
            return
    async with world.store.write() as session:
        part = await session.get_one(Part, part_id)
        case = await session.get_one(Case, part.case_id)
        asked: dict[tuple[str, str], list[Item]] = {}
        for item in (await session.exec(by_hand.order_by(col(Item.ord), col(Item.id)))).all():
            asked.setdefault((item.gap_detail, item.owner), []).append(item)
        for (runbook, owner), items in asked.items():
            await _ask(world, session, case, items, runbook, owner)


async def _ask(
    world: World, session: AsyncSession, case: Case, items: list[Item], runbook: str, owner: str
) -> None:
    system = items[0].system
    verbs = dict.fromkeys(item.action.replace("_", " ") for item in items)
    title = f"{system}: {', '.join(verbs)} by hand"
    ask = Ask(
        "by_hand",
        title,
        runbook,
        system,
        items[0].id,
        owner,
        items=tuple(item.id for item in items),
    )
    task = await open_task(world, session, case, ask)
    for item in items:
        item.task_id = task.id
