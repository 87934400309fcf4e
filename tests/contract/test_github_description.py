"""GitHub's own description of its REST API, held against the adapters and the practice vendors."""

from typing import Any

import httpx
import pytest

from adapters.actions import Action
from adapters.errors import NeedsHuman
from adapters.nouns import Held, Person, State
from adapters.postconditions import TAKES, removable
from adapters.practice.github import (
    PracticeGithub,
    PracticeGithubManaged,
    PracticeGithubProvisioned,
)
from adapters.systems.github import Github, GithubScim
from tests.conftest import StillClock
from tests.githubs import BASE, by_scim, checked, found, github

ADA = "ada@acme.example"
WRITES = {
    "DELETE /orgs/{org}/credential-authorizations/{credential_id}",
    "DELETE /orgs/{org}/invitations/{invitation_id}",
    "DELETE /orgs/{org}/memberships/{username}",
    "DELETE /orgs/{org}/outside_collaborators/{username}",
    "DELETE /orgs/{org}/teams/{team_slug}/memberships/{username}",
    "DELETE /repos/{owner}/{repo}/collaborators/{username}",
    "DELETE /repos/{owner}/{repo}/invitations/{invitation_id}",
    "DELETE /repos/{owner}/{repo}/keys/{key_id}",
    "POST /orgs/{org}/personal-access-token-requests/{pat_request_id}",
    "POST /orgs/{org}/personal-access-tokens/{pat_id}",
    "PUT /orgs/{org}/memberships/{username}",
    "PUT /orgs/{org}/teams/{team_slug}/memberships/{username}",
    "PUT /repos/{owner}/{repo}/collaborators/{username}",
}
"""Every call that changes something, as GitHub names it."""
MANAGED_WRITES = {
    "DELETE /scim/v2/enterprises/{enterprise}/Users/{scim_user_id}",
    "PATCH /scim/v2/enterprises/{enterprise}/Groups/{scim_group_id}",
    "PATCH /scim/v2/enterprises/{enterprise}/Users/{scim_user_id}",
    "POST /enterprises/{enterprise}/credential-authorizations/{username}/revoke",
}


def taken(before: State, verb: Action) -> tuple[Held, ...]:
    return removable(getattr(before, TAKES[verb]) or ()) if verb in TAKES else ()


async def leave_and_return(adapter: Github | GithubScim, address: str, *verbs: Action) -> None:
    account = await found(adapter, address)
    before = await adapter.observe(account)
    for verb in verbs:
        await adapter.perform(verb, account)
        await adapter.observe(account, verb)
    for verb in (v for v in reversed(Action) if v in verbs and v in adapter.ways_back):
        await adapter.give_back(verb, account, before, taken(before, verb))


async def test_every_call_of_a_whole_leave_is_described(clock: StillClock) -> None:
    """And of the way back: nothing is sent, and nothing answered, that GitHub does not name."""
    org = PracticeGithub(clock)
    org.hire_owner("root@acme.example")
    transport = checked(org)
    adapter = github(org, transport, remove_deploy_keys=True)
    await adapter.check()
    last_first = (Action.REVOKE_GRANTS, *reversed(Github.contain))
    org.hire_owner(ADA)
    await leave_and_return(adapter, ADA, *last_first)
    org.engage("guest@out.example")
    await leave_and_return(adapter, "guest@out.example", *Github.contain)
    await adapter.revoke_grants(await found(adapter, "guest@out.example"))
    org.invite("new@out.example")
    await adapter.block_sign_in(await found(adapter, "new@out.example"))
    described = {name for name in transport.seen if not name.startswith("GET")}
    assert described == WRITES


async def test_every_call_for_managed_users_is_described(clock: StillClock) -> None:
    enterprise = PracticeGithubManaged(clock)
    enterprise.hire(ADA)
    transport = checked(enterprise, closed=False)
    adapter = by_scim(enterprise, transport)
    await adapter.check()
    await leave_and_return(adapter, ADA, Action.REVOKE_GRANTS, *GithubScim.contain)
    await adapter.perform(Action.DELETE_ACCOUNT, await found(adapter, ADA))
    described = {name for name in transport.seen if not name.startswith("GET")}
    assert described == MANAGED_WRITES


