"""GitHub accounts by SCIM: a suspension that obfuscates, and a deactivation that deletes."""

import json

import httpx
import pytest

from adapters.actions import Action, Outcome, Undo
from adapters.contract import covered_by
from adapters.errors import NeedsHuman
from adapters.nouns import Account, Person
from adapters.practice.github import PracticeGithubManaged, PracticeGithubProvisioned
from adapters.systems.github import GithubScim
from tests.conftest import StillClock
from tests.contract.vendors import Wire
from tests.githubs import by_scim, found

ADA = "ada@acme.example"


@pytest.fixture
def enterprise(clock: StillClock) -> PracticeGithubManaged:
    return PracticeGithubManaged(clock)


@pytest.fixture
def org(clock: StillClock) -> PracticeGithubProvisioned:
    return PracticeGithubProvisioned(clock)


async def contained(adapter: GithubScim, account: Account) -> list[str]:
    return [await adapter.perform(verb, account) for verb in adapter.contain]


async def test_credentials_go_before_the_suspension_hides_the_login(
    enterprise: PracticeGithubManaged,
) -> None:
    identifier = enterprise.hire(ADA)
    adapter = by_scim(enterprise, Wire(enterprise))
    account = await found(adapter, ADA)
    assert await contained(adapter, account) == ["changed", "changed"]

    assert account.login == "ada_acme"
    assert enterprise.destroyed == ["ada_acme"]
    assert enterprise.logins[identifier] != "ada_acme"
    assert await contained(adapter, account) == ["already", "already"]


async def test_a_suspension_is_sent_without_a_path(enterprise: PracticeGithubManaged) -> None:
    enterprise.hire(ADA)
    wire = Wire(enterprise)
    adapter = by_scim(enterprise, wire)
    await adapter.block_sign_in(await found(adapter, ADA))
    [sent] = json.loads(wire.sent[-1].content)["Operations"]
    assert sent == {"op": "replace", "value": {"active": False}}


async def test_a_suspended_account_is_still_read_and_let_in_again(
    enterprise: PracticeGithubManaged,
) -> None:
    enterprise.hire(ADA)
    adapter = by_scim(enterprise, Wire(enterprise))
    account = await found(adapter, ADA)
    before = await adapter.observe(account)
    await adapter.block_sign_in(account)
    seen = await adapter.observe(account)
    assert (seen.enabled, before.tokens, seen.tokens) == (False, None, ())
    await adapter.give_back(Action.BLOCK_SIGN_IN, account, before, ())

    assert await adapter.observe(account) == before
    assert (await found(adapter, ADA)).login == "ada_acme"


async def test_groups_are_left_by_value_because_a_filter_does_nothing(
    enterprise: PracticeGithubManaged,
) -> None:
    ada, bob = enterprise.hire(ADA), enterprise.hire("bob@acme.example")
    adapter = by_scim(enterprise, Wire(enterprise))
    account = await found(adapter, ADA)
    before = await adapter.observe(account)
    assert await adapter.revoke_grants(account) == Outcome.CHANGED
    assert all(members == {bob} for members in enterprise.members.values())
    await adapter.give_back(Action.REVOKE_GRANTS, account, before, before.grants or ())

    assert all(members == {ada, bob} for members in enterprise.members.values())
    assert await adapter.observe(account) == before


async def test_a_login_that_two_addresses_claim_is_nobodys(
    enterprise: PracticeGithubManaged,
) -> None:
    """The licences name one address for two logins: then a person has to revoke."""
    enterprise.hire(ADA, login="one")
    enterprise.hire(ADA, login="two")
    for user in enterprise.users.values():
        user["userName"] = ADA
    adapter = by_scim(enterprise, Wire(enterprise))
    hits = await adapter.find_accounts(Person(addresses=(ADA,)))
    assert len(hits) == 2
    with pytest.raises(NeedsHuman):
        await adapter.revoke_tokens(hits[0].account)
    assert not enterprise.destroyed


