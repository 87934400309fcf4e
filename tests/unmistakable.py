"""Somebody whose every value can be recognised wherever it ends up, and a whole leave of theirs."""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import httpx
from sqlmodel import col, select

from adapters.clock import Clock
from adapters.practice.base import Fault
from adapters.practice.microsoft365 import Microsoft365, microsoft365
from adapters.practice.scim import PracticeDirectory
from app.security.tokens import Role
from tests.house import House, eventually, house, leaves
from workflows.tables import Recheck, Worker

NAME = "Zoraïda Quintessenz"
ADDRESS = "zoraida.quintessenz@acme.example"
ALIAS = "zq.formerly.smith@acme.example"
NUMBER = "EN-77881199"
SOURCE = "WID-55667788"
BOSS = "boss.unmistakable@acme.example"
BOSS_ID = "WID-99001122"
DEPARTMENT = "Quintessential Treasury"
JOB = "Keeper of the Zither"
PLACE = "Zwischenwasser 7"
REASON = "quarrel-over-the-zither"
REFERENCE = "HR-FILE-ZQ-4711"
KEY = "idempotent-for-zoraida"
NOTE = "badge of zoraida taken at the door by Ms Unmistakable"
GROUP = "Friends of Zoraida"
LOGIN = "zquint.login"
LINKED = "zq-on-the-forge"
VALUES = (
    *(NAME, ADDRESS, ALIAS, NUMBER, SOURCE, BOSS, BOSS_ID, DEPARTMENT, JOB, PLACE, REASON),
    *(REFERENCE, KEY, NOTE, GROUP, LOGIN, LINKED),
)
"""All that HR, people and systems said of them."""

POLICY = """
version: 1
name: over at once
owner: it-service-desk
task_due: 1d
give_up_after: 24h
waves:
  hand_over:
    after: 0
    actions: [transfer_files, delegate_mailbox, set_auto_reply, transfer_ownership, cancel_meetings]
    approvals: 1
  clean_up:
    after: 0
    actions: [revoke_grants, remove_roles, release_licences, hide_from_directory, retire_devices]
  retire: {after: 0, actions: []}
"""


class MovedClock(Clock):
    """The real one, put forward."""

    def __init__(self) -> None:
        self.shift = timedelta(0)

    def now(self) -> Any:
        return super().now() + self.shift


