"""Where Graph keeps what hangs on a user: one line for each list, and which fact it feeds."""

from datetime import datetime, timedelta

from adapters.actions import Action
from adapters.reading import Answer
from adapters.systems.entra.door import Query, at, equals, user_at
from adapters.systems.entra.powers import (
    AppRole,
    Consent,
    Package,
    PimMembership,
    RoleAssignment,
    RoleDefinition,
    Schedule,
)
from adapters.systems.entra.shapes import Group, chosen
from adapters.systems.entra.things import (
    Drive,
    Linked,
    Mailbox,
    Managed,
    Meeting,
    Method,
    Number,
    Rule,
)

AHEAD = timedelta(days=365)
"""How far into the future meetings are looked for."""
LISTS: dict[str, tuple[str, type[Answer]]] = {
    "groups": ("Directory.Read.All", Group),
    "roles": ("RoleManagement.Read.Directory", RoleAssignment),
    "eligible": ("RoleEligibilitySchedule.Read.Directory", Schedule),
    "scheduled": ("RoleAssignmentSchedule.Read.Directory", Schedule),
    "definitions": ("RoleManagement.Read.Directory", RoleDefinition),
    "pim_eligible": ("PrivilegedEligibilitySchedule.Read.AzureADGroup", PimMembership),
    "pim_active": ("PrivilegedAssignmentSchedule.Read.AzureADGroup", PimMembership),
    "owned": ("Directory.Read.All", Linked),
    "methods": ("UserAuthenticationMethod.Read.All", Method),
    "consents": ("Directory.Read.All", Consent),
    "app_roles": ("Directory.Read.All", AppRole),
    "packages": ("EntitlementManagement.Read.All", Package),
    "devices": ("Directory.Read.All", Linked),
    "managed": ("DeviceManagementManagedDevices.Read.All", Managed),
    "rules": ("MailboxSettings.Read", Rule),
    "mailbox": ("MailboxSettings.Read", Mailbox),
    "meetings": ("Calendars.Read", Meeting),
    "numbers": ("TeamsTelephoneNumber.Read.All", Number),
    "drive": ("Files.Read.All", Drive),
}
"""Each list with the permission to read it (permissions.json of microsoft-graph-devx-content)."""
OPTIONAL = {
    "app_roles": "application role",
    "packages": "access package",
    "numbers": "phone number",
}
"""Lists whose refusal does not stop a verb: what they hold is then said to be left, and why.

None that makes an administrator is among them: who may become one again is not harmless.
"""
OF_THE_MAILBOX = frozenset({"mailbox", "rules", "meetings"})
IN_THE_MAILBOX = frozenset({Action.STOP_FORWARDING, Action.SET_AUTO_REPLY, Action.CANCEL_MEETINGS})
"""Verbs that would find nothing to do if the mailbox were elsewhere."""
SINGLE = frozenset({"mailbox", "drive"})
OF_ROLES = ("groups", "roles", "eligible", "scheduled", "pim_eligible", "pim_active", "owned")
FEEDS: dict[Action, tuple[str, ...]] = {
    Action.BLOCK_SIGN_IN: (),
    Action.REVOKE_SESSIONS: (),
    Action.RESET_CREDENTIALS: (),
    Action.HIDE_FROM_DIRECTORY: (),
    Action.DELETE_ACCOUNT: (),
    Action.REVOKE_TOKENS: ("consents",),
    Action.REMOVE_FACTORS: ("methods",),
    Action.LOCK_DEVICES: ("devices", "managed"),
    Action.REVOKE_PRIVILEGES: (*OF_ROLES, "definitions"),
    Action.REMOVE_ROLES: (*OF_ROLES, "definitions"),
    Action.STOP_FORWARDING: ("rules",),
    Action.TRANSFER_FILES: ("drive",),
    Action.TRANSFER_OWNERSHIP: ("owned",),
    Action.CANCEL_MEETINGS: ("meetings",),
    Action.DELEGATE_MAILBOX: ("mailbox",),
    Action.SET_AUTO_REPLY: ("mailbox",),
    Action.FORWARD_MAIL: ("mailbox",),
    Action.REVOKE_GRANTS: ("groups", "app_roles", "packages"),
    Action.RELEASE_LICENCES: ("groups", "numbers"),
    Action.RETIRE_DEVICES: ("managed",),
    Action.WIPE_DEVICES: ("managed",),
}
"""Which lists must be read to see what a verb has done."""


def lists_of(user: str, now: datetime) -> dict[str, str]:
    """The address of every list of one user, relative to the version."""
    here, mine = user_at(user), {"$filter": equals("principalId", user)}
    roles, pim = "/roleManagement/directory", "/identityGovernance/privilegedAccess/group"
    governance = "/identityGovernance/entitlementManagement"
    numbers = "/admin/teams/telephoneNumberManagement/numberAssignments"
    packages = {
        "$filter": equals("target/objectId", user),
        "$expand": "target,accessPackage",
    }
    groups: Query = {"$select": chosen(Group), "$top": 999}
    meetings: Query = {
        "startDateTime": now.isoformat(),
        "endDateTime": (now + AHEAD).isoformat(),
        "$select": "id,isOrganizer,isCancelled,attendees,seriesMasterId",
        "$top": 100,
    }
    return {
        "groups": at(f"{here}/memberOf/{Group.graph_type}", groups),
        "roles": at(f"{roles}/roleAssignments", {**mine, "$expand": "roleDefinition"}),
        "eligible": at(f"{roles}/roleEligibilitySchedules", mine),
        "scheduled": at(f"{roles}/roleAssignmentSchedules", mine),
        "definitions": at(f"{roles}/roleDefinitions", {"$select": "id,displayName"}),
        "pim_eligible": at(f"{pim}/eligibilityScheduleInstances", mine),
        "pim_active": at(f"{pim}/assignmentScheduleInstances", mine),
        "owned": at(f"{here}/ownedObjects", {"$select": "id,displayName"}),
        "methods": f"{here}/authentication/methods",
        "consents": f"{here}/oauth2PermissionGrants",
        "app_roles": f"{here}/appRoleAssignments",
        "packages": at(f"{governance}/assignments", packages),
        "devices": at(f"{here}/ownedDevices", {"$select": "id"}),
        "managed": f"{here}/managedDevices",
        "rules": f"{here}/mailFolders/inbox/messageRules",
        "mailbox": f"{here}/mailboxSettings",
        "meetings": at(f"{here}/calendarView", meetings),
        "numbers": at(numbers, {"$filter": equals("assignmentTargetId", user)}),
        "drive": at(f"{here}/drive", {"$select": "id"}),
    }
