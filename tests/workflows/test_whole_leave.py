"""A leaver who has everything, cut, handed over and cleaned up, in order; then given back."""

from collections.abc import AsyncIterator
from dataclasses import asdict, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from adapters.actions import Wave
from adapters.nouns import HOLDERS, NO_WAY_BACK, Account, State
from adapters.practice.microsoft365 import microsoft365
from app.security.tokens import Role
from tests.house import ADDRESS, NUMBER, House, eventually, house, leaves

pytestmark = pytest.mark.slow
BOSS = "boss@acme.example"
INSTANTS = ("sessions_valid_from", "password_changed_at", "notes")
GONE_FOR_GOOD = ("factors", "tokens", "meetings", "managed", "unwiped")
"""What only its holder can make anew: re-enrolled, not given back."""


class Story:
    def __init__(self) -> None:
        self.practice = microsoft365(ADDRESS, NUMBER, BOSS)
        self.tenant, self.leaver = self.practice.tenant, self.practice.leaver
        self.account = Account("tenant", self.leaver.id, ADDRESS)
        self.exeunt: House

    async def observe(self, system: str = "tenant") -> State:
        account = replace(self.account, system=system)
        return await self.exeunt.world.adapter(system).observe(account)

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
    both = {"tenant": made.tenant, "mailboxes": made.practice.exchange}
    told = {"tenant": {"exchange": "mailboxes"}}
    async with house(sqlite_url, both, extra=told, policy=at_once) as made.exeunt:
        yield made


async def leave(story: Story) -> dict[str, Any]:
    """The whole way: cut, approved, handed over, cleaned up."""
    manager = {"source_worker_id": "7", "work_email": BOSS}
    await story.exeunt.hr_says(leaves(worker={"manager": manager}))
    await story.exeunt.until(lambda c: c["containment"] == "contained")
    await story.approve(Wave.HAND_OVER)
    await story.wave_is_over(Wave.HAND_OVER)
    return await story.wave_is_over(Wave.CLEAN_UP)


async def test_everything_ends_contained_handed_over_clean_or_explained(story: Story) -> None:
    case = await leave(story)
    done = {i["action"]: i["state"] for i in case["items"] if i["wave"] != "retire"}
    left = {verb: state for verb, state in done.items() if state not in ("done", "gap", "task")}
    assert left == {}
    after = await story.observe()
    for fact in ("roles", "tokens", "factors", "forwards", "owns", "meetings", "managed"):
        held = getattr(after, fact)
        assert [one for one in held if one.obstacle is None] == [], fact
    assert [one.details[HOLDERS] for one in after.files or ()] == [[story.practice.manager]]
    assert after.grants
    assert all(one.obstacle for one in after.grants)
    assert (after.licences, after.enabled) == ((), False)
    assert story.tenant.owners[story.leaver.team] == [story.practice.manager]
    assert story.tenant.owners[story.leaver.application] == [story.practice.manager]


async def test_the_mailbox_ends_shared_with_the_successor_and_leads_nowhere(story: Story) -> None:
    case = await leave(story)
    after = await story.observe("mailboxes")
    assert after.mailbox
    assert (after.mailbox.id, after.mailbox.details[HOLDERS]) == ("shared", [BOSS])
    assert (after.enabled, after.listed, after.grants, after.managed) == (False, False, (), ())
    assert all(one.obstacle for one in after.forwards or ())
    assert story.tenant.lost == []  # no licence went before the mailbox was shared
    [tenant] = [a for a in case["accounts"] if a["system"] == "tenant"]
    assert {one["kind"] for one in tenant["left"]} >= {"group", "device"}
    assert "continuous access evaluation" in tenant["last_possible_access_because"]
    [known] = tenant["residue"]
    [task] = [t for t in case["tasks"] if t["kind"] == "residue"]
    assert "secrets and certificates" in task["how_to"]
    assert (known["name"], known["owner"]) == ("Payroll export", "it-service-desk")


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
    before = {system: await story.observe(system) for system in ("tenant", "mailboxes")}
    case = await leave(story)
    await eventually(story.exeunt.case, lambda c: c["status"] == "waiting")
    operator = await story.exeunt.client(Role.OPERATOR, address="operator@acme.example")
    rights = [one.id for one in before["tenant"].roles or ()]
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
    for system, was in before.items():
        now = await story.observe(system)
        assert now.enabled is True
        same(was, now)


def same(before: State, after: State) -> None:
    """Field by field."""
    was, now = asdict(before), asdict(after)
    for fact in set(was) - {*INSTANTS, *GONE_FOR_GOOD}:
        assert comparable(now[fact]) == comparable(was[fact]), fact


def comparable(value: Any) -> Any:
    """A thing that was made anew has a new id: `again` says that it is the same one."""
    if not isinstance(value, tuple | list):
        return value
    return sorted(
        str({**one, "id": one["details"].get("again", one["id"])})
        for one in value
        if NO_WAY_BACK not in one["details"]
    )
