"""Check what Exeunt recorded, without trusting Exeunt: one file, the standard library alone.

    python3 -I verify.py pack evidence.zip --key 'audit.acme.example/exeunt+1234abcd+A…'

The -I keeps Python from importing what lies beside this file. Give the keys that you were handed
when your engagement began, not those that came with the pack. Exit code: 0 all was checked and
holds, 1 something does not hold, 2 the command was wrong, 3 what could be checked here holds, and
the rest is left to you: signatures, with the commands that check them, or whose keys they are.

Read it from above; the first third is all that proves anything: the tree (RFC 6962), signed tree
heads (C2SP signed-note, tlog-checkpoint, tlog-cosignature), proofs (C2SP tlog-proof), personal
values (RFC 9901). Then whole logs, whom you trust (C2SP tlog-policy), time stamps (RFC 3161),
packs, the command line.
"""

from __future__ import annotations

import argparse
import base64
import functools
import hashlib
import io
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, BinaryIO

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:  # then openssl checks signatures, or you do
    Ed25519PublicKey = None  # type: ignore[assignment,misc]

LARGEST_LEAF = 65_535
CLOCKS_APART = 3600
LARGEST_NOTE = 1 << 20
LARGEST_TEXT = 1 << 28
LARGEST_PACK = 1 << 32
MOST_VALUES = 1 << 23  # in a file of JSON: small ones take many times their bytes in memory
MOST_SIGNATURES = 100  # under one note, each of which is checked


class Refused(Exception):
    """One sentence that says what does not hold, and where."""


# --- The tree: RFC 6962 section 2.1; the checks are those of RFC 9162 sections 2.1.3 and 2.1.4.


