"""The head that an export of the whole log is checked against, if the log is signed."""

from dataclasses import dataclass, field

from app.settings import Settings
from workflows.store import Store


@dataclass(frozen=True)
class SignedHead:
    """`checkpoint` is the signed note with its cosignatures, over the first `size` leaves.

    If the first `pruned` leaves were not kept, `roots` are the hashes of their perfect subtrees,
    the largest first: what `check_log(…, start=pruned, roots=roots)` begins with.
    """

    size: int
    checkpoint: str
    pruned: int = 0
    roots: list[bytes] = field(default_factory=list)


async def signed_head(_store: Store, _settings: Settings) -> SignedHead | None:
    """The log as it stands, signed now; None if this installation does not sign."""
    return None
