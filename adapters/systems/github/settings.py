"""What a user configures of GitHub: an organisation of personal accounts, or accounts by SCIM."""

from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from adapters.actions import Action
from adapters.configured import SystemSettings

HOST = "https://api.github.com"
SLUG = r"^[A-Za-z0-9][A-Za-z0-9_-]*$"
INSTALLATION_TOKEN = "ghs_"  # noqa: S105 - how GitHub's installation tokens begin, no secret


class GithubSettings(SystemSettings):
    """An organisation whose members have accounts of their own.

    Give a `token`, or `app_id`, `installation_id` and `private_key` of a GitHub App. A host with
    data residency is `base_url: https://api.SUBDOMAIN.ghe.com`.

    `token_lifetime` stays zero: GitHub names no time in which what a former member holds still
    works in the organisation.
    """

    base_url: str = HOST
    organisation: str = Field(pattern=SLUG)
    app_id: str | None = None
    """The id or the client id of the App."""
    installation_id: str | None = Field(None, pattern=r"^\d+$")
    private_key: SecretStr | None = None
    """A PEM text, or the path of a .pem file."""
    saml: bool = False
    """True where the organisation uses SAML single sign-on: then credentials are authorised."""
    enterprise: str | None = Field(None, pattern=SLUG)
    """The enterprise whose list of licences says which verified mail belongs to which login."""
    enterprise_token: SecretStr | None = None
    """A token for that list (read:enterprise), where the other credential cannot read it."""
    remove_deploy_keys: bool = False
    """True: deploy keys that the leaver added are taken. What uses them stops working."""
    most_repositories: int = Field(100, ge=0, le=5_000)
    """How many repositories, the last pushed ones first, are looked through for what is left."""

    @model_validator(mode="after")
    def _some_credential(self) -> Self:
        app = (self.app_id, self.installation_id, self.private_key)
        if self.token is None and not all(app):
            raise ValueError("give a token, or app_id, installation_id and private_key")
        return self

    @property
    def signs_in_as_app(self) -> bool:
        """Only GitHub Apps may see and end fine-grained tokens."""
        told = self.token.get_secret_value() if self.token else ""
        return self.token is None or told.startswith(INSTALLATION_TOKEN)

    @property
    def sees_tokens(self) -> bool:
        return self.saml or self.signs_in_as_app or self.remove_deploy_keys

    def may(self, verb: Action) -> bool:
        """Whether this organisation has what the verb changes."""
        return verb is not Action.REVOKE_TOKENS or self.sees_tokens


class GithubScimSettings(SystemSettings):
    """Accounts that an identity provider writes over SCIM.

    `enterprise_managed`: suspended, and let in again. `organisation`: deactivating one removes the
    member, and deletes the external identity and its SCIM id; then no case does it unasked.
    """

    base_url: str = HOST
    kind: Literal["organisation", "enterprise_managed"]
    organisation: str | None = Field(None, pattern=SLUG)
    enterprise: str | None = Field(None, pattern=SLUG)
    """Of `enterprise_managed` itself; of an organisation, to learn which login a SCIM id has."""
    token: SecretStr
    """A classic token: scim:enterprise and admin:enterprise, or admin:org for an organisation."""
    enterprise_token: SecretStr | None = None
    """A token for the list of licences (read:enterprise), where the other cannot read it."""

    @model_validator(mode="after")
    def _its_place(self) -> Self:
        managed = self.kind == "enterprise_managed"
        if not (self.enterprise if managed else self.organisation):
            raise ValueError(f"{self.kind} needs {'enterprise' if managed else 'organisation'}")
        return self
