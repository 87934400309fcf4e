"""ArcSight Common Event Format, version 0: a line for SIEMs that read nothing else."""

import json
import re
from typing import Any

from workflows.ledger.formats.leaf import Told, told
from workflows.ledger.formats.meaning import (
    HIGH,
    INFORMATIONAL,
    LOW,
    MEDIUM,
    PRODUCT,
    VERSION,
    milliseconds,
    severity,
)
from workflows.ledger.formats.shape import Leaves, Row

LONGEST_TEXT = 4000
"""Characters that a custom string (`cs1` to `cs6`) may have."""
_SEVERITY = {INFORMATIONAL: 2, LOW: 4, MEDIUM: 6, HIGH: 8}
"""0 to 3 is low, 4 to 6 medium, 7 and 8 high, 9 and 10 very high."""

# No line may break in two, and no reader in C may stop half-way.
_CONTROLS = dict.fromkeys(
    (*range(9), *range(11, 32), 0x7F, 0x85, 0x2028, 0x2029), "\N{REPLACEMENT CHARACTER}"
)
_IN_HEADER = {**_CONTROLS, ord("\\"): r"\\", ord("|"): r"\|", ord("\n"): " ", ord("\r"): " "}
_IN_EXTENSION = {
    **_CONTROLS,
    ord("\\"): r"\\",
    ord("="): r"\=",
    ord("\n"): r"\n",
    ord("\r"): r"\r",
}
_to_escape = re.compile("[" + re.escape("".join(map(chr, _IN_EXTENSION))) + "]").search


class Cef:
    """`CEF:0|vendor|product|version|type|name|severity|key=value …`"""

    name = "cef"
    media_type = "text/plain; charset=utf-8"
    header = b""

    def encode(self, rows: Leaves) -> bytes:
        return b"".join([_line(idx, d, lh).encode() + b"\n" for idx, d, lh in rows])

    def line(self, row: Row) -> bytes:
        return self.encode([row]).removesuffix(b"\n")


def _line(idx: int, d: bytes, lh: bytes) -> str:
    event = told(d)
    kind, outcome = event.type, event.outcome
    return (
        f"CEF:0|{PRODUCT}|{PRODUCT}|{VERSION}|{kind.translate(_IN_HEADER)}|"
        f"{f'{kind}: {outcome}'.translate(_IN_HEADER)}|{_SEVERITY[severity(outcome)]}|"
        f"rt={milliseconds(event.time)} externalId={_value(event.id)} outcome={_value(outcome)}"
        f" suid={_value(event.actor_id)}{_on_what(event)}"
        f" cn1Label=leaf_index cn1={idx} cs1Label=case cs1={_value(event.case)}"
        f" cs2Label=tenant cs2={_value(event.tenant)} cs3Label=leaf_hash cs3={lh.hex()}"
        f" cs4Label=actor_kind cs4={_value(event.actor_kind)}"
    )


def _on_what(event: Told) -> str:
    """The account by our own name for it, its system, and the facts of the type."""
    data: dict[str, Any] = json.loads(event.data) if event.data else {}
    account = str(data.get("account") or event.subject)
    made = f" duid={_value(account)}" if account else ""
    if "system" in data:
        made += f" destinationServiceName={_value(str(data['system']))}"
    if len(event.data) > LONGEST_TEXT:
        return f"{made} msg=data left out: {len(event.data)} characters, see the JSON lines"
    return f"{made} cs5Label=data cs5={_value(event.data)}" if data else made


def _value(text: str) -> str:
    """Most texts have nothing to escape, and looking is cheaper than replacing nothing."""
    return text.translate(_IN_EXTENSION) if _to_escape(text) else text
