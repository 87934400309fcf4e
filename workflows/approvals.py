"""A natural person's word on what destroys or discloses, bound to exactly what they saw."""

import hashlib

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from adapters.actions import Wave
from adapters.matching import normal_address
from workflows.caller import Caller, not_the_subject
from workflows.errors import Conflict, Forbidden
from workflows.ledger.events import Event
from workflows.requests import get_case
from workflows.restore import stop_cutting
from workflows.tables import ApiToken, Approval, Case, Item, Part, Worker
from workflows.world import World


async def approve(world: World, case_id: str, wave: str, digest: str, caller: Caller) -> Approval:
    """Give one person's word on the gated items of a wave, as they are right now.

    Raises Forbidden for a service, the subject or the requester, Conflict if the items changed
    since the caller looked at them.
    """
    async with world.store.write() as session:
        case = await get_case(session, case_id)
        parts = await _gated(session, case_id, wave)
        current = await wave_digest(session, parts)
        if digest != current:
            raise Conflict(
                "the items of this wave are not the ones that you looked at",
                f"Look at the case again, then approve digest {current}.",
            )
        worker = await session.get_one(Worker, case.worker_id)
        await _may_approve(session, caller, case, worker, wave)
        approval = await _given(world, session, case_id, wave, digest, caller)
        await _open_gates(world, session, case, parts, digest)
        return approval


async def _gated(session: AsyncSession, case_id: str, wave: str) -> list[Part]:
    query = select(Part).where(Part.case_id == case_id, Part.wave == wave, col(Part.approvals) > 0)
    parts = list((await session.exec(query)).all())
    if not parts:
        raise Conflict(
            f"nothing in wave {wave!r} of this case needs an approval",
            "GET the case: `approvals` lists the waves that do.",
        )
    return parts


async def wave_digest(session: AsyncSession, parts: list[Part]) -> str:
    """What an approver signs: every gated action on every account of this wave."""
    query = select(Item).where(col(Item.part_id).in_([part.id for part in parts]))
    items = (await session.exec(query)).all()
    lines = sorted(
        f"{i.system} {i.case_account_id} {i.action} {i.undo} {i.gap}"
        + "".join(f" {thing['kind']}:{thing['id']}" for thing in i.things)
        for i in items
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


async def _may_approve(
    session: AsyncSession, caller: Caller, case: Case, worker: Worker, wave: str
) -> None:
    if not caller.person:
        raise Forbidden("a service cannot approve", "Use the token of a natural person.")
    asked = await session.get(ApiToken, case.requested_by)
    requester = normal_address(asked.address) if asked and asked.address else case.requested_by
    if wave == Wave.RESTORE:
        requester = case.restore_by
    if requester in (caller.id, caller.identity):
        raise Forbidden("who asked for this cannot approve it", "Ask another approver.")
    not_the_subject(caller, worker)


async def _given(
    world: World, session: AsyncSession, case_id: str, wave: str, digest: str, caller: Caller
) -> Approval:
    same = select(Approval).where(
        Approval.case_id == case_id,
        Approval.wave == wave,
        Approval.digest == digest,
        Approval.principal == caller.identity,
    )
    if before := (await session.exec(same)).first():
        return before
    approval = Approval(
        id=world.clock.id("appr"),
        case_id=case_id,
        wave=wave,
        digest=digest,
        principal=caller.identity,
        given_at=world.clock.now(),
    )
    session.add(approval)
    await world.ledger.record(
        session,
        Event(
            "approval.given",
            "approved",
            case_id,
            data={"wave": wave},
            personal={"digest": digest},  # over the ids of things, which may be addresses
            actor=caller.actor,
        ),
    )
    await session.flush()
    return approval


async def _open_gates(
    world: World, session: AsyncSession, case: Case, parts: list[Part], digest: str
) -> None:
    people = select(Approval.principal).where(
        Approval.case_id == parts[0].case_id, Approval.digest == digest
    )
    given = len(set((await session.exec(people)).all()))
    if parts[0].wave == Wave.RESTORE and given >= max(part.approvals for part in parts):
        await stop_cutting(world, session, case)
    for part in parts:
        if given >= part.approvals:
            part.approvals = 0
            if part.state == "awaiting_approval":
                part.state = "due"
