"""What a user writes of a SCIM service: nothing that is not known is guessed."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from adapters.practice.scim_vendors import PROFILES, PracticeProfile
from adapters.systems.scim.settings import ScimSettings
from adapters.systems.scim.vendors import VENDORS, Ending
from adapters.systems.scim.vendors.facts import Vendor

ATLASSIAN = "https://api.atlassian.com/scim/directory/d-1"
PAGERDUTY = "https://api.pagerduty.com/scim/v2"


def told(vendor: str, base_url: str, **more: object) -> ScimSettings:
    return ScimSettings.model_validate(
        {"adapter": "scim", "vendor": vendor, "base_url": base_url, "token": "t", **more}
    )


@pytest.mark.parametrize("kind", PROFILES, ids=lambda kind: kind.vendor)
def test_the_vendors_own_address_is_taken(kind: type[PracticeProfile]) -> None:
    assert told(kind.vendor, kind.address, **kind.says).profile is VENDORS[kind.vendor]
    assert told(kind.vendor, kind.address + "/", **kind.says).parts is not None


@pytest.mark.parametrize("kind", PROFILES, ids=lambda kind: kind.vendor)
def test_another_address_is_refused_with_the_form(kind: type[PracticeProfile]) -> None:
    if not kind.address or not VENDORS[kind.vendor].forms:
        assert told(kind.vendor, "https://any.example/scim", **kind.says)
        return
    for wrong in (
        kind.address + "/Users/1",
        "https://evil.example/?" + kind.address,
        "https://proxy.example/scim/v2",
        kind.address.replace("https://", "https://x@"),
    ):
        with pytest.raises(ValidationError, match="has the form https://"):
            told(kind.vendor, wrong, **kind.says)


def test_a_server_on_loopback_may_stand_in_for_a_vendor() -> None:
    assert told("atlassian", "http://127.0.0.1:8080/v2")


def test_a_client_on_loopback_has_to_say_where_tokens_come_from() -> None:
    client = {"client_id": "c", "client_secret": "s", "token_lifetime": "1h"}
    with pytest.raises(ValidationError, match="say token_url"):
        told("salesforce", "http://127.0.0.1:8080/v2", **client)


def test_a_workspace_of_databricks_is_not_the_account() -> None:
    with pytest.raises(ValidationError, match=r"accounts\.\{domain\}"):
        told(
            "databricks",
            "https://dbc-1.cloud.databricks.com/api/2.0/preview/scim/v2",
            token_lifetime="1h",
        )


def test_a_vendor_that_nobody_knows_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(ValidationError, match=r"is none of generic, .*atlassian"):
        told("attlassian", ATLASSIAN)


def test_how_long_a_session_lives_is_asked_for_where_the_vendor_does_not_say() -> None:
    with pytest.raises(ValidationError, match="say token_lifetime"):
        told("figma", "https://www.figma.com/scim/v2/1")
    assert told("figma", "https://www.figma.com/scim/v2/1", token_lifetime="0").lifetime == (
        timedelta(0)
    )


def test_what_the_user_says_of_sessions_counts_more_than_what_the_vendor_says() -> None:
    assert told("atlassian", ATLASSIAN).lifetime == timedelta(0)
    assert told("atlassian", ATLASSIAN, token_lifetime="1h").lifetime == timedelta(hours=1)


def test_whether_deactivating_deletes_is_asked_for_where_nobody_knows() -> None:
    with pytest.raises(ValidationError, match="say deactivation_deletes"):
        told("1password", "https://bridge.acme.example/scim", token_lifetime="1h")


def test_a_vendor_that_deletes_cannot_be_said_not_to() -> None:
    with pytest.raises(ValidationError, match="deactivation_deletes cannot be false"):
        told("pagerduty", PAGERDUTY, token_lifetime="0", deactivation_deletes=False)


def test_a_client_is_for_vendors_that_have_a_sign_in() -> None:
    client = {"token": None, "client_id": "c", "client_secret": "s", "token_lifetime": "1h"}
    assert told("databricks", PROFILES[1].address, **client)
    with pytest.raises(ValidationError, match="give a token, or user and password"):
        told("atlassian", ATLASSIAN, **client)
    with pytest.raises(ValidationError, match="also wants account_id"):
        told("zoom", "https://api.zoom.us/scim2", **client)


@pytest.mark.parametrize("vendor", VENDORS.values(), ids=lambda vendor: vendor.name)
def test_a_vendor_that_deletes_says_so_to_people(vendor: Vendor) -> None:
    if vendor.ending is Ending.UNKNOWN:
        assert vendor.deactivating is None
        return
    assert vendor.deactivating
    assert vendor.reversing
    assert vendor.reversing.says.startswith("no:") is (vendor.ending is Ending.DELETES)
