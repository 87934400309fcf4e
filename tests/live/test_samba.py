"""A leaver in a real Active Directory domain (Samba), cut by one who is no administrator."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import UUID

import pytest

from adapters.actions import Action, Outcome
from adapters.errors import CredentialDenied, NeedsHuman, TargetDenied
from adapters.http import Mode
from adapters.ldap import door
from adapters.nouns import Account, Kind, Person, State
from adapters.postconditions import given_back, holds, removable
from adapters.systems.active_directory.passwords import quoted
from tests.debian import require
from tests.samba import DOMAIN, GROUPS, LEAVERS, SERVICE, STAFF, Samba, samba

pytestmark = [pytest.mark.live, pytest.mark.slow]


@pytest.fixture(scope="module")
def domain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Samba]:
    require("samba", "samba-tool", "kinit", "kvno", root=True)
    with samba(tmp_path_factory.mktemp("samba")) as running:
        yield running


@pytest.fixture(autouse=True)
async def closed(domain: Samba) -> AsyncIterator[None]:
    yield
    await domain.close()


async def found(domain: Samba, name: str) -> Account:
    adapter = domain.adapter()
    [hit] = await adapter.find_accounts(Person(addresses=(f"{name}@acme.test",)))
    return hit.account


async def signs_in(domain: Samba, name: str, password: str) -> str:
    """Why not; "" if it does."""
    own = domain.login(name, password)
    try:
        await own.read("", ("defaultNamingContext",))
    except CredentialDenied as why:
        return why.message
    return ""


async def do(domain: Samba, verb: Action, account: Account) -> tuple[Outcome, State]:
    adapter = domain.adapter()
    outcome = await adapter.perform(verb, account)
    after = await adapter.observe(account, verb)
    return outcome, after


async def test_the_delegated_account_lacks_nothing_and_administers_nothing(domain: Samba) -> None:
    await domain.hire("sample")
    check = await domain.adapter().check()
    assert check.missing == {}
    assert check.needless == ()


async def test_an_administrator_is_told_that_it_is_too_much(domain: Samba) -> None:
    check = await domain.adapter(user="Administrator@acme.test").check()
    assert check.needless


async def test_a_disabled_leaver_can_neither_bind_nor_get_a_ticket(
    domain: Samba, tmp_path: Path
) -> None:
    password = await domain.hire("ada")
    kinit = ("kinit", "ada@ACME.TEST")
    assert await signs_in(domain, "ada", password) == ""
    assert domain.kerberos(*kinit, tickets=tmp_path / "before", words=password) == ""
    outcome, after = await do(domain, Action.BLOCK_SIGN_IN, await found(domain, "ada"))
    assert (outcome, after.enabled) == (Outcome.CHANGED, False)
    assert "data 533" in await signs_in(domain, "ada", password)
    refused = domain.kerberos(*kinit, tickets=tmp_path / "after", words=password)
    assert "revoked" in refused


async def test_a_ticket_from_before_opens_nothing_new_at_samba(
    domain: Samba, tmp_path: Path
) -> None:
    """Microsoft's domain controllers look again only when the ticket is some minutes old."""
    password = await domain.hire("tess")
    old = tmp_path / "old"
    domain.kerberos("kinit", "tess@ACME.TEST", tickets=old, words=password)
    assert domain.kerberos("kvno", "DC1$", tickets=old) == ""
    await do(domain, Action.BLOCK_SIGN_IN, await found(domain, "tess"))
    assert "policy" in domain.kerberos("kvno", "HOST/dc1", tickets=old)


async def test_a_connection_that_was_bound_before_the_block_goes_on_working(domain: Samba) -> None:
    """Nothing ends it: that is why the case says how long access may last."""
    own = domain.login("lena", await domain.hire("lena"))
    assert await own.read("", ("defaultNamingContext",))
    _, after = await do(domain, Action.BLOCK_SIGN_IN, await found(domain, "lena"))
    assert await own.read(DOMAIN, ("objectGUID",))
    assert any("stays open" in note for note in after.notes)


