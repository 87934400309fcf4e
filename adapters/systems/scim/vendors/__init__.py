"""The profiles, by the name that `vendor:` takes."""

from adapters.systems.scim.vendors.atlassian import ATLASSIAN
from adapters.systems.scim.vendors.aws_identity_center import AWS_IDENTITY_CENTER
from adapters.systems.scim.vendors.databricks import DATABRICKS
from adapters.systems.scim.vendors.datadog import DATADOG
from adapters.systems.scim.vendors.facts import Ending, Fact, Key, Leave, Left, SignIn, Vendor, Way
from adapters.systems.scim.vendors.figma import FIGMA
from adapters.systems.scim.vendors.generic import GENERIC
from adapters.systems.scim.vendors.gitlab import GITLAB
from adapters.systems.scim.vendors.notion import NOTION
from adapters.systems.scim.vendors.onepassword import ONEPASSWORD
from adapters.systems.scim.vendors.pagerduty import PAGERDUTY
from adapters.systems.scim.vendors.salesforce import SALESFORCE
from adapters.systems.scim.vendors.snowflake import SNOWFLAKE
from adapters.systems.scim.vendors.tailscale import TAILSCALE
from adapters.systems.scim.vendors.zoom import ZOOM

VENDORS: dict[str, Vendor] = {
    "generic": GENERIC,
    "1password": ONEPASSWORD,
    "atlassian": ATLASSIAN,
    "aws_identity_center": AWS_IDENTITY_CENTER,
    "databricks": DATABRICKS,
    "datadog": DATADOG,
    "figma": FIGMA,
    "gitlab": GITLAB,
    "notion": NOTION,
    "pagerduty": PAGERDUTY,
    "salesforce": SALESFORCE,
    "snowflake": SNOWFLAKE,
    "tailscale": TAILSCALE,
    "zoom": ZOOM,
}

__all__ = ["VENDORS", "Ending", "Fact", "Key", "Leave", "Left", "SignIn", "Vendor", "Way"]
