"""A GitHub organisation: what a removal takes, what it cannot take, and the way back."""

from dataclasses import replace

import httpx
import pytest

from adapters.actions import Action, Outcome, Undo
from adapters.contract import covered_by
from adapters.errors import NeedsHuman, TargetDenied, TryAgain, Unrecognised
from adapters.nouns import NEXT, Account, Kind, Person
from adapters.postconditions import TAKES, given_back, holds, removable
from adapters.practice.github import PracticeGithub
from adapters.practice.github.memory import Repo, Team
from adapters.systems.github import Github
from tests.conftest import StillClock
from tests.contract.vendors import Wire
from tests.githubs import Instead, found, github

ADA = "ada@acme.example"


@pytest.fixture
def org(clock: StillClock) -> PracticeGithub:
    org = PracticeGithub(clock)
    org.hire_owner("root@acme.example")
    return org


@pytest.fixture
def adapter(org: PracticeGithub) -> Github:
    return github(org, Wire(org))


async def test_a_removal_takes_teams_and_private_forks_and_says_so_before(
    org: PracticeGithub, adapter: Github
) -> None:
    number = int(org.hire(ADA))
    account = await found(adapter, ADA)
    before = await adapter.observe(account)
    await adapter.block_sign_in(account)

    assert any("forks" in note for note in before.notes)
    assert number not in org.forks
    assert (await adapter.observe(account)).grants == ()


async def test_whoever_is_out_is_still_known_and_is_out(
    org: PracticeGithub, adapter: Github
) -> None:
    org.hire(ADA)
    account = await found(adapter, ADA)
    await adapter.block_sign_in(account)
    [hit] = await adapter.find_accounts(Person(links=("ada",)))

    assert (hit.account.id, hit.account.enabled) == (account.id, False)
    assert await adapter.block_sign_in(account) == Outcome.ALREADY


@pytest.mark.parametrize("verb", sorted(Github.ways_back), ids=str)
async def test_every_way_back_ends_where_it_began(
    org: PracticeGithub, adapter: Github, verb: Action
) -> None:
    org.hire_owner(ADA)
    account = await found(adapter, ADA)
    before = await adapter.observe(account)
    await adapter.perform(verb, account)
    assert holds(verb, before, await adapter.observe(account, verb))
    things = removable(getattr(before, TAKES[verb])) if verb in TAKES else ()
    for _ in range(2):
        await adapter.give_back(verb, account, before, things)

    assert given_back(verb, before, things, await adapter.observe(account, verb))


async def test_the_whole_way_back_needs_the_persons_yes_and_then_all_is_as_before(
    org: PracticeGithub, adapter: Github
) -> None:
    identifier = org.hire(ADA)
    account = await found(adapter, ADA)
    before = await adapter.observe(account)
    await adapter.block_sign_in(account)
    await adapter.give_back(Action.BLOCK_SIGN_IN, account, before, ())
    assert org.members[int(identifier)].state == "pending"
    org.accept(identifier)

    assert await adapter.observe(account) == before


async def test_an_owner_comes_back_as_a_member(org: PracticeGithub, adapter: Github) -> None:
    identifier = org.hire_owner(ADA)
    account = await found(adapter, ADA)
    before = await adapter.observe(account)
    await adapter.block_sign_in(account)
    await adapter.give_back(Action.BLOCK_SIGN_IN, account, before, ())

    assert org.members[int(identifier)].role == "member"


@pytest.mark.parametrize("verb", [Action.BLOCK_SIGN_IN, Action.REVOKE_PRIVILEGES])
async def test_the_last_owner_is_left_to_a_person_and_nothing_is_sent(
    org: PracticeGithub, adapter: Github, verb: Action
) -> None:
    root = await found(adapter, "root@acme.example")
    with pytest.raises(NeedsHuman) as why:
        await adapter.perform(verb, root)

    assert why.value.runbook == "docs/runbooks/github-last-owner.md"
    assert org.writes == 0


async def test_a_membership_by_an_enterprise_team_is_left_to_a_person(
    org: PracticeGithub, adapter: Github
) -> None:
    identifier = org.hire(ADA)
    org.members[int(identifier)].direct = False
    with pytest.raises(NeedsHuman):
        await adapter.block_sign_in(await found(adapter, ADA))
    assert any(
        "enterprise team" in n for n in (await adapter.observe(await found(adapter, ADA))).notes
    )


