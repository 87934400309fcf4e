"""A leaver with everything that makes offboarding hard, for the demo and for the tests."""

from dataclasses import dataclass

from adapters.practice.graph.answers import Json, instant
from adapters.practice.graph.memory import Memory

GROUPS = 40
OUTSIDE = "somebody@elsewhere.example"
FACTORS = ("microsoftAuthenticator", "phone", "fido2")
DEFAULT = "default"


@dataclass(frozen=True)
class Leaver:
    """Whom the story is about, and some of what it put there."""

    id: str
    team: str
    """Owned by nobody else."""
    licence_groups: tuple[str, str]
    application: str


def furnish(tenant: Memory, user: str) -> Leaver:
    """Two licence groups, PIM and other roles, three factors, a forwarding rule, an owned Team

    without another owner, forty groups of all kinds, a mailbox, files, meetings and two devices.
    """
    _access(tenant, user)
    _mail(tenant, user)
    for factor in FACTORS:
        kind = f"#microsoft.graph.{factor}AuthenticationMethod"
        tenant.hang(user, "methods", {"@odata.type": kind, DEFAULT: factor == FACTORS[0]})
    password = {"@odata.type": "#microsoft.graph.passwordAuthenticationMethod"}
    tenant.hang(user, "methods", password)
    tenant.add_device(user, "LAPTOP-1207", "Windows")
    tenant.add_device(user, "Phone of 1207", "IOS")
    for name, system in (("LAPTOP-1207", "Windows"), ("Phone of 1207", "iOS")):
        managed = {"deviceName": name, "operatingSystem": system, "managementState": "managed"}
        tenant.hang(user, "managed", managed | {"deviceActionResults": []})
    team = _groups(tenant, user)
    application = tenant.new_id()
    tenant.names[application] = "Payroll export"
    tenant.own(user, application, "application")
    return Leaver(user, team, _licences(tenant, user), application)


def _access(tenant: Memory, user: str) -> None:
    """A role that may be activated, one by schedule, one without PIM, consents and more."""
    forever = {"startDateTime": instant(tenant.clock.now()), "expiration": {"type": "noExpiration"}}
    role = {"principalId": user, "directoryScopeId": "/"}
    eligible = role | {"roleDefinitionId": "Exchange Administrator", "scheduleInfo": forever}
    tenant.hang(user, "eligible", eligible)
    scheduled = role | {"roleDefinitionId": "Teams Administrator", "scheduleInfo": forever}
    tenant.hang(user, "scheduled", scheduled | {"assignmentType": "Assigned"})
    for name in ("Teams Administrator", "Reports Reader"):
        definition = {"id": name, "displayName": name}
        tenant.hang(user, "roles", role | {"roleDefinitionId": name, "roleDefinition": definition})
    consent: Json = {"clientId": tenant.new_id(), "consentType": "Principal", "principalId": user}
    tenant.hang(user, "consents", consent | {"scope": "Mail.Read Files.ReadWrite"})
    payroll = tenant.new_id()
    tenant.names[payroll] = "Payroll"
    app = {"appRoleId": tenant.new_id(), "resourceId": payroll, "principalType": "User"}
    tenant.hang(user, "app_roles", app | {"principalId": user, "resourceDisplayName": "Payroll"})
    package = {"state": "delivered", "accessPackage": {"id": tenant.new_id()}}
    package["accessPackage"] = {"id": tenant.new_id(), "displayName": "Sales starter kit"}
    tenant.hang(user, "packages", package | {"target": {"objectId": user}})


def _mail(tenant: Memory, user: str) -> None:
    tenant.give_mailbox(user)
    outside = [{"emailAddress": {"name": "me", "address": OUTSIDE}}]
    rule = {"displayName": "copy", "isEnabled": True, "isReadOnly": False, "sequence": 1}
    tenant.hang(user, "rules", rule | {"actions": {"forwardTo": outside}})
    inside = [{"emailAddress": {"name": "team", "address": "team@acme.example"}}]
    tenant.hang(user, "rules", rule | {"sequence": 2, "actions": {"redirectTo": inside}})
    for n in range(3):
        guest = [{"emailAddress": {"name": "g", "address": f"guest{n}@acme.example"}}]
        meeting = {"isOrganizer": True, "isCancelled": False, "attendees": guest}
        series = "series-1" if n else None  # the last two are occurrences of one series
        tenant.hang(user, "meetings", meeting | {"seriesMasterId": series})
    tenant.hang(user, "drives", {})
    target = {"assignmentTargetId": user, "numberType": "callingPlan"}
    tenant.hang(user, "numbers", {"telephoneNumber": "+4930123456"} | target)


def _groups(tenant: Memory, user: str) -> str:
    """Of all kinds: those that can be left, and those that only somebody else can change."""
    odd: list[Json] = [
        {"groupTypes": ["DynamicMembership"], "membershipRule": "user.department"},
        {"mailEnabled": True},
        {"onPremisesSyncEnabled": True, "securityEnabled": True},
    ]
    kinds: list[Json] = [
        {"securityEnabled": True},
        {"groupTypes": ["Unified"], "mailEnabled": True},
    ]
    for n in range(GROUPS - len(odd) - 1):
        tenant.members[tenant.add_group(f"Group {n}", **kinds[n % 2])].add(user)
    for n, properties in enumerate(odd):
        tenant.members[tenant.add_group(f"Odd {n}", **properties)].add(user)
    options = {"groupTypes": ["Unified"], "mailEnabled": True}
    team = tenant.add_group("Launch", **options, resourceProvisioningOptions=["Team"])
    tenant.members[team].add(user)
    tenant.own(user, team)
    return team


def _licences(tenant: Memory, user: str) -> tuple[str, str]:
    groups = (tenant.add_group("Licences E5"), tenant.add_group("Licences Visio"))
    for n, group in enumerate(groups):
        tenant.groups[group]["securityEnabled"] = True
        tenant.license_by_group(user, group, f"c7df2760-2c81-4ef7-b578-5b5392b571f{n}")
    return groups
