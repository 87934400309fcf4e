"""The OAuth scopes that are used, as the discovery documents name them. Each call carries one.

A token is asked for one scope at a time, so a scope that nobody authorised fails what needs it and
nothing else: Google refuses a whole token for one scope that is not authorised.
"""

_AUTH = "https://www.googleapis.com/auth/"
USERS = f"{_AUTH}admin.directory.user"
SECURITY = f"{_AUTH}admin.directory.user.security"
GROUPS = f"{_AUTH}admin.directory.group.readonly"
MEMBERS = f"{_AUTH}admin.directory.group.member"
ROLES = f"{_AUTH}admin.directory.rolemanagement"
TRANSFER = f"{_AUTH}admin.datatransfer"
LICENCES = f"{_AUTH}apps.licensing"
MAIL = f"{_AUTH}gmail.settings.basic"
SHARING = f"{_AUTH}gmail.settings.sharing"
DEVICES = f"{_AUTH}cloud-identity.devices"
CHROME = f"{_AUTH}admin.directory.device.chromeos"

DANGEROUS = (
    "https://mail.google.com/",
    f"{_AUTH}gmail.modify",
    f"{_AUTH}gmail.readonly",
    f"{_AUTH}drive",
    f"{_AUTH}calendar",
    f"{_AUTH}cloud-platform",
    f"{_AUTH}admin.directory.group",
)
"""Scopes that would open everybody's mail, files or projects, and that no verb needs."""