async def test_every_call_for_an_organisation_by_scim_is_described(clock: StillClock) -> None:
    org = PracticeGithubProvisioned(clock)
    for address in (ADA, "bob@acme.example"):
        org.hire(address)
    transport = checked(org, closed=False)
    adapter = by_scim(org, transport)
    with pytest.raises(NeedsHuman):
        await leave_and_return(adapter, ADA, *GithubScim.contain)
    await adapter.perform(Action.DELETE_ACCOUNT, await found(adapter, "bob@acme.example"))
    scim = "/scim/v2/organizations/{org}/Users/{scim_user_id}"
    described = {name for name in transport.seen if not name.startswith("GET")}
    revoking = "POST /orgs/{org}/credential-authorizations/{username}/revoke"
    assert described == {f"PATCH {scim}", f"DELETE {scim}", revoking}


async def test_every_refusal_is_described(clock: StillClock) -> None:
    org = PracticeGithub(clock)
    root = org.hire_owner("root@acme.example")
    org.hire(ADA)
    adapter = github(org, checked(org))
    account = await found(adapter, ADA)
    org.remove(account.id)
    assert not (await adapter.observe(account)).exists
    for verb in Github.actions:
        assert await adapter.perform(verb, account) == "absent"
    assert await adapter.find_accounts(Person(links=("nobody-here",))) == ()
    org.teams["staff"].synced = True
    await send(org, "DELETE", "/orgs/acme/memberships/root")
    await send(org, "DELETE", "/orgs/acme/teams/staff/memberships/root")
    await send(org, "DELETE", "/orgs/acme/outside_collaborators/root")
    assert org.enabled(root)


async def send(org: PracticeGithub, method: str, path: str, body: Any = None) -> None:
    headers = {"Authorization": f"Bearer {org.token}"}
    async with httpx.AsyncClient(transport=checked(org), headers=headers) as client:
        await client.request(method, f"{BASE}{path}", json=body)


async def test_a_misspelt_path_fails_the_check(clock: StillClock) -> None:
    with pytest.raises(AssertionError, match="not described"):
        await send(PracticeGithub(clock), "GET", "/orgs/acme/humans")


async def test_an_unknown_query_parameter_fails_the_check(clock: StillClock) -> None:
    with pytest.raises(AssertionError, match="no such query parameter"):
        await send(PracticeGithub(clock), "GET", "/orgs/acme/members?owner=ada")


async def test_a_role_that_github_does_not_have_fails_the_check(clock: StillClock) -> None:
    org = PracticeGithub(clock)
    org.hire(ADA)
    with pytest.raises(AssertionError, match="boss"):
        await send(org, "PUT", "/orgs/acme/memberships/ada", {"role": "boss"})


async def test_a_missing_action_fails_the_check(clock: StillClock) -> None:
    org = PracticeGithub(clock)
    org.hire(ADA)
    [number] = org.fine_grained
    path = f"/orgs/acme/personal-access-tokens/{number}"
    with pytest.raises(AssertionError, match="is not one of"):
        await send(org, "POST", path, {"action": "delete"})


async def test_a_property_that_github_does_not_have_fails_the_check(clock: StillClock) -> None:
    org = PracticeGithub(clock)
    org.hire(ADA)
    org.repos["site"].keys[0]["added_at"] = "now"
    with pytest.raises(AssertionError, match="added_at"):
        await send(org, "GET", "/repos/acme/site/keys")


async def test_a_patch_with_a_number_fails_the_check(clock: StillClock) -> None:
    enterprise = PracticeGithubManaged(clock)
    adapter = by_scim(enterprise, checked(enterprise, closed=False))
    path = f"/Users/{enterprise.hire(ADA)}"
    operation = {"op": "replace", "value": {"active": 0}}
    with pytest.raises(AssertionError, match="not valid under any"):
        await adapter._api.patch(path, {"schemas": [], "Operations": [operation]})
