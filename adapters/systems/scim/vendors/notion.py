"""Notion: members of an Enterprise workspace."""

from adapters.systems.scim.vendors.facts import UNCONFIRMED, Ending, Fact, Left, Vendor, Way

HELP = "notion.com/help/provision-users-and-groups-with-scim"

NOTION = Vendor(
    name="Notion",
    forms=("https://api.notion.com/scim/v2", "https://www.notion.so/scim/v2"),
    form_source="code of ConductorOne/baton-notion",
    ending=Ending.DELETES,
    deactivating=Fact(
        "DELETE takes the member out of the workspace, ends all sessions and frees the seat; what "
        "`active: false` does is not known, so it is not used",
        "Lumos' knowledge base, a third party",
    ),
    reversing=Fact(
        "no: the member is added anew, and what becomes of private pages is unknown", UNCONFIRMED
    ),
    ways=(Way.DELETE,),
    writing=Fact("DELETE", "Lumos' knowledge base, a third party"),
    attributes=Fact("members are found by e-mail address or name; guests are not seen", HELP),
    deleting=Fact(
        "the same as deactivating; the account itself stays Notion's",
        "Lumos' knowledge base, a third party",
    ),
    left=(
        Left(
            "private_pages",
            "private pages",
            "only the person saw them, and SCIM cannot hand them over",
            "Have a workspace owner move them to the successor before the member is removed.",
            UNCONFIRMED,
        ),
    ),
    plan=Fact("Enterprise", HELP),
    token=Fact(
        "Settings, Identity & provisioning, SCIM provisioning, New token; it dies when the "
        "workspace owner who made it leaves or changes role",
        HELP,
    ),
)
