"""A verb that is tried more than once: what was sent, what was seen, and what must not repeat."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlmodel import select

from adapters.actions import Action, Wave
from adapters.errors import TryAgain
from adapters.nouns import Account, State
from tests.house import house, leaves
from tests.workflows.stage import Stage, approve, contained, given_back, item, wave_is_over
from workflows.lookup import accounts_in
from workflows.tables import Attempt, Case, Item

GUEST = [{"emailAddress": {"name": "g", "address": "g@acme.example"}}]
MEETING = {"isOrganizer": True, "isCancelled": False, "attendees": GUEST, "seriesMasterId": None}
LAPTOP = {
    "deviceName": "laptop",
    "operatingSystem": "Windows",
    "managementState": "managed",
    "deviceActionResults": [],
}
OUTSIDE = [{"emailAddress": {"name": "me", "address": "me@elsewhere.example"}}]
RULE = {
    "displayName": "copy",
    "isEnabled": True,
    "sequence": 1,
    "actions": {"forwardTo": OUTSIDE},
}


@pytest_asyncio.fixture
async def stage(sqlite_url: str) -> AsyncIterator[Stage]:
    made = Stage()
    made.tenant.give_mailbox(made.in_tenant)
    told = {"tenant": {"token_lifetime": "0"}}
    async with house(sqlite_url, made.vendors, extra=told) as made.exeunt:
        made.exeunt.world.adapter("tenant").propagation = timedelta(0)  # type: ignore[misc]
        yield made


def tried(action: str, times: int) -> Callable[[dict[str, Any]], bool]:
    def so_often(case: dict[str, Any]) -> bool:
        mine = [i["attempts"] for i in case["items"] if i["action"] == action]
        return any(n >= times for n in mine)

    return so_often


def is_over(action: str, state: str = "done") -> Callable[[dict[str, Any]], bool]:
    return lambda case: bool(item(case, "tenant", action)["state"] == state)


def sent(stage: Stage, end: str) -> int:
    return len([one for one in stage.tenant.requests if one.endswith(end)])


def slow_to_show(monkeypatch: pytest.MonkeyPatch, stage: Stage, verb: Action, fact: str) -> None:
    """The system takes what is sent, and goes on to show what stood there."""
    adapter = stage.exeunt.world.adapter("tenant")
    real, first = adapter.observe, dict[str, Any]()

    async def lagging(who: Account, asked: Action | None = None) -> State:
        seen = await real(who, asked)
        if asked is not verb:
            return seen
        return replace(seen, **{fact: first.setdefault(fact, getattr(seen, fact))})

    monkeypatch.setattr(adapter, "observe", lagging)


async def test_a_screen_locks_once_however_slow_the_vendor_is_to_show_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.tenant.hang(stage.in_tenant, "managed", LAPTOP)
    slow_to_show(monkeypatch, stage, Action.LOCK_DEVICES, "devices")
    await stage.exeunt.hr_says(leaves())
    case = await stage.exeunt.until(tried("lock_devices", 3))
    assert sent(stage, "/remoteLock") == 1
    assert item(case, "tenant", "lock_devices")["state"] == "waiting"


async def test_a_meeting_is_cancelled_once_however_slow_the_calendar_is(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.tenant.hang(stage.in_tenant, "meetings", MEETING)
    await contained(stage)
    slow_to_show(monkeypatch, stage, Action.CANCEL_MEETINGS, "meetings")
    await approve(stage, Wave.HAND_OVER)
    await stage.exeunt.until(tried("cancel_meetings", 3))
    assert sent(stage, "/cancel") == 1


async def test_what_is_never_seen_is_left_to_a_person_in_the_end(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.tenant.hang(stage.in_tenant, "managed", LAPTOP)
    slow_to_show(monkeypatch, stage, Action.LOCK_DEVICES, "devices")
    await stage.exeunt.hr_says(leaves())
    case = await stage.exeunt.until(tried("lock_devices", 2))
    async with stage.exeunt.world.store.write() as session:
        (await session.get_one(Case, case["id"])).give_up_seconds = 0
    case = await stage.exeunt.until(is_over("lock_devices", "failed"))
    assert [t["kind"] for t in case["tasks"] if t["state"] == "open"].count("escalated") == 1
    assert sent(stage, "/remoteLock") == 1


async def test_a_kill_costs_one_repeat_at_most(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.tenant.hang(stage.in_tenant, "managed", LAPTOP)
    slow_to_show(monkeypatch, stage, Action.LOCK_DEVICES, "devices")
    await stage.exeunt.hr_says(leaves())
    case = await stage.exeunt.until(tried("lock_devices", 1))
    name = item(case, "tenant", "lock_devices")["id"]
    await stage.exeunt.until(lambda c: sent(stage, "/remoteLock") == 1)
    async with stage.exeunt.world.store.write() as session:  # as if we had died in the first
        for row in await tries(session, name):
            row.reached, row.error = "", ""
            row.result_at = None if row.n == 1 else row.result_at
    await stage.exeunt.until(tried("lock_devices", 4))
    assert sent(stage, "/remoteLock") == 2


async def tries(session: Any, item_id: str) -> list[Attempt]:
    query = select(Attempt).where(Attempt.item_id == item_id)
    return list((await session.exec(query)).all())


async def test_a_state_before_survives_a_first_try_that_could_not_read_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.tenant.hang(stage.in_tenant, "rules", RULE)
    adapter = stage.exeunt.world.adapter("tenant")
    real, failed = adapter.observe, list[Action]()

    async def throttled(who: Account, verb: Action | None = None) -> State:
        if not failed and verb is Action.STOP_FORWARDING:
            failed.append(verb)
            raise TryAgain("429", 0.1)
        seen = await real(who, verb)
        return replace(seen, forwards=None) if verb is None and not failed else seen

    monkeypatch.setattr(adapter, "observe", throttled)
    await contained(stage)
    await stage.exeunt.until(is_over("stop_forwarding"))
    rules = stage.tenant.hung[stage.in_tenant]["rules"]
    assert (failed, rules[0]["isEnabled"]) == ([Action.STOP_FORWARDING], False)
    await given_back(stage)
    assert rules[0]["isEnabled"] is True


async def test_what_nobody_could_read_before_is_said_at_the_restore(stage: Stage) -> None:
    stage.tenant.hang(stage.in_tenant, "rules", RULE)
    case = await contained(stage)
    async with stage.exeunt.world.store.write() as session:
        account = next(a for a in await accounts_in(session, case["id"]) if a.system == "tenant")
        account.before = {**(account.before or {}), "forwards": None}
    case = await given_back(stage)
    said = [t["title"] for t in case["tasks"] if t["kind"] == "restore"]
    assert any("stop forwarding (what was there is not known)" in title for title in said)


async def test_a_second_try_does_what_the_first_could_not_send(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was there to be seen from the start: that is no sign of a first try's success."""
    calls: list[str] = []
    adapter = stage.exeunt.world.adapter("tenant")
    real = adapter.perform

    async def refused_once(verb: Action, *more: Any) -> Any:
        if verb is Action.TRANSFER_OWNERSHIP:
            calls.append(verb)
            if len(calls) == 1:
                raise TryAgain("429", 0.1)
        return await real(verb, *more)

    monkeypatch.setattr(adapter, "perform", refused_once)
    await contained(stage)
    await approve(stage, Wave.HAND_OVER)
    await stage.exeunt.until(is_over("transfer_ownership"))
    assert len(calls) == 2