async def test_an_invitation_counts_as_access_and_is_cancelled(
    org: PracticeGithub, adapter: Github
) -> None:
    invited = await found_by_mail(org, adapter)
    assert (await adapter.observe(invited)).enabled is True
    assert await adapter.block_sign_in(invited) == Outcome.CHANGED

    assert not org.invitations
    assert not (await adapter.observe(invited)).exists


async def found_by_mail(org: PracticeGithub, adapter: Github) -> Account:
    org.invite(ADA)
    return await found(adapter, ADA)


async def test_a_pending_member_is_still_inside(org: PracticeGithub, adapter: Github) -> None:
    identifier = org.hire(ADA)
    org.members[int(identifier)].state = "pending"
    account = Account("code", identifier, "ada")

    assert (await adapter.observe(account)).enabled is True
    assert await adapter.block_sign_in(account) == Outcome.CHANGED


async def test_an_outside_collaborator_is_a_guest_and_loses_every_repository(
    org: PracticeGithub, adapter: Github
) -> None:
    org.engage(ADA)
    account = await found(adapter, ADA)
    before = await adapter.observe(account)
    await adapter.block_sign_in(account)

    assert account.kind is Kind.GUEST
    assert {one.kind for one in before.grants or ()} == {"repository", "repository invitation"}
    assert not org.outside()


async def test_an_outside_collaborator_never_comes_back_as_a_member(
    org: PracticeGithub, adapter: Github
) -> None:
    identifier = org.engage(ADA)
    account = await found(adapter, ADA)
    before = await adapter.observe(account)
    await adapter.block_sign_in(account)
    await adapter.give_back(Action.BLOCK_SIGN_IN, account, before, ())

    assert org.repos["tools"].collaborators == {int(identifier): "write"}
    assert int(identifier) not in org.members


async def test_nobody_is_invited_to_what_is_not_known(org: PracticeGithub, adapter: Github) -> None:
    org.hire(ADA)
    account = await found(adapter, ADA)
    before = replace(await adapter.observe(account), grants=None)
    await adapter.block_sign_in(account)
    with pytest.raises(NeedsHuman):
        await adapter.give_back(Action.BLOCK_SIGN_IN, account, before, ())
    assert not org.enabled(account.id)


async def test_a_login_that_somebody_else_took_is_not_cut(
    org: PracticeGithub, adapter: Github
) -> None:
    ada = org.hire(ADA)
    account = await found(adapter, ADA)
    org.logins[int(ada)] = "ada-married"
    other = org.hire("new@acme.example", login="ada")
    await adapter.block_sign_in(account)

    assert (org.enabled(ada), org.enabled(other)) == (False, True)


async def test_without_an_enterprise_only_links_and_invitations_find_somebody(
    org: PracticeGithub,
) -> None:
    adapter = github(org, Wire(org), enterprise=None)
    identifier = org.hire(ADA)

    assert await adapter.find_accounts(Person(addresses=(ADA,))) == ()
    for link in (identifier, "ada"):
        assert await adapter.find_accounts(Person(links=(link,)))


async def test_tokens_of_others_are_left_alone_whatever_the_list_offers(
    org: PracticeGithub, adapter: Github
) -> None:
    bob = int(org.hire("bob@acme.example"))
    org.hire(ADA)
    await adapter.revoke_tokens(await found(adapter, ADA))

    assert bob in org.fine_grained.values()
    assert bob in org.asked.values()
    assert {whose for whose, _ in org.authorized.values()} == {bob, 101}


async def test_deploy_keys_stay_and_are_said_to_be_left(
    org: PracticeGithub, adapter: Github
) -> None:
    org.hire(ADA)
    account = await found(adapter, ADA)
    for verb in Github.actions:
        await adapter.perform(verb, account)
    left = (await adapter.observe(account)).residue or ()

    assert [one.kind for one in left] == ["deploy key", "residue"]
    assert all(one.obstacle and one.details[NEXT] for one in left)


async def test_deploy_keys_are_taken_where_the_settings_say_so(org: PracticeGithub) -> None:
    adapter = github(org, Wire(org), remove_deploy_keys=True)
    org.hire(ADA)
    account = await found(adapter, ADA)
    await adapter.revoke_tokens(account)

    assert [key["added_by"] for key in org.repos["site"].keys] == ["root"]
    assert (await adapter.observe(account, Action.REVOKE_TOKENS)).tokens == ()


