"""Snowflake: users that the role of a SCIM integration owns."""

from adapters.systems.scim.vendors.facts import Ending, Fact, Left, Vendor

USERS = "docs.snowflake.com/user-guide/scim-user-api-reference"
SUPPORT = "docs.snowflake.com/user-guide/scim"

SNOWFLAKE = Vendor(
    name="Snowflake",
    forms=(
        "https://{account}.snowflakecomputing.com/scim/v2",
        "https://{account}.snowflakecomputing.com/scim/v2/{integration}",
    ),
    form_source=USERS,
    ending=Ending.DISABLES,
    deactivating=Fact("sets the user to DISABLED", USERS),
    reversing=Fact("yes, `active: true`", USERS),
    attributes=Fact(
        "`userName` is the login or the name, which can differ; one address each; `externalId` is "
        "what the provisioning client wrote",
        USERS,
    ),
    groups=Fact(
        "groups are roles; only those that the integration's role owns can be changed", SUPPORT
    ),
    left=(
        Left(
            "key_pair",
            "key pairs and programmatic access tokens",
            "they are the user's own and come back with them",
            "ALTER USER … UNSET RSA_PUBLIC_KEY, RSA_PUBLIC_KEY_2; ALTER USER … REMOVE PROGRAMMATIC "
            "ACCESS TOKEN … for each.",
            "Snowflake's SQL reference, ALTER USER",
        ),
        Left(
            "query",
            "queries and sessions that are running",
            "SCIM has no word for them",
            "ALTER USER … ABORT ALL QUERIES.",
            "Snowflake's SQL reference, ALTER USER",
        ),
    ),
    token=Fact(
        "the access token of a SCIM security integration, whose role must own the users",
        SUPPORT,
    ),
)
