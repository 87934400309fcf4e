"""The head that an export of the whole log is checked against, if the log is signed."""

from dataclasses import dataclass, field
from pathlib import Path

from adapters.clock import Clock
from app.main import notary_of
from app.settings import Settings
from workflows.ledger.note import hash_lines
from workflows.ledger.proofs import frontier_at
from workflows.ledger.record import Ledger
from workflows.ledger.settings import AuditSettings
from workflows.store import Store


@dataclass(frozen=True)
class SignedHead:
    """`checkpoint` is the signed note with its cosignatures, over the first `size` leaves.

    If the first `start` leaves are not in the file, `roots` are the hashes of their perfect
    subtrees, the largest first: what whoever checks begins with.
    """

    size: int
    checkpoint: str
    start: int = 0
    roots: list[bytes] = field(default_factory=list)


async def signed_head(
    store: Store, settings: Settings, origin: str, start: int
) -> SignedHead | None:
    """The log as it stands, signed now, for a file that begins with the leaf `start`.

    None if the log is not signed. Raises CannotSign.
    """
    if not origin:
        return None
    clock = Clock()
    ledger = Ledger(store, clock, settings.tenant)
    audit = AuditSettings(origin=origin)
    notary = notary_of(settings, audit, ledger, store, clock)
    signed = await notary.checkpoint() if notary else None
    if signed is None:
        return None
    async with store.read() as session:
        roots = await frontier_at(session, start)
    return SignedHead(signed.size, signed.note + signed.cosignatures, start, roots)


def put_head(out: Path, head: SignedHead | None) -> None:
    """What the file is checked against, beside it; never that of an earlier export."""
    checkpoint, frontier = checkpoint_of(out), out.with_name(f"{out.name}.frontier")
    checkpoint.unlink(missing_ok=True)
    frontier.unlink(missing_ok=True)
    if head:
        checkpoint.write_bytes(head.checkpoint.encode())
        if head.start:
            frontier.write_text(f"{head.start}\n{hash_lines(head.roots)}", "utf-8")


def checkpoint_of(out: Path) -> Path:
    return out.with_name(f"{out.name}.checkpoint")
