"""Figma: members of an organisation."""

from adapters.systems.scim.vendors.facts import UNCONFIRMED, Ending, Fact, Key, Left, Vendor, Way

SCHEMAS = "developers.figma.com/docs/rest-api/scim-supported-schemas"
ENDPOINTS = "developers.figma.com/docs/rest-api/scim-endpoints"
START = "developers.figma.com/docs/rest-api/scim"

FIGMA = Vendor(
    name="Figma",
    forms=("https://www.figma.com/scim/v2/{tenant}",),
    form_source=ENDPOINTS,
    ending=Ending.DISABLES,
    deactivating=Fact("takes the person out of the organisation; files stay", SCHEMAS),
    reversing=Fact(
        "yes, `active: true`; whether the seat and the drafts come back is not documented", SCHEMAS
    ),
    ways=(Way.VALUE, Way.PATH, Way.PUT),
    writing=Fact("PATCH; no versions, no bulk", ENDPOINTS),
    absent=frozenset({Key.MAIL}),
    attributes=Fact(
        "`userName` is the e-mail address; an employee number is stored in the enterprise "
        "extension; `externalId` is stored and not used",
        SCHEMAS,
    ),
    left=(
        Left(
            "drafts",
            "drafts of theirs",
            "who owns the drafts of somebody who was removed is not documented",
            "Have the organisation's administrator look for their drafts and move what is needed.",
            UNCONFIRMED,
        ),
    ),
    plan=Fact("Organization or Enterprise; not Starter or Professional", START),
    token=Fact(
        "Admin settings, Login and provisioning, SCIM provisioning, Generate token; the tenant id "
        "stands beside it",
        START,
    ),
)
