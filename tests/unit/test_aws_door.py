"""AWS's door: signatures, error codes, pages, and keys of a role."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from adapters.calls import recording
from adapters.errors import (
    AdapterError,
    CredentialDenied,
    NeedsHuman,
    TargetDenied,
    TryAgain,
    Unrecognised,
)
from adapters.http import Mode
from adapters.systems.aws import AwsIam
from adapters.systems.aws.door import AwsApi, opened
from adapters.systems.aws.protocol import service
from adapters.systems.aws.settings import AwsSettings, CenterSettings
from adapters.systems.aws.signing import Keys
from tests.aws import BASE, Instead, json_refusal, refusal
from tests.conftest import StillClock

KEYS = {"access_key_id": "AKIDEXAMPLE", "secret_access_key": "wJalrXUtnFEMI/K7MDENG"}
USER = httpx.Response(
    200,
    text="<GetUserResponse><GetUserResult><User><UserId>AIDA</UserId><UserName>ada</UserName>"
    "<CreateDate>2026-01-02T03:04:05Z</CreateDate></User></GetUserResult></GetUserResponse>",
)
ROLE = "arn:aws:iam::123456789012:role/exeunt"
TAKEN = """<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA1</AccessKeyId>
<SecretAccessKey>s</SecretAccessKey><SessionToken>t0k</SessionToken>
<Expiration>2026-09-01T13:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""


def settings(**told: Any) -> AwsSettings:
    return AwsSettings(**({"adapter": "aws_iam", **KEYS} | told))


def door(clock: StillClock, wire: Instead, name: str = "iam", **told: Any) -> AwsApi:
    made = settings(**told)
    return opened(name, made, wire, "aws", Keys(made, clock))


async def test_a_request_is_signed_for_its_service_and_region(clock: StillClock) -> None:
    wire = Instead(USER)
    await door(clock, wire, session_token="s3ss").ask("GetUser", UserName="ada")
    [sent] = wire.sent
    assert str(sent.url) == "https://iam.amazonaws.com/"
    assert "/us-east-1/iam/aws4_request" in sent.headers["authorization"]
    assert "SignedHeaders=content-type;host;x-amz-date" in sent.headers["authorization"]
    assert sent.headers["x-amz-security-token"] == "s3ss"


async def test_a_service_of_a_region_is_asked_there(clock: StillClock) -> None:
    wire = Instead(httpx.Response(200, json={"Users": []}))
    api = door(clock, wire, "identitystore", region="eu-central-1")
    await api.ask("ListUsers", IdentityStoreId="d-1234567890")
    [sent] = wire.sent
    assert sent.url.host == "identitystore.eu-central-1.amazonaws.com"
    assert sent.headers["x-amz-target"] == "AWSIdentityStore.ListUsers"
    assert "x-amz-target" in sent.headers["authorization"]


def test_china_and_government_have_their_own_hosts() -> None:
    assert service("iam").place("cn-north-1").url == "https://iam.cn-north-1.amazonaws.com.cn"
    assert service("iam").place("us-gov-west-1").url == "https://iam.us-gov.amazonaws.com"


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (refusal("AccessDenied", 403), TargetDenied),
        (refusal("InvalidClientTokenId", 403), CredentialDenied),
        (refusal("SignatureDoesNotMatch", 403), CredentialDenied),
        (refusal("ExpiredToken", 403), CredentialDenied),
        (refusal("Throttling", 400), TryAgain),
        (refusal("EntityTemporarilyUnmodifiable", 409), TryAgain),
        (refusal("DeleteConflict", 409), TryAgain),
        (refusal("NoSuchEntity", 404), TryAgain),
        (refusal("ValidationError", 400), Unrecognised),
        (httpx.Response(404, text="<html>"), Unrecognised),
        (httpx.Response(503, text="<html>"), TryAgain),
        (json_refusal("AccessDeniedException"), TargetDenied),
        (json_refusal("UnrecognizedClientException"), CredentialDenied),
        (json_refusal("ConflictException"), TryAgain),
        (json_refusal("ValidationException"), Unrecognised),
    ],
)
async def test_the_code_decides_and_not_the_status(
    clock: StillClock, response: httpx.Response, expected: type[AdapterError]
) -> None:
    name = "iam" if b"<" in response.content else "identitystore"
    named = {"UserName": "ada"} if name == "iam" else {"IdentityStoreId": "d-1", "UserId": "u"}
    operation = "GetUser" if name == "iam" else "DescribeUser"
    with pytest.raises(expected) as why:
        await door(clock, Instead(response), name).ask(operation, **named)
    assert type(why.value) is expected


async def test_a_refusal_names_the_action_to_allow_and_nobody(clock: StillClock) -> None:
    wire = Instead(refusal("AccessDenied", 403))
    with pytest.raises(TargetDenied) as why:
        await door(clock, wire).ask("DeleteUser", UserName="ada@acme.example")
    assert why.value.permission == "iam:DeleteUser"
    assert why.value.message == "iam:DeleteUser: 403 AccessDenied"


async def test_the_younger_services_say_how_long_to_wait_in_the_body(clock: StillClock) -> None:
    wire = Instead(json_refusal("ThrottlingException", RetryAfterSeconds=9))
    with pytest.raises(TryAgain) as why:
        await door(clock, wire, "identitystore").ask("ListUsers", IdentityStoreId="d-1")
    assert why.value.retry_after == 9


