"""What is read from IAM, and the kinds of credential that a user may hold beside a password."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import Field

from adapters.nouns import Held
from adapters.reading import Answer
from adapters.systems.aws.iam.policies import DENY_ALL


class Tag(Answer):
    key: str = Field(alias="Key")
    value: str = Field(alias="Value")


class Boundary(Answer):
    arn: str | None = Field(None, alias="PermissionsBoundaryArn")


class User(Answer):
    id: str = Field(alias="UserId", min_length=1)
    name: str = Field(alias="UserName", min_length=1)
    arn: str = Field("", alias="Arn")
    path: str = Field("/", alias="Path")
    created_at: datetime | None = Field(None, alias="CreateDate")
    tags: tuple[Tag, ...] = Field((), alias="Tags")
    boundary: Boundary | None = Field(None, alias="PermissionsBoundary")

    def tag(self, key: str) -> str | None:
        """Keys of tags are the same whatever their case (AWS, "Tagging IAM resources")."""
        found = (one.value for one in self.tags if one.key.casefold() == key.casefold())
        return next(found, None) or None

    @property
    def partition(self) -> str:
        """`aws`, `aws-cn` and so on: the second part of every ARN."""
        return self.arn.split(":")[1] if ":" in self.arn else "aws"

    @property
    def notes(self) -> tuple[str, ...]:
        bound = self.boundary is not None and self.boundary.arn is not None
        return ("a permissions boundary limits the user; it is left until the user goes",) * bound


class Profile(Answer):
    created_at: datetime = Field(alias="CreateDate")


class Named(Answer):
    group_id: str = Field(alias="GroupId")
    group: str = Field(alias="GroupName")

    @property
    def held(self) -> Held:
        return Held(self.group_id, self.group, "group")


class Attached(Answer):
    name: str = Field(alias="PolicyName")
    arn: str = Field(alias="PolicyArn")

    @property
    def denies_all(self) -> bool:
        return self.arn.endswith(DENY_ALL)

    @property
    def held(self) -> Held:
        return Held(self.arn, self.name, "attached policy")


class Inline(Answer):
    name: str = Field(alias="PolicyName")
    document: str = Field(alias="PolicyDocument")


class Device(Answer):
    serial: str = Field(alias="SerialNumber")

    @property
    def virtual(self) -> bool:
        """A virtual device has an ARN of kind `mfa`; passkeys and hardware have others."""
        return ":mfa/" in self.serial

    @property
    def held(self) -> Held:
        return Held(self.serial, "MFA device", "virtual" if self.virtual else "hardware")


class Role(Answer):
    id: str = Field(alias="RoleId")
    name: str = Field(alias="RoleName")
    trust: str = Field(alias="AssumeRolePolicyDocument")


@dataclass(frozen=True)
class Secret:
    """A kind of credential: how it is listed, switched and deleted."""

    name: str
    lists: str
    key: str
    id: str
    noun: str
    """What its operations are named after: `Update…` and `Delete…`."""

    def held(self, entry: dict[str, Any]) -> Held:
        service = entry.get("ServiceName")
        name = f"{self.name} of {service}" if service else self.name
        return Held(str(entry[self.id]), name, self.name)

    @staticmethod
    def lets_in(entry: dict[str, Any]) -> bool:
        return bool(entry["Status"] == "Active")


SECRETS = {
    one.name: one
    for one in (
        Secret("access key", "ListAccessKeys", "AccessKeyMetadata", "AccessKeyId", "AccessKey"),
        Secret(
            "service credential",
            "ListServiceSpecificCredentials",
            "ServiceSpecificCredentials",
            "ServiceSpecificCredentialId",
            "ServiceSpecificCredential",
        ),
        Secret(
            "SSH public key",
            "ListSSHPublicKeys",
            "SSHPublicKeys",
            "SSHPublicKeyId",
            "SSHPublicKey",
        ),
        Secret(
            "signing certificate",
            "ListSigningCertificates",
            "Certificates",
            "CertificateId",
            "SigningCertificate",
        ),
    )
}
"""Access keys first: with them anything can be done from anywhere."""
