"""Devices under Intune: which commands of its history still count, and what each has done."""

from datetime import timedelta

import pytest

from adapters.actions import Action, Outcome
from adapters.practice.graph.answers import instant
from tests.conftest import StillClock
from tests.tenants import Rich, rich

YEARS, HOURS = timedelta(days=800), timedelta(hours=2)


@pytest.fixture
def it(clock: StillClock) -> Rich:
    return rich(clock)


def sent(it: Rich, what: str) -> int:
    return sum(call.endswith(f"/{what}") for call in it.tenant.requests)


def locked_before(it: Rich, state: str, ago: timedelta) -> None:
    """Somebody, some time before this case, locked each device."""
    when = instant(it.tenant.clock.now() - ago)
    told = {"actionName": "remoteLock", "actionState": state, "startDateTime": when}
    for device in it.tenant.hung[it.account.id]["managed"]:
        device["deviceActionResults"] = [told]


@pytest.mark.parametrize(
    ("state", "ago", "locks"),
    [
        ("done", YEARS, 2),
        ("done", HOURS, 0),
        ("pending", YEARS, 0),
        ("active", YEARS, 0),
        ("failed", HOURS, 2),
        ("canceled", HOURS, 2),
        ("notSupported", YEARS, 0),
    ],
)
async def test_only_a_lock_that_is_new_or_under_way_is_taken_for_ours(
    it: Rich, state: str, ago: timedelta, locks: int
) -> None:
    locked_before(it, state, ago)
    await it.entra.lock_devices(it.account)
    assert sent(it, "remoteLock") == locks


async def test_a_device_that_intune_cannot_lock_is_left_and_said_to_be(it: Rich) -> None:
    locked_before(it, "notSupported", HOURS)
    left = (await it.entra.observe(it.account)).devices or ()
    assert [one.obstacle for one in left if one.kind == "managed device"] == [
        "Intune says that it cannot lock this device"
    ] * 2


async def test_a_device_that_was_told_to_retire_is_wiped_all_the_same(it: Rich) -> None:
    await it.entra.retire_devices(it.account)
    between = await it.entra.observe(it.account)
    assert (between.managed, len(between.unwiped or ())) == ((), 2)
    assert await it.entra.wipe_devices(it.account) == Outcome.CHANGED
    assert sent(it, "wipe") == 2
    assert (await it.entra.observe(it.account, Action.WIPE_DEVICES)).unwiped == ()


async def test_a_device_that_is_wiped_needs_not_retire(it: Rich) -> None:
    await it.entra.wipe_devices(it.account)
    assert await it.entra.retire_devices(it.account) == Outcome.ALREADY
    assert sent(it, "retire") == 0
