"""The people of the demo, their accounts, and what HR says about them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any

from standardwebhooks import Webhook

from adapters.practice.base import Practice

GIVEN = ("Mara", "Lee", "Ada", "Noor", "Inês", "Tomás", "Yuki", "Omar", "Elif", "Jonas", "Zofia")
FAMILY = ("Okafor", "Chan", "Novak", "Haddad", "Ferreira", "Lindqvist", "Tanaka", "Rossi", "Demir")
DEPARTMENTS = ("Finance", "Sales", "Engineering", "People", "Facilities")


@dataclass(frozen=True)
class Leaver:
    number: str
    name: str
    address: str
    department: str
    manager: str | None = None
    """The address of whoever takes over."""


def leavers(count: int) -> list[Leaver]:
    names = [f"{given} {family}" for given, family in product(GIVEN, FAMILY)]
    return [
        Leaver(
            number=str(1207 + n),
            name=names[(n * 11) % len(names)],
            address=f"leaver{1207 + n}@acme.example" if n else "mara.okafor@acme.example",
            department=DEPARTMENTS[n % len(DEPARTMENTS)],
        )
        for n in range(count)
    ]


def hire(vendors: Mapping[str, Practice], people: list[Leaver]) -> None:
    """Everybody gets an account everywhere, and so do colleagues who must keep theirs."""
    for vendor in vendors.values():
        for person in people:
            vendor.hire(person.address, employee_number=person.number)
        vendor.hire("stays.here@acme.example", employee_number="1")


def says_revoke_now(person: Leaver, now: datetime) -> str:
    """The body that HR sends when somebody is dismissed on the spot."""
    today = now.date().isoformat()
    body: dict[str, Any] = {
        "type": "worker.access_revoke_now",
        "timestamp": now.isoformat(),
        "data": {
            "worker": {
                "source_worker_id": person.number,
                "employee_number": person.number,
                "work_email": person.address,
                "display_name": person.name,
                "department": person.department,
                "country": "DE",
                "time_zone": "Europe/Berlin",
                "status": "active",
                "manager": person.manager and {"work_email": person.manager},
            },
            "termination": {
                "termination_date": today,
                "last_working_day": today,
                "type": "involuntary",
                "reason": "dismissal",
            },
        },
    }
    return json.dumps(body, ensure_ascii=False)


def signed(secret: str, message_id: str, now: datetime, body: str) -> dict[str, str]:
    """The headers of Standard Webhooks 1.0.0."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, now, body),
        "content-type": "application/json",
    }
