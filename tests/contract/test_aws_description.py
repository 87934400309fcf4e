"""AWS's own service models, held against both adapters and practice AWS."""

from typing import Any

import httpx
import pytest

from adapters.actions import Action
from adapters.contract import Adapter
from adapters.nouns import Account, Held, Person, State
from adapters.postconditions import TAKES, removable
from adapters.practice.aws.wire import PracticeAws
from tests import aws
from tests.aws_specs import CheckedAws
from tests.conftest import StillClock

LAST = Action.DELETE_ACCOUNT
READS = ("Get", "List", "Describe", "Simulate")
IAM_WRITES = {
    "AddUserToGroup",
    "AttachUserPolicy",
    "DeactivateMFADevice",
    "DeleteAccessKey",
    "DeleteLoginProfile",
    "DeleteSSHPublicKey",
    "DeleteServiceSpecificCredential",
    "DeleteSigningCertificate",
    "DeleteUser",
    "DeleteUserPolicy",
    "DeleteVirtualMFADevice",
    "DetachUserPolicy",
    "PutUserPolicy",
    "RemoveUserFromGroup",
    "UpdateAccessKey",
    "UpdateSSHPublicKey",
    "UpdateServiceSpecificCredential",
    "UpdateSigningCertificate",
}
CENTER_WRITES = {
    "CreateAccountAssignment",
    "CreateApplicationAssignment",
    "CreateGroupMembership",
    "DeleteAccountAssignment",
    "DeleteApplicationAssignment",
    "DeleteGroupMembership",
    "DeleteUser",
    "UpdatePolicy",
    "UpdateUser",
}


async def whole_leave(adapter: Adapter, account: Account) -> None:
    """Everything that can be asked of the adapter, and the way back before the end."""
    before = await adapter.observe(account)
    await adapter.check()
    await adapter.find_accounts(Person("7", account.addresses, (account.id,)))
    rest = [v for v in Action if v in adapter.facts() and v not in (*adapter.contain, LAST)]
    for verb in (*adapter.contain, *rest):
        await adapter.perform(verb, account)
    for verb in adapter.ways_back:
        await adapter.give_back(verb, account, before, taken(before, verb))
    await adapter.perform(LAST, account)
    assert not (await adapter.observe(account)).exists


def taken(before: State, verb: Action) -> tuple[Held, ...]:
    return removable(getattr(before, TAKES[verb]) or ()) if verb in TAKES else ()


def writes(wire: CheckedAws) -> set[str]:
    return {name.partition(":")[2] for name in wire.seen if not _reads(name)}


def _reads(name: str) -> bool:
    return name.partition(":")[2].startswith(READS)


async def test_every_call_of_a_whole_leave_from_iam_is_described(clock: StillClock) -> None:
    """And of the way back: nothing is sent, and nothing answered, that AWS does not name."""
    it = aws.iam(clock)
    it.vendor.largest_page = 1
    it.vendor.roles["deploy"] = '{"Statement": []}'
    it.vendor.attached[it.name].add("arn:aws:iam::aws:policy/AdministratorAccess")
    await whole_leave(it.adapter, it.account)
    assert writes(it.wire) == IAM_WRITES


async def test_every_call_of_a_whole_leave_from_identity_center_is_described(
    clock: StillClock,
) -> None:
    it = aws.center(clock)
    it.vendor.largest_page = 1
    await whole_leave(it.adapter, it.account)
    assert writes(it.wire) == CENTER_WRITES


async def test_exact_lookups_are_described(clock: StillClock) -> None:
    it = aws.center(clock, exact_lookups=True)
    await it.adapter.find_accounts(Person("7", (aws.ADA, "no@acme.example"), ("adm-ada",)))
    assert "identitystore:GetUserId" in it.wire.seen


async def test_every_refusal_is_described(clock: StillClock) -> None:
    it, other = aws.iam(clock), aws.center(clock)
    it.vendor.remove(it.account.id)
    other.vendor.remove(other.account.id)
    for adapter, account in ((it.adapter, it.account), (other.adapter, other.account)):
        for verb in adapter.actions:
            assert await adapter.perform(verb, account) == "absent"


async def send(vendor: PracticeAws, body: dict[str, str]) -> None:
    headers = {"Authorization": f"Bearer {vendor.token}"}
    async with httpx.AsyncClient(transport=CheckedAws(vendor), headers=headers) as client:
        await client.post(aws.BASE + "/", data={"Version": "2010-05-08", **body})


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"Action": "GetUser", "UserNames": "ada"}, "not described: .*UserNames"),
        ({"Action": "UpdateAccessKey", "UserName": aws.ADA, "Status": "Inactive"}, "missing"),
        (
            {
                "Action": "UpdateAccessKey",
                "UserName": aws.ADA,
                "Status": "Off",
                "AccessKeyId": "AKIAPRACTICE00000001",
            },
            "'Off' is not one of",
        ),
    ],
)
async def test_what_aws_does_not_describe_fails_the_check(
    clock: StillClock, body: dict[str, str], complaint: str
) -> None:
    it = aws.iam(clock)
    it.vendor.operations = lambda: {"GetUser": _nothing, "UpdateAccessKey": _nothing}  # type: ignore[method-assign]
    with pytest.raises(AssertionError, match=complaint):
        await send(it.vendor, body)


def _nothing(_: dict[str, Any]) -> dict[str, Any]:
    return {}


async def test_an_unknown_operation_fails_the_check(clock: StillClock) -> None:
    it = aws.iam(clock)
    with pytest.raises(KeyError, match="RenameUser"):
        await send(it.vendor, {"Action": "RenameUser"})


async def test_an_answer_with_a_property_that_iam_does_not_have_fails_the_check(
    clock: StillClock,
) -> None:
    it = aws.iam(clock)
    it.vendor.users[it.account.id]["Active"] = "true"
    with pytest.raises(AssertionError, match="Active"):
        await send(it.vendor, {"Action": "GetUser", "UserName": aws.ADA})


async def test_an_answer_that_lacks_what_identity_center_always_tells_fails_the_check(
    clock: StillClock,
) -> None:
    it = aws.center(clock)
    del it.vendor.users[it.account.id]["UserArn"]
    with pytest.raises(AssertionError, match="UserArn"):
        await it.adapter.observe(it.account)
