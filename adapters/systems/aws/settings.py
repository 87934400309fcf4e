"""What a user configures of AWS: how to sign in, and what is where."""

from datetime import timedelta
from typing import Self

from pydantic import SecretStr, field_validator, model_validator

from adapters.configured import SystemSettings
from adapters.durations import Duration
from adapters.systems.aws.protocol import service


class AwsSettings(SystemSettings):
    """An AWS account. Give a `token` (a proxy's), or `access_key_id` and `secret_access_key`, or
    `role_arn` and `web_identity_token_file`; `role_arn` beside keys is a role to take on.
    """

    region: str = "us-east-1"
    access_key_id: str | None = None
    secret_access_key: SecretStr | None = None
    session_token: SecretStr | None = None
    role_arn: str | None = None
    external_id: str | None = None
    """What the trust policy of the role asks of us, where it is in another account."""
    web_identity_token_file: str | None = None
    """The path of a token that the platform keeps fresh (EKS calls it IRSA)."""
    token_lifetime: Duration = timedelta(hours=12)
    """A role that was taken on before the cut is not the user: its session goes on for up to 12
    hours (AWS: MaxSessionDuration of a role, SessionDuration of a permission set)."""

    @field_validator("region")
    @classmethod
    def _known(cls, value: str) -> str:
        service("iam").place(value)
        return value

    @model_validator(mode="after")
    def _some_credential(self) -> Self:
        keys = self.access_key_id is not None and self.secret_access_key is not None
        web = self.web_identity_token_file is not None
        if self.token is None and keys == web:
            raise ValueError(
                "give a token, or access_key_id and secret_access_key, or web_identity_token_file"
            )
        if web and self.role_arn is None:
            raise ValueError("web_identity_token_file needs role_arn")
        return self


class IamSettings(AwsSettings):
    """The IAM users of one AWS account."""

    email_tag: str = "email"
    """The key of the tag that holds the address of the person; IAM itself knows none."""
    employee_number_tag: str = "employee-number"
    service_paths: tuple[str, ...] = ()
    """Paths, such as `/service/`, of users that are no people: no case acts on them unasked."""


class CenterSettings(AwsSettings):
    """An instance of IAM Identity Center; found by itself where the credential sees just one."""

    instance_arn: str | None = None
    identity_store_id: str | None = None
    employee_number: str = "employeeNumber"
    """Its name in the enterprise extension; AWS's description leaves the content open."""
    exact_lookups: bool = False
    """Ask for addresses and logins only, instead of listing everybody: for a large directory. Then
    nobody is found by the employee number alone."""
    deny_policy: str | None = None
    """The id of a service control policy of ours that denies everything to the users that it names
    by `identitystore:UserId`. With it, sessions of permission sets end at once."""

    @model_validator(mode="before")
    @classmethod
    def _denied_sooner(cls, said: object) -> object:
        """What is left then are applications, which ask again within an hour (AWS)."""
        if isinstance(said, dict) and said.get("deny_policy"):
            return {"token_lifetime": timedelta(hours=1), **said}
        return said

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.instance_arn is None) is not (self.identity_store_id is None):
            raise ValueError("give both of instance_arn and identity_store_id, or none")
        return self
