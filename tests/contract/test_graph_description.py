"""Microsoft's own description of Graph, held against the adapter and the practice tenant."""

from typing import Any

import httpx
import pytest

from adapters.errors import TargetDenied
from adapters.nouns import Account, Person
from adapters.practice.graph import PracticeTenant
from adapters.systems.entra import Entra
from tests.conftest import StillClock
from tests.specs import Checked, Spec

BASE = "https://graph.practice.example"
NEXT_LINK = {"$skiptoken": "next links are opaque and are followed as they come (Graph paging)"}
MADE_UP = "0c0ffee0-0000-4000-8000-000000000000"
CALLS = {
    "GET /users",
    "GET /users/{user-id}",
    "PATCH /users/{user-id}",
    "POST /users/{user-id}/revokeSignInSessions",
    "POST /users/{user-id}/assignLicense",
    "GET /users/{user-id}/memberOf/microsoft.graph.group",
    "GET /users/{user-id}/memberOf/microsoft.graph.directoryRole",
    "DELETE /groups/{group-id}/members/{directoryObject-id}/$ref",
}


@pytest.fixture
def spec() -> Spec:
    return Spec.load("graph-offboarding-openapi.yaml", closed=True)


@pytest.fixture
def tenant(clock: StillClock) -> PracticeTenant:
    return PracticeTenant(clock)


def connected(tenant: PracticeTenant, transport: httpx.AsyncBaseTransport) -> Entra:
    return Entra.connect("m365", Entra.Settings(**tenant.settings(BASE)), tenant.clock, transport)


def checked(tenant: PracticeTenant, spec: Spec) -> Checked:
    return Checked(spec, httpx.ASGITransport(tenant.app), NEXT_LINK)


async def test_every_call_of_a_whole_leave_is_described(tenant: PracticeTenant, spec: Spec) -> None:
    tenant.largest_page = 1
    user = tenant.hire("ada@acme.example", employee_number="7")
    transport = checked(tenant, spec)
    entra = connected(tenant, transport)
    await entra.check()
    [found] = await entra.find_accounts(Person("7", ("ada@acme.example",), (user,)))
    tenant.give_role(tenant.hire("root@acme.example"))
    everybody = [account async for account in entra.accounts()]
    for verb in Entra.actions:
        await entra.perform(verb, found.account)
    for account in everybody:
        await entra.observe(account)
    assert transport.seen == CALLS


async def test_every_refusal_is_described(tenant: PracticeTenant, spec: Spec) -> None:
    entra = connected(tenant, checked(tenant, spec))
    gone = Account("m365", MADE_UP, "")
    assert not (await entra.observe(gone)).exists
    for verb in Entra.actions:
        assert await entra.perform(verb, gone) == "absent"
    root = tenant.hire("root@acme.example")
    tenant.give_role(root)
    with pytest.raises(TargetDenied):
        await entra.block_sign_in(Account("m365", root, ""))


async def test_the_practice_tenant_speaks_as_described_when_links_are_removed_twice(
    tenant: PracticeTenant, spec: Spec
) -> None:
    user = tenant.hire("ada@acme.example")
    link = f"{BASE}/v1.0/groups/{tenant.security}/members/{user}/$ref"
    async with httpx.AsyncClient(
        transport=checked(tenant, spec), headers={"Authorization": f"Bearer {tenant.token}"}
    ) as client:
        assert [(await client.delete(link)).status_code for _ in range(2)] == [204, 404]


async def send(
    tenant: PracticeTenant, spec: Spec, method: str, path: str, body: Any = None
) -> None:
    headers = {"Authorization": f"Bearer {tenant.token}"}
    async with httpx.AsyncClient(transport=checked(tenant, spec), headers=headers) as client:
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
