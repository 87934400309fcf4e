"""Databricks: the account, above its workspaces."""

from adapters.actions import Action
from adapters.contract import by_hand
from adapters.systems.scim.vendors.facts import (
    UNCONFIRMED,
    Ending,
    Fact,
    Key,
    Left,
    SignIn,
    Vendor,
    Way,
)

KB = "kb.databricks.com, Reactivate inactive users at the account level"
SDK = "docs of databricks-sdk-py, users_v2"

DATABRICKS = Vendor(
    name="Databricks",
    forms=(
        "https://accounts.{domain}/api/2.0/accounts/{account}/scim/v2",
        "https://accounts.{domain}/api/2.1/accounts/{account}/scim/v2",
    ),
    form_source=f"{KB}; {SDK}",
    ending=Ending.DISABLES,
    deactivating=Fact("makes the account inactive in every workspace at once", KB),
    reversing=Fact("yes, at the account level first", KB),
    ways=(Way.PATH, Way.VALUE),
    writing=Fact("PATCH with a real boolean: a text is answered with 500", KB),
    absent=frozenset({Key.OUTSIDE}),
    attributes=Fact(
        "`userName` and `emails` cannot be changed; `externalId` is not supported", SDK
    ),
    deleting=Fact(
        "takes the home folder and leaves jobs without an owner: never before both are handed over",
        UNCONFIRMED,
    ),
    left=(
        Left(
            "personal_access_token",
            "personal access tokens",
            "each workspace keeps its own; whether they stop with the account is not documented",
            "Delete them in every workspace: GET /api/2.0/token-management/tokens?created_by_id=…, "
            "then DELETE …/tokens/{id} (Premium).",
            "docs.databricks.com, Monitor and revoke personal access tokens",
        ),
        Left(
            "jobs",
            "jobs and pipelines that run as them",
            "SCIM knows no jobs",
            "Give each job a new owner by the Permissions API before the account is deleted.",
            UNCONFIRMED,
        ),
    ),
    token=Fact(
        "account console: a service principal that is account admin, with an OAuth secret; give "
        "`client_id` and `client_secret`",
        KB,
    ),
    sign_in=SignIn(
        "https://accounts.{domain}/oidc/accounts/{account}/v1/token",
        {"grant_type": "client_credentials", "scope": "all-apis"},
        KB,
    ),
    gaps={Action.DELETE_ACCOUNT: by_hand("docs/runbooks/scim-delete.md")},
)
