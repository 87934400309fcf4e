"""Both AWS adapters against moto, an imitation of AWS by others, signed as for the real one.

moto has no ListServiceSpecificCredentials, no ListApplicationAssignmentsForPrincipal, no UpdateUser
of an identity store and no SimulatePrincipalPolicy: the first two are answered as empty lists on
the way there (`Gaps`), the last two are left out here. An inactive access key still opens moto, so
that it is off is read in the list; what is denied or deleted moto really refuses.
"""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from adapters.actions import Action, Outcome
from adapters.clock import Clock
from adapters.errors import AdapterError, CredentialDenied
from adapters.nouns import Account, Person
from adapters.postconditions import TAKES, given_back, holds, removable
from adapters.systems.aws import AwsIam, AwsIdentityCenter
from adapters.systems.aws.door import AwsApi, opened
from adapters.systems.aws.settings import AwsSettings
from adapters.systems.aws.signing import Keys
from tests.aws import ADA
from tests.processes import BIN, answers, free_port

pytestmark = [pytest.mark.live, pytest.mark.slow]
SSH = (
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDJ2gqP5dJyNqVmHk3j4Pq5v6vN7y5oK3oXW1wUvj8kz3o9h0h2jv"
    "Y6l1p5m9hPzjw0p5c1m0mXo0mZ2VqQy3v3J4X4S8QG8S6X7rQ5 ada"
)
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
ALLOW = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'


class Gaps(httpx.AsyncBaseTransport):
    """Real HTTP, but for the two lists that moto does not have."""

    def __init__(self) -> None:
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if b"Action=ListServiceSpecificCredentials&" in request.content:
            name = "ListServiceSpecificCredentials"
            empty = "<ServiceSpecificCredentials/><IsTruncated>false</IsTruncated>"
            text = f"<{name}Response><{name}Result>{empty}</{name}Result></{name}Response>"
            return httpx.Response(200, text=text)
        target = request.headers.get("x-amz-target", "")
        if target.endswith(".ListApplicationAssignmentsForPrincipal"):
            return httpx.Response(200, json={"ApplicationAssignments": []})
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


