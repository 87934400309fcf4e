"""ArcSight Common Event Format, version 0: a line for SIEMs that read nothing else."""

from typing import Any

from workflows.ledger.formats.meaning import (
    HIGH,
    INFORMATIONAL,
    LOW,
    MEDIUM,
    PRODUCT,
    VERSION,
    compact,
    events_of,
    milliseconds,
    severity,
)
from workflows.ledger.formats.shape import Leaves, Row

LONGEST_TEXT = 4000
"""Characters that a custom string (`cs1` to `cs6`) may have."""
_SEVERITY = {INFORMATIONAL: 2, LOW: 4, MEDIUM: 6, HIGH: 8}
"""0 to 3 is low, 4 to 6 medium, 7 and 8 high, 9 and 10 very high."""

# No line may break in two, and no reader in C may stop half-way.
_CONTROLS = {n: "\ufffd" for n in (*range(9), *range(11, 32), 127, 0x85, 0x2028, 0x2029)}
_IN_HEADER = {**_CONTROLS, ord("\\"): r"\\", ord("|"): r"\|", ord("\n"): " ", ord("\r"): " "}
_IN_EXTENSION = {
    **_CONTROLS,
    ord("\\"): r"\\",
    ord("="): r"\=",
    ord("\n"): r"\n",
    ord("\r"): r"\r",
}


class Cef:
    """`CEF:0|vendor|product|version|type|name|severity|key=value …`"""

    name = "cef"
    media_type = "text/plain; charset=utf-8"
    header = b""

    def encode(self, rows: Leaves) -> bytes:
        events = events_of(rows)
        lines = [_line(idx, lh, e) for (idx, _, lh), e in zip(rows, events, strict=True)]
        return "\n".join([*lines, ""]).encode()

    def line(self, row: Row) -> bytes:
        return self.encode([row]).removesuffix(b"\n")


def _line(idx: int, lh: bytes, event: dict[str, Any]) -> str:
    kind, outcome = event["type"], event["outcome"]
    head = (
        f"CEF:0|{PRODUCT}|{PRODUCT}|{VERSION}|{kind.translate(_IN_HEADER)}|"
        f"{f'{kind}: {outcome}'.translate(_IN_HEADER)}|{_SEVERITY[severity(outcome)]}|"
    )
    told = _extension(idx, lh, event)
    return head + " ".join(
        [f"{key}={str(value).translate(_IN_EXTENSION)}" for key, value in told if value is not None]
    )


def _extension(idx: int, lh: bytes, event: dict[str, Any]) -> list[tuple[str, Any]]:
    data, actor = event.get("data") or {}, event["actor"]
    text = compact(data)
    fits = len(text) <= LONGEST_TEXT
    return [
        ("rt", milliseconds(event["time"])),
        ("externalId", event["id"]),
        ("outcome", event["outcome"]),
        ("suid", actor["id"]),
        ("duid", data.get("account") or event.get("subject")),
        ("destinationServiceName", data.get("system")),
        ("cn1Label", "leaf_index"),
        ("cn1", idx),
        ("cs1Label", "case"),
        ("cs1", event.get("case", "")),
        ("cs2Label", "tenant"),
        ("cs2", event["tenant"]),
        ("cs3Label", "leaf_hash"),
        ("cs3", lh.hex()),
        ("cs4Label", "actor_kind"),
        ("cs4", actor["kind"]),
        ("cs5Label", "data"),
        ("cs5", text if fits else None),
        ("msg", None if fits else f"data left out: {len(text)} characters, see the JSON lines"),
    ]
