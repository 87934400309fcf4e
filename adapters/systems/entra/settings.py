"""What a user configures of a tenant, and which verbs each permission profile may use."""

from datetime import timedelta
from enum import StrEnum
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, model_validator

from adapters.actions import Action
from adapters.clouds import CLOUDS
from adapters.configured import SystemSettings
from adapters.durations import Duration


class Profile(StrEnum):
    """How much the application is granted (docs/runbooks/entra-permissions.md)."""

    CUT = "cut"
    STANDARD = "standard"
    PRIVILEGED = "privileged"


CUT = frozenset({Action.BLOCK_SIGN_IN, Action.REVOKE_SESSIONS})
TIER_0 = frozenset({Action.REVOKE_PRIVILEGES, Action.DELETE_ACCOUNT, Action.WIPE_DEVICES})
"""Verbs whose permissions could take the tenant over, or destroy."""


class EntraSettings(SystemSettings):
    """A tenant. Give a `token`, or `tenant_id` and a way to sign in as an application.

    `cloud` names Microsoft's hosts; `base_url` and `authority` say others, such as a proxy's.
    """

    cloud: Literal["global", "gcc_high", "dod", "china"] = "global"
    base_url: str = CLOUDS["global"].base_url
    authority: str = CLOUDS["global"].authority
    tenant_id: str | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    certificate: SecretStr | None = None
    """A PEM text, or the path of a .pem or .pfx file, with private key and certificate."""
    certificate_passphrase: SecretStr | None = None
    managed_identity: bool = False
    """Sign in as the Azure resource that this runs on; `client_id` names a user-assigned one."""
    federated_token_file: str | None = None
    """The path of an assertion that the platform keeps fresh (workload identity federation)."""
    profile: Profile = Profile.STANDARD
    exchange: str | None = None
    """The configured system that does for mailboxes what Graph cannot."""
    auto_reply: str = Field(
        "This person no longer works here, and your message has not been read.", max_length=1000
    )
    """What those who write are told; whom to write to instead is added if it is known."""
    token_lifetime: Duration = timedelta(minutes=90)
    """Microsoft: access tokens live 60 to 90 minutes by default, and outlive a block."""

    @model_validator(mode="before")
    @classmethod
    def _of_the_cloud(cls, said: Any) -> Any:
        cloud = CLOUDS.get(said.get("cloud", "")) if isinstance(said, dict) else None
        if cloud is None:
            return said
        return {"base_url": cloud.base_url, "authority": cloud.authority, **said}

    @model_validator(mode="after")
    def _some_credential(self) -> Self:
        if self.token is not None or self.managed_identity:
            return self
        missing = [name for name in ("tenant_id", "client_id") if not getattr(self, name)]
        if missing:
            raise ValueError(f"give a token or managed_identity, or add {' and '.join(missing)}")
        proofs = (self.client_secret, self.certificate, self.federated_token_file)
        if sum(proof is not None for proof in proofs) != 1:
            raise ValueError(
                "give exactly one of client_secret, certificate and federated_token_file"
            )
        return self

    def may(self, verb: Action) -> bool:
        """Whether the profile has what the verb needs."""
        if self.profile is Profile.CUT:
            return verb in CUT
        return self.profile is Profile.PRIVILEGED or verb not in TIER_0
