"""Every vendor's profile, on a practice service that speaks that vendor's dialect."""

from dataclasses import replace

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adapters.actions import Action, Outcome, Undo
from adapters.errors import AdapterError, NeedsHuman, Unrecognised
from adapters.nouns import NEXT, Account, Person
from adapters.postconditions import given_back, holds, removable
from adapters.practice.base import PracticeVendor
from adapters.practice.scim import PracticeDirectory
from adapters.practice.scim_vendors import (
    PROFILES,
    PracticeAtlassian,
    PracticeDatadog,
    PracticeFigma,
    PracticeIdentityCenter,
    PracticeNotion,
    PracticePagerDuty,
    PracticeProfile,
    PracticeSalesforce,
    PracticeZoom,
)
from adapters.systems.scim.adapter import Scim
from adapters.systems.scim.vendors import VENDORS
from adapters.systems.scim.vendors.facts import Leave
from tests.conftest import NOON, StillClock
from tests.contract.vendors import Bench, bench
from workflows.model import Capabilities, CaseKind, KnownAccount, Leaver
from workflows.plan import DESTROYS, plan
from workflows.policy.load import default_policy

ADA = "ada@acme.example"


@pytest.fixture(params=PROFILES, ids=lambda kind: kind.vendor)
def on(request: pytest.FixtureRequest, clock: StillClock) -> Bench:
    return bench(request.param, clock)


def at(kind: type[PracticeVendor], clock: StillClock) -> Bench:
    return bench(kind, clock)


async def ada(on: Bench) -> Account:
    on.vendor.hire("bob@acme.example", employee_number="8")
    on.vendor.hire(ADA, employee_number="7")
    [hit] = await on.adapter().find_accounts(Person("7", (ADA,)))
    return hit.account


def destroys(on: Bench) -> bool:
    return on.adapter().facts()[Action.BLOCK_SIGN_IN].undo is Undo.DESTRUCTIVE


def test_every_vendor_has_a_practice_service() -> None:
    assert {*VENDORS} - {"generic"} == {kind.vendor for kind in PROFILES}


async def test_the_credential_is_proved_and_everybody_is_counted(on: Bench) -> None:
    on.vendor.hire(ADA)
    assert "1 users can be read" in (await on.adapter().check()).summary


async def test_a_block_is_seen_on_reading_back(on: Bench) -> None:
    account = await ada(on)
    before = await on.adapter().observe(account)
    assert await on.adapter().perform(Action.BLOCK_SIGN_IN, account) == Outcome.CHANGED
    assert on.vendor.enabled(account.id) is (None if destroys(on) else False)
    after = await on.adapter().observe(account)
    assert holds(Action.BLOCK_SIGN_IN, before, after)


async def test_a_repeat_writes_nothing(on: Bench) -> None:
    account = await ada(on)
    await on.adapter().perform(Action.BLOCK_SIGN_IN, account)
    writes = on.vendor.writes
    again = await on.adapter().perform(Action.BLOCK_SIGN_IN, account)
    assert again == (Outcome.ABSENT if destroys(on) else Outcome.ALREADY)
    assert on.vendor.writes == writes == 1


async def test_nobody_else_is_blocked(on: Bench) -> None:
    account = await ada(on)
    await on.adapter().perform(Action.BLOCK_SIGN_IN, account)
    assert on.vendor.enabled("u-00001") is True


async def test_what_was_blocked_is_given_back_or_a_person_is_told_why_not(on: Bench) -> None:
    account = await ada(on)
    before = await on.adapter().observe(account)
    await on.adapter().perform(Action.BLOCK_SIGN_IN, account)
    back = on.adapter().give_back(Action.BLOCK_SIGN_IN, account, before, ())
    if destroys(on):
        with pytest.raises(NeedsHuman):
            await back
        return
    await back
    assert await on.adapter().observe(account) == before


