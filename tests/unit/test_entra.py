"""What Entra finds, sees, changes, refuses and never does."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from adapters.actions import Action, Outcome
from adapters.budget import urgently
from adapters.errors import (
    AdapterError,
    CredentialDenied,
    NeedsHuman,
    TargetDenied,
    TryAgain,
    Unrecognised,
)
from adapters.nouns import Account, Kind, Person, Rule
from adapters.postconditions import holds
from adapters.practice.base import Fault
from adapters.practice.graph import PracticeTenant
from adapters.systems.entra import Entra
from tests.conftest import StillClock
from tests.tenants import BASE, Replacing

OLD_FOUR = (
    Action.BLOCK_SIGN_IN,
    Action.REVOKE_SESSIONS,
    Action.REVOKE_GRANTS,
    Action.RELEASE_LICENCES,
)
"""What even somebody with little has to lose."""
OTHER_SKU = "6fd2c87f-b296-42f0-b197-1e91e994b900"


@pytest.fixture
def tenant(clock: StillClock) -> PracticeTenant:
    return PracticeTenant(clock)


@pytest.fixture
def entra(tenant: PracticeTenant) -> Entra:
    return connected(tenant)


def connected(
    tenant: PracticeTenant, transport: httpx.AsyncBaseTransport | None = None, **settings: object
) -> Entra:
    told = Entra.Settings(**(tenant.settings(BASE) | settings))
    return Entra.connect("m365", told, tenant.clock, transport or httpx.ASGITransport(tenant.app))


def hired(tenant: PracticeTenant, address: str = "ada@acme.example") -> Account:
    return Account("m365", tenant.hire(address, employee_number="7"), address)


def answering(tenant: PracticeTenant, body: object, status: int = 200) -> Entra:
    """Connected to something that always gives this answer."""
    return connected(tenant, httpx.MockTransport(lambda _: httpx.Response(status, json=body)))


async def test_the_whole_leave_is_seen_on_reading_back(
    tenant: PracticeTenant, entra: Entra
) -> None:
    account = hired(tenant)
    before = await entra.observe(account)
    assert not any(holds(verb, before, before) for verb in OLD_FOUR)
    outcomes = [await entra.perform(verb, account) for verb in OLD_FOUR]
    after = await entra.observe(account)
    assert set(outcomes) == {Outcome.CHANGED}
    assert all(holds(verb, before, after) for verb in OLD_FOUR)


async def test_verbs_can_be_repeated(tenant: PracticeTenant, entra: Entra) -> None:
    account = hired(tenant)
    for verb in OLD_FOUR:
        await entra.perform(verb, account)
    again = {verb: await entra.perform(verb, account) for verb in OLD_FOUR}
    assert again.pop(Action.REVOKE_SESSIONS) == Outcome.CHANGED  # Graph revokes anew
    assert set(again.values()) == {Outcome.ALREADY}


async def test_disabling_alone_does_not_count_as_a_revocation(
    tenant: PracticeTenant, entra: Entra
) -> None:
    account = hired(tenant)
    before = await entra.observe(account)
    await entra.block_sign_in(account)
    assert holds(Action.REVOKE_SESSIONS, before, await entra.observe(account)) is False


async def test_a_stale_read_is_not_taken_for_done(clock: StillClock) -> None:
    tenant = PracticeTenant(clock, lag=timedelta(seconds=4))
    entra, account = connected(tenant), hired(tenant)
    await entra.block_sign_in(account)
    assert (await entra.observe(account)).enabled is True
    clock.advance(seconds=Entra.propagation.total_seconds())
    assert (await entra.observe(account)).enabled is False


async def test_an_apostrophe_and_a_guest_mark_are_found(
    tenant: PracticeTenant, entra: Entra
) -> None:
    login = "o'neil_acme.example#EXT#@tenant.example"
    guest = tenant.hire("ada.o'neil@acme.example", login=login)
    tenant.users[guest]["userType"] = "Guest"
    [by_address] = await entra.find_accounts(Person(addresses=("Ada.O'Neil@acme.example",)))
    [by_login] = await entra.find_accounts(Person(links=(login,)))
    assert by_address.account == by_login.account
    assert (by_address.account.id, by_address.account.kind) == (guest, Kind.GUEST)


async def test_an_old_address_is_found_among_the_proxies(
    tenant: PracticeTenant, entra: Entra
) -> None:
    user = tenant.hire("ada.lovelace@acme.example")
    tenant.users[user]["proxyAddresses"].append("smtp:ada.byron@acme.example")
    [match] = await entra.find_accounts(Person(addresses=("ada.byron@acme.example",)))
    assert (match.account.id, match.rule) == (user, Rule.ADDRESS)


async def test_an_address_to_write_to_is_no_identity(tenant: PracticeTenant, entra: Entra) -> None:
    service = tenant.hire("backup@acme.example")
    tenant.users[service]["otherMails"] = ["ada@acme.example"]
    assert await entra.find_accounts(Person(addresses=("ada@acme.example",))) == ()


async def test_everybody_is_listed_over_short_pages(tenant: PracticeTenant, entra: Entra) -> None:
    tenant.largest_page = 2
    ids = {tenant.hire(f"p{n}@acme.example") for n in range(5)}
    assert {account.id async for account in entra.accounts()} == ids


@pytest.mark.parametrize(
    "link", ["https://elsewhere.example/v1.0/users", f"{BASE}/beta/users", f"{BASE}.evil/v1.0/"]
)
async def test_a_next_link_that_leads_away_is_not_followed(
    tenant: PracticeTenant, link: str
) -> None:
    entra = answering(tenant, {"value": [], "@odata.nextLink": link})
    with pytest.raises(Unrecognised):
        _ = [account async for account in entra.accounts()]


@pytest.mark.parametrize(
    ("properties", "named"),
    [
        ({"groupTypes": ["DynamicMembership"], "membershipRule": "x"}, "dynamic"),
        ({"onPremisesSyncEnabled": True}, "on premises"),
        ({"mailEnabled": True}, "Exchange"),
        ({"isAssignableToRole": True}, "roles"),
        ({"assignedLicenses": [{"skuId": OTHER_SKU, "disabledPlans": []}]}, "licences"),
        ({"isManagementRestricted": True}, "restricted"),
    ],
)
async def test_groups_that_graph_cannot_change_are_named_and_left(
    tenant: PracticeTenant, entra: Entra, properties: dict[str, Any], named: str
) -> None:
    account = hired(tenant)
    group = tenant.add_group("Special", **properties)
    tenant.members[group].add(account.id)
    assert await entra.revoke_grants(account) == Outcome.CHANGED
    grants = {held.id: held for held in (await entra.observe(account)).grants or ()}
    assert named in (grants[group].obstacle or "")
    assert set(grants) == {group, tenant.dynamic}


async def test_one_group_that_refuses_does_not_spare_the_others(
    tenant: PracticeTenant, entra: Entra
) -> None:
    account = hired(tenant)
    tenant.faults.extend([Fault(status=403, writes_only=True)])
    with pytest.raises(TargetDenied) as refused:
        await entra.revoke_grants(account)
    assert refused.value.permission == "GroupMember.ReadWrite.All"
    assert account.id not in tenant.members[tenant.team]


async def test_an_inherited_licence_does_not_stop_the_direct_ones(
    tenant: PracticeTenant, entra: Entra
) -> None:
    account = hired(tenant)
    tenant.license_by_group(account.id, tenant.dynamic, OTHER_SKU)
    assert await entra.release_licences(account) == Outcome.CHANGED
    [left] = (await entra.observe(account)).licences or ()
    assert (left.id, left.obstacle is None) == (OTHER_SKU, False)


async def test_a_privileged_user_is_refused_with_the_role_to_assign(
    tenant: PracticeTenant, entra: Entra
) -> None:
    account = hired(tenant)
    tenant.give_role(account.id)
    assert (await entra.observe(account)).privileged is True
    with pytest.raises(TargetDenied) as refused:
        await entra.block_sign_in(account)
    assert refused.value.permission == "User.EnableDisableAccount.All"
    assert "Privileged Authentication Administrator" in refused.value.fix


async def test_an_account_from_on_premises_is_a_persons_task_if_graph_refuses(
    tenant: PracticeTenant, entra: Entra
) -> None:
    account = hired(tenant)
    tenant.users[account.id]["onPremisesSyncEnabled"] = True
    tenant.faults.append(Fault(status=400, writes_only=True))
    with pytest.raises(NeedsHuman) as told:
        await entra.block_sign_in(account)
    assert told.value.runbook == "docs/runbooks/mastered-elsewhere.md"
    assert any("on premises" in note for note in (await entra.observe(account)).notes)


async def test_gone_is_only_what_the_directory_says_is_gone(
    tenant: PracticeTenant, entra: Entra
) -> None:
    account = hired(tenant)
    tenant.faults.append(Fault(status=404, body=b"<html>not here</html>"))
    with pytest.raises(Unrecognised):
        await entra.observe(account)
    tenant.remove(account.id)
    assert (await entra.observe(account)).exists is False
    assert {await entra.perform(verb, account) for verb in Entra.actions} == {Outcome.ABSENT}


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"id": "x"},
        {"id": None, "accountEnabled": True},
        {"id": "x", "accountEnabled": "perhaps", "licenseAssignmentStates": []},
        {
            "id": "x",
            "accountEnabled": False,
            "signInSessionsValidFromDateTime": None,
            "licenseAssignmentStates": [None],
        },
        {
            "id": "x",
            "accountEnabled": False,
            "signInSessionsValidFromDateTime": "2026-01-01T00:00:00",
            "licenseAssignmentStates": [],
        },
    ],
)
async def test_a_user_of_the_wrong_shape_is_unrecognised(
    tenant: PracticeTenant, body: object
) -> None:
    account = hired(tenant)
    with pytest.raises(Unrecognised):
        await answering(tenant, body).observe(account)


@pytest.mark.parametrize("body", [{}, {"value": None}, {"value": [None]}, {"value": [{"id": "g"}]}])
async def test_a_list_of_the_wrong_shape_is_unrecognised(
    tenant: PracticeTenant, body: object
) -> None:
    entra = connected(tenant, Replacing("memberOf", body, tenant))
    account = hired(tenant)
    assert (await entra.observe(account)).grants is None  # a cut is not kept waiting by a list
    with pytest.raises(Unrecognised):
        await entra.observe(account, Action.REVOKE_GRANTS)


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, CredentialDenied), (403, TargetDenied), (429, TryAgain), (503, TryAgain)],
)
async def test_statuses_become_what_is_done_next(
    tenant: PracticeTenant, entra: Entra, status: int, error: type[AdapterError]
) -> None:
    tenant.faults.append(Fault(status=status))
    with pytest.raises(error):
        await entra.revoke_sessions(hired(tenant))


async def test_in_observe_mode_nothing_is_changed(tenant: PracticeTenant) -> None:
    entra, account = connected(tenant, mode="observe"), hired(tenant)
    for verb in OLD_FOUR:
        with pytest.raises(NeedsHuman):
            await entra.perform(verb, account)
    assert tenant.writes == 0
    assert (await entra.observe(account)).grants  # a batch of reads is a read


async def test_every_request_has_an_id_and_the_cut_comes_first(tenant: PracticeTenant) -> None:
    watching = Replacing("nothing", None, tenant)
    entra, account = connected(tenant, watching), hired(tenant)
    with urgently():  # as a cut is made
        await entra.block_sign_in(account)
        await entra.revoke_sessions(account)
    ids = [request.headers["client-request-id"] for request in watching.requests]
    assert len(set(ids)) == len(ids) == 3
    assert {one.headers["x-ms-throttle-priority"] for one in watching.requests} == {"High"}
