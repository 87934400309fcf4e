"""Active Directory: who is touched and who never, what is left, and what is proved beforehand."""

import pytest
from pydantic import ValidationError

from adapters.actions import Action, Outcome
from adapters.errors import NeedsHuman, TryAgain, Unrecognised
from adapters.nouns import NEXT, Kind, Person
from adapters.practice.active_directory import PracticeDomain
from adapters.practice.active_directory.memory import SERVICE
from adapters.practice.active_directory.objects import LEAVERS, STAFF, Thing
from adapters.practice.base import Fault
from adapters.systems.active_directory import ActiveDirectory
from tests.conftest import StillClock
from tests.contract.vendors import BASE
from tests.domains import ADA, NUMBER, account, connected, do, seen


@pytest.fixture
def domain(clock: StillClock) -> PracticeDomain:
    return PracticeDomain(clock)


@pytest.fixture
def ada(domain: PracticeDomain) -> Thing:
    return domain.things[domain.hire(ADA, employee_number=NUMBER)]


@pytest.mark.parametrize("name", ["Administrator", "krbtgt", SERVICE])
async def test_built_in_accounts_and_our_own_are_never_changed(
    domain: PracticeDomain, name: str
) -> None:
    [hit] = await connected(domain).find_accounts(Person(links=(name,)))
    assert hit.account.kind is Kind.SERVICE
    for verb in connected(domain).actions:
        with pytest.raises(NeedsHuman):
            await connected(domain).perform(verb, hit.account)
    assert domain.writes == 0


@pytest.mark.parametrize(
    "user", ["ACME\\svc-exeunt", "SVC-EXEUNT@acme.example", f"CN=svc-exeunt,{STAFF}"]
)
async def test_our_own_account_is_known_by_every_name(domain: PracticeDomain, user: str) -> None:
    adapter = connected(domain)
    adapter._settings = adapter._settings.model_copy(update={"user": user})
    [hit] = await adapter.find_accounts(Person(links=(SERVICE,)))
    with pytest.raises(NeedsHuman):
        await adapter.perform(Action.BLOCK_SIGN_IN, hit.account)


async def test_a_computer_or_managed_service_account_is_never_matched(
    domain: PracticeDomain,
) -> None:
    machine = domain.user("laptop1$", ADA)
    machine.put("sAMAccountType", 805306369)
    links = ("laptop1$", machine.id)
    assert await connected(domain).find_accounts(Person(addresses=(ADA,), links=links)) == ()
    with pytest.raises(NeedsHuman):
        await do(domain, Action.BLOCK_SIGN_IN, machine)


async def test_a_user_that_services_run_under_is_a_service_account(
    domain: PracticeDomain, ada: Thing
) -> None:
    ada.put("servicePrincipalName", "MSSQLSvc/db1.acme.example")
    [hit] = await connected(domain).find_accounts(Person(NUMBER))
    assert hit.account.kind is Kind.SERVICE


async def test_an_account_is_followed_wherever_it_was_moved(
    domain: PracticeDomain, ada: Thing
) -> None:
    [hit] = await connected(domain).find_accounts(Person(NUMBER))
    ada.dn = f"CN=Ada Married,{LEAVERS}"
    await connected(domain).perform(Action.BLOCK_SIGN_IN, hit.account)
    assert domain.enabled(ada.id) is False


@pytest.mark.parametrize(
    "person",
    [
        Person(NUMBER),
        Person(addresses=("ADA@acme.example",)),
        Person(addresses=("ada@old.acme.example",)),
        Person(links=("ADA",)),
    ],
    ids=["number", "mail", "proxy address", "sAMAccountName"],
)
async def test_each_of_its_names_finds_an_account(
    domain: PracticeDomain, ada: Thing, person: Person
) -> None:
    [hit] = await connected(domain).find_accounts(person)
    assert hit.account.id == ada.id


async def test_the_attribute_of_the_employee_number_is_configured(
    domain: PracticeDomain, ada: Thing
) -> None:
    ada.put("extensionAttribute1", "99")
    adapter = connected(domain, employee_number="extensionAttribute1")
    [hit] = await adapter.find_accounts(Person("99"))
    assert hit.account.employee_number == "99"
    assert await connected(domain).find_accounts(Person("99")) == ()


