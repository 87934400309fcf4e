"""What a user configures of a tenant, and which verbs each permission profile may use."""

from datetime import timedelta
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from adapters.actions import Action
from adapters.durations import Duration
from adapters.microsoft import MicrosoftSettings


class Profile(StrEnum):
    """How much the application is granted (docs/runbooks/entra-permissions.md)."""

    CUT = "cut"
    STANDARD = "standard"
    PRIVILEGED = "privileged"


CUT = frozenset({Action.BLOCK_SIGN_IN, Action.REVOKE_SESSIONS})
TIER_0 = frozenset({Action.REVOKE_PRIVILEGES, Action.DELETE_ACCOUNT, Action.WIPE_DEVICES})
"""Verbs whose permissions could take the tenant over, or destroy."""


class EntraSettings(MicrosoftSettings):
    """A tenant, how much of it we may change, and who does the rest."""

    profile: Profile = Profile.STANDARD
    exchange: str | None = None
    """The configured system that does for mailboxes what Graph cannot."""
    auto_reply: str = Field(
        "This person no longer works here, and your message has not been read.", max_length=1000
    )
    """What those who write are told; whom to write to instead is added if it is known."""
    token_lifetime: Duration = timedelta(minutes=90)
    """Microsoft: access tokens live 60 to 90 minutes by default, and outlive a block."""

    @model_validator(mode="after")
    def _some_credential(self) -> Self:
        self.require_a_way_in()
        return self

    def may(self, verb: Action) -> bool:
        """Whether the profile has what the verb needs."""
        if self.profile is Profile.CUT:
            return verb in CUT
        return self.profile is Profile.PRIVILEGED or verb not in TIER_0