def leaf_hash(d: bytes) -> bytes:
    """RFC 6962 section 2.1."""
    return hashlib.sha256(b"\x00" + d).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962 section 2.1."""
    return hashlib.sha256(b"\x01" + left + right).digest()


EMPTY = hashlib.sha256(b"").digest()


def check_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes) -> None:
    """Refuse unless the leaf with this hash stands at this index of the tree with this root."""
    if not 0 <= index < size:
        raise Refused(f"there is no leaf {index} in a tree of {size}")
    _hashes([leaf, root, *path])
    at, last, hashed = index, size - 1, leaf
    for beside in path:
        if last == 0:
            raise Refused(f"the proof of leaf {index} is too long")
        if at & 1 or at == last:
            hashed = node_hash(beside, hashed)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            hashed = node_hash(hashed, beside)
        at, last = at >> 1, last >> 1
    if last or hashed != root:
        raise Refused(f"leaf {index} is not in the tree of {size} with the root {_b64(root)}")


def check_consistency(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, path: Sequence[bytes]
) -> None:
    """Refuse unless the new tree begins with the old one, leaf for leaf."""
    if not 0 < old_size <= new_size:
        raise Refused(f"a tree of {old_size} cannot be shown to begin one of {new_size}")
    if old_size == new_size:
        if path or old_root != new_root:
            raise Refused(f"two different trees of {old_size} leaves: the log was REWRITTEN")
        return
    _hashes([old_root, new_root, *path])
    hashes = list(path) if old_size & (old_size - 1) else [old_root, *path]
    at, last = old_size - 1, new_size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = hashes[0] if hashes and path else b""
    for beside in hashes[1:]:
        if last == 0:
            raise Refused(f"the consistency proof from {old_size} to {new_size} is too long")
        if at & 1 or at == last:
            old, new = node_hash(beside, old), node_hash(beside, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, beside)
        at, last = at >> 1, last >> 1
    if last or old != old_root or new != new_root:
        raise Refused(
            f"the tree of {new_size} is not shown to begin with the tree of {old_size}: "
            "the proof is wrong, or the log was REWRITTEN"
        )


def _hashes(hashes: Iterable[bytes]) -> None:
    if any(len(one) != len(EMPTY) for one in hashes):
        raise Refused("a hash of SHA-256 has 32 bytes")


# --- Signed tree heads.

ED25519, COSIGNATURE = 1, 4
LAST_SECOND = 253_402_300_799  # of the year 9999
NUMBER = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)


@dataclass(frozen=True)
class Key:
    """Whom to believe: a log (kind 1) or a witness (kind 4), with its Ed25519 public key."""

    name: str
    key_id: bytes
    kind: int
    public: bytes

    @classmethod
    def parse(cls, vkey: str) -> Key:
        """C2SP signed-note, "Verifier keys": `name+hex+base64`."""
        name, _, rest = vkey.strip().partition("+")
        told, _, encoded = rest.partition("+")
        if not name or not encoded or any(letter.isspace() for letter in name):
            raise Refused(f"this is no key (name+hex+base64): {vkey!r}")
        kind, public = (raw := _unb64(encoded, f"key {name}"))[:1], raw[1:]
        if kind not in {b"\x01", b"\x04"} or len(public) != len(EMPTY):
            raise Refused(f"key {name} is no Ed25519 key of a log or a witness")
        key_id = hashlib.sha256(name.encode() + b"\n" + kind + public).digest()[:4]
        if key_id.hex() != told:
            raise Refused(f"key {name} was mistyped: its id is {key_id.hex()}, not {told}")
        return cls(name, key_id, kind[0], public)


@dataclass(frozen=True)
class Unchecked:
    """A signature that nothing on this machine could check, for you to check."""

    key: Key
    message: bytes
    signature: bytes

    @property
    def commands(self) -> str:
        files = _for_openssl(self.key.public, self.message, self.signature)
        made = [f"printf %s {_b64(v)} | openssl base64 -d -A > {k}" for k, v in files.items()]
        return "\n".join([f"# {_inert(self.key.name)}", *made, f"openssl {OPENSSL}"])


@dataclass(frozen=True)
class Checkpoint:
    """A tree head. `signatures` are names with key id and payload; `seen` is when witnesses did."""

    origin: str
    size: int
    root: bytes
    body: str
    signatures: list[tuple[str, bytes]]
    seen: dict[str, int] = field(default_factory=dict)


def parse_checkpoint(text: str) -> Checkpoint:
    """C2SP signed-note and tlog-checkpoint, to the letter. Nothing is believed yet."""
    body, signatures = parse_note(text)
    origin, size, root, *rest = [*body.split("\n")[:-1], "", "", ""]
    if not origin or not NUMBER.fullmatch(size) or "" in rest[:-3]:
        raise Refused("checkpoint: it must be an origin, a number of leaves and a root hash")
    hashed = _unb64(root, "checkpoint: root hash")
    _hashes([hashed])
    return Checkpoint(origin, int(size), hashed, body, signatures)


def parse_note(text: str) -> tuple[str, list[tuple[str, bytes]]]:
    """C2SP signed-note: the text that is signed, and the signatures under it."""
    if len(text) > LARGEST_NOTE or any(letter < " " and letter != "\n" for letter in text):
        raise Refused("note: it is too long, or holds control characters")
    body, blank, under = text.rpartition("\n\n")
    if not blank or not under.endswith("\n"):
        raise Refused("note: there must be a text, an empty line and signature lines")
    if under.count("\n") > MOST_SIGNATURES:
        raise Refused(f"note: it has more than {MOST_SIGNATURES} signatures")
    signatures = []
    for number, line in enumerate(under[:-1].split("\n"), body.count("\n") + 3):
        _, name, encoded = [*line.split(" "), "", ""][:3]
        if line != f"\u2014 {name} {encoded}" or name.split() != [name] or "+" in name:
            raise Refused(f"note: line {number} is no signature line")
        payload = _unb64(encoded, f"note: line {number}")
        if len(payload) <= 4:  # noqa: PLR2004 - a key id and a signature
            raise Refused(f"note: line {number} is too short for a signature")
        signatures.append((name, payload))
    return body + "\n", signatures


def check_checkpoint(
    text: str, log: Sequence[Key], witnesses: Sequence[Key] = (), quorum: int = 0
) -> Checkpoint:
    """Refuse unless the log signed it and at least `quorum` of the witnesses cosigned it."""
    return Policy.of(log, witnesses, quorum).check(text)


def signers(
    body: str,
    signatures: Iterable[tuple[str, bytes]],
    keys: Sequence[Key],
    unchecked: list[Unchecked] | None = None,
) -> dict[Key, int]:
    """Who of these signed, and when (0 for a log). Refuses a wrong signature of a known key."""
    found: dict[Key, int] = {}
    for name, payload in signatures:
        for key in keys:
            if (name, payload[:4]) != (key.name, key.key_id):
                continue
            message, signature, seconds = body.encode(), payload[4:], 0
            if key.kind == COSIGNATURE:
                seconds, signature = int.from_bytes(payload[4:12], "big"), payload[12:]
                message = f"cosignature/v1\ntime {seconds}\n".encode() + message
                if seconds > LAST_SECOND:
                    raise Refused(f"the cosignature of {name} is of no time that there is")
            good = verify_ed25519(key.public, message, signature)
            if good is None and unchecked is not None:
                unchecked.append(Unchecked(key, message, signature))
            elif not good:
                raise Refused(f"the signature of {name} is WRONG")
            found[key] = seconds
    return found


OPENSSL = "pkeyutl -verify -pubin -keyform DER -inkey pk.der -rawin -in text -sigfile sig"


def verify_ed25519(public: bytes, message: bytes, signature: bytes) -> bool | None:
    """RFC 8032. None if neither the package `cryptography` nor openssl is here to tell."""
    if len(signature) != 64:  # noqa: PLR2004 - of Ed25519
        return False
    if Ed25519PublicKey is not None:
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True
    return _by_openssl(public, message, signature) if openssl_knows_ed25519() else None


@functools.lru_cache(maxsize=1)
def openssl_knows_ed25519() -> bool:
    """An openssl that cannot tell right from wrong here (LibreSSL, 1.1) is as good as none."""
    name, text = "example.com/foo", b"This is an example message.\n"  # C2SP signed-note
    public = Key.parse(f"{name}+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k").public
    signature = base64.b64decode(
        "SfyytXXIkaHZVhGUvVOdqC/VgSrpN9emnOLY42dwCVOArtm2DURFg1lexiM4EfeYVeZEq7AeMbVi7vYid7JpAw=="
    )
    right = _by_openssl(public, text, signature)
    return right and not _by_openssl(public, text + text, signature)


def _by_openssl(public: bytes, message: bytes, signature: bytes) -> bool:
    return run_openssl(OPENSSL.split(), _for_openssl(public, message, signature))


def _for_openssl(public: bytes, message: bytes, signature: bytes) -> dict[str, bytes]:
    der = bytes.fromhex("302a300506032b6570032100")  # RFC 8410: an Ed25519 key follows
    return {"text": message, "sig": signature, "pk.der": der + public}


def run_openssl(command: Sequence[str], files: dict[str, bytes]) -> bool:
    """Whether it says yes. One that lies in the folder where you are is not the system's."""
    openssl = shutil.which("openssl")
    if openssl is None or Path(openssl).resolve().parent == Path.cwd():
        return False
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            Path(folder, name).write_bytes(content)
        done = subprocess.run(  # noqa: S603 - no shell, and no word of it is from a pack
            [openssl, *command], cwd=folder, capture_output=True, check=False
        )
    return done.returncode == 0


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _unb64(text: str, where: str) -> bytes:
    """Standard base64, in its one canonical spelling."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        data = b""
    if not data or _b64(data) != text:
        raise Refused(f"{where}: this is no base64: {text[:60]!r}")
    return data


# --- Proofs, personal values, samples.

PROOF = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True)
class Proof:
    index: int
    path: list[bytes]
    checkpoint: str
    extra: bytes | None = None


def parse_proof(text: str) -> Proof:
    """C2SP tlog-proof, to the letter."""
    head, blank, checkpoint = text.partition("\n\n")
    first, *lines = head.split("\n")
    extra = lines.pop(0) if lines and lines[0].startswith("extra ") else None
    index = lines.pop(0) if lines else ""
    if first != PROOF or not blank or not NUMBER.fullmatch(index[6:]) or index[:6] != "index ":
        raise Refused(f"proof: it must begin with {PROOF} and the index of a leaf")
    told = None if extra is None else _unb64(extra[6:], "proof: extra")
    path = parse_hashes(lines, "proof")
    return Proof(int(index[6:]), path, checkpoint, told)


def parse_hashes(lines: Iterable[str], where: str) -> list[bytes]:
    """One hash in base64 a line."""
    path = [_unb64(line, f"{where}: hash {n}") for n, line in enumerate(lines, 1)]
    _hashes(path)
    if len(path) > 63:  # noqa: PLR2004 - the depth of the largest tree
        raise Refused(f"{where}: more hashes than the largest tree is deep")
    return path


def check_disclosure(disclosure: str, digests: dict[str, Any]) -> tuple[str, str]:
    """RFC 9901: the name and value that the event holds a digest of. Refuses what it holds not."""
    try:
        raw = base64.urlsafe_b64decode(disclosure + "=" * (-len(disclosure) % 4))
        _, name, value = json.loads(raw)
        digest = hashlib.sha256(disclosure.encode("ascii")).digest()
    except (ValueError, TypeError, RecursionError):
        raise Refused("a disclosure is no base64url of [salt, name, value]") from None
    told = base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
    if not isinstance(name, str) or digests.get(name) != told:
        raise Refused(f"the event holds no digest of this disclosed value: {name!r}")
    return name, value


def sample_rank(seed: str, root: bytes, case_id: str) -> bytes:
    """The smallest are the sample: the auditor gives the seed after the root was sealed."""
    text = f"sample/v1\n{seed}\n{_b64(root)}\n{case_id}\n"
    return hashlib.sha256(text.encode()).digest()


def sample(seed: str, root: bytes, cases: Iterable[str]) -> list[tuple[str, str]]:
    """Ranks in hex with their cases, the smallest first."""
    return sorted((sample_rank(seed, root, case).hex(), case) for case in cases)


# --- Events and whole logs.


def parse_event(d: bytes, where: str) -> dict[str, Any]:
    """A JSON object with no name twice: it must not mean one thing here and another there."""
    try:
        event = json.loads(d.decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError) as why:
        raise Refused(f"{where}: this is no event: {why}") from None
    if not isinstance(event, dict):
        raise Refused(f"{where}: this is no event: not a JSON object")
    return event


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name stands twice")
    return members


class Told:
    """What events say of their own completeness: unique ids, cases numbered from 1, closed at n."""

    def __init__(self, *, from_the_first: bool = True, whole: bool = True) -> None:
        self.from_the_first = from_the_first
        """False for a log whose first events were not kept: there a case may begin later."""
        self.whole = whole
        """False where only some events of each case are shown."""
        self.ids: set[str] = set()
        self.last: dict[str, int] = {}
        self.parts: set[str] = set()
        self.closed: set[str] = set()

    def take(self, d: bytes, where: str) -> dict[str, Any]:
        event = parse_event(d, where)
        told, case, seq = event.get("id"), event.get("case"), event.get("case_seq")
        if not isinstance(told, str) or told in self.ids:
            raise Refused(f"{where}: the event has no id, or one that another has: {told!r}")
        self.ids.add(told)
        if case is not None:
            if not isinstance(case, str) or type(seq) is not int:
                raise Refused(f"{where}: an event of a case needs case and case_seq")
            self._number(event, case, seq, where)
        return event

    def _number(self, event: dict[str, Any], case: str, seq: int, where: str) -> None:
        before = self.last.get(case, 0 if self.from_the_first else seq - 1)
        if seq != before + 1:
            if self.whole or seq <= before:
                raise Refused(
                    f"{where}: event {seq} of case {case} follows its event {before}: "
                    "events are MISSING or out of order"
                )
            self.parts.add(case)
        self.last[case] = seq
        if event.get("type") == "case.closed":
            self.closed.add(case)
            if not isinstance(event.get("data"), dict) or event["data"].get("events") != seq:
                raise Refused(f"{where}: case {case} was closed with another number than {seq}")
        else:
            self.closed.discard(case)

    def __str__(self) -> str:
        in_part = f"; of {len(self.parts):,} cases ONLY A PART is here" if self.parts else ""
        return (
            f"{len(self.ids):,} events with unique ids; {len(self.last) - len(self.parts):,} cases "
            f"without a gap, {len(self.closed - self.parts):,} of them closed at their last event"
            f"{in_part}"
        )


@dataclass(frozen=True)
class Summary:
    start: int
    size: int
    root: bytes
    told: Told | None = None


def check_log(
    lines: Iterable[bytes],
    checkpoint: Checkpoint,
    start: int = 0,
    roots: Sequence[bytes] = (),
    told: Told | None = None,
) -> Summary:
    """Refuse unless these lines (JSONL, as exported) are the log that the checkpoint is signed for.

    `start` and `roots`: the leaves before are not there any more, only the roots of their perfect
    subtrees, the largest first. They need no trust: with others the root would be another.
    `told` looks into every event as well, which takes several times as long.
    """
    frontier, size = list(roots), start
    if len(frontier) != bin(start).count("1"):
        raise Refused(f"a tree of {start} leaves has {bin(start).count('1')} perfect subtrees")
    sha256 = hashlib.sha256
    for number, line in enumerate(lines, 1):
        d = line[:-1] if line[-1:] == b"\n" else line
        if not d or len(d) > LARGEST_LEAF:
            raise Refused(f"line {number}: an event has 1 to {LARGEST_LEAF} bytes, not {len(d)}")
        if told is not None:
            told.take(d, f"line {number}")
        hashed, closes = sha256(b"\x00" + d).digest(), size
        while closes & 1:
            hashed = sha256(b"\x01" + frontier.pop() + hashed).digest()
            closes >>= 1
        frontier.append(hashed)
        size += 1
    return _ended(Summary(start, size, _fold(frontier), told), checkpoint)


def _fold(roots: Sequence[bytes]) -> bytes:
    if not roots:
        return EMPTY
    return functools.reduce(lambda right, left: node_hash(left, right), roots[::-1])


def _ended(found: Summary, checkpoint: Checkpoint) -> Summary:
    missing = checkpoint.size - found.size
    if missing > 0:
        raise Refused(
            f"{missing:,} of {checkpoint.size:,} events are MISSING, at the end or in between"
        )
    if missing < 0:
        raise Refused(
            f"the checkpoint covers {checkpoint.size:,} events; nothing is proved about the "
            f"{-missing:,} behind them: get a later checkpoint, or a shorter export"
        )
    if found.root != checkpoint.root:
        raise Refused(
            f"these {found.size:,} events are NOT those that were signed: one was changed, "
            f"added, dropped or moved (root {_b64(found.root)}, signed {_b64(checkpoint.root)})"
        )
    return found


# --- Whom you trust.


@dataclass(frozen=True)
class Policy:
    """Logs, witnesses, and how many of them must have seen a tree head (C2SP tlog-policy)."""

    log: list[Key]
    witnesses: dict[str, Key]
    groups: dict[str, tuple[int, list[str]]]
    quorum: str

    @classmethod
    def of(cls, log: Sequence[Key], witnesses: Sequence[Key], quorum: int) -> Policy:
        named = {key.public.hex(): key for key in witnesses}
        return cls(list(log), named, {"all": (quorum, list(named))}, "all")

    @classmethod
    def parse(cls, text: str) -> Policy:
        policy = cls([], {}, {}, "none")
        quorums = []
        if len(text) > LARGEST_NOTE:
            raise Refused("policy: it is too long")
        for number, line in enumerate(text.split("\n"), 1):
            words = line.split()
            try:
                if words[:1] == ["quorum"]:
                    quorums.append(" ".join(words[1:]))
                elif words and not words[0].startswith("#"):
                    policy._add(*words)
            except (IndexError, TypeError):
                raise Refused(f"policy: line {number} is not understood: too few words") from None
            except (ValueError, Refused) as why:
                raise Refused(f"policy: line {number} is not understood: {why}") from None
        if len(quorums) != 1 or quorums[0] not in {"none", *policy.witnesses, *policy.groups}:
            raise Refused("policy: it must have one quorum, which names a witness, a group or none")
        return cls(policy.log, policy.witnesses, policy.groups, quorums[0])

    def _add(self, what: str, name: str, *words: str) -> None:
        if what == "log":
            self.log.append(Key.parse(name))
            return
        names = {"none", *self.witnesses, *self.groups}
        if name in names:
            raise ValueError(f"{name} is there already")
        if what == "witness":
            key = Key.parse(words[0])
            if key.public in {other.public for other in self.witnesses.values()}:
                raise ValueError("another witness has this key")
            self.witnesses[name] = key
        elif what == "group":
            members = list(words[1:])
            least = {"all": len(members), "any": 1}.get(words[0]) or int(words[0])
            known = set(members) <= names - {"none"}
            if not 1 <= least <= len(set(members)) == len(members) or not known:
                raise ValueError("members must be known, once each, and as many as are asked for")
            self.groups[name] = (least, members)
        else:
            raise ValueError(what)

    def check(self, text: str, unchecked: list[Unchecked] | None = None) -> Checkpoint:
        """Refuse unless a trusted log signed this head and enough witnesses cosigned it."""
        head = parse_checkpoint(text)
        if head.size == 0 and head.root != EMPTY:
            raise Refused("checkpoint: a tree without leaves has another root")
        logs = [key for key in self.log if key.kind == ED25519 and key.name == head.origin]
        if not logs:
            raise Refused(f"checkpoint: you trust no key of the log {head.origin!r}")
        if not signers(head.body, head.signatures, logs, unchecked):
            raise Refused("checkpoint: no key that you trust for this log has signed it")
        ours = {key.public for key in logs}
        others = [k for k in self.witnesses.values() if k.kind == COSIGNATURE]
        others = [key for key in others if key.public not in ours]
        seen = signers(head.body, head.signatures, others, unchecked)
        if not self._met({key.public for key in seen}):
            raise Refused(
                f"checkpoint: the witnesses that you ask for have not all seen it: {len(seen)} have"
            )
        head.seen.update({key.name: seconds for key, seconds in seen.items()})
        return head

    def _met(self, seen: set[bytes]) -> bool:
        met = {name: key.public in seen for name, key in self.witnesses.items()}
        for name, (least, members) in self.groups.items():  # each names only what stands before it
            met[name] = sum(met[member] for member in members) >= least
        return self.quorum == "none" or met[self.quorum]


# --- Time stamps: RFC 3161, as much of its DER as says what was stamped and when.

TST_INFO = bytes.fromhex("2a864886f70d0109100104")
SHA256 = bytes.fromhex("608648016503040201")


def time_stamp(response: bytes) -> tuple[bytes, datetime]:
    """The SHA-256 that was stamped, and when. The token's signature is NOT checked here."""
    try:
        content = (0, 1, 1, 0, 2)  # response, token, its content, signed data, what it holds
        info = _der(response, *content, 1, 0)
        if (
            _der(response, 0, 0, 0) not in {b"\x00", b"\x01"}
            or _der(response, *content, 0) != TST_INFO
        ):
            raise ValueError("it was not granted")  # noqa: TRY301
        if _der(info, 0, 2, 0, 0) != SHA256:
            raise ValueError("it is not over SHA-256")  # noqa: TRY301
        moment = _der(info, 0, 4).decode("ascii").partition(".")[0].rstrip("Z")
        at = datetime.strptime(moment, "%Y%m%d%H%M%S").replace(tzinfo=timezone.utc)
        return _der(info, 0, 2, 1), at
    except (IndexError, ValueError) as why:
        raise Refused(f"checkpoint.tsr: this is no time stamp: {why}") from None