# The address list, what is left, and the end


async def test_hiding_and_listing_again_is_one_attribute(
    domain: PracticeDomain, ada: Thing
) -> None:
    before = await seen(domain, ada)
    assert before.listed is True
    await do(domain, Action.HIDE_FROM_DIRECTORY, ada)
    assert (await seen(domain, ada)).listed is False
    await connected(domain).give_back(Action.HIDE_FROM_DIRECTORY, account(ada), before, ())
    assert await seen(domain, ada) == before


async def test_without_exchange_in_the_schema_there_is_no_list(
    domain: PracticeDomain, ada: Thing
) -> None:
    domain.exchange = False
    assert await do(domain, Action.HIDE_FROM_DIRECTORY, ada) == Outcome.ALREADY
    assert (await seen(domain, ada)).listed is False
    assert domain.writes == 0


async def test_keys_and_managed_groups_are_shown_as_what_is_left(
    domain: PracticeDomain, ada: Thing
) -> None:
    ada.put("msDS-KeyCredentialLink", "B:828:00:CN=ada")
    domain.groups["Staff"].managed_by = ada.id
    state = await seen(domain, ada)
    assert [one.name for one in state.factors or ()] == ["Windows Hello or FIDO key"]
    [left] = state.residue or ()
    assert left.details[NEXT]


async def test_only_a_disabled_account_is_deleted(domain: PracticeDomain, ada: Thing) -> None:
    with pytest.raises(Unrecognised):
        await do(domain, Action.DELETE_ACCOUNT, ada)
    await do(domain, Action.BLOCK_SIGN_IN, ada)
    assert await do(domain, Action.DELETE_ACCOUNT, ada) == Outcome.CHANGED
    assert await do(domain, Action.DELETE_ACCOUNT, ada) == Outcome.ABSENT


async def test_groups_that_cannot_be_read_do_not_hide_that_it_is_blocked(
    domain: PracticeDomain, ada: Thing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(domain, "in_chain", lambda *_: 1 / 0)
    adapter = connected(domain)

    async def fails(*_: object, **__: object) -> None:
        raise TryAgain("busy")

    monkeypatch.setattr(adapter, "_member_of", fails)
    state = await adapter.observe(account(ada))
    assert (state.enabled, state.grants, state.roles, state.privileged) == (True, None, None, None)
    with pytest.raises(TryAgain):
        await adapter.observe(account(ada), Action.REVOKE_GRANTS)


# What is proven beforehand


async def test_the_check_names_each_right_that_is_missing(
    domain: PracticeDomain, ada: Thing
) -> None:
    assert (await connected(domain).check()).missing == {}
    domain.rights.clear()
    missing = (await connected(domain).check()).missing
    assert set(missing) == {
        Action.BLOCK_SIGN_IN,
        Action.REVOKE_GRANTS,
        Action.HIDE_FROM_DIRECTORY,
    }


async def test_the_check_says_if_our_account_administers_the_domain(
    domain: PracticeDomain, ada: Thing
) -> None:
    assert (await connected(domain).check()).needless == ()
    domain.admins.members.add(domain.service.id)
    assert (await connected(domain).check()).needless


async def test_a_busy_server_is_worth_another_try(domain: PracticeDomain) -> None:
    domain.faults.append(Fault(429))
    with pytest.raises(TryAgain) as why:
        await connected(domain).check()
    assert why.value.retry_after is None


@pytest.mark.parametrize(
    "told",
    [
        {"base_url": "ldap://dc1.acme.example"},
        {"base_url": "https://dc1.acme.example"},
        {"token": ""},
        {"user": ""},
        {"employee_number": "mail)(cn=*"},
    ],
)
def test_settings_that_would_be_unsafe_are_refused(
    domain: PracticeDomain, told: dict[str, str]
) -> None:
    with pytest.raises(ValidationError):
        ActiveDirectory.Settings(**(domain.settings("ldaps://dc1.acme.example") | told))


def test_a_password_may_be_called_so(domain: PracticeDomain) -> None:
    told = domain.settings(BASE) | {"token": None, "password": "s3cret"}
    settings = ActiveDirectory.Settings(**told)
    assert settings.secret.get_secret_value() == "s3cret"
    assert "s3cret" not in repr(settings)
