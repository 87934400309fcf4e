"""A leaver who has everything, cut, handed over and cleaned up, in order; then given back."""

from collections.abc import AsyncIterator
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from adapters.actions import Wave
from adapters.nouns import NO_WAY_BACK, Account, State
from adapters.practice.graph import PracticeTenant
from adapters.practice.graph.story import Leaver, furnish
from app.security.tokens import Role
from tests.house import ADDRESS, NUMBER, House, eventually, house, leaves

BOSS = "boss@acme.example"
INSTANTS = ("sessions_valid_from", "password_changed_at", "notes")
GONE_FOR_GOOD = ("factors", "tokens", "meetings", "managed")
"""What only its holder can make anew: re-enrolled, not given back."""


class Story:
    def __init__(self) -> None:
        self.tenant = PracticeTenant()
        user = self.tenant.hire(ADDRESS, employee_number=NUMBER)
        self.boss = self.tenant.hire(BOSS, employee_number="7")
        self.leaver: Leaver = furnish(self.tenant, user)
        self.account = Account("tenant", user, ADDRESS)
        self.exeunt: House

    async def observe(self) -> State:
        return await self.exeunt.world.adapter("tenant").observe(self.account)

    async def approve(self, wave: Wave, who: str = "approver@acme.example") -> dict[str, Any]:
        client = await self.exeunt.client(Role.APPROVER, address=who)
        case = await self.exeunt.until(lambda c: any(a["wave"] == wave for a in c["approvals"]))
        digest = next(a["digest"] for a in case["approvals"] if a["wave"] == wave)
        answer = await client.post(
            f"/cases/{case['id']}/approve", json={"wave": wave, "digest": digest}
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def wave_is_over(self, wave: Wave) -> dict[str, Any]:
        open_states = {"planned", "waiting"}
        return await self.exeunt.until(
            lambda c: not any(i["wave"] == wave and i["state"] in open_states for i in c["items"])
        )


@pytest.fixture
def at_once(tmp_path: Path) -> Path:
    """The default policy, but that it cleans up at once."""
    text = files("workflows.policy").joinpath("default.yaml").read_text("utf-8")
    path = tmp_path / "policy.yaml"
    path.write_text(text.replace("after: 7d ", "after: 0  "), "utf-8")
    return path


@pytest_asyncio.fixture
async def story(sqlite_url: str, at_once: Path) -> AsyncIterator[Story]:
    made = Story()
    async with house(sqlite_url, {"tenant": made.tenant}, policy=at_once) as made.exeunt:
        yield made


async def leave(story: Story) -> dict[str, Any]:
    """The whole way: cut, approved, handed over, converted, cleaned up."""
    manager = {"source_worker_id": "7", "work_email": BOSS}
    await story.exeunt.hr_says(leaves(worker={"manager": manager}))
    await story.exeunt.until(lambda c: c["containment"] == "contained")
    await story.approve(Wave.HAND_OVER)
    await story.wave_is_over(Wave.HAND_OVER)
    story.tenant.convert_mailbox(story.account.id)  # as Exchange does it, beside Graph
    return await story.wave_is_over(Wave.CLEAN_UP)


async def test_everything_ends_contained_handed_over_clean_or_explained(story: Story) -> None:
    case = await leave(story)
    done = {i["action"]: i["state"] for i in case["items"] if i["wave"] != "retire"}
    left = {verb: state for verb, state in done.items() if state not in ("done", "gap", "task")}
    assert left == {}
    after = await story.observe()
    for fact in ("roles", "tokens", "factors", "forwards", "owns", "meetings", "files", "managed"):
        held = getattr(after, fact)
        assert [one for one in held if one.obstacle is None] == [], fact
    assert after.grants
    assert all(one.obstacle for one in after.grants)
    assert (after.licences, after.enabled) == ((), False)
    assert story.tenant.owners[story.leaver.team] == [story.boss]
    assert story.tenant.owners[story.leaver.application] == [story.boss]


async def test_the_order_is_proved_by_what_the_tenant_was_asked(story: Story) -> None:
    await leave(story)
    asked = story.tenant.requests
    block = asked.index(f"PATCH /v1.0/users/{story.account.id}")
    revoke = asked.index(f"POST /v1.0/users/{story.account.id}/revokeSignInSessions")
    assert block < revoke
    licence = asked.index(f"POST /v1.0/users/{story.account.id}/assignLicense")
    purposes = [n for n, call in enumerate(asked) if call.endswith("/mailboxSettings")]
    assert any(n < licence for n in purposes)
    assert licence > asked.index(
        f"DELETE /v1.0/groups/{story.leaver.team}/owners/{story.account.id}/$ref"
    )


async def test_restore_brings_back_exactly_the_state_before(story: Story) -> None:
    before = await story.observe()
    case = await leave(story)
    await eventually(story.exeunt.case, lambda c: c["status"] == "waiting")
    operator = await story.exeunt.client(Role.OPERATOR, address="operator@acme.example")
    rights = [one.id for one in before.roles or ()]
    answer = await operator.post(
        f"/cases/{case['id']}/restore", json={"reason": "wrong person", "privileged": rights}
    )
    assert answer.status_code == 202, answer.text
    assert (await story.observe()).enabled is False  # asking alone gives nothing back
    await story.approve(Wave.RESTORE)
    restored = await story.wave_is_over(Wave.RESTORE)
    wrong = [
        (i["action"], i["state"], i["message"])
        for i in restored["items"]
        if i["wave"] == "restore" and i["state"] != "done"
    ]
    assert wrong == []
    after = await story.observe()
    story.tenant.convert_mailbox(story.account.id, "user")
    was, now = asdict(before), asdict(await story.observe())
    for fact in (*INSTANTS, *GONE_FOR_GOOD):
        was.pop(fact), now.pop(fact)
    for fact, value in was.items():
        assert comparable(now[fact]) == comparable(value), fact
    assert after.enabled is True


def comparable(value: Any) -> Any:
    """A thing that was made anew has a new id: `again` says that it is the same one."""
    if not isinstance(value, tuple | list):
        return value
    return sorted(
        str({**one, "id": one["details"].get("again", one["id"])})
        for one in value
        if NO_WAY_BACK not in one["details"]
    )
