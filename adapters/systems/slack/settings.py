"""What a user configures of Slack, and which plan can do what."""

from typing import Literal

from pydantic import SecretStr, field_validator

from adapters.actions import Action
from adapters.configured import SystemSettings
from adapters.http import trusted_url


class SlackSettings(SystemSettings):
    """A workspace on Business+, or an Enterprise organisation. Free and Pro have no such API.

    GovSlack: `scim_url: https://api.slack-gov.com/scim/v1`, which is all the SCIM there is there,
    and as `base_url` the root of the Web API that Slack names for it.

    `token_lifetime` stays zero unless it is told: Slack publishes neither whether a deactivation
    ends open sessions at once, nor how long a token outlives it (docs/runbooks/slack.md).
    """

    base_url: str = "https://slack.com/api"
    scim_url: str = "https://api.slack.com/scim/v2"
    plan: Literal["business_plus", "enterprise"]
    token: SecretStr
    """A user token of an owner or an administrator, with the scope `admin` (and `users:read`)."""
    admin_token: SecretStr | None = None
    """Enterprise: the organisation-level token with admin.users:write and :read, if another."""
    user_groups: bool = False
    """True: the account is taken out of user groups (usergroups:read, usergroups:write)."""

    @field_validator("scim_url")
    @classmethod
    def _trusted_too(cls, value: str) -> str:
        trusted_url(value)
        return value

    @property
    def scim_is_old(self) -> bool:
        """SCIM 1.1 (GovSlack): of its PATCH nothing is known to us, its DELETE deactivates."""
        return self.scim_url.rstrip("/").endswith("/v1")

    def may(self, verb: Action) -> bool:
        """`admin.*` methods are for Enterprise organisations only (Slack, "SCIM API")."""
        return verb is not Action.REVOKE_SESSIONS or self.plan == "enterprise"
