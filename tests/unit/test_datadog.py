"""Datadog: what is cut, what is left, and that all of it comes back as it was."""

from dataclasses import dataclass

import httpx
import pytest
from pydantic import SecretStr, ValidationError

from adapters.actions import Action, Outcome
from adapters.errors import CredentialDenied, TargetDenied, Unrecognised
from adapters.nouns import NEXT, Account, Kind, Person
from adapters.postconditions import given_back, holds, removable
from adapters.practice.datadog import PracticeDatadog
from adapters.systems.datadog import Datadog
from tests.conftest import StillClock
from tests.contract.vendors import Bench, bench

ADA = "ada@acme.example"


@dataclass
class House:
    bench: Bench
    vendor: PracticeDatadog
    datadog: Datadog
    account: Account


@pytest.fixture
async def house(clock: StillClock) -> House:
    on = bench(PracticeDatadog, clock)
    adapter, vendor = on.adapter(), on.vendor
    assert isinstance(adapter, Datadog)
    assert isinstance(vendor, PracticeDatadog)
    vendor.hire("bob@acme.example")
    vendor.users[vendor.hire(ADA)]["roles"].append("r-admin")
    [hit] = await adapter.find_accounts(Person(addresses=(ADA,)))
    return House(on, vendor, adapter, hit.account)


@pytest.mark.parametrize("verb", [Action.BLOCK_SIGN_IN, Action.REVOKE_GRANTS, Action.REMOVE_ROLES])
async def test_what_was_taken_is_given_back_as_it_was(house: House, verb: Action) -> None:
    before = await house.datadog.observe(house.account)
    things = {Action.REVOKE_GRANTS: before.grants, Action.REMOVE_ROLES: before.roles}.get(verb)
    assert await house.datadog.perform(verb, house.account) == Outcome.CHANGED
    taken = await house.datadog.observe(house.account)
    await house.datadog.give_back(verb, house.account, before, removable(things or ()))

    after = await house.datadog.observe(house.account)
    assert holds(verb, before, taken)
    assert given_back(verb, before, removable(things or ()), after)
    assert after == before
    assert house.vendor.teams["t-core"][house.account.id]["role"] == "admin"


@pytest.mark.parametrize("verb", [Action.REVOKE_GRANTS, Action.REMOVE_ROLES])
async def test_giving_back_twice_changes_nothing_more(house: House, verb: Action) -> None:
    before = await house.datadog.observe(house.account)
    things = before.grants if verb is Action.REVOKE_GRANTS else before.roles
    await house.datadog.perform(verb, house.account)
    for _ in range(2):
        await house.datadog.give_back(verb, house.account, before, things or ())
    assert await house.datadog.observe(house.account) == before


async def test_application_keys_of_theirs_are_deleted_and_nobody_elses(house: House) -> None:
    assert await house.datadog.perform(Action.REVOKE_TOKENS, house.account) == Outcome.CHANGED
    assert house.account.id not in house.vendor.keys.values()
    assert len(house.vendor.keys) == 1
    assert (await house.datadog.observe(house.account)).tokens == ()


async def test_api_keys_that_they_made_are_left_and_said_to_be(house: House) -> None:
    residue = (await house.datadog.observe(house.account)).residue
    assert residue
    [key] = residue
    assert (key.kind, key.id in house.vendor.api_keys) == ("api_key", True)
    assert "revoke" in key.details[NEXT]


async def test_a_team_that_saml_fills_is_left_to_who_fills_it(house: House) -> None:
    about = {"role": None, "provisioned_by": "saml_mapping"}
    house.vendor.teams["t-saml"][house.account.id] = about
    await house.datadog.perform(Action.REVOKE_GRANTS, house.account)
    left = (await house.datadog.observe(house.account)).grants
    assert [(team.id, bool(team.obstacle)) for team in left or ()] == [("t-saml", True)]


async def test_a_team_that_a_service_account_filled_is_taken(house: House) -> None:
    house.vendor.teams["t-core"][house.account.id]["provisioned_by"] = "service_account"
    await house.datadog.perform(Action.REVOKE_GRANTS, house.account)
    assert (await house.datadog.observe(house.account)).grants == ()


async def test_a_key_that_does_not_say_whose_it_is_stops_the_verb(house: House) -> None:
    key = {"id": "k", "type": "application_keys", "attributes": {}, "relationships": {}}
    house.bench.wire.instead = httpx.Response(200, json={"data": [key], "meta": {}})
    with pytest.raises(Unrecognised):
        await house.datadog.perform(Action.REVOKE_TOKENS, house.account)


async def test_what_may_not_be_read_is_unknown_unless_it_is_what_the_verb_changes(
    house: House,
) -> None:
    house.vendor.may_not = {"application_keys", "api_keys"}
    state = await house.datadog.observe(house.account, Action.BLOCK_SIGN_IN)
    assert (state.enabled, state.tokens, state.residue) == (True, None, None)
    with pytest.raises(TargetDenied):
        await house.datadog.observe(house.account, Action.REVOKE_TOKENS)


async def test_a_missing_permission_is_named_with_what_will_fail(house: House) -> None:
    house.vendor.may_not = {"application_keys"}
    missing = (await house.datadog.check()).missing
    assert missing == {Action.REVOKE_TOKENS: "org_app_keys_read and org_app_keys_write"}


async def test_a_403_to_the_first_question_is_a_credential_to_mend(house: House) -> None:
    house.vendor.may_not = {"users"}
    with pytest.raises(CredentialDenied) as why:
        await house.datadog.check()
    assert "user_access_read" in why.value.permission
    assert "site" in why.value.fix


async def test_a_service_account_is_never_taken_for_a_person(house: House) -> None:
    house.vendor.users[house.account.id]["service_account"] = True
    [hit] = await house.datadog.find_accounts(Person(addresses=(ADA,)))
    assert hit.account.kind is Kind.SERVICE


async def test_a_page_that_comes_again_is_no_end_of_the_list(house: House) -> None:
    page = {"data": [{"id": "u", "attributes": {}}], "meta": {}}
    house.bench.wire.instead = httpx.Response(200, json=page)
    with pytest.raises(Unrecognised, match="same page"):
        await house.datadog.find_accounts(Person(addresses=(ADA,)))


async def test_both_keys_are_shown_and_neither_is_in_a_repr(clock: StillClock) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"data": []})

    keys = {"api_key": "api-s3cr3t", "application_key": "app-s3cr3t", "token_lifetime": "1h"}
    settings = Datadog.Settings.model_validate({"adapter": "datadog", **keys})
    datadog = Datadog.connect("s", settings, clock, httpx.MockTransport(answer))
    await datadog.check()
    assert seen[0].headers["DD-API-KEY"] == "api-s3cr3t"
    assert seen[0].headers["DD-APPLICATION-KEY"] == "app-s3cr3t"
    assert "s3cr3t" not in f"{settings!r} {datadog!r} {vars(datadog)!r}"


def test_one_key_alone_and_an_unknown_lifetime_are_refused() -> None:
    with pytest.raises(ValidationError, match="api_key and application_key"):
        Datadog.Settings(adapter="datadog", api_key=SecretStr("k"), token_lifetime="1h")
    with pytest.raises(ValidationError, match="say token_lifetime"):
        Datadog.Settings(adapter="datadog", token=SecretStr("t"))
