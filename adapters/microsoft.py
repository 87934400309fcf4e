"""How a user says who we are at Microsoft, in which cloud, and what signs us in accordingly."""

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, Literal

import httpx
from pydantic import SecretStr, model_validator

from adapters.auth import Bearer
from adapters.clouds import CLOUDS
from adapters.configured import SystemSettings
from adapters.managed_identity import assertion_in, federated, managed_identity
from adapters.msal_auth import Application, MsalAuth, application


class MicrosoftSettings(SystemSettings):
    """A tenant, and a way to sign in as an application.

    `cloud` names Microsoft's hosts; `base_url` and `authority` say others, such as a proxy's.
    """

    host: ClassVar[str] = "base_url"
    """Which host of a cloud is ours (adapters.clouds.Cloud)."""

    cloud: Literal["global", "gcc_high", "dod", "china"] = "global"
    base_url: str = ""
    authority: str = ""
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

    @model_validator(mode="before")
    @classmethod
    def _of_the_cloud(cls, said: Any) -> Any:
        cloud = CLOUDS.get(said.get("cloud", "global")) if isinstance(said, dict) else None
        if cloud is None:
            return said
        return {"base_url": getattr(cloud, cls.host), "authority": cloud.authority, **said}

    def require_a_way_in(self) -> None:
        """Raises ValueError that says what to add."""
        if self.token is not None or self.managed_identity:
            return
        missing = [name for name in ("tenant_id", "client_id") if not getattr(self, name)]
        if missing:
            raise ValueError(f"give a token or managed_identity, or add {' and '.join(missing)}")
        proofs = (self.client_secret, self.certificate, self.federated_token_file)
        if sum(proof is not None for proof in proofs) != 1:
            raise ValueError(
                "give exactly one of client_secret, certificate and federated_token_file"
            )


def signed_in(settings: MicrosoftSettings) -> tuple[httpx.Auth, Callable[[], Awaitable[str]]]:
    """What shows the token on each request, and the token itself, for its claims."""
    static = settings.token
    if static is None:
        auth = MsalAuth(lambda: _sign_in(settings), f"{settings.base_url.rstrip('/')}/.default")
        return auth, auth.token

    async def token() -> str:
        return static.get_secret_value()

    return Bearer(static), token


def _sign_in(settings: MicrosoftSettings) -> Application:
    if settings.managed_identity:
        return managed_identity(settings.client_id)
    if settings.federated_token_file:
        return federated(settings, assertion_in(settings.federated_token_file))
    return application(settings)
