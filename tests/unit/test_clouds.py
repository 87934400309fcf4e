"""National clouds: each tenant's three hosts come from one cloud, and from Microsoft's list."""

import pytest
from msal.authority import WELL_KNOWN_AUTHORITY_HOSTS

from adapters.clouds import CLOUDS
from adapters.systems.entra import Entra
from adapters.systems.exchange import Exchange

FACTS = {
    "global": ("graph.microsoft.com", "login.microsoftonline.com", "outlook.office365.com"),
    "gcc_high": ("graph.microsoft.us", "login.microsoftonline.us", "outlook.office365.us"),
    "dod": ("dod-graph.microsoft.us", "login.microsoftonline.us", "outlook-dod.office365.us"),
    "china": (
        "microsoftgraph.chinacloudapi.cn",
        "login.partner.microsoftonline.cn",
        "outlook.office365.cn",
    ),
}


def test_there_is_no_cloud_without_facts() -> None:
    assert CLOUDS.keys() == FACTS.keys()


@pytest.mark.parametrize("name", FACTS)
def test_graph_login_and_mail_are_those_of_one_cloud(name: str) -> None:
    assert tuple(CLOUDS[name]) == tuple(f"https://{host}" for host in FACTS[name])


@pytest.mark.parametrize("name", FACTS)
def test_msal_asks_no_other_cloud_whether_the_login_is_microsofts(name: str) -> None:
    assert CLOUDS[name].authority.removeprefix("https://") in WELL_KNOWN_AUTHORITY_HOSTS


def test_no_two_clouds_share_graph_or_mail() -> None:
    for hosts in ("base_url", "exchange"):
        assert len({getattr(cloud, hosts) for cloud in CLOUDS.values()}) == len(CLOUDS)


@pytest.mark.parametrize("name", FACTS)
def test_graph_and_mail_of_a_tenant_are_in_the_cloud_that_it_names(name: str) -> None:
    graph = Entra.Settings(adapter="entra", cloud=name, token="t")
    mail = Exchange.Settings(adapter="exchange", cloud=name)
    assert (graph.base_url, graph.authority) == CLOUDS[name][:2]
    assert (mail.base_url, mail.authority) == (CLOUDS[name].exchange, CLOUDS[name].authority)


def test_a_tenant_that_names_no_cloud_is_in_the_global_one() -> None:
    assert Entra.Settings(adapter="entra", token="t").base_url == CLOUDS["global"].base_url
    assert Exchange.Settings(adapter="exchange").base_url == CLOUDS["global"].exchange


def test_a_host_that_is_written_down_wins() -> None:
    told = Entra.Settings(adapter="entra", token="t", cloud="dod", base_url="https://proxy.example")
    assert (told.base_url, told.authority) == ("https://proxy.example", CLOUDS["dod"].authority)
