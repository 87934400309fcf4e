"""Tree heads as people pass them on: C2SP signed-note, tlog-checkpoint and tlog-cosignature.

Only the making of signatures is here. Reading and checking them is `verify.py`, which everybody
may run.
"""

import base64
import hashlib
import struct
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ED25519 = 0x01
COSIGNATURE = 0x04


@dataclass(frozen=True)
class Signer:
    """A name and its Ed25519 key. `kind` says what it signs as: the log, or a witness."""

    name: str
    key: Ed25519PrivateKey
    kind: int = ED25519

    def __repr__(self) -> str:
        return f"Signer({self.vkey})"

    @property
    def public(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    @property
    def key_id(self) -> bytes:
        """Its first four bytes stand before every signature (C2SP signed-note)."""
        told = self.name.encode() + b"\n" + bytes([self.kind]) + self.public
        return hashlib.sha256(told).digest()[:4]

    @property
    def vkey(self) -> str:
        """The public half, as it is given to those who check."""
        public = base64.b64encode(bytes([self.kind]) + self.public).decode("ascii")
        return f"{self.name}+{self.key_id.hex()}+{public}"

    def sign(self, body: str) -> str:
        """The line that the log puts under a body."""
        return self._line(self.key.sign(body.encode()))

    def cosign(self, body: str, at: datetime) -> str:
        """The line of a witness: it saw this head at this second, and no other of its size."""
        seconds = int(at.timestamp())
        signed = self.key.sign(f"cosignature/v1\ntime {seconds}\n".encode() + body.encode())
        return self._line(struct.pack(">Q", seconds) + signed)

    def _line(self, payload: bytes) -> str:
        return f"— {self.name} {base64.b64encode(self.key_id + payload).decode('ascii')}\n"


def checkpoint_body(origin: str, size: int, root: bytes) -> str:
    """Three lines, and no more: what is signed (C2SP tlog-checkpoint)."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode('ascii')}\n"


def note_of(body: str, lines: list[str]) -> str:
    return f"{body}\n{''.join(lines)}"


def proof_text(index: int, hashes: list[bytes], checkpoint: str) -> str:
    """C2SP tlog-proof: what shows to anybody that a leaf is in a signed tree."""
    return f"c2sp.org/tlog-proof@v1\nindex {index}\n{hash_lines(hashes)}\n{checkpoint}"


def hash_lines(hashes: list[bytes]) -> str:
    """One base64 hash on each line, as C2SP tlog-proof and tlog-witness have them."""
    return "".join(f"{base64.b64encode(one).decode('ascii')}\n" for one in hashes)