async def test_group_membership_is_taken_and_given_back(on: Bench) -> None:
    account = await ada(on)
    if Action.REVOKE_GRANTS not in on.adapter().facts():
        assert Action.REVOKE_GRANTS in on.adapter().lacks()
        return
    before = await on.adapter().observe(account)
    assert before.grants
    assert await on.adapter().perform(Action.REVOKE_GRANTS, account) == Outcome.CHANGED
    taken = await on.adapter().observe(account)
    await on.adapter().give_back(Action.REVOKE_GRANTS, account, before, removable(before.grants))
    assert not taken.grants
    assert given_back(
        Action.REVOKE_GRANTS, before, before.grants, await on.adapter().observe(account)
    )


async def test_somebody_else_stays_in_their_groups(on: Bench) -> None:
    account = await ada(on)
    if Action.REVOKE_GRANTS in on.adapter().facts():
        await on.adapter().perform(Action.REVOKE_GRANTS, account)
    assert isinstance(on.vendor, PracticeDirectory)
    assert all("u-00001" in members for members in on.vendor.members.values())


async def test_what_scim_cannot_see_is_said_once_with_what_to_do(on: Bench) -> None:
    account = await ada(on)
    residue = (await on.adapter().observe(account)).residue or ()
    assert len({thing.id for thing in residue}) == len(residue)
    for thing in residue:
        assert "cannot be seen over SCIM" in (thing.obstacle or "")
        assert thing.details[NEXT].endswith(".")


def test_every_verb_is_an_action_or_a_gap_and_never_both(on: Bench) -> None:
    facts, gaps = on.adapter().facts(), on.adapter().lacks()
    assert {*facts, *gaps} == set(Action)
    assert not {*facts} & {*gaps}


def test_the_plan_never_destroys_unasked(on: Bench) -> None:
    can = Capabilities.of(on.adapter(), "scim")
    known = KnownAccount(Account("system", "u-1", ADA))
    made = plan(Leaver(CaseKind.VOLUNTARY, NOON), (known,), can, default_policy(), NOON)
    items = {item.action: item for item in made.items}
    block, delete = items[Action.BLOCK_SIGN_IN], items[Action.DELETE_ACCOUNT]
    gap = block.gap.detail if block.gap else None
    assert gap == (DESTROYS if destroys(on) else None)
    assert delete.gap or (delete.undo, delete.approvals) == (Undo.DESTRUCTIVE, 2)


@pytest.mark.parametrize("kind", [PracticePagerDuty, PracticeNotion])
def test_where_deactivating_deletes_that_is_declared(
    kind: type[PracticeProfile], clock: StillClock
) -> None:
    assert destroys(at(kind, clock))


async def test_notion_is_told_by_delete_alone(clock: StillClock) -> None:
    on = at(PracticeNotion, clock)
    await on.adapter().perform(Action.BLOCK_SIGN_IN, await ada(on))
    writes = [one.method for one in on.sent if one.method != "GET"]
    assert writes == ["DELETE"]
    assert on.adapter().facts()[Action.BLOCK_SIGN_IN].calls == "DELETE /Users/{id}"


@pytest.mark.parametrize("kind", [PracticeFigma, PracticeSalesforce])
async def test_who_wants_no_path_is_told_without_one_at_once(
    kind: type[PracticeProfile], clock: StillClock
) -> None:
    on = at(kind, clock)
    await on.adapter().perform(Action.BLOCK_SIGN_IN, await ada(on))
    [patch] = [one for one in on.sent if one.method == "PATCH"]
    assert b'"path"' not in patch.content


async def test_salesforce_users_are_never_said_to_be_deleted(clock: StillClock) -> None:
    gap = at(PracticeSalesforce, clock).adapter().lacks()[Action.DELETE_ACCOUNT]
    assert gap.kind == "not_applicable"


@pytest.mark.parametrize("kind", [PracticeAtlassian, PracticeDatadog])
async def test_who_cannot_be_asked_by_mail_lists_everybody_and_refuses_nothing(
    kind: type[PracticeProfile], clock: StillClock
) -> None:
    on = at(kind, clock)
    on.vendor.hire(ADA, login="a.lovelace")
    [hit] = await on.adapter().find_accounts(Person(addresses=(ADA,)))
    asked = [one.url.params.get("filter") for one in on.sent if one.method == "GET"]
    assert hit.account.login == "a.lovelace"
    assert not any(asked)


