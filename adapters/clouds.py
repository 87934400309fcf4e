"""Microsoft's national clouds: which hosts belong together.

Source: Microsoft Learn's pages on national cloud deployments (Graph and login) and on the Exchange
Online Admin API (mail), and the authority hosts in MSAL 1.39. A token of one cloud is worthless in
another, so a tenant takes all three hosts from one row. GCC, unlike GCC High, is in "global".
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Cloud(NamedTuple):
    """Roots without a slash at the end. `base_url` also makes the scope: `{base_url}/.default`."""

    base_url: str
    authority: str
    exchange: str


CLOUDS: Mapping[str, Cloud] = MappingProxyType(
    {
        "global": Cloud(
            base_url="https://graph.microsoft.com",
            authority="https://login.microsoftonline.com",
            exchange="https://outlook.office365.com",
        ),
        "gcc_high": Cloud(
            base_url="https://graph.microsoft.us",
            authority="https://login.microsoftonline.us",
            exchange="https://outlook.office365.us",
        ),
        "dod": Cloud(
            base_url="https://dod-graph.microsoft.us",
            authority="https://login.microsoftonline.us",
            exchange="https://outlook-dod.office365.us",
        ),
        # MSAL's only constant for China is a deprecated host; it knows this one by its text.
        "china": Cloud(
            base_url="https://microsoftgraph.chinacloudapi.cn",
            authority="https://login.partner.microsoftonline.cn",
            exchange="https://outlook.office365.cn",
        ),
    }
)
