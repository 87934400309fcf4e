"""PagerDuty: `active: false` deletes."""

from adapters.actions import Action
from adapters.budget import Rate
from adapters.contract import covered_by
from adapters.systems.scim.vendors.facts import UNCONFIRMED, Ending, Fact, Key, Left, Vendor

USERS = "support.pagerduty.com/main/docs/assign-or-deactivate-users"
SETUP = "support.pagerduty.com/main/docs/scim-user-provisioning"

PAGERDUTY = Vendor(
    name="PagerDuty",
    forms=("https://api.pagerduty.com/scim/v2", "https://api.eu.pagerduty.com/scim/v2"),
    form_source=f"{SETUP}; the European address: {UNCONFIRMED}",
    ending=Ending.DELETES,
    deactivating=Fact(
        "deletes the user; it is refused while incidents are assigned to them, unless the plan has "
        "incident reassignment",
        f"{USERS}; {SETUP}",
    ),
    reversing=Fact("no: PagerDuty does not reactivate, a new user is made", USERS),
    absent=frozenset({Key.NUMBER, Key.MAIL}),
    attributes=Fact("`userName` is the e-mail address; there is no employee number", USERS),
    deleting=Fact("the same as deactivating", USERS),
    left=(
        Left(
            "on_call",
            "on-call shifts, escalation policies and open incidents",
            "a schedule with a deleted user has a gap, and nobody is paged",
            "Put somebody else into each schedule and policy, and reassign open incidents, first.",
            "PagerDuty's description of GET /oncalls, /escalation_policies, /incidents",
        ),
    ),
    rates=(Rate(960, 60),),
    rate=Fact(
        "960 requests a minute for each key", "support.pagerduty.com/docs/rest-api-rate-limits"
    ),
    plan=Fact("all plans", SETUP),
    token=Fact("an API key of the account", SETUP),
    scheme="Token token=",
    gaps={Action.REVOKE_GRANTS: covered_by(Action.BLOCK_SIGN_IN)},
)
