"""Check what Exeunt recorded, without trusting Exeunt: one file, the standard library alone."""

from __future__ import annotations

import hashlib


def leaf_hash(d: bytes) -> bytes:
    """RFC 6962 section 2.1."""
    return hashlib.sha256(b"\x00" + d).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962 section 2.1."""
    return hashlib.sha256(b"\x01" + left + right).digest()
