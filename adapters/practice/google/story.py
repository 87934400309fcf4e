"""A leaver with everything that makes offboarding hard, for the demo and for the tests."""

from dataclasses import dataclass

from adapters.practice.google.memory import HELP_DESK, SUPER, Memory

OUTSIDE = "somebody@elsewhere.example"
CLOUD = "https://www.googleapis.com/auth/cloud-platform"
LICENCE = "Google-Apps/1010020028"


@dataclass(frozen=True)
class Leaver:
    """Whom the story is about, and some of what it put there."""

    id: str
    owned: str
    """A group without another owner."""
    dynamic: str
    admins: str
    """A group that gives a role."""


def furnish(workspace: Memory, user: str) -> Leaver:
    """A super administrator with roles, tokens of all kinds, mail that leads outside, groups,

    a licence, an alias and three devices.
    """
    person = workspace.users[user]
    person |= {"isAdmin": True, "isMailboxSetup": True}
    person["aliases"] = ["m.alias@acme.example"]
    person |= {"recoveryEmail": OUTSIDE, "recoveryPhone": "+16506661212"}
    workspace.assign(user, SUPER)
    workspace.assign(user, HELP_DESK)
    _tokens(workspace, user)
    _mail(workspace, user)
    _devices(workspace, str(person["primaryEmail"]))
    workspace.licences.setdefault(LICENCE, set()).add(str(person["primaryEmail"]))
    owned, dynamic, admins = (workspace.add_group(n) for n in ("Finance", "Everybody", "Admins"))
    workspace.join(owned, user, "OWNER")
    workspace.join(dynamic, user)
    workspace.dynamic.add(dynamic)
    workspace.join(admins, user)
    workspace.assign(admins, HELP_DESK, "group")
    for n in range(4):
        workspace.join(workspace.add_group(f"Team {n}"), user)
    return Leaver(user, owned, dynamic, admins)


def _tokens(workspace: Memory, user: str) -> None:
    workspace.tokens[user] += [
        workspace.token_of(user, "5678.apps.example", "Cloud tool", CLOUD),
        workspace.token_of(user, "", "Nameless"),
    ]
    workspace.asps[user] = [
        {"kind": "admin#directory#asp", "codeId": 3, "name": "Old mail", "userKey": user}
    ]


def _mail(workspace: Memory, user: str) -> None:
    inside = {"id": "f-1", "criteria": {"from": "news"}, "action": {"addLabelIds": ["TRASH"]}}
    outside = {"id": "f-2", "criteria": {"subject": "offer"}, "action": {"forward": OUTSIDE}}
    workspace.gmail[user] = {
        "autoForwarding": {
            "enabled": True,
            "emailAddress": OUTSIDE,
            "disposition": "leaveInInbox",
        },
        "vacation": {"enableAutoReply": False},
        "delegates": [],
        "forwardingAddresses": [{"forwardingEmail": OUTSIDE, "verificationStatus": "accepted"}],
        "filters": [inside, outside],
    }


def _devices(workspace: Memory, address: str) -> None:
    for name, owner in (("phone", "BYOD"), ("laptop", "COMPANY")):
        device = f"devices/{name}"
        workspace.devices[device] = {
            "name": device,
            "model": name.title(),
            "ownerType": owner,
            "managementState": "APPROVED",
        }
        workspace.device_users[f"{device}/deviceUsers/1"] = {
            "name": f"{device}/deviceUsers/1",
            "userEmail": address,
            "managementState": "APPROVED",
        }
    workspace.chromebooks["cb-1"] = {
        "kind": "admin#directory#chromeosdevice",
        "deviceId": "cb-1",
        "annotatedUser": address,
        "model": "Chromebook",
        "status": "ACTIVE",
    }
