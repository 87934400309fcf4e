"""docs/runbooks/entra-permissions.md, from the adapter's own facts: what to grant."""

import json

from adapters.actions import Action
from adapters.systems.entra import Entra
from adapters.systems.entra.app_roles import APP_ROLES, EXTRAS, GRAPH
from adapters.systems.entra.permissions import DANGEROUS, needed
from adapters.systems.entra.settings import EntraSettings, Profile

HEAD = """# Permissions of the Microsoft 365 application, ready to paste

<!-- Written by `exeunt adapters --document permissions`. A test compares them. -->

Take the smallest profile that does what you need, and write it down as `profile:` under the system
in `exeunt.yaml`. What a profile leaves out becomes a task for a person. `exeunt doctor` reads the
token that Microsoft really gives us: it says which permission is missing for which action, and
which one is granted, dangerous and not needed.

All are **application** permissions of Microsoft Graph and need admin consent. Never grant
`User.ReadWrite.All` or `Directory.ReadWrite.All`: with them, one wrong request deletes a person.

| profile | does | leaves to people |
|---|---|---|
| `cut` | blocks sign-in and ends sessions | everything else |
| `standard` (default) | also tokens, factors, mail rules, hand-over, groups, licences, devices | \
administrator rights, deletion, wiping |
| `privileged` | also administrator rights, deletion, wiping | nothing that Graph can do |

The permissions of `privileged` can take the tenant over: guard that application's credential like
an administrator's. Application permissions count for the whole tenant. To keep Exeunt away from
some people, assign Entra roles to it at the scope of an administrative unit instead of permissions
that write (Microsoft: "Assign Microsoft Entra roles with administrative unit scope").
"""
ROLES = """## Entra roles of the application

Some actions also need an Entra role, assigned to the application's service principal (**Roles and
administrators**, the role, **Add assignments**). A new role counts with the next token.

| role | for |
|---|---|
| User Administrator | `reset_credentials` |
| Cloud Device Administrator | `lock_devices`, where Graph refuses to disable a device without it |
| Privileged Authentication Administrator | everything, on people who hold a role, may activate \
one, or belong to or own a role-assignable group ([entra-privileged.md](entra-privileged.md)) |

## What no permission gives

- App passwords: Graph has no call for them. The block and the password reset end their use.
- Hardware tokens and QR codes: Graph v1.0 cannot remove them; the case names them as left.
- A meeting cannot be given to another organiser: it is cancelled, and those invited are told.
- Private and shared channels have members of their own: look there for a leaver who owned some.
- Administrative units are left alone: if a role at that scope is our power over the person,
  leaving the unit would end it.
"""

PHONES = "TeamsTelephoneNumber.ReadWrite.All"
LOOKING = (
    "RoleManagement.Read.Directory",
    "RoleEligibilitySchedule.Read.Directory",
    "RoleAssignmentSchedule.Read.Directory",
    "PrivilegedEligibilitySchedule.Read.AzureADGroup",
    "PrivilegedAssignmentSchedule.Read.AzureADGroup",
)
IN_THE_PORTAL = (
    "Or in the application's **Manifest**, as `requiredResourceAccess`, then **Grant admin "
    "consent** under **API permissions**:\n"
)


def permissions() -> str:
    return "\n".join([HEAD, *map(_profile, Profile), ROLES])


def _profile(profile: Profile) -> str:
    for_what = _for_what(profile)
    extra = dict.fromkeys(LOOKING, "knowing before a run who is an administrator")
    extra |= EXTRAS if profile is Profile.PRIVILEGED else {PHONES: EXTRAS[PHONES]}
    extra = {name: why for name, why in extra.items() if not _implied(name, for_what)}
    if profile is Profile.CUT:
        extra = {}
    names = sorted(for_what) + [name for name in extra if name not in for_what]
    access = [{"id": APP_ROLES[name], "type": "Role"} for name in names]
    lines = ",\n".join(f"   {json.dumps(one)}" for one in access)
    manifest = f'[{{"resourceAppId": "{GRAPH}", "resourceAccess": [\n{lines}\n]}}]'
    granted = " ".join(f"{APP_ROLES[name]}=Role" for name in names)
    return "\n".join(
        [
            f"## `{profile}`\n",
            "| permission | for |",
            "|---|---|",
            *(_row(name, _verbs(verbs)) for name, verbs in sorted(for_what.items())),
            *(_row(name, extra[name]) for name in extra if name not in for_what),
            "\nWith the Azure CLI (`APP` is the application's client id):\n",
            "```sh",
            f"az ad app permission add --id $APP --api {GRAPH} --api-permissions {granted}",
            "az ad app permission admin-consent --id $APP",
            "```\n",
            IN_THE_PORTAL,
            f"```json\n{manifest}\n```\n",
        ]
    )


def _row(name: str, what: str) -> str:
    return f"| `{name}`{' ⚠ dangerous' if name in DANGEROUS else ''} | {what} |"


def _verbs(verbs: list[Action]) -> str:
    return ", ".join(f"`{verb}`" for verb in verbs)


def _for_what(profile: Profile) -> dict[str, list[Action]]:
    """Each permission with the actions of the profile that use it."""
    settings = EntraSettings(adapter="entra", token="-", profile=profile)  # noqa: S106 - it opens nothing
    found: dict[str, list[Action]] = {}
    for verb, facts in Entra.actions.items():
        if settings.may(verb):
            for name in needed(verb, facts):
                found.setdefault(name, []).append(verb)
    return {name: verbs for name, verbs in found.items() if not _implied(name, found)}


def _implied(name: str, names: dict[str, list[Action]]) -> bool:
    """What may write may read: the reading permission need not be granted beside it."""
    return ".Read" in name and name.replace(".Read", ".ReadWrite", 1) in names
