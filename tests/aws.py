"""Practice AWS for tests: one adapter on one, each exchange held to AWS's own models."""

from dataclasses import dataclass
from typing import Any

import httpx

from adapters.clock import Clock
from adapters.nouns import Account
from adapters.practice.aws import PracticeCenter, PracticeIam
from adapters.systems.aws import AwsIam, AwsIdentityCenter
from tests.aws_specs import CheckedAws

BASE = "https://aws.practice.example"
ADA = "ada@acme.example"


@dataclass(frozen=True)
class Iam:
    vendor: PracticeIam
    adapter: AwsIam
    account: Account
    wire: CheckedAws

    @property
    def name(self) -> str:
        return self.account.login


@dataclass(frozen=True)
class Center:
    vendor: PracticeCenter
    adapter: AwsIdentityCenter
    account: Account
    wire: CheckedAws


def iam(clock: Clock, transport: httpx.AsyncBaseTransport | None = None, **told: Any) -> Iam:
    """With a leaver who holds one of everything; `transport` stands in for the checked one."""
    vendor = PracticeIam(clock)
    user = vendor.hire(ADA, employee_number="7")
    wire = CheckedAws(vendor)
    settings = AwsIam.Settings(**(vendor.settings(BASE) | told))
    adapter = AwsIam.connect("aws", settings, clock, transport or wire)
    return Iam(vendor, adapter, Account("aws", user, ADA, (ADA,), "7"), wire)


def center(clock: Clock, transport: httpx.AsyncBaseTransport | None = None, **told: Any) -> Center:
    vendor = PracticeCenter(clock)
    user = vendor.hire(ADA, employee_number="7")
    wire = CheckedAws(vendor)
    settings = AwsIdentityCenter.Settings(**(vendor.settings(BASE) | told))
    adapter = AwsIdentityCenter.connect("sso", settings, clock, transport or wire)
    return Center(vendor, adapter, Account("sso", user, ADA, (ADA,), "7"), wire)


class Instead(httpx.AsyncBaseTransport):
    """Answers one thing to everything, and keeps what it was asked."""

    def __init__(self, *responses: httpx.Response) -> None:
        self._responses = responses
        self.sent: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        given = self._responses[min(len(self.sent), len(self._responses)) - 1]
        return httpx.Response(given.status_code, headers=given.headers, content=given.content)


def refusal(code: str, status: int) -> httpx.Response:
    """As IAM writes it."""
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>x</Message></Error>"
    return httpx.Response(status, text=f"<ErrorResponse>{error}</ErrorResponse>")


def json_refusal(code: str, **more: Any) -> httpx.Response:
    """As the younger services write it."""
    return httpx.Response(400, json={"__type": f"com.amazonaws#{code}", **more})
