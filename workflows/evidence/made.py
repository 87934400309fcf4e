"""By which program a pack was made: its version, and the digest of its code."""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.resources import files

KINDS = (".py", ".typ", ".j2")


@dataclass(frozen=True)
class Made:
    version: str
    code_sha256: str
    """Over the name and content of every file of this package, in the order of the names."""


@cache
def made() -> Made:
    digest = hashlib.sha256()
    found = {one.name: one for one in files("workflows.evidence").iterdir()}
    found |= {one.name: one for one in files("workflows.evidence").joinpath("templates").iterdir()}
    for name in sorted(found):
        if name.endswith(KINDS):
            digest.update(name.encode() + b"\0" + found[name].read_bytes() + b"\0")
    return Made(version("exeunt"), digest.hexdigest())
