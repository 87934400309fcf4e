"""A practice AWS account with IAM users, as strict as the real one about what hangs on a user."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from adapters.practice.aws.iam_memory import SECRETS, IamMemory
from adapters.practice.aws.wire import ACCOUNT, Asked, Refusal, Told

ROOM = 2048
"""Characters that the inline policies of one user may take together."""


class PracticeIam(IamMemory):
    def operations(self) -> Mapping[str, Callable[[Asked], Told]]:
        found: dict[str, Callable[[Asked], Told]] = {
            "GetUser": self._get_user,
            "ListUsers": self._list_users,
            "GetAccountAuthorizationDetails": self._details,
            "GetLoginProfile": self._password,
            "DeleteLoginProfile": self._forget_password,
            "ListMFADevices": self._list_devices,
            "DeactivateMFADevice": self._deactivate,
            "DeleteVirtualMFADevice": self._delete_device,
            "ListGroupsForUser": self._list_groups,
            "AddUserToGroup": lambda asked: self._group(asked, joins=True),
            "RemoveUserFromGroup": lambda asked: self._group(asked, joins=False),
            "ListAttachedUserPolicies": self._list_attached,
            "AttachUserPolicy": self._attach,
            "DetachUserPolicy": self._detach,
            "ListUserPolicies": self._list_inline,
            "GetUserPolicy": self._get_inline,
            "PutUserPolicy": self._put_inline,
            "DeleteUserPolicy": self._delete_inline,
            "DeleteUser": self._delete_user,
        }
        for noun, (key, identifier, lists) in SECRETS.items():
            found[lists] = self._lists_of(noun, key, identifier)
            found[f"Update{noun}"] = self._update_of(noun, identifier)
            found[f"Delete{noun}"] = self._delete_of(noun, identifier)
        return found

    def _user(self, asked: Asked) -> dict[str, Any]:
        """Without a name it is the caller who is meant: that must never happen here."""
        if "UserName" not in asked:
            raise AssertionError("an operation without UserName acts on the caller")
        for user in self.users.values():
            if user["UserName"] == asked["UserName"]:
                return user
        raise Refusal("NoSuchEntity", 404)

    def _name(self, asked: Asked) -> str:
        return str(self._user(asked)["UserName"])

    def _get_user(self, asked: Asked) -> Told:
        return {"User": self._user(asked)}

    def _list_users(self, asked: Asked) -> Told:
        """Without tags, as IAM does."""
        known = [{k: v for k, v in u.items() if k != "Tags"} for u in self.users.values()]
        return self.page(asked, "Users", known)

    def _details(self, asked: Asked) -> Told:
        if asked["Filter"] == ["Role"]:
            roles = [
                {
                    "RoleId": f"AROA{name.upper():0>16}",
                    "RoleName": name,
                    "AssumeRolePolicyDocument": quote(trust),
                }
                for name, trust in self.roles.items()
            ]
            return self.page(asked, "RoleDetailList", roles)
        return self.page(asked, "UserDetailList", list(self.users.values()))

    def _lists_of(self, noun: str, key: str, identifier: str) -> Callable[[Asked], Told]:
        def lists(asked: Asked) -> Told:
            name = self._name(asked)
            held = self.secrets[noun].items()
            mine = [{**one, identifier: k} for k, one in held if one["UserName"] == name]
            return self.page(asked, key, mine)

        return lists

    def _secret(self, noun: str, identifier: str, asked: Asked) -> dict[str, Any]:
        one = self.secrets[noun].get(asked[identifier])
        if one is None or one["UserName"] != self._name(asked):
            raise Refusal("NoSuchEntity", 404)
        return one

    def _update_of(self, noun: str, identifier: str) -> Callable[[Asked], Told]:
        def update(asked: Asked) -> Told:
            self._secret(noun, identifier, asked)["Status"] = asked["Status"]
            return {}

        return update

    def _delete_of(self, noun: str, identifier: str) -> Callable[[Asked], Told]:
        def delete(asked: Asked) -> Told:
            self._secret(noun, identifier, asked)
            del self.secrets[noun][asked[identifier]]
            return {}

        return delete

    def _password(self, asked: Asked) -> Told:
        name = self._name(asked)
        if name not in self.passwords:
            raise Refusal("NoSuchEntity", 404)
        return {"LoginProfile": {"UserName": name, "CreateDate": self.passwords[name]}}

    def _forget_password(self, asked: Asked) -> Told:
        self._password(asked)
        del self.passwords[asked["UserName"]]
        return {}

    def _list_devices(self, asked: Asked) -> Told:
        name, now = self._name(asked), self.clock.now()
        mine = [
            {"UserName": name, "SerialNumber": serial, "EnableDate": now}
            for serial, user in self.devices.items()
            if user == name
        ]
        return self.page(asked, "MFADevices", mine)

    def _deactivate(self, asked: Asked) -> Told:
        if self.devices.get(asked["SerialNumber"]) != self._name(asked):
            raise Refusal("NoSuchEntity", 404)
        self.devices[asked["SerialNumber"]] = None
        return {}

    def _delete_device(self, asked: Asked) -> Told:
        serial = asked["SerialNumber"]
        if serial not in self.devices:
            raise Refusal("NoSuchEntity", 404)
        if self.devices[serial] is not None:
            raise Refusal("DeleteConflict", 409)
        del self.devices[serial]
        return {}

    def _list_groups(self, asked: Asked) -> Told:
        name = self._name(asked)
        mine = [
            {
                "Path": "/",
                "GroupName": group,
                "GroupId": f"AGPA{group.upper():0>16}",
                "Arn": f"arn:aws:iam::{ACCOUNT}:group/{group}",
                "CreateDate": self.clock.now(),
            }
            for group, members in self.members.items()
            if name in members
        ]
        return self.page(asked, "Groups", mine)

    def _group(self, asked: Asked, *, joins: bool) -> Told:
        members = self.members.get(asked["GroupName"])
        name = self._name(asked)
        if members is None or (not joins and name not in members):
            raise Refusal("NoSuchEntity", 404)
        (members.add if joins else members.discard)(name)
        return {}

    def _list_attached(self, asked: Asked) -> Told:
        arns = sorted(self.attached[self._name(asked)])
        told = [{"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn} for arn in arns]
        return self.page(asked, "AttachedPolicies", told)

    def _attach(self, asked: Asked) -> Told:
        self.attached[self._name(asked)].add(asked["PolicyArn"])
        return {}

    def _detach(self, asked: Asked) -> Told:
        held = self.attached[self._name(asked)]
        if asked["PolicyArn"] not in held:
            raise Refusal("NoSuchEntity", 404)
        held.discard(asked["PolicyArn"])
        return {}

    def _list_inline(self, asked: Asked) -> Told:
        return self.page(asked, "PolicyNames", sorted(self.inline[self._name(asked)]))

    def _get_inline(self, asked: Asked) -> Told:
        name, policy = self._name(asked), asked["PolicyName"]
        if policy not in self.inline[name]:
            raise Refusal("NoSuchEntity", 404)
        document = quote(self.inline[name][policy])
        return {"UserName": name, "PolicyName": policy, "PolicyDocument": document}

    def _put_inline(self, asked: Asked) -> Told:
        held = self.inline[self._name(asked)]
        told = {**held, asked["PolicyName"]: asked["PolicyDocument"]}
        if sum(len("".join(text.split())) for text in told.values()) > ROOM:
            raise Refusal("LimitExceeded", 409)
        held.update(told)
        return {}

    def _delete_inline(self, asked: Asked) -> Told:
        self._get_inline(asked)
        del self.inline[asked["UserName"]][asked["PolicyName"]]
        return {}

    def _delete_user(self, asked: Asked) -> Told:
        name = self._name(asked)
        left = [one for held in self.secrets.values() for one in held.values()]
        if (
            any(one["UserName"] == name for one in left)
            or name in self.passwords
            or name in self.devices.values()
            or any(name in members for members in self.members.values())
            or self.attached[name]
            or self.inline[name]
        ):
            raise Refusal("DeleteConflict", 409)
        self.remove(self._user(asked)["UserId"])
        return {}
