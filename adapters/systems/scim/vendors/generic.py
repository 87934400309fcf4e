"""Any SCIM 2.0 service of which nothing more is known."""

from datetime import timedelta

from adapters.systems.scim.vendors.facts import Ending, Fact, Vendor

GENERIC = Vendor(
    name="any other service",
    ending=Ending.DISABLES,
    deactivating=Fact(
        "`active: false` disables the account, unless you say `deactivation_deletes: true`",
        "RFC 7643 section 4.1.1",
    ),
    reversing=Fact("`active: true`", "RFC 7643 section 4.1.1"),
    token_lifetime=timedelta(0),
)
