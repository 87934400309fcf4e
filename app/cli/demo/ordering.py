"""The order that no policy can change, shown by what the ledger recorded."""

from typing import Any

from rich.panel import Panel
from rich.text import Text


def order_of(timeline: list[dict[str, Any]], lost: list[str]) -> Panel:
    """`lost` are the mailboxes that went with a licence: there must be none."""
    blocked = _index(timeline, "block_sign_in.read_back", "confirmed")
    signed_out = _index(timeline, "revoke_sessions.intent")
    shared = _index(timeline, "delegate_mailbox.read_back", "confirmed")
    released = _index(timeline, "release_licences.result", "changed")
    waited = sum(
        e["type"] == "release_licences.result" and e["outcome"] == "failure" for e in timeline
    )
    said = Text()
    for true, what in (
        (blocked < signed_out, "sign-in was read back as blocked before any session was ended"),
        (shared < released, f"licences waited for the mailbox to be shared ({waited} times)"),
        (not lost, "no mailbox was lost with a licence"),
    ):
        said.append("✓ " if true else "✗ ", "green" if true else "bold red")
        said.append(what + "\n")
    return Panel(said, title="The order, by the log", title_align="left", border_style="blue")


def _index(timeline: list[dict[str, Any]], kind: str, outcome: str | None = None) -> int:
    """Where in the log it stands first."""
    for event in timeline:
        if event["type"] == kind and outcome in (None, event["outcome"]):
            found: int = event["index"]
            return found
    return -1
