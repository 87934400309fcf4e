"""GitLab.com: SCIM of a group."""

from adapters.systems.scim.vendors.facts import UNCONFIRMED, Fact, Left, Vendor

DOCS = "docs.gitlab.com/api/scim"

GITLAB = Vendor(
    name="GitLab.com",
    forms=("https://gitlab.com/api/scim/v2/groups/{group}",),
    form_source="docs.gitlab.com, SCIM of groups on GitLab.com",
    left=(
        Left(
            "access_token",
            "personal access tokens, SSH keys, and project or group tokens that they made",
            "the account is the person's own and outlives the group; tokens of bots survive",
            "Look through Settings, Access tokens of the group and its projects, and revoke.",
            UNCONFIRMED,
        ),
    ),
    plan=Fact("Premium or Ultimate, with SSO of the group switched on", DOCS),
    token=Fact("the group's Settings, SAML SSO: a SCIM token", UNCONFIRMED),
)
