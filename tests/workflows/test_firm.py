"""What must never weaken, never strike the wrong person, and never be lost in a race."""

import asyncio
import json
from collections import Counter

import pytest
from sqlmodel import col, select
from standardwebhooks import Webhook

from adapters.errors import TryAgain
from adapters.nouns import Account
from adapters.practice.scim import PracticeDirectory
from app.security.tokens import Role
from tests.house import ADDRESS, NUMBER, SECRET, House, eventually, house, leaves
from tests.workflows.stage import Stage, account, item
from workflows.tables import Case, Recheck, Worker

FUTURE = {"last_working_day": "2031-01-31", "type": "voluntary"}
TWO = {name: {"source": "standard_webhooks", "secret": SECRET} for name in ("people", "us")}


async def test_a_number_that_two_hr_systems_gave_to_two_people_cuts_neither_unasked(
    sqlite_url: str,
) -> None:
    directory = PracticeDirectory()
    anna = directory.hire("anna.stays@acme.example", employee_number=NUMBER)
    async with house(sqlite_url, {"directory": directory}, hr=TWO) as exeunt:
        hired = leaves(
            "worker.hired", worker={"work_email": "anna.stays@acme.example"}, termination=None
        )
        await _says(exeunt, "us", hired)
        await _known_workers(exeunt, 1)
        await exeunt.hr_says(leaves())
        case = await exeunt.until(lambda c: any(t["kind"] == "decide" for t in c["tasks"]))
    assert directory.enabled(anna) is True
    assert case["containment"] == "unknown"


async def _says(exeunt: House, connection: str, body: dict[str, object]) -> None:
    client, now, raw = await exeunt.client(), exeunt.world.clock.now(), json.dumps(body)
    headers = {
        "webhook-id": "msg_us",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("msg_us", now, raw),
    }
    assert (
        await client.post(f"/hr/{connection}/events", content=raw, headers=headers)
    ).status_code == 202


async def _known_workers(exeunt: House, count: int) -> None:
    async def known() -> int:
        async with exeunt.world.store.read() as session:
            return len((await session.exec(select(Worker))).all())

    await eventually(known, lambda found: found == count)


async def test_hr_does_not_put_off_what_a_person_brought_forward(stage: Stage) -> None:
    exeunt = stage.exeunt
    await exeunt.hr_says(leaves("worker.termination_scheduled", termination=FUTURE))
    case = await exeunt.until(lambda c: c["status"] == "scheduled")
    client = await exeunt.client(Role.OPERATOR)
    body = {
        "worker": {"email": ADDRESS},
        "kind": "involuntary",
        "effective_at": "2030-01-01T00:00:00Z",
    }
    assert (await client.post("/cases", json=body)).json()["id"] == case["id"]
    again = leaves(
        "worker.updated",
        termination=FUTURE,
        worker={"job_title": "x"},
        timestamp="2026-09-02T09:22:00Z",
    )
    await exeunt.hr_says(again)
    await eventually(lambda: exeunt.events(type="hr.decision"), lambda seen: len(seen) == 2)
    case = await exeunt.case()
    assert (case["kind"], case["timings"]["effective_at"]) == (
        "involuntary",
        "2030-01-01T00:00:00Z",
    )


async def test_revoke_now_cuts_again_what_was_enabled_since(stage: Stage) -> None:
    await stage.exeunt.hr_says(leaves())
    await stage.exeunt.until(lambda c: c["containment"] == "contained")
    stage.directory.users[stage.in_directory]["active"] = True
    await stage.exeunt.hr_says(leaves(timestamp="2026-09-03T09:22:00Z"))

    async def enabled() -> bool | None:
        return stage.directory.enabled(stage.in_directory)

    await eventually(enabled, lambda found: found is False)
    await stage.exeunt.until(lambda c: c["containment"] == "contained")


async def test_one_person_with_two_tokens_is_one_approver(stage: Stage) -> None:
    exeunt = stage.exeunt
    await exeunt.hr_says(leaves())
    case = await exeunt.until(lambda c: c["containment"] == "contained" and bool(c["approvals"]))
    [gate] = [g for g in case["approvals"] if g["wave"] == "retire"]
    body = {"wave": "retire", "digest": gate["digest"]}
    for role in (Role.APPROVER, Role.ADMIN):
        eve = await exeunt.client(role, address="Eve@acme.example")
        answer = await eve.post(f"/cases/{case['id']}/approve", json=body)
    assert "retire" in {g["wave"] for g in answer.json()["approvals"]}


async def test_an_account_found_later_lowers_no_gate(stage: Stage) -> None:
    exeunt, spare = stage.exeunt, stage.directory.hire("break.glass@acme.example")
    policy = exeunt.world.policy.model_copy(update={"protected": (spare,)})
    object.__setattr__(exeunt.world, "policy", policy)
    await exeunt.hr_says(leaves())
    case = await exeunt.until(lambda c: c["containment"] == "contained")
    client = await exeunt.client()
    link = {"system": "directory", "account": spare, "employee_number": NUMBER}
    await client.post("/account-links", json=link)
    await client.post(f"/cases/{case['id']}/retry")
    case = await exeunt.until(lambda c: len(c["accounts"]) == 3 and c["status"] != "running")
    gates = {g["wave"]: g["approvals_needed"] for g in case["approvals"]}
    assert gates == {"hand_over": 1, "retire": 2}
    assert stage.directory.enabled(spare) is True


async def test_a_verb_that_has_to_wait_does_not_hold_up_the_next(stage: Stage) -> None:
    adapter = stage.exeunt.world.systems["tenant"].adapter

    async def busy(_account: Account) -> None:
        raise TryAgain("busy", 60)

    adapter.block_sign_in = busy  # type: ignore[attr-defined]
    await stage.exeunt.hr_says(leaves())
    case = await stage.exeunt.until(
        lambda c: (
            any((i["action"], i["state"]) == ("revoke_sessions", "done") for i in c["items"])
            and account(c, "tenant")["containment"] != "unknown"
        )  # the turn is over, and was judged
    )
    assert item(case, "tenant", "block_sign_in")["state"] == "waiting"
    assert account(case, "tenant")["containment"] == "not"


@pytest.mark.slow
async def test_systems_that_settle_at_the_same_time_leave_no_case_behind(url: str) -> None:
    vendors = {f"s{n}": PracticeDirectory() for n in range(5)}
    numbers = [f"w{n}" for n in range(8)]
    for vendor in vendors.values():
        for number in numbers:
            vendor.hire(f"{number}@acme.example", employee_number=number)
    async with house(url, vendors) as exeunt:
        workers = [
            {
                "source_worker_id": number,
                "employee_number": number,
                "work_email": f"{number}@acme.example",
            }
            for number in numbers
        ]
        await asyncio.gather(*(exeunt.hr_says(leaves(worker=one)) for one in workers))
        for number in numbers:
            await exeunt.until(
                lambda c: c["containment"] == "contained" and c["status"] == "waiting", number
            )

        async def running() -> list[str]:
            """A wave that is due later may be looked at just now; left behind is what stays."""
            async with exeunt.world.store.read() as session:
                query = select(Case.id).where(col(Case.status) == "running")
                return list((await session.exec(query)).all())

        assert await eventually(running, lambda found: not found) == []
        async with exeunt.world.store.read() as session:
            checks = await session.exec(select(Recheck.case_account_id))
            assert set(Counter(checks.all()).values()) == {4}