async def test_a_login_that_is_only_known_by_its_user_name_is_looked_up(
    enterprise: PracticeGithubManaged,
) -> None:
    identifier = enterprise.hire(ADA)
    adapter = by_scim(enterprise, Wire(enterprise))
    await adapter.revoke_tokens(Account("code", identifier, ADA))
    assert enterprise.destroyed == ["ada_acme"]


async def test_an_external_id_counts_only_if_it_is_looked_for(
    enterprise: PracticeGithubManaged,
) -> None:
    enterprise.hire(ADA, employee_number="8")
    adapter = by_scim(enterprise, Wire(enterprise))
    [hit] = await adapter.find_accounts(Person("7", (ADA,)))
    assert hit.account.employee_number is None


async def test_a_deactivation_that_deletes_is_declared_and_seen_as_gone(
    org: PracticeGithubProvisioned,
) -> None:
    org.hire(ADA)
    adapter = by_scim(org, Wire(org))
    account = await found(adapter, ADA)
    assert adapter.facts()[Action.BLOCK_SIGN_IN].undo is Undo.DESTRUCTIVE
    assert await contained(adapter, account) == ["changed", "changed"]

    assert not (await adapter.observe(account)).exists
    assert await contained(adapter, account) == ["absent", "absent"]


async def test_what_was_deleted_comes_back_through_people(org: PracticeGithubProvisioned) -> None:
    org.hire(ADA)
    adapter = by_scim(org, Wire(org))
    account = await found(adapter, ADA)
    before = await adapter.observe(account)
    await adapter.block_sign_in(account)
    with pytest.raises(NeedsHuman):
        await adapter.give_back(Action.BLOCK_SIGN_IN, account, before, ())


def test_managed_users_can_be_let_in_again(enterprise: PracticeGithubManaged) -> None:
    facts = by_scim(enterprise, Wire(enterprise)).facts()
    assert facts[Action.BLOCK_SIGN_IN].undo is Undo.REVERSIBLE


def test_without_an_enterprise_credentials_are_covered_by_the_cut(
    org: PracticeGithubProvisioned,
) -> None:
    adapter = by_scim(org, Wire(org), enterprise=None)
    for verb in (Action.REVOKE_TOKENS, Action.REVOKE_GRANTS):
        assert verb not in adapter.facts()
        assert adapter.lacks()[verb] == covered_by(Action.BLOCK_SIGN_IN)


async def test_scopes_are_judged(enterprise: PracticeGithubManaged) -> None:
    adapter = by_scim(enterprise, Wire(enterprise))
    assert not (await adapter.check()).missing
    enterprise.scopes = "read:org"
    missing = (await adapter.check()).missing

    assert missing[Action.BLOCK_SIGN_IN] == "scope scim:enterprise"
    assert missing[Action.REVOKE_TOKENS] == "scope admin:enterprise"


async def test_a_login_that_github_forgot_is_left_to_a_person(
    enterprise: PracticeGithubManaged,
) -> None:
    identifier = enterprise.hire(ADA)
    adapter = by_scim(enterprise, Wire(enterprise))
    with pytest.raises(NeedsHuman):
        await adapter.revoke_tokens(Account("code", identifier, "somebody_acme"))


async def test_a_licence_list_of_another_token_uses_that_token(
    enterprise: PracticeGithubManaged,
) -> None:
    enterprise.hire(ADA)
    wire = Wire(enterprise)
    adapter = by_scim(enterprise, wire, enterprise_token="other")
    with pytest.raises(Exception, match="401"):
        await adapter.find_accounts(Person(addresses=(ADA,)))
    asked = [r for r in wire.sent if r.url.path.endswith("consumed-licenses")]
    assert [r.headers["authorization"] for r in asked] == ["Bearer other"]
    assert isinstance(wire.sent[0], httpx.Request)