async def test_what_somebody_else_took_meanwhile_is_not_given_back(
    sqlite_url: str, at_once: Path
) -> None:
    stage = Stage()
    kept, taken = (stage.tenant.add_group(name) for name in ("Finance", "Chess"))
    for group in (kept, taken):
        stage.tenant.members[group].add(stage.in_tenant)
    told = {"tenant": {"token_lifetime": "0"}}
    async with house(sqlite_url, stage.vendors, extra=told, policy=at_once) as stage.exeunt:
        await contained(stage)
        stage.tenant.members[taken].discard(stage.in_tenant)  # by an administrator
        await approve(stage, Wave.HAND_OVER)
        await stage.exeunt.until(is_over("revoke_grants"))
        await given_back(stage)
    assert stage.in_tenant in stage.tenant.members[kept]
    assert stage.in_tenant not in stage.tenant.members[taken]


@pytest.fixture
def at_once(tmp_path: Path) -> Path:
    """The default policy, but that it cleans up at once."""
    text = files("workflows.policy").joinpath("default.yaml").read_text("utf-8")
    path = tmp_path / "policy.yaml"
    path.write_text(text.replace("after: 7d ", "after: 0  "), "utf-8")
    return path


async def test_the_block_waits_for_no_more_than_a_glance(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = stage.exeunt.world.adapter("tenant")
    order: list[str] = []
    real_observe, real_perform = adapter.observe, adapter.perform

    async def glance(_: Any, who: Account) -> State:
        seen = await real_observe(who, Action.BLOCK_SIGN_IN)
        return replace(seen, privileged=False)

    async def observe(who: Account, verb: Action | None = None) -> State:
        order.append(f"read {verb or 'the whole'}")
        return await real_observe(who, verb)

    async def perform(verb: Action, *more: Any) -> Any:
        order.append(verb)
        return await real_perform(verb, *more)

    monkeypatch.setattr(type(adapter), "glance", glance)
    monkeypatch.setattr(adapter, "observe", observe)
    monkeypatch.setattr(adapter, "perform", perform)
    case = await contained(stage)
    assert order[:4] == [
        "block_sign_in",
        "read block_sign_in",
        "revoke_sessions",
        "read revoke_sessions",
    ]
    whole = order.index("read the whole")
    assert order[:whole] == order[:4]
    async with stage.exeunt.world.store.read() as session:
        account = next(a for a in await accounts_in(session, case["id"]) if a.system == "tenant")
    assert account.whole
    assert account.before is not None
    assert account.before["enabled"] is True
    assert account.before["licences"]


async def test_who_got_something_is_kept_with_the_item_whatever_its_outcome(stage: Stage) -> None:
    boss = "boss@acme.example"
    heir = stage.tenant.hire(boss, employee_number="7")
    application = "0000aaaa-0000-4000-8000-00000e17ea00"
    stage.tenant.own(stage.in_tenant, application, "application")
    await contained(stage, worker={"manager": {"source_worker_id": "7", "work_email": boss}})
    await approve(stage, Wave.HAND_OVER)
    case = await stage.exeunt.until(lambda c: wave_is_over(c, Wave.HAND_OVER))
    assert item(case, "tenant", "transfer_ownership")["state"] == "done"
    async with stage.exeunt.world.store.read() as session:
        rows = (await session.exec(select(Item).where(Item.given_to == heir))).all()
    assert "transfer_ownership" in {row.action for row in rows}
    await given_back(stage)
    async with stage.exeunt.world.store.read() as session:
        back = (await session.exec(select(Item).where(Item.wave == "restore"))).all()
    assert {row.given_to for row in back if row.action == "transfer_ownership"} == {heir}
