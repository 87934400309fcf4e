"""Tailscale, filled by SCIM."""

from adapters.systems.scim.vendors.facts import Ending, Fact, Left, Vendor

USERS = "tailscale.com/kb/1145"

TAILSCALE = Vendor(
    name="Tailscale",
    ending=Ending.DISABLES,
    deactivating=Fact(
        "suspends the user: devices cannot connect, API tokens and auth keys stop", USERS
    ),
    reversing=Fact("yes, until the user is deleted", USERS),
    sessions=Fact("devices of a suspended user are cut off; how fast is not documented", USERS),
    deleting=Fact("removes the user's devices; an owner has to be replaced first", USERS),
    left=(
        Left(
            "tagged_device",
            "tagged devices",
            "a tagged device is nobody's, so it stays connected",
            "Look through the machines of the tailnet and remove those that were theirs.",
            USERS,
        ),
    ),
)
