"""Zoom: SCIM2 beside its own API."""

from adapters.actions import Action
from adapters.budget import Rate
from adapters.contract import by_hand
from adapters.systems.scim.vendors.facts import Ending, Fact, Key, SignIn, Vendor

SCIM2 = "developers.zoom.us/docs/api/scim2"
STATUS = "Zoom's description of PUT /users/{userId}/status"

ZOOM = Vendor(
    name="Zoom",
    forms=("https://api.zoom.us/scim2",),
    form_source=SCIM2,
    ending=Ending.DISABLES,
    deactivating=Fact(
        "deactivates the account: no sign-in, and all its licences are taken away", STATUS
    ),
    reversing=Fact("yes, `active: true`; the licences have to be given again", STATUS),
    filters=None,
    absent=frozenset({Key.NUMBER}),
    attributes=Fact(
        "`userName` is the e-mail address; the enterprise extension has department and "
        "organisation, no employee number",
        "Zoom's description of PATCH /scim2/Users/{userId}",
    ),
    rates=(Rate(40, 1),),
    rate=Fact(
        "for each account, shared by all its apps: 80 light, 60 medium, 40 heavy calls a second on "
        "Business and above; 40 are used, because not every call's label is known",
        "developers.zoom.us rate limits, as quoted by third parties",
    ),
    plan=Fact(
        "Business or Education with an approved vanity URL, and single sign-on switched on", SCIM2
    ),
    token=Fact(
        "marketplace.zoom.us: a server-to-server OAuth app with the scope `scim2:admin`; give "
        "`client_id`, `client_secret` and `account_id`",
        SCIM2,
    ),
    sign_in=SignIn(
        "https://zoom.us/oauth/token",
        {"grant_type": "account_credentials", "account_id": "{account_id}"},
        "developers.zoom.us/docs/api, server-to-server OAuth",
    ),
    gaps={
        # Recordings and meetings can be given to somebody in the very call that deletes, and only
        # there; SCIM's DELETE has no word for the receiver.
        Action.TRANSFER_FILES: by_hand("docs/runbooks/scim-delete.md"),
        Action.DELETE_ACCOUNT: by_hand("docs/runbooks/scim-delete.md"),
    },
)
