"""Every adapter, HR source and sink in the house. To add one, import it and name it here."""

from adapters.contract import Adapter
from adapters.hr.bamboohr import BambooHr
from adapters.hr.contract import HrSource
from adapters.hr.standard_webhooks import StandardWebhooks
from adapters.sinks.contract import Sink
from adapters.sinks.splunk_hec import SplunkHec
from adapters.sinks.syslog import Syslog
from adapters.sinks.webhook import Webhook
from adapters.systems.active_directory import ActiveDirectory
from adapters.systems.aws import AwsIam, AwsIdentityCenter
from adapters.systems.datadog import Datadog
from adapters.systems.entra import Entra
from adapters.systems.exchange import Exchange
from adapters.systems.github import Github, GithubScim
from adapters.systems.google import GoogleWorkspace
from adapters.systems.manual import Manual
from adapters.systems.okta import Okta
from adapters.systems.scim import Scim
from adapters.systems.slack import Slack

ADAPTERS: dict[str, type[Adapter]] = {
    "active_directory": ActiveDirectory,
    "aws_iam": AwsIam,
    "aws_identity_center": AwsIdentityCenter,
    "datadog": Datadog,
    "entra": Entra,
    "exchange": Exchange,
    "github": Github,
    "github_scim": GithubScim,
    "google_workspace": GoogleWorkspace,
    "manual": Manual,
    "okta": Okta,
    "scim": Scim,
    "slack": Slack,
}

HR_SOURCES: dict[str, type[HrSource]] = {
    "bamboohr": BambooHr,
    "standard_webhooks": StandardWebhooks,
}

SINKS: dict[str, type[Sink]] = {
    "splunk_hec": SplunkHec,
    "syslog": Syslog,
    "webhook": Webhook,
}
