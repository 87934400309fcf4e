"""AWS IAM Identity Center, filled by SCIM."""

from adapters.systems.scim.vendors.facts import UNCONFIRMED, Ending, Fact, Leave, Left, Vendor, Way

PATCH = "docs.aws.amazon.com/singlesignon/latest/developerguide/patchuser.html"
LIMITS = "docs.aws.amazon.com/singlesignon/latest/developerguide/limitations.html"
REVOKE = "docs.aws.amazon.com/singlesignon, Revoke active IAM role sessions"

AWS_IDENTITY_CENTER = Vendor(
    name="AWS IAM Identity Center",
    forms=("https://scim.{region}.amazonaws.com/{tenant}/scim/v2",),
    form_source=PATCH,
    ending=Ending.DISABLES,
    deactivating=Fact("disables the user", PATCH),
    reversing=Fact("yes, `active: true`", PATCH),
    sessions=Fact(
        "role sessions that are open live on until they expire: say the longest session duration "
        "of your permission sets",
        REVOKE,
    ),
    ways=(Way.PATH, Way.PUT),
    writing=Fact("PATCH, one operation at a time on `active`", PATCH),
    attributes=Fact("only `eq`, one value each; a page holds 50 at most", LIMITS),
    leaves=(Leave.PATH, Leave.LIST),
    groups=Fact("PATCH; never all members at once", LIMITS),
    left=(
        Left(
            "role_session",
            "role sessions that are open in AWS accounts",
            "they hold until they expire, whatever becomes of the user",
            "Deny identitystore:UserId of this user in a service control policy until then.",
            REVOKE,
        ),
    ),
    token=Fact(
        "IAM Identity Center, Settings, Automatic provisioning: SCIM endpoint and token",
        UNCONFIRMED,
    ),
)
