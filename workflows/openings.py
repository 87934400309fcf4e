"""What the ledger keeps of the beginning of a case: the clocks, the terms, the scope."""

from dataclasses import dataclass
from datetime import datetime

from workflows.ledger.events import Actor, Event, stamp
from workflows.model import CaseKind, LastMoment, Terms
from workflows.tables import Case, HrDelivery, Worker
from workflows.world import World


@dataclass(frozen=True)
class Opening:
    """Why, when and by whom a case is opened."""

    kind: CaseKind
    moment: LastMoment
    actor: Actor
    requested_by: str
    received_at: datetime
    hr_entered_at: datetime | None = None
    delivery_id: str | None = None
    revoke_now: bool = False
    reason: str = ""
    reference: str = ""
    by_person: bool = False


def opened(
    world: World,
    worker: Worker,
    opening: Opening,
    case: Case,
    terms: Terms,
    delivery: HrDelivery | None,
) -> Event:
    return Event(
        "case.opened",
        case.status,
        case.id,
        worker.subject,
        data={
            "kind": case.kind,
            **_moments(case),
            "revoke_now": case.revoke_now,
            "connection": worker.connection,
            "delivery": case.delivery_id,
            **_terms(world, case, terms),
        },
        personal={
            **_who(worker),
            "reason": opening.reason or None,
            "reference": opening.reference or None,
            "owner": case.owner,
            "body_sha256": delivery.body_sha256 if delivery else None,
        },
        actor=opening.actor,
    )


def _moments(case: Case) -> dict[str, str | None]:
    """The three clocks, and where the last moment was taken from."""
    return {
        "hr_entered_at": stamp(case.hr_entered_at) if case.hr_entered_at else None,
        "received_at": stamp(case.received_at),
        "effective_at": stamp(case.effective_at),
        "basis": case.basis,
        "zone": case.zone,
        "zone_source": case.zone_source,
    }


def _terms(world: World, case: Case, terms: Terms) -> dict[str, object]:
    """By which policy, and what it promises of this leaver."""
    return {
        "policy": case.policy,
        "policy_sha256": world.policy.digest,
        "rules": list(terms.rules),
        "contain_within_seconds": int(terms.contain_within.total_seconds()),
    }


def _who(worker: Worker) -> dict[str, str | None]:
    record = worker.record
    return {
        "name": record.get("display_name"),
        "email": record.get("work_email"),
        "employee_number": record.get("employee_number"),
        "source_worker_id": worker.source_worker_id,
    }


def begun(world: World, case: Case) -> Event:
    """The scope: every system that is configured now, who speaks to it, and whether it may cut."""
    systems = dict(sorted(world.systems.items()))
    return Event(
        "case.begun",
        case_id=case.id,
        data={
            "systems": list(systems),
            "scope": [
                {
                    "system": name,
                    "adapter": system.can.adapter,
                    "mode": system.can.mode,
                    "searchable": system.can.searchable,
                    "mastered_by": system.can.mastered_by,
                    "token_seconds": int(system.adapter.token_lifetime.total_seconds()),
                }
                for name, system in systems.items()
            ],
        },
        personal={f"owner_{name}": system.can.owner for name, system in systems.items()},
    )