@dataclass
class Moto:
    """A running moto, with an administrator's keys."""

    url: str
    keys: dict[str, str]

    def told(self, adapter: str) -> dict[str, Any]:
        return {"adapter": adapter, "base_url": self.url, **self.keys}

    def door(self, name: str, **keys: str) -> AwsApi:
        settings = AwsSettings(**(self.told("aws_iam") | keys))
        return opened(name, settings, None, "moto", Keys(settings, Clock()))

    async def ask(self, name: str, operation: str, **named: Any) -> dict[str, Any]:
        door = self.door(name)
        try:
            return await door.ask(operation, **named)
        finally:
            await door.close()

    async def check_permissions_from_now_on(self) -> None:
        """moto looks at keys and policies once it is told after how many calls."""
        await self.tell("reset-auth", b"0")

    async def tell(self, what: str, content: bytes = b"") -> None:
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(
                f"{self.url}/moto-api/{what}",
                content=content,
                headers={"Content-Type": "text/plain"},
                timeout=60,
            )
            assert answer.status_code == 200, answer.text


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """One for all tests: it takes seconds to start."""
    port = free_port()
    process = subprocess.Popen(
        [str(BIN / "moto_server"), "-H", "127.0.0.1", "-p", str(port)],
        env={**os.environ, "MOTO_IAM_LOAD_MANAGED_POLICIES": "true"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    yield f"http://127.0.0.1:{port}", process
    process.kill()
    process.wait()


@pytest.fixture
async def moto(server: tuple[str, "subprocess.Popen[bytes]"]) -> Moto:
    """Empty but for us, an administrator; permissions are not looked at yet."""
    url, process = server
    await answers(f"{url}/moto-api/", process)
    made = Moto(url, {"access_key_id": "AKIAANYBODY000000000", "secret_access_key": "any"})
    await made.tell("reset")
    await made.tell("reset-auth", b"inf")
    await made.ask("iam", "CreateUser", UserName="exeunt")
    named = {"UserName": "exeunt", "PolicyName": "all", "PolicyDocument": ALLOW}
    await made.ask("iam", "PutUserPolicy", **named)
    made.keys = keys_in(await made.ask("iam", "CreateAccessKey", UserName="exeunt"))
    return made


async def hire(moto: Moto) -> dict[str, str]:
    """A user who has what moto can give; the keys come back."""
    tags = [{"Key": "email", "Value": ADA}, {"Key": "employee-number", "Value": "7"}]
    await moto.ask("iam", "CreateUser", UserName="ada", Tags=tags)
    await moto.ask("iam", "CreateLoginProfile", UserName="ada", Password="Corr3ct-horse!")
    await moto.ask("iam", "CreateGroup", GroupName="staff")
    await moto.ask("iam", "AddUserToGroup", GroupName="staff", UserName="ada")
    await moto.ask("iam", "AttachUserPolicy", UserName="ada", PolicyArn=READ_ONLY)
    named = {"UserName": "ada", "PolicyName": "own", "PolicyDocument": ALLOW}
    await moto.ask("iam", "PutUserPolicy", **named)
    await moto.ask("iam", "UploadSSHPublicKey", UserName="ada", SSHPublicKeyBody=SSH)
    device = await moto.ask("iam", "CreateVirtualMFADevice", VirtualMFADeviceName="phone")
    serial = device["VirtualMFADevice"]["SerialNumber"]
    codes = {"AuthenticationCode1": "234567", "AuthenticationCode2": "987654"}
    await moto.ask("iam", "EnableMFADevice", UserName="ada", SerialNumber=serial, **codes)
    return keys_in(await moto.ask("iam", "CreateAccessKey", UserName="ada"))


def keys_in(given: dict[str, Any]) -> dict[str, str]:
    key = given["AccessKey"]
    return {"access_key_id": key["AccessKeyId"], "secret_access_key": key["SecretAccessKey"]}


async def adapter_of(moto: Moto) -> tuple[AwsIam, Account]:
    settings = AwsIam.Settings(**moto.told("aws_iam"))
    adapter = AwsIam.connect("aws", settings, Clock(), Gaps())
    [hit] = await adapter.find_accounts(Person("7", (ADA,)))
    return adapter, hit.account


async def test_a_leaver_is_contained_and_given_back_and_deleted(moto: Moto) -> None:
    await hire(moto)
    adapter, account = await adapter_of(moto)
    before = await adapter.observe(account)
    for verb in (*AwsIam.contain, Action.REVOKE_GRANTS, Action.REMOVE_ROLES):
        was = await adapter.observe(account, verb)
        assert await adapter.perform(verb, account) == Outcome.CHANGED, verb
        assert holds(verb, was, await adapter.observe(account, verb)), verb
    for verb in AwsIam.ways_back:
        things = removable(getattr(before, TAKES[verb])) if verb in TAKES else ()
        await adapter.give_back(verb, account, before, things)
        assert given_back(verb, before, things, await adapter.observe(account)), verb
    assert await adapter.perform(Action.DELETE_ACCOUNT, account) == Outcome.CHANGED
    assert not (await adapter.observe(account)).exists
    await adapter.close()


async def can_read(moto: Moto, keys: dict[str, str]) -> bool:
    door = moto.door("iam", **keys)
    try:
        await door.ask("ListUsers", MaxItems=1)
    except AdapterError:
        return False
    else:
        return True
    finally:
        await door.close()


async def test_the_block_alone_shuts_keys_out_that_are_still_active(moto: Moto) -> None:
    """That moto refuses them shows what the policy says; the keys are active at that moment."""
    keys = await hire(moto)
    await moto.check_permissions_from_now_on()
    adapter, account = await adapter_of(moto)
    assert await can_read(moto, keys)
    await adapter.perform(Action.BLOCK_SIGN_IN, account)
    assert not await can_read(moto, keys)
    assert (await adapter.observe(account, Action.REVOKE_TOKENS)).tokens
    await adapter.give_back(Action.BLOCK_SIGN_IN, account, await adapter.observe(account), ())
    await adapter.close()


async def test_a_wrong_secret_is_a_refused_credential(moto: Moto) -> None:
    await moto.check_permissions_from_now_on()
    wrong = moto.told("aws_iam") | {"secret_access_key": "wrong"}
    adapter = AwsIam.connect("aws", AwsIam.Settings(**wrong), Clock(), Gaps())
    with pytest.raises(CredentialDenied) as why:
        await adapter.check()
    assert why.value.permission == "iam:ListUsers"
    await adapter.close()


async def test_somebody_loses_accounts_and_groups_of_identity_center(moto: Moto) -> None:
    instance = (await moto.ask("sso-admin", "ListInstances"))["Instances"][0]
    user = await enrol(moto, instance["InstanceArn"], instance["IdentityStoreId"])
    settings = AwsIdentityCenter.Settings(**moto.told("aws_identity_center"))
    adapter = AwsIdentityCenter.connect("sso", settings, Clock(), Gaps())
    [hit] = await adapter.find_accounts(Person(addresses=(ADA,)))
    assert hit.account.id == user
    for verb in (Action.REVOKE_PRIVILEGES, Action.REVOKE_GRANTS):
        before = await adapter.observe(hit.account, verb)
        things = removable(getattr(before, TAKES[verb]) or ())
        assert things
        assert await adapter.perform(verb, hit.account) == Outcome.CHANGED
        assert holds(verb, before, await adapter.observe(hit.account, verb))
        await adapter.give_back(verb, hit.account, before, things)
        assert given_back(verb, before, things, await adapter.observe(hit.account))
    assert await adapter.perform(Action.DELETE_ACCOUNT, hit.account) == Outcome.CHANGED
    assert not (await adapter.observe(hit.account)).exists
    await adapter.close()


async def enrol(moto: Moto, arn: str, store: str) -> str:
    """A person with an account of their own, one by a group, and a plain group."""
    made = await moto.ask(
        "identitystore",
        "CreateUser",
        IdentityStoreId=store,
        UserName="ada",
        DisplayName="Ada",
        Name={"GivenName": "Ada", "FamilyName": "L"},
        Emails=[{"Value": ADA, "Type": "work", "Primary": True}],
    )
    user = str(made["UserId"])
    given = await moto.ask("sso-admin", "CreatePermissionSet", InstanceArn=arn, Name="reader")
    assigned = {
        "InstanceArn": arn,
        "TargetId": "123456789012",
        "TargetType": "AWS_ACCOUNT",
        "PermissionSetArn": given["PermissionSet"]["PermissionSetArn"],
    }
    whom = {"PrincipalType": "USER", "PrincipalId": user}
    await moto.ask("sso-admin", "CreateAccountAssignment", **assigned, **whom)
    for name in ("staff", "admins"):
        group = await moto.ask(
            "identitystore", "CreateGroup", IdentityStoreId=store, DisplayName=name
        )
        member = {"GroupId": group["GroupId"], "MemberId": {"UserId": user}}
        await moto.ask("identitystore", "CreateGroupMembership", IdentityStoreId=store, **member)
        if name == "admins":
            whom = {"PrincipalType": "GROUP", "PrincipalId": group["GroupId"]}
            await moto.ask("sso-admin", "CreateAccountAssignment", **assigned, **whom)
    return user