async def test_only_an_excused_code_is_read_as_absent(clock: StillClock) -> None:
    api = door(clock, Instead(refusal("NoSuchEntity", 404)))
    assert await api.call("GetUser", frozenset({"NoSuchEntity"}), UserName="ada") is None


@pytest.mark.parametrize(
    ("operation", "named"),
    [("GetUser", {"UserNames": "ada"}), ("DeleteUser", {}), ("GetUser", {"UserName": 7})],
)
async def test_what_aws_does_not_describe_is_not_sent(
    clock: StillClock, operation: str, named: dict[str, Any]
) -> None:
    wire = Instead(USER)
    with pytest.raises(Unrecognised):
        await door(clock, wire).ask(operation, **named)
    assert not wire.sent


async def test_a_call_is_remembered_by_its_operation(clock: StillClock) -> None:
    with recording() as calls:
        await door(clock, Instead(USER)).ask("GetUser", UserName="ada")
    assert [(call.method, call.path) for call in calls] == [("POST", "iam:GetUser")]


async def test_observe_mode_lets_reads_out_and_no_write(clock: StillClock) -> None:
    wire = Instead(USER)
    api = door(clock, wire, mode=Mode.OBSERVE)
    await api.ask("GetUser", UserName="ada")
    with pytest.raises(NeedsHuman, match="iam:DeleteUser was not sent"):
        await api.ask("DeleteUser", UserName="ada")
    assert len(wire.sent) == 1


@pytest.mark.parametrize(
    "inside",
    [
        "<IsTruncated>true</IsTruncated><Users/>",
        "<IsTruncated>true</IsTruncated><Users/><Marker>same</Marker>",
        "<Nothing/>",
    ],
)
async def test_a_list_that_does_not_end_well_is_not_a_list(clock: StillClock, inside: str) -> None:
    text = f"<ListUsersResponse><ListUsersResult>{inside}</ListUsersResult></ListUsersResponse>"
    api = door(clock, Instead(httpx.Response(200, text=text)))
    with pytest.raises(Unrecognised):
        [one async for one in api.pages("ListUsers", "Users")]


async def test_a_role_is_taken_on_once_and_renewed_before_it_ends(clock: StillClock) -> None:
    taken = httpx.Response(200, text=TAKEN)
    wire = Instead(taken, USER, USER, taken, USER)
    api = door(clock, wire, role_arn=ROLE, external_id="us-1")
    await api.ask("GetUser", UserName="ada")
    await api.ask("GetUser", UserName="ada")
    assert b"ExternalId=us-1" in wire.sent[0].content
    assert "AKIDEXAMPLE" in wire.sent[0].headers["authorization"]
    assert "ASIA1" in wire.sent[2].headers["authorization"]
    assert wire.sent[2].headers["x-amz-security-token"] == "t0k"
    clock.advance(minutes=56)
    await api.ask("GetUser", UserName="ada")
    assert wire.sent[3].url.host == "sts.us-east-1.amazonaws.com"


async def test_a_role_that_may_not_be_taken_on_is_a_refused_credential(clock: StillClock) -> None:
    wire = Instead(refusal("AccessDenied", 403))
    with pytest.raises(CredentialDenied) as why:
        await door(clock, wire, role_arn=ROLE).ask("GetUser", UserName="ada")
    assert why.value.permission == "sts:AssumeRole"


async def test_a_web_identity_is_read_anew_and_needs_no_key(
    clock: StillClock, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text("w3b-token\n")
    told: dict[str, Any] = {"access_key_id": None, "secret_access_key": None}
    wire = Instead(httpx.Response(200, text=TAKEN.replace("Role", "RoleWithWebIdentity")), USER)
    api = door(clock, wire, role_arn=ROLE, web_identity_token_file=str(token), **told)
    await api.ask("GetUser", UserName="ada")
    assert b"WebIdentityToken=w3b-token" in wire.sent[0].content
    assert "authorization" not in wire.sent[0].headers


async def test_sts_that_is_down_is_worth_another_try(clock: StillClock) -> None:
    with pytest.raises(TryAgain):
        await door(clock, Instead(httpx.Response(503)), role_arn=ROLE).ask("GetUser", UserName="a")


@pytest.mark.parametrize(
    "told",
    [
        {"secret_access_key": None},
        {"region": "mars-1"},
        {"web_identity_token_file": "/t"},
        {"access_key_id": None, "secret_access_key": None, "web_identity_token_file": "/t"},
    ],
)
def test_settings_that_could_not_work_are_refused(told: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings(**told)


def test_secrets_show_in_no_repr(clock: StillClock) -> None:
    made = AwsIam.Settings(adapter="aws_iam", **KEYS)
    adapter = AwsIam.connect("aws", made, clock)
    assert KEYS["secret_access_key"] not in f"{made!r} {vars(adapter)!r}"


def test_with_a_deny_policy_less_is_left_to_wait_for() -> None:
    told = {"adapter": "aws_identity_center", "base_url": BASE, "token": "t"}
    assert CenterSettings(**told).token_lifetime == timedelta(hours=12)
    assert CenterSettings(**told, deny_policy="p-12345678").token_lifetime == timedelta(hours=1)
