"""A later look at what was cut: it forgets nothing, and it never undoes a restore."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import select

from adapters.errors import TryAgain
from adapters.nouns import State
from tests.workflows.stage import Stage, account, contained, given_back
from workflows import recheck as rechecks
from workflows.lookup import accounts_in
from workflows.tables import Recheck


async def under_way(stage: Stage, case: dict[str, Any], label: str) -> str:
    """The check of the tenant's account, begun."""
    async with stage.exeunt.world.store.write() as session:
        mine = [a.id for a in await accounts_in(session, case["id"]) if a.system == "tenant"]
        found = (await session.exec(select(Recheck).where(Recheck.label == label))).all()
        check = next(one for one in found if one.case_account_id in mine)
        check.state, check.turn = "running", 1
        return check.id


async def test_a_list_that_cannot_be_read_later_is_not_forgotten(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await contained(stage)
    left = account(case, "tenant")["left"]
    assert left
    adapter = stage.exeunt.world.adapter("tenant")
    real = adapter.observe

    async def throttled(who: Any, verb: Any = None) -> State:
        return replace(await real(who, verb), grants=None, licences=None)

    monkeypatch.setattr(adapter, "observe", throttled)
    await rechecks.recheck(stage.exeunt.world, await under_way(stage, case, "15m"))
    assert account(await stage.exeunt.case(), "tenant")["left"] == left


@pytest.mark.parametrize("fails", [False, True])
async def test_one_that_was_under_way_does_not_undo_a_restore(
    stage: Stage, fails: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await contained(stage)
    name = await under_way(stage, case, "1h")
    adapter = stage.exeunt.world.adapter("tenant")
    real, gate, reached = adapter.observe, asyncio.Event(), asyncio.Event()

    async def slow(who: Any, verb: Any = None) -> State:
        if verb is None:
            reached.set()
            await gate.wait()
            if fails:
                raise TryAgain("busy")
        return await real(who, verb)

    monkeypatch.setattr(adapter, "observe", slow)
    looking = asyncio.create_task(rechecks.recheck(stage.exeunt.world, name))
    await reached.wait()
    await given_back(stage)
    gate.set()
    await looking
    async with stage.exeunt.world.store.read() as session:
        check = await session.get_one(Recheck, name)
    assert (check.state, check.result) == ("done", "restored")
    assert stage.tenant.enabled(stage.in_tenant) is True
