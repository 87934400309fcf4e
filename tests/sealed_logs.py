"""Logs, proofs and packs made in memory, for the tests of those who check them."""

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from workflows.ledger import tree, verify
from workflows.ledger.events import canonical, digest, disclose
from workflows.ledger.note import COSIGNATURE, Signer, checkpoint_body, note_of

ORIGIN = "audit.example.com/acme"
LOG = Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
WITNESS = Signer(
    "witness.example.com/w1", Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64))), 4
)
LOG_KEY = verify.Key.parse(LOG.vkey)
WITNESS_KEY = verify.Key.parse(WITNESS.vkey)
SEEN_AT = datetime(2025, 11, 23, 23, 20, tzinfo=UTC)
assert WITNESS.kind == COSIGNATURE


@dataclass
class Log:
    """Leaves in memory, with every proof about them."""

    leaves: list[bytes] = field(default_factory=list)

    @property
    def size(self) -> int:
        return len(self.leaves)

    def hash_of(self, start: int, end: int) -> bytes:
        frontier = tree.Frontier()
        for d in self.leaves[start:end]:
            frontier.add(verify.leaf_hash(d))
        return frontier.root

    def root(self, size: int | None = None) -> bytes:
        return self.hash_of(0, self.size if size is None else size)

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        spans = tree.inclusion_spans(index, size or self.size)
        return [self.hash_of(*span) for span in spans]

    def consistency(self, old: int, new: int | None = None) -> list[bytes]:
        return [self.hash_of(*span) for span in tree.consistency_spans(old, new or self.size)]

    def body(self, size: int | None = None) -> str:
        size = self.size if size is None else size
        return checkpoint_body(ORIGIN, size, self.root(size))

    def checkpoint(self, size: int | None = None, *, cosigned: bool = False) -> str:
        body = self.body(size)
        return note_of(body, [LOG.sign(body), *([WITNESS.cosign(body, SEEN_AT)] * cosigned)])

    def proof(self, index: int, checkpoint: str | None = None) -> str:
        lines = [verify.PROOF, f"index {index}", *map(b64, self.inclusion(index))]
        return "\n".join(lines) + "\n\n" + (checkpoint or self.checkpoint())


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def lines_of(hashes: Sequence[bytes]) -> str:
    return "".join(b64(one) + "\n" for one in hashes)


DISCLOSED = disclose(b"0123456789abcdef", "name", "=cmd|' /C calc'!A0 <script> \u202e🦊")


def case_events(case: str = "case_1", count: int = 5) -> list[bytes]:
    """The leaves of one case, the last of which closes it."""
    found = []
    for seq in range(1, count + 1):
        closes = seq == count
        event = {
            "id": f"evt_{case}_{seq}",
            "type": "case.closed" if closes else "account.disabled",
            "case": case,
            "case_seq": seq,
            "data": {"events": count} if closes else {"system": "okta"},
        }
        if seq == 1:
            event["sd"] = {"name": digest(DISCLOSED)}
        found.append(canonical(event))
    return found


def other_events(count: int) -> list[bytes]:
    return [canonical({"id": f"evt_other_{n}", "type": "token.created"}) for n in range(count)]


def pack_of(log: Log, wanted: Sequence[bytes], more: Mapping[str, bytes] = {}) -> dict[str, bytes]:
    """The files of a pack of these leaves, with `more` in it."""
    head = log.checkpoint(cosigned=True)
    indices = sorted(map(log.leaves.index, wanted))
    return sealed(
        {
            "events.jsonl": b"".join(log.leaves[index] + b"\n" for index in indices),
            "indices.json": json.dumps(indices).encode(),
            "checkpoint": head.encode(),
            "checkpoint.log": log.checkpoint().encode(),
            "disclosures.json": b"{}",
            "policy.txt": f"log {LOG.vkey}\nwitness w1 {WITNESS.vkey}\nquorum w1\n".encode(),
            "report.html": b"<p>what the operator says</p>",
            **{f"proofs/{index}.tlog-proof": log.proof(index, head).encode() for index in indices},
            **more,
        }
    )


def sealed(files: dict[str, bytes], kind: str = "case") -> dict[str, bytes]:
    """With a manifest that fits."""
    facts = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        for name, content in files.items()
        if name != "manifest.json"
    }
    return {**files, "manifest.json": json.dumps({"kind": kind, "files": facts}).encode()}


def a_case_log() -> Log:
    mine, others = case_events(), other_events(6)
    return Log([others[0], *mine[:3], *others[1:4], *mine[3:], *others[4:]])


def a_case_pack() -> dict[str, bytes]:
    disclosures = json.dumps({"evt_case_1_1": {"name": DISCLOSED}}).encode()
    return pack_of(a_case_log(), case_events(), {"disclosures.json": disclosures})


SEED = "the auditor's own words"
CASES = [f"case_{n}" for n in range(30)]


def a_period_pack(cases: Sequence[str] = CASES) -> dict[str, bytes]:
    """Sealed as leaf 4 of a tree of 6, sampled by that tree, proved in one of 18.

    Of the first sampled case the log holds all, the pack its last event and a pack of its own.
    """
    ids = hashlib.sha256("\n".join(sorted(cases)).encode()).hexdigest()
    data = {"period": "2026-09", "count": len(cases), "ids_sha256": ids}
    seal = canonical({"id": "evt_seal", "type": "population.sealed", "data": data})
    others = other_events(12)
    sealing = Log([*others[:4], seal, others[4]])
    ranks = verify.sample(SEED, sealing.root(), cases)[:5]
    first = ranks[0][1]
    log = Log([*sealing.leaves, *others[5:], *case_events(first)])
    told = {
        "seed": SEED,
        "root": b64(sealing.root()),
        "ranks": [{"case": case, "rank": rank} for rank, case in ranks],
    }
    more = {
        "population.jsonl": b"".join(canonical({"case": case}) + b"\n" for case in cases),
        "sample.json": json.dumps(told).encode(),
        "consistency/6.checkpoint": log.checkpoint(6).encode(),
        "consistency/6.proof": lines_of(log.consistency(6)).encode(),
        f"sample/{first}.zip": zipped(pack_of(log, case_events(first))),
    }
    return sealed(pack_of(log, [seal, case_events(first)[-1]], more), "period")


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(name, content)
    return out.getvalue()


def as_zip(path: Path, files: dict[str, bytes]) -> Path:
    path.write_bytes(zipped(files))
    return path


def as_folder(path: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path
