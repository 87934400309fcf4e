"""What is known of a leaver before anything is tried, and what is left when all is done."""

import base64
import json

import pytest

from adapters.nouns import NEXT, Held
from adapters.practice.graph.memory import STANDARD_SKU
from adapters.systems.entra.door import member_at
from adapters.systems.entra.observing import TOO_POWERFUL, UNKNOWN_POWER
from tests.conftest import StillClock
from tests.tenants import Rich, forbidding, rich
from tests.tenants import entra as entra_on


@pytest.fixture
def it(clock: StillClock) -> Rich:
    return rich(clock)


async def test_what_the_owner_of_an_application_knows_outlives_the_ownership(it: Rich) -> None:
    [left] = (await it.entra.observe(it.account)).residue or ()
    assert (left.id, left.name) == (it.leaver.application, "Payroll export")
    assert left.details[NEXT].endswith("application.")


async def test_that_an_administrator_is_out_of_reach_is_said_before_anything_is_tried(
    it: Rich,
) -> None:
    said = json.dumps({"wids": ["7be44c8a-adaf-4e2a-84d6-ab2649e08a13"]}).encode()
    able = f"e30.{base64.urlsafe_b64encode(said).decode().rstrip('=')}.c2ln"
    assert TOO_POWERFUL in (await it.entra.observe(it.account)).notes
    assert TOO_POWERFUL not in (await it.entra.observe(it.successor)).notes
    it.tenant.token = able
    stronger = entra_on(it.tenant, it.transport)
    assert TOO_POWERFUL not in (await stronger.observe(it.account)).notes


async def test_what_cannot_be_read_makes_nobody_harmless(clock: StillClock) -> None:
    it = rich(clock)
    entra = entra_on(it.tenant, forbidding("roleEligibilitySchedules", it.tenant))
    seen = await entra.observe(it.successor)
    assert seen.privileged is None
    assert UNKNOWN_POWER in seen.notes


async def test_a_mailbox_is_lost_with_the_last_licence_unless_it_is_shared(it: Rich) -> None:
    await it.entra._assign(it.account, remove=[Held(STANDARD_SKU, "")])
    for group in it.leaver.licence_groups:
        await it.entra._remove(member_at(group, it.account.id))
    assert it.tenant.lost == [it.account.id]


async def test_what_the_leaver_controls_does_not_stand_before_the_block(it: Rich) -> None:
    guest = [{"emailAddress": {"name": "g", "address": "guest@acme.example"}}]
    meeting = {"isOrganizer": True, "isCancelled": False, "attendees": guest}
    for _ in range(1000):
        it.tenant.hang(it.account.id, "meetings", meeting | {"seriesMasterId": None})
    seen = await it.entra.glance(it.account)
    assert (seen.enabled, seen.privileged, seen.meetings) == (True, True, None)
    for place in ("calendarView", "messageRules"):
        assert not [call for call in it.tenant.requests if place in call]
