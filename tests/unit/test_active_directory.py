"""Active Directory: what is cut, what is kept, and what comes back."""

from datetime import timedelta
from typing import Any

import pytest

from adapters.actions import Action, Outcome
from adapters.errors import NeedsHuman, TargetDenied, TryAgain, Unrecognised
from adapters.nouns import State
from adapters.postconditions import given_back, holds, removable
from adapters.practice.active_directory import PracticeDomain
from adapters.practice.active_directory.objects import LEAVERS, STAFF, Thing, filetime
from adapters.practice.base import Fault
from adapters.systems.active_directory.passwords import SYMBOLS, new_password
from adapters.systems.active_directory.shapes import parent_of
from tests.conftest import StillClock
from tests.domains import ADA, NUMBER, account, connected, do, seen


@pytest.fixture
def domain(clock: StillClock) -> PracticeDomain:
    return PracticeDomain(clock)


@pytest.fixture
def ada(domain: PracticeDomain) -> Thing:
    return domain.things[domain.hire(ADA, employee_number=NUMBER)]


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
