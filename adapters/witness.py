"""Ask a witness to cosign the head of our log: C2SP tlog-witness v1.0.0 and tlog-cosignature.

https://c2sp.org/tlog-witness: `POST <url>/add-checkpoint`.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from http import HTTPStatus

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from adapters.errors import AdapterError, NeedsHuman, Unrecognised
from adapters.http import Api

COSIGNATURE = b"\x04"
SIZE = re.compile(r"[0-9]{1,18}", re.ASCII)
LAST_SECOND = 253_402_300_799
"""Of the year 9999: who checks a cosignature refuses a later one."""
READ_BY_US = frozenset({400, 403, 404, 409, 422})


class WitnessAhead(AdapterError):
    """It has cosigned another size last: prove from there. Not a failure."""

    def __init__(self, message: str, size: int) -> None:
        super().__init__(message)
        self.args = (message, size)
        self.size = size


class WitnessRefused(NeedsHuman):
    """It holds a head of ours that this one does not follow from: a rollback or a rewrite."""


class Witness:
    """One witness. `vkey` is its public key, as its operator told it by another way.

    Raises ValueError for a URL or key that is none.
    """

    def __init__(self, url: str, vkey: str) -> None:
        self.vkey = vkey
        self.name, self._key_id, self._public = _key(vkey)
        self._api = Api(url)

    async def add(self, old_size: int, proof: Sequence[bytes], note: str) -> str:
        """The witness's signature line under this head.

        `proof` shows that its last head, of `old_size` leaves (0: none yet), begins this one; its
        hashes have 32 bytes. Raises WitnessAhead, WitnessRefused and other AdapterErrors.
        """
        hashes = "".join(base64.b64encode(one).decode() + "\n" for one in proof)
        reply = await self._api.send_bytes(
            f"old {old_size}\n{hashes}\n{note}".encode(),
            named="add-checkpoint",
            path="add-checkpoint",
            headers={"Content-Type": "text/plain; charset=utf-8"},
            codes=READ_BY_US,
        )
        text = reply.body.decode("utf-8", "replace")
        if reply.status != HTTPStatus.OK:
            raise self._why_not(reply.status, text)
        return self._good_line(text, note)

    async def close(self) -> None:
        await self._api.close()

    def _why_not(self, status: int, text: str) -> AdapterError:
        if status == HTTPStatus.CONFLICT and SIZE.fullmatch(text.strip()):
            size = int(text)
            return WitnessAhead(f"witness {self.name} has seen {size} events", size)
        if status == HTTPStatus.UNPROCESSABLE_ENTITY:
            return WitnessRefused(
                f"witness {self.name} REFUSES the head: what it saw before does not begin it. "
                "The database was rolled back or rewritten: look at docs/runbooks/audit-log.md"
            )
        if status in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}:
            return NeedsHuman(
                f"witness {self.name} does not know this log's name or key ({status}): give its "
                "operator what `exeunt audit key show` prints"
            )
        return Unrecognised(f"witness {self.name} answered add-checkpoint with {status}")

    def _good_line(self, text: str, note: str) -> str:
        """The first of its own key that holds; what else it sends is ignored, as the protocol says.

        It is kept for ever under our head, so nothing is taken that a strict reader would refuse.
        """
        body = note.rpartition("\n\n")[0] + "\n"
        for line in text.split("\n"):
            if self._holds(line, body):
                return f"{line}\n"
        raise Unrecognised(f"witness {self.name} sent no cosignature that its key made")

    def _holds(self, line: str, body: str) -> bool:
        dash, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        try:
            payload = base64.b64decode(encoded, validate=True)
        except ValueError:
            return False
        if (dash, name, payload[:4]) != ("—", self.name, self._key_id):
            return False
        seconds, signature = int.from_bytes(payload[4:12], "big"), payload[12:]
        if base64.b64encode(payload).decode() != encoded or seconds > LAST_SECOND:
            return False
        try:
            signed = f"cosignature/v1\ntime {seconds}\n{body}".encode()
            self._public.verify(signature, signed)
        except InvalidSignature:
            return False
        return True


def _key(vkey: str) -> tuple[str, bytes, Ed25519PublicKey]:
    """C2SP signed-note, "Verifier keys". Raises ValueError."""
    name, _, rest = vkey.partition("+")
    told, _, encoded = rest.partition("+")
    raw = base64.b64decode(encoded, validate=True)
    key_id = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
    if raw[:1] != COSIGNATURE or key_id.hex() != told:
        raise ValueError(f"{vkey!r} is no key of a witness (name+id+key, kind 4): was it mistyped?")
    return name, key_id, Ed25519PublicKey.from_public_bytes(raw[1:])
