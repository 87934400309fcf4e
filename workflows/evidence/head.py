"""The signed tree head that a pack rests on, and the proofs under it."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from workflows.ledger.note import proof_text
from workflows.ledger.verify import parse_note


@dataclass(frozen=True)
class Head:
    """`note` is what the log itself signed; `cosignatures` are lines of witnesses behind it."""

    origin: str
    size: int
    root: bytes
    signed_at: datetime
    note: str
    cosignatures: str = ""
    time_stamp: bytes | None = None
    log_keys: tuple[str, ...] = ()
    """Who signed the note, as vkeys."""
    earlier_keys: tuple[str, ...] = ()
    """Who signed earlier heads that are in the pack too: keys of before a rotation."""
    witness_keys: Mapping[str, str] = field(default_factory=dict)
    """By the name that they have in the configuration."""

    @property
    def checkpoint(self) -> str:
        return self.note + self.cosignatures

    @property
    def seen_by(self) -> dict[str, str]:
        """The witnesses that cosigned this very head."""
        _, signatures = parse_note(self.checkpoint)
        names = {name for name, _ in signatures}
        return {
            name: vkey
            for name, vkey in self.witness_keys.items()
            if vkey.partition("+")[0] in names
        }

    @property
    def policy(self) -> str:
        """C2SP tlog-policy: these keys, and as many witnesses as have seen this head."""
        lines = [f"log {vkey}" for vkey in (*self.log_keys, *self.earlier_keys)]
        seen = self.seen_by
        lines += [f"witness {name} {vkey}" for name, vkey in seen.items()]
        lines += [f"group seen all {' '.join(seen)}"] if seen else []
        lines.append(f"quorum {'seen' if seen else 'none'}")
        return "\n".join(lines) + "\n"

    def proof(self, index: int, path: list[bytes]) -> str:
        return proof_text(index, path, self.checkpoint)


@dataclass(frozen=True)
class Earlier:
    """A head of before, and what shows that this log began with it."""

    size: int
    note: str | None
    """None: we did not sign this size; whoever holds such a head brings it along."""
    path: list[bytes]

    @property
    def files(self) -> dict[str, bytes]:
        proof = "".join(f"{_b64(one)}\n" for one in self.path).encode()
        files = {f"consistency/{self.size}.proof": proof}
        if self.note is not None:
            files[f"consistency/{self.size}.checkpoint"] = self.note.encode()
        return files


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
