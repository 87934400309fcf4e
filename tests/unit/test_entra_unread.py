"""What of an account could not be read is not known: "none" is only what a service says itself."""

import pytest

from adapters.actions import Action, Outcome
from adapters.errors import NeedsHuman, TargetDenied, TryAgain
from adapters.nouns import Account, Person, Rule
from tests.conftest import StillClock
from tests.tenants import Replacing, Rich, forbidding, rich
from tests.tenants import entra as entra_on

WAIT = {"error": {"code": "TooManyRequests", "message": "x"}}
GONE = {"error": {"code": "Request_ResourceNotFound", "message": "x"}}
ROLE_GROUP = {"securityEnabled": True, "isAssignableToRole": True}


@pytest.fixture
def it(clock: StillClock) -> Rich:
    return rich(clock)


async def test_memberships_that_may_not_be_read_do_not_hide_the_cut(it: Rich) -> None:
    seen = await entra_on(it.tenant, forbidding("memberOf", it.tenant)).observe(it.successor)
    assert (seen.enabled, seen.grants, seen.roles, seen.privileged) == (True, None, None, None)


@pytest.mark.parametrize(
    "part", ["memberOf", "appRoleAssignments", "entitlementManagement/assignments"]
)
async def test_grants_are_known_only_if_every_list_of_them_is(it: Rich, part: str) -> None:
    throttled = entra_on(it.tenant, Replacing(part, WAIT, it.tenant, 429))
    assert (await throttled.observe(it.account)).grants is None
    with pytest.raises(TryAgain):
        await throttled.revoke_grants(it.account)


@pytest.mark.parametrize(
    ("part", "fact"),
    [
        ("memberOf/microsoft.graph.group", "grants"),
        ("roleEligibilitySchedules", "roles"),
        ("ownedObjects", "roles"),
        ("authentication/methods", "factors"),
        ("managedDevices", "managed"),
        ("mailboxSettings", "mailbox"),
        ("inbox/messageRules", "forwards"),
    ],
)
async def test_a_list_that_the_directory_does_not_find_is_not_empty(
    it: Rich, part: str, fact: str
) -> None:
    lagging = entra_on(it.tenant, Replacing(part, GONE, it.tenant, 404))
    assert getattr(await lagging.observe(it.account), fact) is None


async def test_a_list_that_is_not_found_is_waited_for_by_the_verb_that_needs_it(it: Rich) -> None:
    lagging = entra_on(it.tenant, Replacing("memberOf", GONE, it.tenant, 404))
    with pytest.raises(TryAgain):
        await lagging.revoke_grants(it.account)
    assert it.tenant.writes == 0


async def test_somebody_without_a_drive_has_no_files(it: Rich) -> None:
    it.tenant.hung[it.account.id]["drives"].clear()
    assert (await it.entra.observe(it.account)).files == ()


@pytest.mark.parametrize("part", ["group/eligibility", "group/assignment"])
async def test_who_may_enter_a_group_by_pim_must_be_seen_to_be_gone(it: Rich, part: str) -> None:
    blind = entra_on(it.tenant, forbidding(f"{part}ScheduleInstances", it.tenant))
    with pytest.raises(TargetDenied) as why:
        await blind.revoke_privileges(it.account)
    assert why.value.permission.endswith("Schedule.Read.AzureADGroup")
    seen = await blind.observe(it.successor)
    assert (seen.roles, seen.privileged) == (None, None)


async def test_a_tenant_without_the_licence_for_pim_has_nothing_of_it(it: Rich) -> None:
    it.tenant.premium = False
    assert (await it.entra.observe(it.successor)).privileged is False
    assert await it.entra.revoke_privileges(it.account) == Outcome.CHANGED


@pytest.mark.parametrize("place", ["pim_eligible", "pim_active"])
async def test_whom_pim_lets_into_a_group_that_gives_roles_is_an_administrator(
    it: Rich, place: str
) -> None:
    harmless = it.tenant.add_group("Readers", securityEnabled=True)
    tier_0 = it.tenant.add_group("Tier 0", **ROLE_GROUP)
    for group, expected in ((harmless, False), (tier_0, True)):
        it.tenant.hang(it.successor.id, place, entry(it.successor, group, "member"))
        assert (await it.entra.observe(it.successor)).privileged is expected


async def test_ownership_by_pim_does_not_hide_a_direct_membership(it: Rich) -> None:
    group = it.tenant.add_group("Admins", **ROLE_GROUP)
    it.tenant.members[group].add(it.account.id)
    it.tenant.hang(it.account.id, "pim_active", entry(it.account, group, "owner"))
    kinds = {one.kind for one in (await it.entra.observe(it.account)).roles or ()}
    assert {"role-assignable group", "membership by schedule"} <= kinds


def entry(who: Account, group: str, access: str) -> dict[str, str | None]:
    return {"principalId": who.id, "groupId": group, "accessId": access, "endDateTime": None}


@pytest.mark.parametrize(
    "verb", [Action.STOP_FORWARDING, Action.SET_AUTO_REPLY, Action.CANCEL_MEETINGS]
)
async def test_a_mailbox_that_may_be_on_premises_is_a_persons_task(it: Rich, verb: Action) -> None:
    it.tenant.hung[it.account.id]["mailbox"].clear()  # Graph's answer to both is the same
    assert await it.entra.perform(verb, it.account) == Outcome.ALREADY
    it.tenant.users[it.account.id]["onPremisesSyncEnabled"] = True
    seen = await it.entra.observe(it.account)
    assert (seen.forwards, seen.auto_reply, seen.meetings) == (None, None, None)
    assert any("entra-mailbox.md" in note for note in seen.notes)
    with pytest.raises(NeedsHuman) as why:
        await it.entra.perform(verb, it.account)
    assert why.value.runbook == "docs/runbooks/entra-mailbox.md"


@pytest.mark.parametrize("link", ["the id", "Mara@Acme.Example"])
async def test_a_link_is_found_in_whatever_case_it_was_stored(it: Rich, link: str) -> None:
    told = it.account.id.upper() if link == "the id" else link
    assert told not in (it.account.id, it.account.login)
    [hit] = await it.entra.find_accounts(Person(links=(told,)))
    assert (hit.account.id, hit.rule) == (it.account.id, Rule.LINK)
