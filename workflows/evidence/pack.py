"""Files into one zip that is the same for the same input, with a manifest over all of them."""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from workflows.evidence import render
from workflows.evidence.gather import Gathered
from workflows.evidence.made import made
from workflows.evidence.readme import readme
from workflows.evidence.report import Report, case_report, controls_data
from workflows.evidence.shapes import Story
from workflows.evidence.story import story_of

Files = dict[str, bytes]
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip can tell: when a pack was made is in its manifest, not in its times."""
PLAIN_FILE = 0o100644 << 16
UNIX = 3


@dataclass(frozen=True)
class Pack:
    """`name` is what its file should be called."""

    name: str
    content: bytes
    story: Story | None = None


def case_pack(case_id: str, found: Gathered) -> Pack:
    """Pure: everything comes from what was gathered."""
    story = story_of(case_id, found.leaves, found.head.signed_at)
    pack_id = pack_id_of(case_id, found)
    report = case_report(story, found.leaves, found.head, made(), pack_id)
    content = {
        **proven(found),
        "case.json": _json(asdict(story)),
        "controls.json": _json(controls_data(story)),
        **reports(report),
        "README.txt": readme("case", found.head, report.document["title"]).encode(),
    }
    told = {"case": case_id, "subject": story.subject, "final": story.final}
    return Pack(f"evidence-{case_id}.zip", zipped("case", pack_id, found, content, told), story)


def pack_id_of(what: str, found: Gathered) -> str:
    """Names the pack in every footer: over what it is about, its events, names and head."""
    digest = hashlib.sha256(f"{what}\n{found.head.checkpoint}\n".encode())
    for leaf in found.leaves:
        digest.update(f"{leaf.index} {sorted(leaf.shown)}\n".encode() + leaf.d + b"\n")
    return "-".join(digest.hexdigest()[n : n + 4] for n in range(0, 16, 4))


def proven(found: Gathered) -> Files:
    """What is proved, what proves it, and with which program to check it."""
    head = found.head
    return {
        "events.jsonl": b"".join(leaf.d + b"\n" for leaf in found.leaves),
        "indices.json": _json([leaf.index for leaf in found.leaves]),
        "disclosures.json": _json(
            {event: dict(sorted(told.items())) for event, told in sorted(found.opened.items())}
        ),
        "checkpoint": head.checkpoint.encode(),
        "checkpoint.log": head.note.encode(),
        "policy.txt": head.policy.encode(),
        "verify.py": verifier(),
        **({"checkpoint.tsr": head.time_stamp} if head.time_stamp else {}),
        **{
            f"proofs/{index}.tlog-proof": head.proof(index, path).encode()
            for index, path in found.paths.items()
        },
        **{name: text for one in found.earlier for name, text in one.files.items()},
    }


def reports(report: Report) -> Files:
    return {"report.html": render.html(report), "report.pdf": render.pdf(report)}


def zipped(
    kind: str, pack_id: str, found: Gathered, content: Files, told: Mapping[str, Any]
) -> bytes:
    """The manifest names every file; then all of them, in the order of their names."""
    by = made()
    manifest = {
        "kind": kind,
        "pack": pack_id,
        **told,
        "as_of": found.head.signed_at.isoformat(),
        "log": {
            "origin": found.head.origin,
            "size": found.head.size,
            "root": found.head.root.hex(),
        },
        "made_by": {"exeunt": by.version, "evidence_code_sha256": by.code_sha256},
        "files": {
            name: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
            for name, data in sorted(content.items())
        },
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, data in sorted({**content, "manifest.json": _json(manifest)}.items()):
            archive.writestr(_entry(name), data)
    return out.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr, entry.create_system = PLAIN_FILE, UNIX
    return entry


@cache
def verifier() -> bytes:
    """The very file that this service checks itself with."""
    return files("workflows.ledger").joinpath("verify.py").read_bytes()


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False, sort_keys=False).encode() + b"\n"
