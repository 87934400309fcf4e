"""Microsoft's own description of Graph, held against the adapter and the practice tenant."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from adapters.actions import Action
from adapters.contract import Brief
from adapters.errors import TargetDenied
from adapters.nouns import GIVEN_TO, Account, Held, Person, State
from adapters.postconditions import TAKES, removable
from adapters.practice.graph import PracticeTenant
from adapters.systems.entra import Entra
from tests.conftest import StillClock
from tests.specs import Spec
from tests.tenants import BASE, checked, entra, rich

MICROSOFT_AUTHENTICATOR = (
    "DELETE /users/{user-id}/authentication/microsoftAuthenticatorMethods"
    "/{microsoftAuthenticatorAuthenticationMethod-id}"
)
WRITES = {
    "DELETE /applications/{application-id}/owners/{directoryObject-id}/$ref",
    "DELETE /drives/{drive-id}/items/{driveItem-id}/permissions/{permission-id}",
    "DELETE /groups/{group-id}/members/{directoryObject-id}/$ref",
    "DELETE /groups/{group-id}/owners/{directoryObject-id}/$ref",
    "DELETE /oauth2PermissionGrants/{oAuth2PermissionGrant-id}",
    "DELETE /roleManagement/directory/roleAssignments/{unifiedRoleAssignment-id}",
    "DELETE /teams/{team-id}/members/{conversationMember-id}",
    "DELETE /users/{user-id}",
    "DELETE /users/{user-id}/appRoleAssignments/{appRoleAssignment-id}",
    "DELETE /users/{user-id}/authentication/fido2Methods/{fido2AuthenticationMethod-id}",
    MICROSOFT_AUTHENTICATOR,
    "DELETE /users/{user-id}/authentication/phoneMethods/{phoneAuthenticationMethod-id}",
    "PATCH /devices/{device-id}",
    "PATCH /users/{user-id}",
    "PATCH /users/{user-id}/mailFolders/{mailFolder-id}/messageRules/{messageRule-id}",
    "PATCH /users/{user-id}/mailboxSettings",
    "POST /$batch",
    "POST /admin/teams/telephoneNumberManagement/numberAssignments/unassignNumber",
    "POST /applications/{application-id}/owners/$ref",
    "POST /deviceManagement/managedDevices/{managedDevice-id}/remoteLock",
    "POST /deviceManagement/managedDevices/{managedDevice-id}/retire",
    "POST /deviceManagement/managedDevices/{managedDevice-id}/wipe",
    "POST /directory/deletedItems/{directoryObject-id}/restore",
    "POST /drives/{drive-id}/items/{driveItem-id}/invite",
    "POST /groups/{group-id}/members/$ref",
    "POST /groups/{group-id}/owners/$ref",
    "POST /identityGovernance/entitlementManagement/assignmentRequests",
    "POST /roleManagement/directory/roleAssignmentScheduleRequests",
    "POST /roleManagement/directory/roleAssignments",
    "POST /roleManagement/directory/roleEligibilityScheduleRequests",
    "POST /users/{user-id}/appRoleAssignments",
    "POST /users/{user-id}/assignLicense",
    "POST /users/{user-id}/events/{event-id}/cancel",
    "POST /users/{user-id}/revokeSignInSessions",
}
"""Every call that changes something, as Microsoft names it."""
LAST = Action.DELETE_ACCOUNT
MADE_UP = "0c0ffee0-0000-4000-8000-000000000000"


@pytest.fixture
def spec() -> Spec:
    return Spec.load("graph-offboarding-openapi.yaml", closed=True)


@pytest.fixture
def tenant(clock: StillClock) -> PracticeTenant:
    return PracticeTenant(clock)


async def test_every_call_of_a_whole_leave_is_described(clock: StillClock) -> None:
    """And of the way back: nothing is sent, and nothing answered, that Microsoft does not name."""
    it = rich(clock)
    it.tenant.largest_page = 3
    before = await it.entra.observe(it.account)
    await it.entra.check()
    await it.entra.find_accounts(Person("1207", ("mara@acme.example",), (it.account.id,)))
    assert [one async for one in it.entra.accounts()]
    rest = [v for v in Action if v in Entra.actions and v not in (*Entra.contain, LAST)]
    for verb in [*Entra.contain, *rest, LAST]:
        if verb is Action.RELEASE_LICENCES:
            it.tenant.convert_mailbox(it.account.id)
        if verb is Action.WIPE_DEVICES:
            it.tenant.hang(it.account.id, "managed", {"managementState": "managed"})
        await it.entra.perform(verb, it.account, Brief(it.successor, before))
    for verb in [LAST, *(v for v in reversed(Action) if v in Entra.ways_back and v is not LAST)]:
        await it.entra.give_back(verb, it.account, before, taken(before, verb, it.successor.id))
    described = {name for name in it.transport.seen if not name.startswith("GET")}
    assert described == WRITES


def taken(before: State, verb: Action, successor: str) -> tuple[Held, ...]:
    """What a verb took, with the successor who was given it."""
    things = removable(getattr(before, TAKES[verb]) or ()) if verb in TAKES else ()
    return tuple(replace(t, details={**t.details, GIVEN_TO: successor}) for t in things)


async def test_every_refusal_is_described(tenant: PracticeTenant, spec: Spec) -> None:
    adapter = entra(tenant, checked(tenant))
    gone = Account("m365", MADE_UP, "")
    assert not (await adapter.observe(gone)).exists
    for verb in Entra.actions:
        assert await adapter.perform(verb, gone) == "absent"
    root = tenant.hire("root@acme.example")
    tenant.give_role(root)
    with pytest.raises(TargetDenied):
        await adapter.block_sign_in(Account("m365", root, ""))


async def test_the_practice_tenant_speaks_as_described_when_links_are_removed_twice(
    tenant: PracticeTenant, spec: Spec
) -> None:
    user = tenant.hire("ada@acme.example")
    link = f"{BASE}/v1.0/groups/{tenant.security}/members/{user}/$ref"
    async with httpx.AsyncClient(
        transport=checked(tenant), headers={"Authorization": f"Bearer {tenant.token}"}
    ) as client:
        assert [(await client.delete(link)).status_code for _ in range(2)] == [204, 404]


async def send(
    tenant: PracticeTenant, spec: Spec, method: str, path: str, body: Any = None
) -> None:
    headers = {"Authorization": f"Bearer {tenant.token}"}
    async with httpx.AsyncClient(transport=checked(tenant), headers=headers) as client:
        await client.request(method, f"{BASE}/v1.0{path}", json=body)


async def test_a_misspelt_property_fails_the_check(tenant: PracticeTenant, spec: Spec) -> None:
    user = tenant.hire("ada@acme.example")
    with pytest.raises(AssertionError, match="acountEnabled"):
        await send(tenant, spec, "PATCH", f"/users/{user}", {"acountEnabled": False})


async def test_an_unknown_path_fails_the_check(tenant: PracticeTenant, spec: Spec) -> None:
    with pytest.raises(AssertionError, match="not described"):
        await send(tenant, spec, "GET", "/humans")


async def test_a_membership_deleted_without_ref_fails_the_check(
    tenant: PracticeTenant, spec: Spec
) -> None:
    user = tenant.hire("ada@acme.example")
    with pytest.raises(AssertionError, match="not described"):
        await send(tenant, spec, "DELETE", f"/groups/{tenant.security}/members/{user}")


async def test_an_unknown_query_parameter_fails_the_check(
    tenant: PracticeTenant, spec: Spec
) -> None:
    with pytest.raises(AssertionError, match="no such query parameter"):
        await send(tenant, spec, "GET", "/users?$chosen=id")


async def test_a_missing_array_in_assign_license_fails_the_check(
    tenant: PracticeTenant, spec: Spec
) -> None:
    user = tenant.hire("ada@acme.example")
    with pytest.raises(AssertionError, match="addLicenses"):
        await send(tenant, spec, "POST", f"/users/{user}/assignLicense", {"removeLicenses": []})


async def test_a_property_that_graph_does_not_have_fails_the_check(
    tenant: PracticeTenant, spec: Spec
) -> None:
    tenant.users[tenant.hire("ada@acme.example")]["acountEnabled"] = True
    with pytest.raises(AssertionError, match="acountEnabled"):
        await send(tenant, spec, "GET", "/users")
