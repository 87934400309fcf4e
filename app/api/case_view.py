"""A case as people and machines see it: where it stands, account by account, verb by verb."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from adapters.actions import Action
from adapters.nouns import NEXT
from adapters.postconditions import TAKES
from app.api.case_out import (
    AccountOut,
    CaseOut,
    CaseSummary,
    ItemOut,
    LeftOut,
    ResidueOut,
    TaskOut,
    Timings,
    WaveApprovalOut,
    WorkerOut,
)
from workflows.approvals import wave_digest
from workflows.lookup import STATE
from workflows.residue import residue_of
from workflows.sentences import BUSINESS, CONTROLS
from workflows.tables import Case, CaseAccount, Item, Part, Task, Worker
from workflows.world import System


def worker_out(worker: Worker) -> WorkerOut:
    record = worker.record
    return WorkerOut(
        id=worker.id,
        source_worker_id=worker.source_worker_id,
        employee_number=record.get("employee_number"),
        email=record.get("work_email"),
        display_name=record.get("display_name"),
        department=record.get("department"),
    )


def summary(case: Case, worker: Worker) -> CaseSummary:
    return CaseSummary(
        id=case.id,
        worker=worker_out(worker),
        kind=case.kind,
        status=case.status,
        containment=case.containment,
        unconfirmed=case.unconfirmed,
        reference=case.reference,
        requested_by=case.requested_by,
        basis=case.basis,
        time_zone=case.zone,
        time_zone_source=case.zone_source,
        policy=case.policy,
        timings=Timings(
            hr_entered_at=case.hr_entered_at,
            effective_at=case.effective_at,
            received_at=case.received_at,
            first_call_at=case.first_call_at,
            contained_at=case.contained_at,
            restored_at=case.restored_at,
            seconds_to_contain=seconds_to_contain(case, case.contained_at),
        ),
    )


def seconds_to_contain(case: Case, contained_at: datetime | None) -> float | None:
    """From the later of "effective" and "we were told" until the last read-back or token's end."""
    if contained_at is None:
        return None
    begun = max(case.effective_at, case.received_at)
    return round(max(0.0, (contained_at - begun).total_seconds()), 3)


async def whole(session: AsyncSession, case: Case, systems: Mapping[str, System]) -> CaseOut:
    worker = await session.get_one(Worker, case.worker_id)
    accounts = await _rows(session, CaseAccount, case.id)
    parts = await _rows(session, Part, case.id)
    tasks = await _rows(session, Task, case.id)
    items = select(Item).where(Item.case_id == case.id)
    items = items.order_by(col(Item.system), col(Item.case_account_id), col(Item.ord))
    ids = {account.id: account.account_id for account in accounts}
    planned = (await session.exec(items)).all()
    owners = {item.system: item.owner for item in planned}
    lingers = {name: system.adapter.lingers for name, system in systems.items()}
    return CaseOut(
        **summary(case, worker).model_dump(),
        accounts=[*_known(case, accounts, owners, lingers), *_unknown(parts, accounts)],
        items=[item_out(item, ids) for item in planned],
        approvals=await _approvals(session, parts),
        tasks=[task_out(task) for task in tasks],
    )


async def _rows(session: AsyncSession, table: Any, case_id: str) -> Sequence[Any]:
    query = select(table).where(table.case_id == case_id).order_by(table.id)
    return (await session.exec(query)).all()


def _known(
    case: Case, accounts: Sequence[CaseAccount], owners: dict[str, str], lingers: dict[str, str]
) -> list[AccountOut]:
    return [
        AccountOut(
            system=row.system,
            account_id=row.account_id,
            login=row.login,
            rule=row.rule,
            containment=row.containment,
            privileged=row.privileged,
            **_told(row, owners.get(row.system, case.owner)),
            last_possible_access=row.last_possible_access,
            last_possible_access_because=lingers.get(row.system, "")
            if row.last_possible_access
            else "",
            contained_at=row.contained_at,
            seconds_to_contain=seconds_to_contain(case, row.contained_at),
        )
        for row in accounts
    ]


def _told(row: CaseAccount, owner: str) -> dict[str, Any]:
    """What the system last said that a person should know."""
    state = STATE.validate_python(row.after or row.before or {})
    facts = dict.fromkeys(TAKES.values())
    held = [thing for fact in facts for thing in getattr(state, fact) or ()]
    left = [LeftOut(kind=t.kind, name=t.name, why=t.obstacle) for t in held if t.obstacle]
    residue = [
        ResidueOut(
            kind=t.kind, name=t.name, why=t.obstacle or "", next=t.details[NEXT], owner=owner
        )
        for t in residue_of(row)
    ]
    return {"note": "; ".join(state.notes), "left": left, "residue": residue}


_LOOKUPS = {
    "none": ("none_found", "the system answered that nobody is known by this person's keys"),
    "by_hand": ("by_hand", "a person has to look"),
    "undecided": ("unknown", ""),
    "unanswered": ("unknown", ""),
}


def _unknown(parts: Sequence[Part], accounts: Sequence[CaseAccount]) -> list[AccountOut]:
    """Systems in which no account is known: nothing is left out in silence."""
    have = {account.system for account in accounts}
    return [
        AccountOut(
            system=part.system,
            containment=_LOOKUPS[part.lookup][0],
            note=part.lookup_note or _LOOKUPS[part.lookup][1],
        )
        for part in parts
        if part.wave == "contain" and part.lookup in _LOOKUPS and part.system not in have
    ]


def item_out(item: Item, account_ids: dict[str, str]) -> ItemOut:
    fields = item.model_dump(include=set(ItemOut.model_fields) - {"account_id"})
    return ItemOut(
        **fields,
        account_id=account_ids.get(item.case_account_id or ""),
        business=BUSINESS[Action(item.action)],
        controls=CONTROLS[Action(item.action)],
    )


def task_out(task: Task) -> TaskOut:
    return TaskOut(**task.model_dump(include=set(TaskOut.model_fields)))


async def _approvals(session: AsyncSession, parts: Sequence[Part]) -> list[WaveApprovalOut]:
    out = []
    for wave in dict.fromkeys(part.wave for part in parts if part.approvals):
        gated = [part for part in parts if part.wave == wave and part.approvals]
        needed = max(part.approvals for part in gated)
        digest = await wave_digest(session, gated)
        out.append(WaveApprovalOut(wave=wave, approvals_needed=needed, digest=digest))
    return out