def forms(value: str) -> Iterator[bytes]:
    """What a value may look like in a file: as text, escaped, encoded, or as a bare hash of it."""
    plain = value.encode()
    yield plain
    yield value.encode("utf-16-le")
    yield value.encode("utf-16-be")
    yield quote(value, safe="").encode()
    yield quote_plus(value).encode()
    yield json.dumps(value)[1:-1].encode()
    yield plain.hex().encode()
    for alphabet in (base64.b64encode, base64.urlsafe_b64encode):
        for before in range(3):
            # Only the characters that no neighbour has a part in.
            first, last = -(-before * 8 // 6), (before + len(plain)) * 8 // 6
            yield alphabet(b"\0" * before + plain)[first:last]
    hashed = hashlib.sha256(plain)
    yield hashed.digest()
    yield hashed.hexdigest().encode()
    yield base64.urlsafe_b64encode(hashed.digest()).rstrip(b"=")


def found_in(data: bytes, values: Iterable[str]) -> set[tuple[str, bytes]]:
    """Which of these values can be found there, in whatever form and case."""
    lower = data.lower()
    return {
        (value, form)
        for value in values
        for form in set(forms(value))
        if form in data or form.lower() in lower
    }


def record(**changes: Any) -> dict[str, Any]:
    """The worker as HR sends them."""
    return {
        "source_worker_id": SOURCE,
        "employee_number": NUMBER,
        "work_email": ADDRESS,
        "other_emails": [ALIAS],
        "display_name": NAME,
        "department": DEPARTMENT,
        "job_title": JOB,
        "location": PLACE,
        "manager": {"source_worker_id": BOSS_ID, "work_email": BOSS},
        **changes,
    }


@dataclass
class Telling:
    """A house in which they work, and what its systems call them."""

    exeunt: House
    clock: MovedClock
    microsoft: Microsoft365
    directory: PracticeDirectory
    accounts: list[str] = field(default_factory=list)

    @property
    def values(self) -> tuple[str, ...]:
        """Also what the systems call them: an account's id is theirs alone."""
        return (*VALUES, *self.accounts)

    async def post(self, path: str, body: Any, role: Role = Role.ADMIN, key: str = "") -> Any:
        client = await self.exeunt.client(role, address=f"{role}@acme.example")
        headers = {"Idempotency-Key": key} if key else {}
        answer = await client.post(path, json=body, headers=headers)
        assert answer.status_code < httpx.codes.BAD_REQUEST, answer.text
        return answer.json()

    async def leave(self) -> dict[str, Any]:
        """From the first day to the last task that somebody closed; the case, closed."""
        await self.exeunt.hr_says(leaves("worker.hired", worker=record(), termination=None))
        link = {"system": "directory", "account": LINKED, "employee_number": NUMBER}
        await self.post("/account-links", link)
        said = json.dumps({"error": {"code": "x", "message": f"{NAME} {ADDRESS}"}}).encode()
        self.microsoft.tenant.faults.append(Fault(500, said))
        who = {"worker": {"email": ADDRESS}, "kind": "involuntary"}
        why = {"reason": REASON, "reference": REFERENCE}
        await eventually(self._known, bool)
        await self.post("/cases", who | why, key=KEY)
        return await self.closed()

    async def _known(self) -> bool:
        async with self.exeunt.world.store.read() as session:
            return (await session.exec(select(Worker.id))).first() is not None

    async def closed(self) -> dict[str, Any]:
        """Approved, left to people and done by them, looked at later: the case when it is over."""
        await eventually(self._agree, lambda case: not self._open(case))
        for days in (1, 9):
            self.clock.shift = max(self.clock.shift, timedelta(days=days))
            await eventually(self._nothing_due, bool)
        found: dict[str, Any] = await eventually(self._work, lambda c: c["status"] == "closed")
        self.accounts = [a["account_id"] for a in found["accounts"] if a["account_id"]]
        return found

    async def _agree(self) -> dict[str, Any]:
        self.clock.shift += timedelta(seconds=5)  # some vendors show late what was done
        case = await self.exeunt.case(SOURCE)
        for gate in case["approvals"]:
            body = {"wave": gate["wave"], "digest": gate["digest"]}
            await self.post(f"/cases/{case['id']}/approve", body, Role.APPROVER)
        return case

    def _open(self, case: dict[str, Any]) -> bool:
        systems = {item["system"] for item in case["items"]}
        going = any(item["state"] in ("planned", "waiting") for item in case["items"])
        return going or len(systems) < len(self.exeunt.world.systems)

    async def _work(self) -> dict[str, Any]:
        case = await self.exeunt.case(SOURCE)
        for task in case["tasks"]:
            if task["state"] == "open":
                await self.post(f"/tasks/{task['id']}/close", {"note": NOTE})
        return case

    async def _nothing_due(self) -> bool:
        now = self.clock.now()
        async with self.exeunt.world.store.read() as session:
            due = select(Recheck.id).where(Recheck.state != "done", col(Recheck.due_at) <= now)
            return (await session.exec(due)).first() is None


@asynccontextmanager
async def telling_house(url: str, folder: Path) -> Any:
    clock = MovedClock()
    microsoft = microsoft365(ADDRESS, NUMBER, BOSS)
    tenant, directory = microsoft.tenant, PracticeDirectory()
    directory.hire(ADDRESS, employee_number=NUMBER, login=LOGIN)
    tenant.members[tenant.add_group(GROUP, securityEnabled=True)].add(microsoft.leaver.id)
    policy = folder / "policy.yaml"
    policy.write_text(POLICY, "utf-8")
    vendors = {"tenant": tenant, "mailboxes": microsoft.exchange, "directory": directory}
    extra = {
        "tenant": {"exchange": "mailboxes"},
        "badge": {"adapter": "manual", "owner": "facilities@acme.example"},
    }
    async with house(url, vendors, extra=extra, clock=clock, policy=policy) as exeunt:
        yield Telling(exeunt, clock, microsoft, directory)