async def test_the_password_that_they_knew_is_gone_and_none_is_kept(domain: Samba) -> None:
    password, account = await domain.hire("paul"), await found(domain, "paul")
    before = await domain.adapter().observe(account)
    await asyncio.sleep(0.01)
    outcome, after = await do(domain, Action.RESET_CREDENTIALS, account)
    assert outcome == Outcome.CHANGED
    assert holds(Action.RESET_CREDENTIALS, before, after) is True
    assert "data 52e" in await signs_in(domain, "paul", password)


async def test_every_other_bit_is_kept_and_given_back(domain: Samba) -> None:
    await domain.hire("bits")
    account = await found(domain, "bits")
    place = f"<GUID={account.id}>"
    await domain.put(place, "userAccountControl", str(0x200 | 0x10000 | 0x100000))
    await do(domain, Action.BLOCK_SIGN_IN, account)
    assert await domain.get(place, "userAccountControl") == (str(0x110202).encode(),)
    await domain.adapter().give_back(Action.BLOCK_SIGN_IN, account, State(), ())
    assert await domain.get(place, "userAccountControl") == (str(0x110200).encode(),)


async def test_groups_and_place_are_taken_and_come_back_as_they_were(domain: Samba) -> None:
    await domain.hire("mara")
    account = await found(domain, "mara")
    adapter = domain.adapter()
    before = await adapter.observe(account)
    taken = removable(before.grants or ())
    assert {one.name for one in taken} == {"team", "projects", "Staff"}
    obstacles = {one.name for one in (before.grants or ()) if one.obstacle}
    assert obstacles == {"Domain Users", "everybody"}
    outcome, after = await do(domain, Action.REVOKE_GRANTS, account)
    assert outcome == Outcome.CHANGED
    assert holds(Action.REVOKE_GRANTS, before, after) is True
    assert (await domain.get(f"<GUID={account.id}>", "distinguishedName"))[0].endswith(
        LEAVERS.encode()
    )
    assert (await do(domain, Action.REVOKE_GRANTS, account))[0] == Outcome.ALREADY
    await adapter.give_back(Action.REVOKE_GRANTS, account, before, taken)
    again = await adapter.observe(account)
    assert given_back(Action.REVOKE_GRANTS, before, taken, again) is True
    assert set(again.grants or ()) == set(before.grants or ())


async def test_a_whole_leave_and_the_way_back_need_no_administrator(domain: Samba) -> None:
    password, account = await domain.hire("noor"), await found(domain, "noor")
    adapter = domain.adapter()
    before = await adapter.observe(account)
    verbs = (*adapter.contain, Action.REVOKE_GRANTS, Action.HIDE_FROM_DIRECTORY)
    for verb in verbs:
        await adapter.perform(verb, account)
    left = await adapter.observe(account)
    for verb in reversed([v for v in verbs if v in adapter.ways_back]):
        gone = {t.key for t in left.grants or ()}
        things = tuple(t for t in removable(before.grants or ()) if t.key not in gone)
        await adapter.give_back(
            verb, account, before, things if verb is Action.REVOKE_GRANTS else ()
        )
    after = await adapter.observe(account)
    for fact in ("enabled", "roles", "listed", "factors", "privileged", "residue"):
        assert getattr(after, fact) == getattr(before, fact), fact
    assert set(after.grants or ()) == set(before.grants or ())
    assert "data 52e" in await signs_in(domain, "noor", password)  # the old one never comes back
    await domain.put(f"<GUID={account.id}>", "unicodePwd", quoted("A-new-Passw0rd-1"))
    assert await signs_in(domain, "noor", "A-new-Passw0rd-1") == ""


async def test_a_group_of_administrators_is_out_of_reach_of_what_was_delegated(
    domain: Samba,
) -> None:
    await domain.hire("root")
    await domain.join(f"CN=Domain Admins,CN=Users,{DOMAIN}", f"CN=root,{STAFF}")
    account = await found(domain, "root")
    before = await domain.adapter().observe(account)
    assert before.privileged is True
    assert [one.name for one in before.roles or ()] == ["Domain Admins"]
    with pytest.raises(TargetDenied) as why:
        await domain.adapter().perform(Action.REVOKE_PRIVILEGES, account)
    assert "AdminSDHolder" in why.value.permission


