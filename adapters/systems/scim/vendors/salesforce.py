"""Salesforce: SCIM beside its own API."""

from adapters.actions import Action
from adapters.contract import not_applicable
from adapters.systems.scim.vendors.facts import Ending, Fact, Left, SignIn, Vendor, Way

EXAMPLES = "help.salesforce.com, Deactivate and Reactivate Users with SCIM"

SALESFORCE = Vendor(
    name="Salesforce",
    forms=("https://{domain}.my.salesforce.com/services/scim/v2",),
    form_source=EXAMPLES,
    ending=Ending.DISABLES,
    deactivating=Fact(
        "makes the user inactive and frees the licence; it is refused while they are a default "
        "owner, an approver or the like",
        f"{EXAMPLES}; help.salesforce.com 000384586",
    ),
    reversing=Fact("yes, if a licence is free", EXAMPLES),
    ways=(Way.VALUE, Way.PATH, Way.PUT),
    writing=Fact("PATCH without a path", EXAMPLES),
    deleting=Fact("deactivates, as PATCH does: users cannot be deleted", EXAMPLES),
    left=(
        Left(
            "oauth_grant",
            "OAuth grants and sessions",
            "whether deactivation ends them is not documented",
            "Setup, the user's OAuth Connected Apps: revoke; Session Management: remove.",
            "developer.salesforce.com, OauthToken and AuthSession",
        ),
        Left(
            "records",
            "records that they own",
            "an inactive user goes on owning them",
            "Give accounts, opportunities, cases and reports to the successor.",
            "help.salesforce.com 000384586",
        ),
    ),
    plan=Fact("all editions", "help.salesforce.com, identity_scim_overview"),
    token=Fact(
        "an OAuth access token of an External Client App whose user may manage users; give "
        "`client_id` and `client_secret`",
        "help.salesforce.com, identity_scim_overview",
    ),
    sign_in=SignIn(
        "https://{domain}.my.salesforce.com/services/oauth2/token",
        {"grant_type": "client_credentials"},
        "RFC 6749 section 4.4, at the address of Salesforce's token endpoint",
    ),
    gaps={
        Action.DELETE_ACCOUNT: not_applicable("Salesforce users cannot be deleted"),
    },
)
