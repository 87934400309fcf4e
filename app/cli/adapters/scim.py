"""What is known of each SCIM vendor, for an administrator: docs/scim-vendors.md is this text."""

from collections.abc import Iterator
from datetime import timedelta

from adapters.systems.scim.vendors import VENDORS, Ending, Fact, Left, Vendor
from app.cli.adapters.table import gap_said

HEAD = """# SCIM, vendor by vendor

<!-- Written by `exeunt adapters --document scim`. A test compares them. -->

One adapter, `scim`, speaks to all of these. Say whose service it is and Exeunt knows what `active:
false` does there, how the vendor wants to be asked, and what it leaves behind:

```yaml
systems:
  atlassian:
    adapter: scim
    vendor: atlassian
    base_url: https://api.atlassian.com/scim/directory/your-directory-id
    token: ${ATLASSIAN_SCIM_TOKEN}
```

*unknown* means that no document was found that says it. Exeunt does not guess: where it matters,
the service does not start until you have said it (`token_lifetime`, `deactivation_deletes`). What
is marked *not confirmed by a document* is what people who know the vendor say: try it on an account
of your own first. Slack and GitHub have adapters of their own; Datadog has one too (`adapter:
datadog`), which reaches keys, roles and teams. HubSpot and Zendesk are not here, because too little
is known of their SCIM: use `vendor: generic`, the default.
"""
TABLE = """## At a glance

| `vendor:` | deactivating | reversible | an old session lives | rate |
|---|---|---|---|---|"""
ENDINGS = {
    Ending.DISABLES: "disables",
    Ending.DELETES: "**deletes**: a person does it",
    Ending.UNKNOWN: "unknown: say `deactivation_deletes`",
}
REVERSIBLE = {
    Ending.DISABLES: "yes",
    Ending.DELETES: "**no**",
    Ending.UNKNOWN: "unknown",
}


def markdown() -> str:
    known = {name: vendor for name, vendor in VENDORS.items() if name != "generic"}
    rows = [_row(name, vendor) for name, vendor in known.items()]
    sections = [_section(name, vendor) for name, vendor in known.items()]
    return "\n".join([HEAD, TABLE, *rows, "", *sections])


def _row(name: str, vendor: Vendor) -> str:
    rates = "; ".join(map(str, vendor.rates)) or "unknown"
    cells = (f"[{name}](#{name})", ENDINGS[vendor.ending], REVERSIBLE[vendor.ending])
    return f"| {' | '.join(cells)} | {_lifetime(vendor.token_lifetime)} | {rates} |"


def _section(name: str, vendor: Vendor) -> str:
    facts = [f"| {about} | {_fact(fact)} |" for about, fact in vendor.facts.items()]
    lines = [
        f"## {name}\n",
        f"{vendor.name}. {_address(vendor)}\n",
        "| | | source |\n|---|---|---|",
        *facts,
        f"| an old session lives | {_lifetime(vendor.token_lifetime)} | |",
        "",
        *_left(vendor.left),
        *(f"`{verb}`: {gap_said(gap)}.\n" for verb, gap in vendor.gaps.items()),
    ]
    return "\n".join(lines)


def _address(vendor: Vendor) -> str:
    if not vendor.forms:
        return "The form of its address is unknown: any `base_url` is taken."
    forms = " or ".join(f"`{form}`" for form in vendor.forms)
    return f"`base_url` is {forms} ({vendor.form_source})."


def _fact(fact: Fact | None) -> str:
    return f"{fact.says} | {fact.source}" if fact else "unknown | "


def _lifetime(length: timedelta | None) -> str:
    if length is None:
        return "unknown: say `token_lifetime`"
    return str(length) if length else "not at all"


def _left(left: tuple[Left, ...]) -> Iterator[str]:
    if not left:
        yield "What outlives the account: unknown.\n"
        return
    yield "What outlives the account, and SCIM cannot list:\n"
    for one in left:
        yield f"- **{one.name}**: {one.why}. {one.next} ({one.source})"
    yield ""
