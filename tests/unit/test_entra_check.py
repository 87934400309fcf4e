"""What Entra needs before it works, and the one request that it never makes."""

import base64
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from adapters.actions import Action
from adapters.clock import Clock
from adapters.contract import Check
from adapters.errors import CredentialDenied, Unrecognised
from adapters.nouns import Kind, Person
from adapters.practice.graph import PracticeTenant
from adapters.systems.entra import Entra
from adapters.systems.entra.door import GraphApi, member_at
from tests.conftest import StillClock

ROOT = Path(__file__).parents[2]
BASE = "https://graph.practice.example"


@pytest.fixture
def tenant(clock: StillClock) -> PracticeTenant:
    return PracticeTenant(clock)


def connected(tenant: PracticeTenant, **settings: object) -> Entra:
    told = Entra.Settings(**(tenant.settings(BASE) | settings))
    return Entra.connect("m365", told, tenant.clock, httpx.ASGITransport(tenant.app))


def grant(tenant: PracticeTenant, *roles: str, **more: object) -> None:
    """What the token says from now on."""
    said = json.dumps({"roles": roles, **more}).encode()
    claims = base64.urlsafe_b64encode(said).decode().rstrip("=")
    tenant.token = f"e30.{claims}.c2ln"


async def checked_with(tenant: PracticeTenant, *roles: str) -> Check:
    grant(tenant, *roles)
    return await connected(tenant).check()


async def test_the_check_names_what_is_missing_for_each_action(tenant: PracticeTenant) -> None:
    check = await checked_with(tenant, "User.Read.All", "User.EnableDisableAccount.All")
    assert Action.BLOCK_SIGN_IN not in check.missing
    assert check.missing[Action.REVOKE_SESSIONS] == "User.RevokeSessions.All"
    assert "LicenseAssignment.ReadWrite.All" in check.missing[Action.RELEASE_LICENCES]
    assert "UserAuthenticationMethod.ReadWrite.All" in check.missing[Action.REMOVE_FACTORS]


async def test_a_profile_asks_for_no_more_than_it_uses(tenant: PracticeTenant) -> None:
    grant(tenant, "User.Read.All", "User.EnableDisableAccount.All", "User.RevokeSessions.All")
    missing = (await connected(tenant, profile="cut").check()).missing
    assert missing == {}
    standard = connected(tenant, profile="standard")
    assert Action.REVOKE_PRIVILEGES not in standard.facts()
    assert standard.lacks()[Action.REVOKE_PRIVILEGES].kind == "by_hand"


@pytest.mark.parametrize("profile", ["cut", "standard", "privileged"])
def test_in_every_profile_a_verb_is_done_or_is_a_gap(tenant: PracticeTenant, profile: str) -> None:
    entra = connected(tenant, profile=profile)
    assert {*entra.facts(), *entra.lacks()} == set(Action)
    assert not {*entra.facts()} & {*entra.lacks()}
    for gap in entra.lacks().values():
        assert gap.kind != "by_hand" or (ROOT / gap.detail).is_file()


async def test_entra_roles_of_the_application_are_said(tenant: PracticeTenant) -> None:
    grant(tenant, "User.Read.All", wids=("7be44c8a-adaf-4e2a-84d6-ab2649e08a13",))
    summary = (await connected(tenant).check()).summary
    assert "Privileged Authentication Administrator" in summary


async def test_the_identity_that_we_sign_in_as_is_nobody_who_leaves(tenant: PracticeTenant) -> None:
    user = tenant.hire("svc@acme.example")
    grant(tenant, "User.Read.All", oid=user)
    [found] = await connected(tenant).find_accounts(Person(addresses=("svc@acme.example",)))
    assert found.account.kind is Kind.SERVICE


async def test_the_check_names_what_is_dangerous_and_not_needed(tenant: PracticeTenant) -> None:
    check = await checked_with(tenant, "User.ReadWrite.All", "User.Read.All")
    assert check.needless == ("User.ReadWrite.All",)


async def test_a_token_without_claims_is_tried_with_a_read(
    tenant: PracticeTenant,
) -> None:
    assert not (await connected(tenant).check()).missing
    with pytest.raises(CredentialDenied):
        await connected(tenant, token="wrong").check()


@pytest.mark.parametrize(
    ("told", "named"),
    [
        ({}, "tenant_id and client_id"),
        ({"tenant_id": "t"}, "client_id"),
        ({"tenant_id": "t", "client_id": "c"}, "exactly one of"),
        (
            {"tenant_id": "t", "client_id": "c", "client_secret": "s", "certificate": "p"},
            "exactly one of",
        ),
    ],
)
def test_settings_name_what_is_missing(told: dict[str, str], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        Entra.Settings(adapter="entra", **told)


def test_access_tokens_live_ninety_minutes_unless_somebody_knows_better() -> None:
    assert Entra.Settings(adapter="entra", token="t").token_lifetime == timedelta(minutes=90)
    told = Entra.Settings(adapter="entra", token="t", token_lifetime="1h")
    assert told.token_lifetime == timedelta(hours=1)


@pytest.mark.parametrize(
    "path",
    [
        "/groups/g/members/u",
        "/groups/g/owners/u",
        "/applications/a/owners/u",
        "/servicePrincipals/s/owners/u",
        "/directoryRoles/r/members/u",
        "/directory/administrativeUnits/a/members/u",
        "/directory/deletedItems/u",
        "/users/u",
        "/devices/d",
        "/groups/g",
    ],
)
async def test_a_delete_without_ref_never_leaves(tenant: PracticeTenant, path: str) -> None:
    api = GraphApi(f"{BASE}/v1.0", tenant.clock, transport=httpx.ASGITransport(tenant.app))
    for disguise in (
        path,
        f"{path}?/$ref",
        f"{path}#/$ref",
        f"{path}%2F$ref",
        f"{BASE}/v1.0{path}",
    ):
        with pytest.raises(Unrecognised):
            await api.delete(disguise)
    assert tenant.requests == []


async def test_the_practice_tenant_deletes_the_user_where_graph_would(
    tenant: PracticeTenant,
) -> None:
    user = tenant.hire("ada@acme.example")
    url = f"{BASE}/v1.0/groups/{tenant.security}/members/{user}"
    async with httpx.AsyncClient(transport=httpx.ASGITransport(tenant.app)) as client:
        await client.delete(url, headers={"Authorization": f"Bearer {tenant.token}"})
    assert tenant.enabled(user) is None


@pytest.mark.parametrize("identifier", ["", "..", "u/../..", "ada@acme.example"])
def test_only_object_ids_make_a_membership_address(identifier: str) -> None:
    with pytest.raises(Unrecognised):
        member_at("0c0ffee0-0000-4000-8000-000000000000", identifier)


def test_a_national_cloud_is_named_once() -> None:
    told = Entra.Settings(adapter="entra", token="t", cloud="gcc_high")
    assert told.base_url == "https://graph.microsoft.us"
    assert told.authority == "https://login.microsoftonline.us"
    proxied = Entra.Settings(adapter="entra", token="t", cloud="dod", base_url="https://p.example")
    assert proxied.base_url == "https://p.example"


@pytest.mark.parametrize(
    "told",
    [
        {"managed_identity": True},
        {"managed_identity": True, "client_id": "c"},
        {"tenant_id": "t", "client_id": "c", "federated_token_file": "/run/token"},
    ],
)
def test_no_secret_is_needed_where_the_platform_proves_who_we_are(told: dict[str, Any]) -> None:
    settings = Entra.Settings(adapter="entra", **told)
    Entra.connect("m365", settings, Clock())