def _der(data: bytes, *path: int) -> bytes:
    """The content of an element: each number is its place among its neighbours one level down."""
    for place in path:
        for _ in range(place + 1):
            length, head = data[1], 2
            if length & 0x80:
                head += length & 0x7F
                length = int.from_bytes(data[2:head], "big")
            content, data = data[head : head + length], data[head + length :]
            if len(content) != length or head > 6:  # noqa: PLR2004 - four bytes of length are enough
                raise ValueError("its DER is broken")
        data = content
    return data


# --- Evidence packs.

NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*", re.ASCII)


class Files:
    """A pack, a folder or a zip, by the names of its files. Refuses what no honest pack holds."""

    def __init__(self, pack: Path | BinaryIO) -> None:
        self._open: Callable[[str], Any]
        if isinstance(pack, Path) and pack.is_dir():
            found = list(self._in_folder(pack))
            self._open = lambda name: (pack / name).open("rb")
        else:
            try:
                archive = zipfile.ZipFile(pack)
            except (OSError, zipfile.BadZipFile, ValueError) as why:
                raise Refused(f"this is no pack: {why}") from None
            found, self._open = list(self._in_zip(archive)), archive.open
        names = {name.lower() for name, _ in found}  # on some machines these are the same
        if len(names) < len(found) or not all(NAME.fullmatch(name) for name, _ in found):
            raise Refused("pack: a file has a name that could lead elsewhere, or two have the same")
        self.sizes = dict(found)
        if sum(self.sizes.values()) > LARGEST_PACK:
            raise Refused("pack: it would be too large when unpacked")

    @staticmethod
    def _in_folder(path: Path) -> Iterator[tuple[str, int]]:
        for parent, folders, names in os.walk(path):
            for one in (Path(parent, name) for name in folders + names):
                if one.is_symlink() or not (one.is_dir() or one.is_file()):
                    raise Refused(f"pack: {one.name!r} is a link, or no plain file")
                if one.is_file():
                    yield one.relative_to(path).as_posix(), one.stat().st_size

    @staticmethod
    def _in_zip(archive: zipfile.ZipFile) -> Iterator[tuple[str, int]]:
        for one in archive.infolist():
            kind = stat.S_IFMT(one.external_attr >> 16)
            if kind not in {0, stat.S_IFREG, stat.S_IFDIR} or one.flag_bits & 1:
                raise Refused(f"pack: {one.filename!r} is a link, or encrypted")
            if not (one.is_dir() and one.file_size == 0):
                yield one.filename, one.file_size

    def chunks(self, name: str) -> Iterator[bytes]:
        if name not in self.sizes:
            raise Refused(f"pack: {name} is MISSING")
        try:
            with self._open(name) as file:
                yield from iter(lambda: file.read(1 << 20), b"")
        except (OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as why:
            raise Refused(f"pack: {name} cannot be read: {why}") from None

    def lines(self, name: str) -> Iterator[bytes]:
        rest = b""
        for chunk in self.chunks(name):
            *whole, rest = (rest + chunk).split(b"\n")
            if max(map(len, [rest, *whole])) > LARGEST_LEAF:
                raise Refused(f"{name}: a line is longer than any event")
            yield from whole
        if rest:
            yield rest

    def data(self, name: str) -> bytes:
        if self.sizes.get(name, 0) > LARGEST_TEXT:
            raise Refused(f"{name}: it is too large")
        return b"".join(self.chunks(name))

    def text(self, name: str) -> str:
        try:
            return self.data(name).decode("utf-8")
        except ValueError:
            raise Refused(f"{name}: this is no UTF-8") from None

    def json(self, name: str, kind: type) -> Any:
        text = self.text(name)
        if sum(map(text.count, "[{,")) > MOST_VALUES:
            raise Refused(f"{name}: it holds too many values")
        try:
            value = json.loads(text, object_pairs_hook=_once)
        except (ValueError, RecursionError) as why:
            raise Refused(f"{name}: this is no JSON: {why}") from None
        if not isinstance(value, kind):
            raise Refused(f"{name}: it must hold a JSON {kind.__name__}")
        return value


@dataclass
class Report:
    """What was checked, in sentences; a check that failed does not keep others from being made."""

    checks: list[tuple[bool, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unchecked: list[Unchecked] = field(default_factory=list)
    by_hand: list[str] = field(default_factory=list)
    trusted: bool = True
    """The keys are the reader's own, and not those that came with the pack."""

    @property
    def refused(self) -> list[str]:
        return [said for good, said in self.checks if not good]

    @property
    def exit_code(self) -> int:
        left_to_you = self.unchecked or self.by_hand or not self.trusted
        return 1 if self.refused else 3 if left_to_you else 0

    def say(self, good: str) -> None:
        self.checks.append((True, good))

    def check(self, check: Callable[[], str]) -> None:
        try:
            said, good = check(), True
        except Refused as why:
            said, good = str(why), False
        except UnicodeError:
            said, good = "the pack holds text that is no Unicode", False
        if said:
            self.checks.append((good, said))


@dataclass
class Pack:
    """One pack on its way through the checks; they stand in the order in which they are made."""

    files: Files
    policy: Policy | None
    earlier: Sequence[str]
    tsa_ca: bytes | None
    report: Report
    kinds: Sequence[str] = ("case", "period")
    head: Checkpoint | None = None
    heads: dict[bytes, int] = field(default_factory=dict)
    kept: set[bytes] = field(default_factory=set)
    events: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    cases: list[str] = field(default_factory=list)
    gaps: set[str] = field(default_factory=set)
    sealed: int | None = None
    kind: str = ""
    note: str = ""

    def run(self) -> Report:
        for check in (
            self.manifest,
            self.signatures,
            self.leaves,
            self.disclosures,
            self.history,
            self.population,
            self.figures,
            self.sample,
            self.stamp,
        ):
            self.report.check(check)
        return self.report

    def manifest(self) -> str:
        manifest = self.files.json("manifest.json", dict)
        files, kinds = manifest.get("files"), self.kinds
        if manifest.get("kind") not in kinds:
            raise Refused(f"manifest.json: the pack is of another kind than {' or '.join(kinds)}")
        self.kind = manifest["kind"]
        if not isinstance(files, dict):
            raise Refused("manifest.json: the names of the files are not in it")
        there = set(self.files.sizes) - {"manifest.json"}
        if set(files) != there:
            wrong = sorted(set(files) ^ there)[:5]
            raise Refused(f"manifest.json: not in it or not there: {wrong}")
        for name, facts in files.items():
            digest = hashlib.sha256()
            for chunk in self.files.chunks(name):
                digest.update(chunk)
            if facts != {"sha256": digest.hexdigest(), "size": self.files.sizes[name]}:
                raise Refused(f"{name}: it is NOT the file that manifest.json names")
        return f"the pack is whole: {len(files)} files as manifest.json names them"

    def signatures(self) -> str:
        if self.policy is None:
            self.report.trusted = False
            self.policy = Policy.parse(self.files.text("policy.txt"))
            self.report.notes.append(
                "YOU GAVE NO KEY: THE KEYS ARE THE PACK'S OWN (policy.txt), SO TRUST RESTS ON THE "
                "PACK ITSELF. Give --key with what you were handed when the engagement began."
            )
        self.note = self.files.text("checkpoint")
        head = self.policy.check(self.note, self.report.unchecked)
        body, signatures = parse_note(self.files.text("checkpoint.log"))
        if body != head.body or not set(signatures) <= set(head.signatures):
            raise Refused("checkpoint.log: it is not the log's own part of checkpoint")
        self.head, self.heads[head.root] = head, head.size
        for name, at in head.seen.items():
            if at > time.time() + CLOCKS_APART:
                self.report.notes.append(
                    f"{name} says that it cosigned at {_when(at)}: that is in the future. Believe "
                    "neither its clock nor what hangs on it, or set the clock of this machine."
                )
        seen = "".join(f", cosigned by {name} at {_when(at)}" for name, at in head.seen.items())
        return f"{head.origin} signed its first {head.size:,} events{seen}"

    def leaves(self) -> str:
        head = self._head()
        indices = self.files.json("indices.json", list)
        told, before, count = Told(whole=self.kind != "period"), -1, 0
        for d in self.files.lines("events.jsonl"):
            where = f"events.jsonl line {count + 1}"
            index = indices[count] if count < len(indices) else None
            if type(index) is not int or index <= before:
                raise Refused(f"{where}: indices.json gives it no place behind the one before")
            event = told.take(d, where)
            proof = parse_proof(self.files.text(f"proofs/{index}.tlog-proof"))
            if proof.index != index or proof.checkpoint != self.note:
                raise Refused(f"proofs/{index}.tlog-proof: it is for another leaf or tree")
            check_inclusion(index, head.size, leaf_hash(d), proof.path, head.root)
            self.events[event["id"]] = (index, event)
            before, count = index, count + 1
        proofs = sum(name.startswith("proofs/") for name in self.files.sizes)
        if not count or {len(indices), proofs} != {count}:
            raise Refused(
                f"{count} events, {len(indices)} indices, {proofs} proofs: some are MISSING"
            )
        if self.kind == "case" and len(told.last) != 1:
            raise Refused("events.jsonl: the pack of one case must hold the events of one case")
        for case, last in told.last.items() if self.kind == "case" else ():
            self.report.notes.append(
                f"Whether {case} went on after its event {last}, as a re-check does after the "
                "closing, no pack of a case can show: compare with the whole log, or the SIEM's."
            )
        self.cases, self.gaps = list(told.last), told.parts
        return f"every event is in the signed tree: {told}"

    def disclosures(self) -> str:
        count = 0
        for event_id, values in self.files.json("disclosures.json", dict).items():
            _, event = self.events.get(event_id, (0, {}))
            digests = event.get("sd")
            if not isinstance(digests, dict) or not isinstance(values, dict):
                raise Refused(f"disclosures.json: no event {event_id!r} that holds personal values")
            for name, disclosure in values.items():
                if check_disclosure(str(disclosure), digests)[0] != name:
                    raise Refused(f"disclosures.json: {event_id}: {name!r} discloses another name")
                count += 1
        return f"{count} personal values are those whose digests the events hold"

    def history(self) -> str:
        """Tree heads of before: those in the pack, and those that the auditor kept."""
        head, policy = self._head(), self.policy
        names = [n for n in self.files.sizes if re.fullmatch(r"consistency/\d+\.checkpoint", n)]
        texts = [*map(self.files.text, sorted(names)), *self.earlier]
        if not head.seen and not self.earlier:
            self.report.notes.append(
                "NO WITNESS OF YOURS SAW THIS HEAD, AND YOU GAVE NO EARLIER ONE: WHOEVER HOLDS THE "
                "LOG'S KEY COULD HAVE MADE THE WHOLE LOG ANEW (--witness, --earlier)."
            )
        for number, text in enumerate(texts):
            try:
                old = Policy(policy.log if policy else [], {}, {}, "none").check(
                    text, self.report.unchecked
                )
            except Refused as why:
                raise Refused(f"an earlier checkpoint: {why}") from None
            if not _goes_on(old.origin, head.origin):
                raise Refused(f"an earlier checkpoint is of another log: {old.origin!r}")
            if old.origin != head.origin:
                self.report.notes.append(
                    f"{head.origin} goes on where {old.origin} was left: a backup was restored in "
                    "between. Its event log.recovered says what is gone."
                )
            name = f"consistency/{old.size}.proof"
            path = [] if old.size == head.size else self.files.text(name).split("\n")[:-1]
            check_consistency(old.size, old.root, head.size, head.root, parse_hashes(path, name))
            self.heads[old.root] = old.size
            if number >= len(names):
                self.kept.add(old.root)
        return (
            f"the log grew from {len(texts)} earlier tree heads without a change" if texts else ""
        )

    def population(self) -> str:
        if self.kind != "period":
            return ""
        cases = self._population()
        ids = hashlib.sha256("\n".join(sorted(cases)).encode()).hexdigest()
        for index, event in self.events.values():
            data = event.get("data") if event.get("type") == "population.sealed" else None
            told = data if isinstance(data, dict) else {}
            if (told.get("count"), told.get("ids_sha256")) == (len(cases), ids):
                self.sealed = index
                return (
                    f"the population of {len(cases):,} cases was sealed as leaf {index:,}, for "
                    f"the period from {told.get('from')} to {told.get('to')}"
                )
        raise Refused("population.jsonl: no event population.sealed is about these cases")

    def figures(self) -> str:
        """The clocks of every case that is whole here, once more, from its events alone."""
        if self.kind != "period":
            return ""
        mine: dict[str, list[dict[str, Any]]] = {}
        for _, event in self.events.values():
            mine.setdefault(str(event.get("case")), []).append(event)
        rows = [parse_event(d, "population.jsonl") for d in self.files.lines("population.jsonl")]
        checked = 0
        for row in rows:
            case = str(row.get("case"))
            if case in self.gaps or case not in mine:
                continue
            for name, right in _clocks(mine[case]).items():
                if row.get(name, right) != right:
                    raise Refused(
                        f"population.jsonl: {case}: {name} is {row[name]!r}, but its events say "
                        f"{right!r}"
                    )
            checked += 1
        return f"the clocks of {checked:,} of {len(rows):,} rows are what the cases' events say"

    def sample(self) -> str:
        if self.kind != "period" or "sample.json" not in self.files.sizes:
            return ""
        told = self.files.json("sample.json", dict)
        root = _unb64(str(told.get("root")), "sample.json: root")
        if self.sealed is None or self.heads.get(root, 0) <= self.sealed:
            raise Refused("sample.json: its root is of no signed tree that holds the sealing")
        ranks = sample(str(told.get("seed")), root, self._population())
        listed = told.get("ranks")
        right = [{"case": case, "rank": rank} for rank, case in ranks]
        if not isinstance(listed, list) or not listed or listed != right[: len(listed)]:
            raise Refused("sample.json: these are NOT the cases that seed and root choose")
        if root not in self.kept:
            self.report.notes.append(
                "The sample hangs on a head of the log that you did not give (--earlier). Whoever "
                "knows your seed can sign heads until one draws the cases that please: keep the "
                "head of the sealing yourself before you tell the seed."
            )
        here = sum(self._sampled(one["case"]) for one in listed)
        return (
            f"the {len(listed)} sampled cases are those that the seed {told['seed']!r} chooses; "
            f"the packs of {here} of them are in this pack, and hold"
        )

    def _sampled(self, case: str) -> bool:
        """Its own pack, inside of this one, is checked as any other is."""
        name = f"sample/{case}.zip"
        if name not in self.files.sizes:
            return False
        inner = Files(io.BytesIO(self.files.data(name)))
        pack = Pack(inner, self.policy, (), self.tsa_ca, Report(), ["case"])
        report = pack.run()
        if report.refused or pack.cases != [case]:
            why = report.refused[0] if report.refused else "it is of another case"
            raise Refused(f"{name}: {why}")
        self.report.unchecked += report.unchecked
        self.report.by_hand += [f"{one}  # in {name}" for one in report.by_hand]
        return True

    def stamp(self) -> str:
        if "checkpoint.tsr" not in self.files.sizes:
            return ""
        note, response = map(self.files.data, ("checkpoint.log", "checkpoint.tsr"))
        digest, at = time_stamp(response)
        when = _when(at.timestamp())
        if digest != hashlib.sha256(note).digest():
            raise Refused("checkpoint.tsr: it stamps something else than checkpoint.log")
        command = "ts -verify -data checkpoint.log -in checkpoint.tsr -CAfile"
        if self.tsa_ca is None or not shutil.which("openssl"):
            self.report.by_hand.append(f"openssl {command} TSA-CA.pem")
            return f"a time stamp of {when} covers the head; ITS SIGNATURE IS LEFT TO YOU"
        files = {"checkpoint.log": note, "checkpoint.tsr": response, "ca.pem": self.tsa_ca}
        if not run_openssl([*command.split(), "ca.pem"], files):
            raise Refused("checkpoint.tsr: openssl finds its signature or its chain WRONG")
        return f"the tree head was there by {when}, says its time stamp"

    def _head(self) -> Checkpoint:
        if self.head is None:
            raise Refused("not checked, because there is no tree head to trust")
        return self.head

    def _population(self) -> list[str]:
        cases = []
        for number, line in enumerate(self.files.lines("population.jsonl"), 1):
            cases.append(str(parse_event(line, f"population.jsonl line {number}").get("case")))
        if len(set(cases)) != len(cases) or "\n" in "".join(cases):
            raise Refused("population.jsonl: a case stands twice, or its name holds a line end")
        return cases


def _clocks(events: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """When access was to end, when we were told, when it had ended, and whether in time."""
    at, opened = _last(events, "case.opened")
    moved, latest = _last(events, "case.moved")
    back, _ = _last(events, "restore.begun")
    if at < 0:
        return {}
    if back > moved:  # given back since: what was reached before that
        events = [one for one in events[:back] if one.get("outcome") == "contained"]
    told = {
        "hr_entered_at": opened.get("hr_entered_at"),
        "received_at": opened.get("received_at"),
        "effective_at": (latest if moved > at else opened).get("effective_at"),
        "contained_at": _last(events, "case.judged")[1].get("contained_at"),
        "target_seconds": opened.get("contain_within_seconds"),
    }
    begun = [one for one in map(_instant, (told["effective_at"], told["received_at"])) if one]
    ended, target = _instant(told["contained_at"]), told["target_seconds"]
    if begun and ended and type(target) is int:
        seconds = max(0.0, (ended - max(begun)).total_seconds())
        told |= {"seconds": seconds, "met": seconds <= target}
    return told


def _last(events: Sequence[dict[str, Any]], kind: str) -> tuple[int, dict[str, Any]]:
    """Where the last event of this type stands, and its data."""
    for at in range(len(events) - 1, -1, -1):
        if events[at].get("type") == kind:
            data = events[at].get("data")
            return at, data if isinstance(data, dict) else {}
    return -1, {}


def _instant(text: Any) -> datetime | None:
    try:
        return datetime.strptime(str(text), "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
    except ValueError:
        return None


def _goes_on(old: str, new: str) -> bool:
    """Whether it is the same log: after a restored backup its name goes on as /2, /3 and so on."""
    base, _, turn = new.rpartition("/")
    if old == new or not NUMBER.fullmatch(turn):
        return old == new
    before, _, earlier = old.rpartition("/")
    return old == base or (before == base and bool(NUMBER.fullmatch(earlier)))


def _when(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%d %H:%M:%S} UTC"


def check_pack(
    path: Path,
    policy: Policy | None = None,
    earlier: Sequence[str] = (),
    tsa_ca: bytes | None = None,
) -> Report:
    """Every check of a pack. Raises Refused only for what is no pack at all."""
    return Pack(Files(Path(path)), policy, earlier, tsa_ca, Report()).run()


# --- The command line.


def main(argv: Sequence[str] | None = None, prog: str = "verify.py") -> int:
    """Returns the exit code that the top of this file explains."""
    asked = _parser(prog).parse_args(argv)
    report = Report()
    try:
        asked.run(asked, report)
    except Refused as why:
        report.checks.append((False, str(why)))
    except OSError as why:
        report.checks.append((False, f"{why.filename or 'a file'}: {why.strerror or why}"))
    except UnicodeError:
        report.checks.append((False, "a file holds text that is no Unicode"))
    _print(report)
    return report.exit_code


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=prog, description=str(__doc__).split("\n")[0])
    trust = argparse.ArgumentParser(add_help=False)
    trust.add_argument("--key", action="append", default=[], help="a log that you trust (vkey)")
    trust.add_argument("--witness", action="append", default=[], help="a witness that you trust")
    trust.add_argument("--quorum", type=int, help="how many witnesses must have seen it (all)")
    trust.add_argument("--policy", type=Path, help="a file of C2SP tlog-policy instead of these")
    commands = parser.add_subparsers(required=True, dest="command")

    def command(name: str, run: Callable[..., None], said: str, *names: str) -> Any:
        parents = [] if name == "sample" else [trust]
        made = commands.add_parser(name, help=said, description=said, parents=parents)
        for one in names:
            made.add_argument(one, type=Path)
        made.set_defaults(run=run, parser=made)
        return made

    pack = command("pack", _pack, "check an evidence pack, a zip or a folder", "path")
    kept = "a checkpoint that you kept: the log must have grown from it"
    pack.add_argument("--earlier", type=Path, action="append", default=[], help=kept)
    pack.add_argument("--tsa-ca", type=Path, help="certificates of the time stamping authority")
    log = command("log", _log, "check a whole log, exported as JSONL", "path")
    log.add_argument("--checkpoint", type=Path, required=True)
    log.add_argument("--frontier", type=Path, help="what stands for leaves that are not kept")
    log.add_argument("--deep", action="store_true", help="look into every event too: ids, cases")
    proof = command("proof", _proof, "check that an event is in a log", "path")
    proof.add_argument("--event", type=Path, required=True, help="its bytes, verbatim")
    command("consistency", _consistency, "check that a log only grew", "old", "new", "proof")
    drawn = command("sample", _sample, "draw the sample that your seed chooses", "cases")
    drawn.add_argument("--seed", required=True)
    drawn.add_argument("--root", required=True, help="of the checkpoint of the sealing, base64")
    drawn.add_argument("--size", type=int, default=25)
    return parser


def _trusted(asked: argparse.Namespace) -> Policy | None:
    if asked.policy:
        return Policy.parse(_read(asked.policy))
    if not asked.key:
        return None
    witnesses = [Key.parse(vkey) for vkey in asked.witness]
    quorum = len(witnesses) if asked.quorum is None else asked.quorum
    return Policy.of([Key.parse(vkey) for vkey in asked.key], witnesses, quorum)


def _must_trust(asked: argparse.Namespace) -> Any:
    found = _trusted(asked)
    if found is None:
        asked.parser.error("say whom you trust: --key VKEY, or --policy FILE")
    return found


def _read(path: Path) -> str:
    """As it is: no line end is changed."""
    if path.stat().st_size > LARGEST_NOTE:
        raise Refused(f"{path}: it is too large")
    try:
        return path.read_bytes().decode("utf-8")
    except ValueError:
        raise Refused(f"{path}: this is no UTF-8") from None


def _pack(asked: argparse.Namespace, report: Report) -> None:
    policy = _trusted(asked)
    if policy is None and asked.witness:
        asked.parser.error("--witness needs --key: the log's own key")
    tsa_ca = asked.tsa_ca.read_bytes() if asked.tsa_ca else None
    pack = Pack(Files(asked.path), policy, [*map(_read, asked.earlier)], tsa_ca, report)
    pack.run()
    report.notes.append(
        "Events, indices, proofs and checkpoint are what is proved, and of a period which cases "
        "there are. All else is the operator's reading of them: the reports (HTML, PDF), "
        "case.json, controls.json, scope.json, and every time and result in population.jsonl and "
        "its CSV. An event that was never recorded is in no log."
    )


def _log(asked: argparse.Namespace, report: Report) -> None:
    head = _must_trust(asked).check(_read(asked.checkpoint), report.unchecked)
    report.say(f"{head.origin} signed its first {head.size:,} events")
    start, roots = 0, list[bytes]()
    if asked.frontier:
        first, *hashes = _read(asked.frontier).split("\n")
        if not NUMBER.fullmatch(first):
            raise Refused(f"{asked.frontier}: line 1 must be the number of leaves before")
        start, roots = int(first), parse_hashes(filter(None, hashes), str(asked.frontier))
    with asked.path.open("rb") as file:
        lines = iter(lambda: file.readline(LARGEST_LEAF + 2), b"")
        found = check_log(
            lines, head, start, roots, Told(from_the_first=not start) if asked.deep else None
        )
    report.say(f"leaves {found.start:,} to {found.size - 1:,} are those events")
    if found.told:
        report.say(str(found.told))


def _proof(asked: argparse.Namespace, report: Report) -> None:
    proof = parse_proof(_read(asked.path))
    head = _must_trust(asked).check(proof.checkpoint, report.unchecked)
    d = asked.event.read_bytes()
    d = d[:-1] if d[-1:] == b"\n" else d
    check_inclusion(proof.index, head.size, leaf_hash(d), proof.path, head.root)
    report.say(f"the event is leaf {proof.index:,} of {head.size:,} of {head.origin}")


def _consistency(asked: argparse.Namespace, report: Report) -> None:
    policy = _must_trust(asked)
    old, new = (policy.check(_read(path), report.unchecked) for path in (asked.old, asked.new))
    if old.origin != new.origin:
        raise Refused(f"two logs: {old.origin!r} and {new.origin!r}")
    path = parse_hashes(filter(None, _read(asked.proof).split("\n")), str(asked.proof))
    check_consistency(old.size, old.root, new.size, new.root, path)
    report.say(f"{new.origin} grew from {old.size:,} to {new.size:,} events without a change")


def _sample(asked: argparse.Namespace, report: Report) -> None:
    """A case id a line, or a pack's population.jsonl."""
    cases = _read(asked.cases).split()
    if cases[:1] and cases[0].startswith("{"):
        lines = _read(asked.cases).splitlines()
        cases = [str(parse_event(one.encode(), "cases").get("case")) for one in lines]
    ranked = sample(asked.seed, _unb64(asked.root, "--root"), cases)[: asked.size]
    report.notes += [f"{rank}  {case}" for rank, case in ranked]
    report.notes.append(f"{len(ranked)} of {len(cases)} cases were drawn")


def _print(report: Report) -> None:
    """For people: nothing from a pack can reach a terminal as a command to it."""
    colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    for good, said in report.checks:
        mark, colour = ("✓", 32) if good else ("✗", 31)
        print(f"\x1b[{colour}m{mark}\x1b[0m" if colours else mark, _inert(said))
    for note in report.notes:
        print("·", _inert(note))
    if report.unchecked:
        print("\nSIGNATURES WERE NOT CHECKED: neither `cryptography` nor a fit openssl is here.")
        print("Each of these must say: Signature Verified Successfully\n")
        print("\n\n".join(one.commands for one in report.unchecked))
    for command in report.by_hand:
        print(
            f"\nCHECK THE TIME STAMP YOURSELF, in the pack's folder (or give --tsa-ca):\n{command}"
        )
    left = "IT HOLDS TOGETHER, BUT " + (
        "WHAT STANDS ABOVE IS LEFT TO YOU" if report.trusted else "WHO MADE IT IS NOT SHOWN"
    )
    verdicts = {0: "VERIFIED", 1: "REFUSED", 3: left}
    if report.checks:
        print(f"\n{verdicts[report.exit_code]}")


def _inert(text: str) -> str:
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text
    )


if __name__ == "__main__":
    sys.exit(main())
