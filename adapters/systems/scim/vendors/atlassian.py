"""Atlassian Cloud: a directory of an organisation, filled by SCIM."""

from datetime import timedelta

from adapters.systems.scim.vendors.facts import UNCONFIRMED, Ending, Fact, Key, Left, Vendor

AX_684 = "jira.atlassian.com/browse/AX-684"

ATLASSIAN = Vendor(
    name="Atlassian",
    forms=("https://api.atlassian.com/scim/directory/{directory}",),
    form_source="support.atlassian.com, How to filter users in provisioning SCIM using REST API",
    ending=Ending.DISABLES,
    deactivating=Fact(
        "deactivates the managed account, so that it and its tokens are refused everywhere",
        AX_684,
    ),
    reversing=Fact("yes; API tokens that were not deleted work again then", AX_684),
    sessions=Fact("an inactive account is refused with 401, with a token too", AX_684),
    token_lifetime=timedelta(0),
    filters=frozenset({Key.LOGIN, Key.OUTSIDE}),
    attributes=Fact(
        "only `userName` and `externalId` can be asked for, with `eq`; for the rest everybody is "
        "listed",
        "support.atlassian.com, How to filter users in provisioning SCIM using REST API",
    ),
    deleting=Fact(
        "unlinks the account from the identity provider and deactivates it if it is managed; the "
        "record does not come back",
        "Atlassian's description of deleteUser, as in jira.js userProvisioning",
    ),
    left=(
        Left(
            "api_token",
            "API tokens",
            "they are kept with a deactivated account, and work again when it is activated",
            "Delete each with an organisation API key: GET, then DELETE "
            "https://api.atlassian.com/users/{account}/manage/api-tokens/{id}.",
            f"{AX_684}; developer.atlassian.com, user management REST API",
        ),
    ),
    plan=Fact("Atlassian Guard", UNCONFIRMED),
    token=Fact(
        "admin.atlassian.com: the directory's own SCIM key, not an organisation's API key",
        "support.atlassian.com, How to filter users in provisioning SCIM using REST API",
    ),
)
