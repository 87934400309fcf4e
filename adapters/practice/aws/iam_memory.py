"""What a practice AWS account with IAM users remembers, and the truth about a user."""

import json
from datetime import datetime
from typing import Any, ClassVar

from adapters.clock import Clock
from adapters.practice.aws.wire import ACCOUNT, PracticeAws

SECRETS = {
    "AccessKey": ("AccessKeyMetadata", "AccessKeyId", "ListAccessKeys"),
    "SSHPublicKey": ("SSHPublicKeys", "SSHPublicKeyId", "ListSSHPublicKeys"),
    "SigningCertificate": ("Certificates", "CertificateId", "ListSigningCertificates"),
    "ServiceSpecificCredential": (
        "ServiceSpecificCredentials",
        "ServiceSpecificCredentialId",
        "ListServiceSpecificCredentials",
    ),
}
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
OWN = json.dumps(
    {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}
)


class IamMemory(PracticeAws):
    kind: ClassVar[str] = "aws_iam"

    def __init__(self, clock: Clock | None = None, latency: float = 0.0) -> None:
        super().__init__(clock, latency)
        self.users: dict[str, dict[str, Any]] = {}
        self.secrets: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in SECRETS}
        self.passwords: dict[str, datetime] = {}
        self.devices: dict[str, str | None] = {}
        """Serial number of each MFA device, and the user who has it."""
        self.members: dict[str, set[str]] = {"staff": set(), "builders": set()}
        self.attached: dict[str, set[str]] = {}
        self.inline: dict[str, dict[str, str]] = {}
        self.roles: dict[str, str] = {}
        """Trust policies by the name of the role."""
        self._last = 0

    def settings(self, base_url: str) -> dict[str, object]:
        return {"adapter": self.kind, "base_url": base_url, "token": self.token}

    def hire(
        self,
        address: str,
        *,
        employee_number: str | None = None,
        login: str | None = None,
        created_at: datetime | None = None,
    ) -> str:
        self._last += 1
        number, name = f"{self._last:05}", login or address
        identifier = f"AIDAPRACTICE0000{number}"
        tags = {"email": address} | (
            {"employee-number": employee_number} if employee_number else {}
        )
        self.users[identifier] = {
            "Path": "/",
            "UserName": name,
            "UserId": identifier,
            "Arn": f"arn:aws:iam::{ACCOUNT}:user/{name}",
            "CreateDate": created_at or self.clock.now(),
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        }
        self._furnish(name, number)
        return identifier

    def _furnish(self, name: str, number: str) -> None:
        """What people hold in IAM."""
        now = self.clock.now()
        held = {"UserName": name, "Status": "Active"}
        self.secrets["AccessKey"][f"AKIAPRACTICE000{number}"] = {**held, "CreateDate": now}
        self.secrets["SSHPublicKey"][f"APKAPRACTICE000{number}"] = {**held, "UploadDate": now}
        self.secrets["SigningCertificate"][f"CERTPRACTICE00000000{number}"] = {
            **held,
            "CertificateBody": "-----BEGIN CERTIFICATE-----",
            "UploadDate": now,
        }
        self.secrets["ServiceSpecificCredential"][f"ACCAPRACTICE000{number}"] = {
            **held,
            "ServiceUserName": "one",
            "ServiceName": "codecommit.amazonaws.com",
            "CreateDate": now,
        }
        self.passwords[name] = now
        self.devices[f"arn:aws:iam::{ACCOUNT}:mfa/phone{number}"] = name
        self.members["staff"].add(name)
        self.attached[name] = {READ_ONLY}
        self.inline[name] = {"own": OWN}

    def enabled(self, account_id: str) -> bool | None:
        """Whether any request of theirs could be allowed."""
        user = self.users.get(account_id)
        if user is None:
            return None
        name = user["UserName"]
        if any(arn.endswith("/AWSDenyAll") for arn in self.attached[name]):
            return False
        return not any(_shuts(json.loads(text)) for text in self.inline[name].values())

    def remove(self, account_id: str) -> None:
        name = self.users.pop(account_id)["UserName"]
        for held in self.secrets.values():
            for key in [key for key, one in held.items() if one["UserName"] == name]:
                del held[key]
        for members in self.members.values():
            members.discard(name)
        for table in (self.passwords, self.attached, self.inline):
            table.pop(name, None)


def _shuts(document: dict[str, Any]) -> bool:
    """Whether a policy denies all of a long-term key's requests."""
    statements = document["Statement"]
    return any(
        (one["Effect"], one["Action"], one["Resource"]) == ("Deny", "*", "*")
        and "Condition" not in one
        for one in (statements if isinstance(statements, list) else [statements])
    )
