"""The service control policy that ends sessions of permission sets at once, by user id.

AWS, "Revoke active IAM role sessions created by permission sets": prepare a policy that denies
everything where `identitystore:UserId` is one of a list, and add the leaver to the list. Sessions
of a role cannot be ended one by one, and `aws:TokenIssueTime` would end everybody's.
"""

import asyncio
import json
from typing import Any

from adapters.errors import NeedsHuman, Unrecognised
from adapters.systems.aws.door import AwsApi

RUNBOOK = "docs/runbooks/aws-identity-center.md"
KEY = "identitystore:userid"
"""Condition keys are the same whatever their case (AWS, "Condition")."""


class Denied:
    """The policy is one for all leavers, so what is written is read first, one at a time.

    Two nodes that write in the same moment can lose an entry; reading back, now and later, tells.
    """

    def __init__(self, api: AwsApi, policy: str) -> None:
        self._api = api
        self._policy = policy
        self._turn = asyncio.Lock()

    async def names(self, user: str) -> bool:
        return user in _list(await self._read())

    async def put(self, user: str, *, denied: bool) -> bool:
        """Whether anything had to be written."""
        async with self._turn:
            document = await self._read()
            users = _list(document)
            if (user in users) is denied:
                return False
            if denied:
                users.append(user)
            else:
                users.remove(user)
            text = json.dumps(document, separators=(",", ":"))
            room = frozenset({"ConstraintViolationException", "PolicyTooLargeException"})
            done = await self._api.call("UpdatePolicy", room, PolicyId=self._policy, Content=text)
            if done is None:
                raise NeedsHuman("the deny policy has no room for another user", RUNBOOK)
            return True

    async def _read(self) -> dict[str, Any]:
        answer = await self._api.ask("DescribePolicy", PolicyId=self._policy)
        try:
            document = json.loads(answer["Policy"]["Content"])
        except (KeyError, TypeError, ValueError):
            raise Unrecognised("DescribePolicy: the policy cannot be read") from None
        return document if isinstance(document, dict) else {}


def _list(document: dict[str, Any]) -> list[str]:
    """The users that are denied, as the list in the document itself."""
    statements = document.get("Statement", [])
    for one in statements if isinstance(statements, list) else [statements]:
        every = all(one.get(key) in ("*", ["*"]) for key in ("Action", "Resource"))
        if one.get("Effect") != "Deny" or not every or len(one.get("Condition", ())) != 1:
            continue
        named = one["Condition"].get("StringEquals", {})
        if [key.casefold() for key in named] != [KEY]:
            continue
        [key] = named
        if isinstance(named[key], str):
            named[key] = [named[key]]
        users: list[str] = named[key]
        return users
    raise NeedsHuman("deny_policy does not deny everything by identitystore:UserId", RUNBOOK)
