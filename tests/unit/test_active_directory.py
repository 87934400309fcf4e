"""Active Directory: what is cut, what is kept, what is refused, and what comes back."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from adapters.actions import Action, Outcome
from adapters.errors import NeedsHuman, TargetDenied, TryAgain, Unrecognised
from adapters.nouns import NEXT, Account, Kind, Person, State
from adapters.postconditions import given_back, holds, removable
from adapters.practice.active_directory import PracticeDomain
from adapters.practice.active_directory.memory import SERVICE
from adapters.practice.active_directory.objects import LEAVERS, STAFF, Thing, filetime
from adapters.practice.base import Fault
from adapters.systems.active_directory import ActiveDirectory
from adapters.systems.active_directory.passwords import SYMBOLS, new_password
from adapters.systems.active_directory.shapes import parent_of
from tests.conftest import StillClock
from tests.contract.vendors import BASE, LdapWire

ADA, NUMBER = "ada@acme.example", "1207"


@pytest.fixture
def domain(clock: StillClock) -> PracticeDomain:
    return PracticeDomain(clock)


@pytest.fixture
def ada(domain: PracticeDomain) -> Thing:
    return domain.things[domain.hire(ADA, employee_number=NUMBER)]


def connected(domain: PracticeDomain, **told: Any) -> ActiveDirectory:
    settings = ActiveDirectory.Settings(**(domain.settings(BASE) | told))
    return ActiveDirectory.connect("ad", settings, domain.clock, LdapWire(domain))


def account(thing: Thing) -> Account:
    return Account("ad", thing.id, ADA)


async def do(domain: PracticeDomain, verb: Action, thing: Thing, **told: Any) -> Outcome:
    return await connected(domain, **told).perform(verb, account(thing))


async def seen(domain: PracticeDomain, thing: Thing, **told: Any) -> State:
    return await connected(domain, **told).observe(account(thing))


# Blocking


@pytest.mark.parametrize("bits", [0x200, 0x10200, 0x40200, 0x110220])
async def test_the_block_is_one_bit_and_every_other_comes_back(
    domain: PracticeDomain, ada: Thing, bits: int
) -> None:
    ada.put("userAccountControl", bits)
    assert await do(domain, Action.BLOCK_SIGN_IN, ada) == Outcome.CHANGED
    assert ada.control == bits | 0x2
    await connected(domain).give_back(Action.BLOCK_SIGN_IN, account(ada), State(), ())
    assert ada.control == bits


async def test_bits_that_somebody_sets_after_the_block_stay(
    domain: PracticeDomain, ada: Thing
) -> None:
    await do(domain, Action.BLOCK_SIGN_IN, ada)
    ada.put("userAccountControl", ada.control | 0x40000)
    await connected(domain).give_back(Action.BLOCK_SIGN_IN, account(ada), State(), ())
    assert ada.control & 0x40000


async def test_a_number_that_changes_under_the_block_is_not_overwritten(
    domain: PracticeDomain, ada: Thing, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = domain.modify

    def raced(thing: Thing, changes: Any) -> int:
        ada.put("userAccountControl", 0x40200)
        return inner(thing, changes)

    monkeypatch.setattr(domain, "modify", raced)
    with pytest.raises(TryAgain):
        await do(domain, Action.BLOCK_SIGN_IN, ada)
    assert ada.control == 0x40200


async def test_giving_back_twice_writes_once(domain: PracticeDomain, ada: Thing) -> None:
    await do(domain, Action.BLOCK_SIGN_IN, ada)
    for _ in range(2):
        writes = domain.writes
        await connected(domain).give_back(Action.BLOCK_SIGN_IN, account(ada), State(), ())
    assert domain.writes == writes


async def test_an_account_that_only_expired_is_disabled_all_the_same(
    domain: PracticeDomain, ada: Thing, clock: StillClock
) -> None:
    ada.put("accountExpires", filetime(clock.now() - timedelta(days=1)))
    state = await seen(domain, ada)
    assert state.enabled is True
    assert any("expired" in note for note in state.notes)
    assert await do(domain, Action.BLOCK_SIGN_IN, ada) == Outcome.CHANGED


async def test_a_blocked_account_says_what_stays_open(domain: PracticeDomain, ada: Thing) -> None:
    await do(domain, Action.BLOCK_SIGN_IN, ada)
    [note] = (await seen(domain, ada)).notes
    assert "Kerberos" in note
    assert connected(domain).token_lifetime == timedelta(hours=10)


async def test_a_cached_password_on_a_read_only_controller_is_said(
    domain: PracticeDomain, ada: Thing
) -> None:
    ada.put("msDS-RevealedDSAs", "CN=NTDS Settings,CN=RODC1", "CN=NTDS Settings,CN=RODC2")
    assert any("2 read-only" in note for note in (await seen(domain, ada)).notes)


# Passwords


async def test_the_password_is_reset_twice_to_two_that_nobody_knows(
    domain: PracticeDomain, ada: Thing, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    passwords: list[str | None] = [ada.password]
    inner = domain._apply

    def kept(thing: Thing, *change: Any) -> None:
        inner(thing, *change)
        passwords.append(thing.password)

    monkeypatch.setattr(domain, "_apply", kept)
    before = await seen(domain, ada)
    clock.advance(seconds=1)
    await do(domain, Action.RESET_CREDENTIALS, ada)
    assert len(passwords) == len(set(passwords)) == 3
    assert holds(Action.RESET_CREDENTIALS, before, await seen(domain, ada)) is True
    assert domain.signs_in("ada", "Correct-Horse-7") == "52e"


def test_a_random_password_has_four_classes_and_no_name_in_it() -> None:
    made = new_password(StillClock())
    letters = [c for c in made if c not in SYMBOLS]
    assert len(made) == 100
    assert letters == ["a", "A", "1"]
    assert new_password(StillClock()) != made


async def test_a_password_filter_that_refuses_is_a_person_s_task(
    domain: PracticeDomain, ada: Thing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(domain, "modify", lambda *_: 19)
    with pytest.raises(NeedsHuman) as why:
        await do(domain, Action.RESET_CREDENTIALS, ada)
    assert "0000052D" in why.value.message


# Groups and place


async def test_every_group_but_the_primary_one_is_left_and_rejoined(
    domain: PracticeDomain, ada: Thing
) -> None:
    before = await seen(domain, ada)
    taken = removable(before.grants or ())
    assert {one.name for one in taken} == {"Staff", "Projects"} | {"Staff"}
    [primary] = [one for one in before.grants or () if one.kind == "primary group"]
    assert primary.name == "Domain Users"
    assert "exactly one" in str(primary.obstacle)
    await do(domain, Action.REVOKE_GRANTS, ada)
    assert not any(ada.id in thing.members for thing in domain.things.values())
    assert ada.dn.endswith(LEAVERS)
    await connected(domain).give_back(Action.REVOKE_GRANTS, account(ada), before, taken)
    after = await seen(domain, ada)
    assert given_back(Action.REVOKE_GRANTS, before, taken, after) is True
    assert (after, ada.dn) == (before, f"CN=ada,{STAFF}")


async def test_without_a_disabled_ou_nothing_is_moved(domain: PracticeDomain, ada: Thing) -> None:
    assert await do(domain, Action.REVOKE_GRANTS, ada, disabled_ou=None) == Outcome.CHANGED
    assert ada.dn.endswith(STAFF)
    assert removable((await seen(domain, ada, disabled_ou=None)).grants or ()) == ()


async def test_a_name_with_a_comma_is_moved_whole(domain: PracticeDomain, ada: Thing) -> None:
    ada.dn = f"CN=Lovelace\\, Ada,{STAFF}"
    await do(domain, Action.REVOKE_GRANTS, ada)
    assert ada.dn == f"CN=Lovelace\\, Ada,{LEAVERS}"
    assert parent_of("CN=a\\\\,OU=b") == ("CN=a\\\\", "OU=b")


async def test_a_namesake_in_the_disabled_ou_is_a_person_s_task(
    domain: PracticeDomain, ada: Thing
) -> None:
    other = domain.user("other", "other@acme.example")
    other.dn = f"CN=ada,{LEAVERS}"
    with pytest.raises(NeedsHuman, match="another account of that name"):
        await do(domain, Action.REVOKE_GRANTS, ada)
    assert not any(ada.id in g.members for g in domain.groups.values())


async def test_a_disabled_ou_that_is_not_there_is_found_by_the_check(
    domain: PracticeDomain,
) -> None:
    with pytest.raises(Unrecognised, match="disabled_ou"):
        await connected(domain, disabled_ou="OU=Nowhere,DC=acme,DC=example").check()


async def test_a_group_that_was_left_meanwhile_is_no_failure(
    domain: PracticeDomain, ada: Thing, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = domain.modify

    def raced(thing: Thing, changes: Any) -> int:
        thing.members.discard(ada.id)
        return inner(thing, changes)

    monkeypatch.setattr(domain, "modify", raced)
    assert await do(domain, Action.REVOKE_GRANTS, ada) == Outcome.CHANGED


async def test_one_refused_group_spares_no_other(domain: PracticeDomain, ada: Thing) -> None:
    domain.groups["Projects"].put("adminCount", 1)
    domain.faults.append(Fault(403, writes_only=True))
    other = domain.group("Team")
    other.members.add(ada.id)
    with pytest.raises(TargetDenied):
        await do(domain, Action.REVOKE_GRANTS, ada)
    left = [n for n, g in domain.groups.items() if ada.id in g.members]
    assert len(left) + (ada.id in other.members) == 2  # the protected one, and the refused one


async def test_a_nested_group_goes_with_the_one_that_leads_to_it(
    domain: PracticeDomain, ada: Thing
) -> None:
    domain.group("Everybody").members.add(domain.groups["Staff"].id)
    [nested] = [g for g in (await seen(domain, ada)).grants or () if g.kind == "nested group"]
    assert nested.name == "Everybody"
    await do(domain, Action.REVOKE_GRANTS, ada)
    assert [g.name for g in (await seen(domain, ada)).grants or ()] == ["Domain Users"]


# Administrators


async def test_an_administrator_is_privileged_and_loses_what_makes_one(
    domain: PracticeDomain, ada: Thing
) -> None:
    way = domain.group("Helpdesk", within=[domain.admins])
    way.members.add(ada.id)
    before = await seen(domain, ada)
    assert before.privileged is True
    assert [one.name for one in before.roles or ()] == ["Helpdesk"]
    assert "Helpdesk" not in [one.name for one in before.grants or ()]
    await do(domain, Action.REVOKE_PRIVILEGES, ada)
    after = await seen(domain, ada)
    assert (after.roles, after.privileged) == ((), False)
    adapter = connected(domain)
    await adapter.give_back(Action.REVOKE_PRIVILEGES, account(ada), before, before.roles or ())
    assert await seen(domain, ada) == before


async def test_a_protected_group_names_what_would_have_to_be_granted(
    domain: PracticeDomain, ada: Thing
) -> None:
    domain.admins.members.add(ada.id)
    with pytest.raises(TargetDenied) as why:
        await do(domain, Action.REVOKE_PRIVILEGES, ada)
    assert "AdminSDHolder" in why.value.permission


async def test_an_administrators_group_as_primary_group_is_not_overlooked(
    domain: PracticeDomain, ada: Thing
) -> None:
    ada.put("primaryGroupID", 512)
    state = await seen(domain, ada)
    assert state.privileged is True
    [role] = state.roles or ()
    assert "set another primary group first" in str(role.obstacle)


async def test_a_protected_account_says_why_the_block_is_refused(
    domain: PracticeDomain, ada: Thing
) -> None:
    ada.put("adminCount", 1)
    assert (await seen(domain, ada)).privileged is True
    with pytest.raises(TargetDenied) as why:
        await do(domain, Action.BLOCK_SIGN_IN, ada)
    assert "AdminSDHolder" in why.value.permission


# Who is touched, and who never


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
