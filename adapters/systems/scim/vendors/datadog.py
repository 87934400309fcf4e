"""Datadog: an organisation of one site."""

from adapters.actions import Action
from adapters.contract import by_hand
from adapters.systems.scim.vendors.facts import Ending, Fact, Key, Left, Vendor

SCIM = "docs.datadoghq.com/account_management/scim"
API = "docs.datadoghq.com/api/latest/scim"
SITES = (
    "datadoghq.com",
    "us3.datadoghq.com",
    "us5.datadoghq.com",
    "datadoghq.eu",
    "ap1.datadoghq.com",
    "ap2.datadoghq.com",
    "uk1.datadoghq.com",
    "ddog-gov.com",
    "us2.ddog-gov.com",
)

DATADOG = Vendor(
    name="Datadog",
    forms=tuple(f"https://api.{site}/api/v2/scim" for site in SITES),
    form_source=API,
    ending=Ending.DISABLES,
    deactivating=Fact("disables the account; application keys of theirs are revoked", SCIM),
    reversing=Fact(
        "yes; new application keys have to be made",
        "Datadog's description of PATCH /api/v2/users/{user_id}",
    ),
    filters=frozenset({Key.LOGIN}),
    attributes=Fact(
        "only `userName eq` can be asked for; for other addresses everybody is listed", API
    ),
    groups=Fact("teams, and only for organisations that Datadog lets in", API),
    left=(
        Left(
            "api_key",
            "API keys that they made or know",
            "API keys belong to the organisation and outlive everybody",
            "Rotate those in Organization Settings, API Keys, that show them as creator.",
            "Datadog's description of GET /api/v2/api_keys",
        ),
    ),
    plan=Fact("Infrastructure Pro or Enterprise", SCIM),
    token=Fact(
        "Organization Settings: an application key of a service account with `user_access_invite` "
        "and `user_access_manage`; a person's key dies with the person",
        f"{SCIM}; {API}",
    ),
    gaps={Action.REVOKE_GRANTS: by_hand("docs/runbooks/scim-groups.md")},
)
