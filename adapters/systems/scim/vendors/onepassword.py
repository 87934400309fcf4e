"""1Password, by its SCIM bridge that you run yourself."""

from adapters.actions import Action
from adapters.contract import by_hand
from adapters.systems.scim.vendors.facts import UNCONFIRMED, Fact, Left, Vendor

CLI = "developer.1password.com, op user"

ONEPASSWORD = Vendor(
    name="1Password",
    deleting=Fact("removes the private vault with what is in it: recover it first", UNCONFIRMED),
    left=(
        Left(
            "secret",
            "every shared secret that they could read",
            "what somebody has seen cannot be taken back",
            "List their vaults (op user list, op vault user list) and rotate what was in them.",
            CLI,
        ),
    ),
    token=Fact("the SCIM bridge's own bearer token", UNCONFIRMED),
    gaps={Action.DELETE_ACCOUNT: by_hand("docs/runbooks/scim-delete.md")},
)
