"""Who is who in Okta: a search that lags behind, capitals, and an org that shows nobody."""

import pytest

from adapters.errors import Unrecognised
from adapters.nouns import Person, Rule
from adapters.practice.okta import PracticeOkta
from tests.conftest import StillClock
from tests.orgs import okta

ADA = "ada@acme.example"


@pytest.fixture
def org(clock: StillClock) -> PracticeOkta:
    org = PracticeOkta(clock)
    org.hire(ADA, employee_number="7")
    return org


async def test_somebody_new_is_found_before_the_index_knows(org: PracticeOkta) -> None:
    """A search lags behind; a filter by login does not."""
    org.index_lag = org.clock.now() - org.clock.now().replace(year=2000)
    [hit] = await okta(org).find_accounts(Person(addresses=(ADA,)))
    assert hit.account.login == ADA


async def test_an_address_in_capitals_is_found_by_search(org: PracticeOkta) -> None:
    [hit] = await okta(org).find_accounts(Person(addresses=(ADA.upper(),)))
    assert hit.rule is Rule.ADDRESS


async def test_a_login_in_other_capitals_is_found_by_search(org: PracticeOkta) -> None:
    wanted = org.hire("mail@acme.example", login="Adm.Ada@acme.example")
    [hit] = await okta(org).find_accounts(Person(addresses=("adm.ada@acme.example",)))
    assert hit.account.id == wanted


async def test_a_deactivated_account_is_found_and_listed(org: PracticeOkta) -> None:
    [user] = org.users
    org.deactivate(user)
    org.hire("bob@acme.example")
    [hit] = await okta(org).find_accounts(Person("7"))
    assert hit.account.enabled is False
    assert user in {one.id async for one in okta(org).accounts()}


async def test_an_org_without_users_is_not_believed(clock: StillClock) -> None:
    with pytest.raises(Unrecognised, match="not one user"):
        await okta(PracticeOkta(clock)).find_accounts(Person("7", (ADA,)))


async def test_the_number_may_stand_in_an_attribute_of_ones_own(org: PracticeOkta) -> None:
    [user] = org.users
    org.users[user]["profile"]["payrollId"] = "A-7"
    [hit] = await okta(org, employee_number="payrollId").find_accounts(Person("A-7"))
    assert (hit.account.id, hit.rule) == (user, Rule.EMPLOYEE_NUMBER)
