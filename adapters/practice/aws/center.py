"""A practice IAM Identity Center: an identity store, assignments that are deleted in their own
time, applications, and the service control policy that denies by user id.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, ClassVar
from uuid import uuid4

from adapters.clock import Clock
from adapters.matching import normal_address
from adapters.practice.aws.wire import ACCOUNT, Asked, PracticeAws, Refusal, Told

STORE = "d-1234567890"
INSTANCE = "arn:aws:sso:::instance/ssoins-0123456789abcdef"
READER = "arn:aws:sso:::permissionSet/ssoins-0123456789abcdef/ps-0123456789abcdef"
APPLICATION = f"arn:aws:sso::{ACCOUNT}:application/ssoins-0123456789abcdef/apl-0123456789abcdef"
POLICY = "p-practice01"
ENTERPRISE = "aws:identitystore:enterprise"
NOBODY = "00000000-0000-0000-0000-000000000000"


class PracticeCenter(PracticeAws):
    kind: ClassVar[str] = "aws_identity_center"
    exempt = MappingProxyType(
        {
            "test_both_of_two_matches_come_back_for_somebody_to_decide": "an address is a unique "
            "attribute of the identity store (GetUserId by emails.value), so two never share one"
        }
    )

    def __init__(self, clock: Clock | None = None, latency: float = 0.0) -> None:
        super().__init__(clock, latency)
        self.users: dict[str, dict[str, Any]] = {}
        self.groups = {name: str(uuid4()) for name in ("staff", "admins")}
        self.memberships: dict[str, tuple[str, str]] = {}
        """Group and user of each membership, by its id."""
        self.assignments = {(ACCOUNT, READER, "GROUP", self.groups["admins"])}
        self.applications: set[tuple[str, str]] = set()
        self.writable_status = True
        self.slow = timedelta(0)
        """How long the deletion of an assignment takes."""
        self.fails = False
        """Whether such a deletion fails."""
        self.going: dict[str, tuple[tuple[str, str, str, str], datetime]] = {}
        condition = {"StringEquals": {"identitystore:UserId": [NOBODY]}}
        deny = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition}
        self.policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})

    def settings(self, base_url: str) -> dict[str, object]:
        told = {"adapter": self.kind, "base_url": base_url, "token": self.token}
        return {**told, "deny_policy": POLICY}

    def hire(
        self,
        address: str,
        *,
        employee_number: str | None = None,
        login: str | None = None,
        created_at: datetime | None = None,
    ) -> str:
        identifier = str(uuid4())
        self.users[identifier] = {
            "IdentityStoreId": STORE,
            "UserId": identifier,
            "UserArn": f"arn:aws:identitystore:::user/{identifier}",
            "Revision": "1",
            "UserName": login or address,
            "Emails": [{"Value": address, "Type": "work", "Primary": True}],
            "UserStatus": "ENABLED",
            "CreatedAt": created_at or self.clock.now(),
            "Extensions": {ENTERPRISE: {"employeeNumber": employee_number}}
            if employee_number
            else {},
        }
        for group in self.groups.values():
            self.memberships[str(uuid4())] = (group, identifier)
        self.assignments.add((ACCOUNT, READER, "USER", identifier))
        self.applications.add((APPLICATION, identifier))
        return identifier

    def enabled(self, account_id: str) -> bool | None:
        user = self.users.get(account_id)
        return None if user is None else user["UserStatus"] == "ENABLED"

    def remove(self, account_id: str) -> None:
        self.users.pop(account_id, None)
        self.memberships = {k: v for k, v in self.memberships.items() if v[1] != account_id}

    def denied(self) -> list[str]:
        """Whom the policy names."""
        found: list[str] = json.loads(self.policy)["Statement"][0]["Condition"]["StringEquals"][
            "identitystore:UserId"
        ]
        return found

    def operations(self) -> Mapping[str, Callable[[Asked], Told]]:
        return {
            "ListInstances": self._instances,
            "ListUsers": self._list_users,
            "DescribeUser": lambda asked: self._shown(self._user(asked["UserId"]), asked),
            "GetUserId": self._user_id,
            "UpdateUser": self._update_user,
            "DeleteUser": self._delete_user,
            "ListGroupMembershipsForMember": self._list_memberships,
            "CreateGroupMembership": self._join,
            "DeleteGroupMembership": self._leave,
            "ListAccountAssignmentsForPrincipal": self._list_assignments,
            "CreateAccountAssignment": self._assign,
            "DeleteAccountAssignment": self._unassign,
            "DescribeAccountAssignmentDeletionStatus": self._progress,
            "ListApplicationAssignmentsForPrincipal": self._list_applications,
            "CreateApplicationAssignment": lambda asked: self._application(asked, gives=True),
            "DeleteApplicationAssignment": lambda asked: self._application(asked, gives=False),
            "DescribePolicy": self._describe_policy,
            "UpdatePolicy": self._update_policy,
        }

    def _instances(self, asked: Asked) -> Told:
        one = {"InstanceArn": INSTANCE, "IdentityStoreId": STORE, "Status": "ACTIVE"}
        return self.next_page(asked, "Instances", [one])

    def _user(self, identifier: str) -> dict[str, Any]:
        if identifier not in self.users:
            raise Refusal("ResourceNotFoundException")
        return self.users[identifier]

    @staticmethod
    def _shown(user: dict[str, Any], asked: Asked) -> Told:
        """Extensions are told to those who ask for them."""
        asks = ENTERPRISE in asked.get("Extensions", ())
        return {k: v for k, v in user.items() if k != "Extensions" or (asks and v)}

    def _list_users(self, asked: Asked) -> Told:
        shown = [self._shown(user, asked) for user in self.users.values()]
        return self.next_page(asked, "Users", shown)

    def _user_id(self, asked: Asked) -> Told:
        unique = asked["AlternateIdentifier"]["UniqueAttribute"]
        wanted = normal_address(unique["AttributeValue"])
        for user in self.users.values():
            held = {
                "userName": user["UserName"],
                "emails.value": user["Emails"][0]["Value"],
            }[unique["AttributePath"]]
            if normal_address(held) == wanted:
                told = ("IdentityStoreId", "UserId", "UserArn")
                return {key: user[key] for key in told}
        raise Refusal("ResourceNotFoundException")

    def _update_user(self, asked: Asked) -> Told:
        user = self._user(asked["UserId"])
        for one in asked["Operations"]:
            if one["AttributePath"] != "userStatus" or not self.writable_status:
                raise Refusal("ValidationException")
            user["UserStatus"] = one["AttributeValue"]
        return {key: user[key] for key in ("IdentityStoreId", "UserId", "UserArn", "Revision")}

    def _delete_user(self, asked: Asked) -> Told:
        self._user(asked["UserId"])
        self.remove(asked["UserId"])
        return {}

    def _list_memberships(self, asked: Asked) -> Told:
        wanted = asked["MemberId"]["UserId"]
        self._user(wanted)
        mine = [
            {
                "IdentityStoreId": STORE,
                "MembershipId": identifier,
                "MembershipArn": f"arn:aws:identitystore:::membership/{identifier}",
                "GroupId": group,
                "MemberId": {"UserId": user},
            }
            for identifier, (group, user) in self.memberships.items()
            if user == wanted
        ]
        return self.next_page(asked, "GroupMemberships", mine)

    def _join(self, asked: Asked) -> Told:
        pair = (asked["GroupId"], asked["MemberId"]["UserId"])
        self._user(pair[1])
        if pair in self.memberships.values():
            raise Refusal("ConflictException")
        identifier = str(uuid4())
        self.memberships[identifier] = pair
        arn = f"arn:aws:identitystore:::membership/{identifier}"
        return {"MembershipId": identifier, "IdentityStoreId": STORE, "MembershipArn": arn}

    def _leave(self, asked: Asked) -> Told:
        if self.memberships.pop(asked["MembershipId"], None) is None:
            raise Refusal("ResourceNotFoundException")
        return {}

    def _list_assignments(self, asked: Asked) -> Told:
        """A user's list also names what comes by a group."""
        self._settle()
        kind, wanted = asked["PrincipalType"], asked["PrincipalId"]
        groups = {group for group, user in self.memberships.values() if user == wanted}
        told = [
            {"AccountId": a, "PermissionSetArn": p, "PrincipalId": who, "PrincipalType": what}
            for a, p, what, who in sorted(self.assignments)
            if (what, who) == (kind, wanted) or (kind == "USER" and who in groups)
        ]
        return self.next_page(asked, "AccountAssignments", told)

    def _assign(self, asked: Asked) -> Told:
        self.assignments.add(_key(asked))
        return {"AccountAssignmentCreationStatus": self._status(str(uuid4()), "IN_PROGRESS")}

    def _unassign(self, asked: Asked) -> Told:
        """Begun, never done: that is what the status is for."""
        self._settle()
        key = _key(asked)
        if key not in self.assignments:
            raise Refusal("ResourceNotFoundException")
        if any(key == one for one, _ in self.going.values()):
            raise Refusal("ConflictException")
        request = str(uuid4())
        self.going[request] = (key, self.clock.now() + self.slow)
        return {"AccountAssignmentDeletionStatus": self._status(request, "IN_PROGRESS")}

    def _progress(self, asked: Asked) -> Told:
        request = asked["AccountAssignmentDeletionRequestId"]
        done = self._settle()
        state = "SUCCEEDED" if request in done else "IN_PROGRESS"
        if self.fails:
            del self.going[request]
            state = "FAILED"
        return {"AccountAssignmentDeletionStatus": self._status(request, state)}

    def _settle(self) -> set[str]:
        """Deletions whose time has come; None of them when they fail."""
        now = self.clock.now()
        done = {r for r, (_, due) in self.going.items() if due <= now and not self.fails}
        for request in done:
            key, _ = self.going.pop(request)
            self.assignments.discard(key)
        return done

    @staticmethod
    def _status(request: str, status: str) -> Told:
        return {"Status": status, "RequestId": request}

    def _list_applications(self, asked: Asked) -> Told:
        wanted = asked["PrincipalId"]
        told = [
            {"ApplicationArn": arn, "PrincipalId": who, "PrincipalType": "USER"}
            for arn, who in sorted(self.applications)
            if who == wanted
        ]
        return self.next_page(asked, "ApplicationAssignments", told)

    def _application(self, asked: Asked, *, gives: bool) -> Told:
        pair = (asked["ApplicationArn"], asked["PrincipalId"])
        if (pair in self.applications) is gives:
            raise Refusal("ConflictException" if gives else "ResourceNotFoundException")
        (self.applications.add if gives else self.applications.discard)(pair)
        return {}

    def _describe_policy(self, asked: Asked) -> Told:
        if asked["PolicyId"] != POLICY:
            raise Refusal("PolicyNotFoundException")
        summary = {"Id": POLICY, "Type": "SERVICE_CONTROL_POLICY", "AwsManaged": False}
        return {"Policy": {"PolicySummary": summary, "Content": self.policy}}

    def _update_policy(self, asked: Asked) -> Told:
        self._describe_policy(asked)
        self.policy = asked["Content"]
        return self._describe_policy(asked)


def _key(asked: Asked) -> tuple[str, str, str, str]:
    return (
        asked["TargetId"],
        asked["PermissionSetArn"],
        asked["PrincipalType"],
        asked["PrincipalId"],
    )