async def test_a_group_that_leads_to_administrators_counts_as_one(domain: Samba) -> None:
    await domain.hire("side")
    helpdesk = f"CN=helpdesk,{GROUPS}"
    await domain.add(helpdesk, objectClass="group", sAMAccountName="helpdesk")
    await domain.join(f"CN=Account Operators,CN=Builtin,{DOMAIN}", helpdesk)
    await domain.join(helpdesk, f"CN=side,{STAFF}")
    account = await found(domain, "side")
    before = await domain.adapter().observe(account)
    assert [one.name for one in before.roles or ()] == ["helpdesk"]
    outcome, after = await do(domain, Action.REVOKE_PRIVILEGES, account)
    assert (outcome, after.roles, after.privileged) == (Outcome.CHANGED, (), False)


@pytest.mark.parametrize("name", ["krbtgt", "Administrator", SERVICE])
async def test_built_in_accounts_and_our_own_are_refused_even_if_linked(
    domain: Samba, name: str
) -> None:
    adapter = domain.adapter()
    [hit] = await adapter.find_accounts(Person(links=(name,)))
    assert hit.account.kind is Kind.SERVICE
    for verb in adapter.actions:
        with pytest.raises(NeedsHuman):
            await adapter.perform(verb, hit.account)


async def test_a_computer_is_never_matched(domain: Samba) -> None:
    domain.tool("computer", "create", "laptop1")
    [raw] = await domain.get(f"CN=laptop1,CN=Computers,{DOMAIN}", "objectGUID")

    links = ("laptop1$", str(UUID(bytes_le=raw)))
    assert await domain.adapter().find_accounts(Person(links=links)) == ()


async def test_the_employee_number_and_other_addresses_find_the_account(domain: Samba) -> None:
    await domain.hire("kim")
    account = await found(domain, "kim")
    place = f"<GUID={account.id}>"
    await domain.put(place, "employeeID", "4711")
    await domain.put(place, "proxyAddresses", "SMTP:kim.lee@acme.test")
    adapter = domain.adapter()
    for person in (
        Person("4711"),
        Person(addresses=("Kim.Lee@acme.test",)),
        Person(links=("kim",)),
        Person(links=(account.id,)),
    ):
        [hit] = await adapter.find_accounts(person)
        assert hit.account.id == account.id


async def test_every_page_is_read(domain: Samba, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(5):
        await domain.hire(f"page{n}")
    monkeypatch.setattr(door, "PAGE", 2)
    adapter = domain.adapter()
    logins = {account.login async for account in adapter.accounts()}
    assert {f"page{n}@acme.test" for n in range(5)} <= logins
    assert "krbtgt" not in logins


async def test_start_tls_is_as_good_as_ldaps(domain: Samba) -> None:
    adapter = domain.adapter(base_url=f"ldap://{domain.address}", start_tls=True)
    assert (await adapter.check()).needless == ()


async def test_a_wrong_password_and_a_stranger_s_certificate_stop_the_system(
    domain: Samba,
) -> None:
    with pytest.raises(CredentialDenied, match="data 52e"):
        await domain.adapter(password="wrong").check()
    with pytest.raises(CredentialDenied, match="not trusted"):
        await domain.adapter(ca_file=None).check()


async def test_observe_mode_reads_and_writes_nothing(domain: Samba) -> None:
    password = await domain.hire("olga")
    with pytest.raises(NeedsHuman):
        await domain.adapter(mode=Mode.OBSERVE).perform(
            Action.BLOCK_SIGN_IN, await found(domain, "olga")
        )
    assert await signs_in(domain, "olga", password) == ""


async def test_a_deleted_account_is_gone(domain: Samba) -> None:
    await domain.hire("gone")
    account = await found(domain, "gone")
    await do(domain, Action.BLOCK_SIGN_IN, account)
    outcome, after = await do(domain, Action.DELETE_ACCOUNT, account)
    assert (outcome, after.exists) == (Outcome.CHANGED, False)
    assert (await do(domain, Action.BLOCK_SIGN_IN, account))[0] == Outcome.ABSENT