async def test_figma_is_asked_by_login_and_number_and_by_no_mail(clock: StillClock) -> None:
    on = at(PracticeFigma, clock)
    await ada(on)
    asked = " ".join(one.url.params.get("filter", "") for one in on.sent)
    assert "userName eq" in asked
    assert "emails" not in asked


async def test_pagerduty_is_shown_its_own_kind_of_key(clock: StillClock) -> None:
    on = at(PracticePagerDuty, clock)
    await on.adapter().check()
    shown = {one.headers["authorization"] for one in on.sent}
    assert shown == {"Token token=practice-token"}


async def test_groups_that_cannot_be_asked_for_are_read_from_the_account(
    clock: StillClock,
) -> None:
    on = at(PracticeIdentityCenter, clock)
    account = await ada(on)
    held = (await on.adapter().observe(account)).grants
    assert held
    assert {grant.id for grant in held} == {"g-staff", "g-projects"}


class ByList(PracticeDirectory):
    """What Entra's older dialect has taught servers to want."""

    leaves = frozenset({"list"})


class Unheard(PracticeDirectory):
    shapes = frozenset[str]()
    leaves = frozenset[str]()
    puts = False


async def test_a_member_leaves_by_a_list_only_where_the_vendor_says_so(clock: StillClock) -> None:
    on = at(ByList, clock)
    account = await ada(on)
    with pytest.raises(NeedsHuman) as why:
        await on.adapter().perform(Action.REVOKE_GRANTS, account)
    assert why.value.runbook == "docs/runbooks/scim-groups.md"
    documented = on.adapter()
    assert isinstance(documented, Scim)
    documented._api.vendor = replace(documented._api.vendor, leaves=(Leave.PATH, Leave.LIST))
    assert await documented.perform(Action.REVOKE_GRANTS, account) == Outcome.CHANGED
    assert (await on.adapter().observe(account)).grants == ()


@pytest.mark.parametrize("verb", [Action.BLOCK_SIGN_IN, Action.REVOKE_GRANTS])
async def test_a_service_that_understands_no_way_is_never_said_to_have_done_it(
    clock: StillClock, verb: Action
) -> None:
    on = at(Unheard, clock)
    with pytest.raises(AdapterError):
        await on.adapter().perform(verb, await ada(on))


class Silent(PracticeDirectory):
    """Tells nobody's groups, neither by a filter nor on the account."""

    asks_members = False

    async def _read_user(self, request: Request) -> Response:
        return JSONResponse(self.users[request.path_params["id"]])


async def test_groups_that_nobody_tells_of_are_unknown_and_never_none(clock: StillClock) -> None:
    on = at(Silent, clock)
    account = await ada(on)
    assert (await on.adapter().observe(account)).grants is None
    with pytest.raises(Unrecognised):
        await on.adapter().perform(Action.REVOKE_GRANTS, account)


async def test_zoom_leaves_deleting_to_a_person_who_can_name_a_receiver(
    clock: StillClock,
) -> None:
    gaps = at(PracticeZoom, clock).adapter().lacks()
    assert gaps[Action.DELETE_ACCOUNT].kind == gaps[Action.TRANSFER_FILES].kind == "by_hand"


async def test_the_vendors_rate_is_kept_at_our_door(clock: StillClock) -> None:
    on = at(PracticeZoom, clock)
    before, adapter = clock.seconds(), on.adapter()
    for _ in range(60):
        await adapter.observe(Account("system", "u-1", ADA))
    assert clock.seconds() > before


def test_every_fact_is_a_sentence_with_a_source() -> None:
    for vendor in VENDORS.values():
        for fact in vendor.facts.values():
            assert fact is None or (fact.says and fact.source), vendor.name
        assert all(left.source and left.why and left.next for left in vendor.left)
        assert not vendor.forms or vendor.form_source