async def test_repositories_that_were_not_looked_through_are_said(org: PracticeGithub) -> None:
    org.repos |= {f"r{n}": Repo(50 + n, f"r{n}") for n in range(5)}
    adapter = github(org, Wire(org), most_repositories=3)
    org.hire(ADA)
    left = (await adapter.observe(await found(adapter, ADA))).residue or ()
    assert any("4 repositories were not looked through" in (one.obstacle or "") for one in left)


async def test_keys_that_may_not_be_read_are_said_and_stop_nothing(org: PracticeGithub) -> None:
    org.hire(ADA)
    denied = httpx.Response(403, json={"message": "Resource not accessible by integration"})
    adapter = github(org, Instead(org, "GET", "/keys", denied))
    seen = await adapter.observe(await found(adapter, ADA))

    assert len(seen.grants or ()) == 2
    assert any("Administration" in (one.obstacle or "") for one in seen.residue or ())


async def test_a_team_that_an_identity_provider_writes_is_refused_with_what_to_do(
    org: PracticeGithub, adapter: Github
) -> None:
    org.hire(ADA)
    org.teams["staff"].synced = True
    with pytest.raises(TargetDenied) as why:
        await adapter.revoke_grants(await found(adapter, ADA))
    assert "identity provider" in why.value.permission


async def test_an_enterprise_team_is_no_grant_of_ours_to_take(
    org: PracticeGithub, adapter: Github
) -> None:
    number = int(org.hire(ADA))
    org.teams["everybody"] = Team(9, "everybody", "enterprise", {number: "member"})
    account = await found(adapter, ADA)
    await adapter.revoke_grants(account)
    [left] = (await adapter.observe(account, Action.REVOKE_GRANTS)).grants or ()
    assert left.obstacle


LIMITED = [
    ({"Retry-After": "30"}, b"", 30),
    ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1788264090"}, b"", 90),
    ({}, b'{"message": "You have exceeded a secondary rate limit."}', 60),
]


@pytest.mark.parametrize(("headers", "body", "seconds"), LIMITED)
async def test_a_403_that_is_a_rate_limit_says_nothing_about_our_rights(
    org: PracticeGithub, headers: dict[str, str], body: bytes, seconds: float
) -> None:
    say = httpx.Response(403, headers=headers, content=body)
    with pytest.raises(TryAgain) as why:
        await github(org, Instead(org, "GET", "/orgs/acme", say)).check()
    assert why.value.retry_after == seconds


async def test_a_403_with_requests_left_is_a_refusal(org: PracticeGithub) -> None:
    say = httpx.Response(403, headers={"x-ratelimit-remaining": "4999"}, json={"message": "no"})
    with pytest.raises(TargetDenied):
        await github(org, Instead(org, "GET", "/orgs/acme", say)).check()


async def test_a_removal_that_cannot_be_seen_to_be_one_is_not_believed(org: PracticeGithub) -> None:
    """We lost our rights: memberships are a 404 for everybody, and so are all lists."""
    org.hire(ADA)
    account = await found(github(org, Wire(org)), ADA)
    blind = httpx.Response(404, json={"message": "Not Found"})
    wire = Instead(org, "GET", "/outside_collaborators", blind)
    org.members.pop(int(account.id))
    with pytest.raises(Unrecognised):
        await github(org, wire).observe(account)


@pytest.mark.parametrize("link", ["https://evil.example/x", "https://api.github.com.evil.example/"])
async def test_a_next_link_that_leads_away_is_not_followed(org: PracticeGithub, link: str) -> None:
    say = httpx.Response(200, json=[], headers={"Link": f'<{link}>; rel="next"'})
    adapter = github(org, Instead(org, "GET", "/members", say))
    with pytest.raises(Unrecognised):
        await adapter.find_accounts(Person(addresses=(ADA,)))


def test_tokens_are_covered_by_the_cut_where_none_can_be_seen(org: PracticeGithub) -> None:
    adapter = github(org, Wire(org), saml=False, token="classic")

    assert Action.REVOKE_TOKENS not in adapter.facts()
    assert adapter.lacks()[Action.REVOKE_TOKENS] == covered_by(Action.BLOCK_SIGN_IN)


def test_a_return_needs_the_persons_own_yes() -> None:
    assert Github.actions[Action.BLOCK_SIGN_IN].undo is Undo.RE_ENROL
