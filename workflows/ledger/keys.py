"""The log's key, and what it signed last: two files that must not lie in the database's backup.

`NAME` is the private key (PEM, for its owner alone). `NAME.next` is there while a rotation is under
way. `NAME.head` is the last tree head that was signed: a database that was rolled back does not
know it any more, and is not signed.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from workflows.errors import Conflict

OTHERS = 0o077


class CannotSign(Conflict):
    """The log is not signed. Recording and cutting go on meanwhile."""


class KeyUnusable(CannotSign):
    """There is no key, or it is no key, or others can read it, or we cannot; or so it is with what
    lies beside it. The message says what to do.
    """

    def __init__(self, message: str) -> None:
        super().__init__(
            message, "Nothing is signed until that is mended (docs/runbooks/audit-log.md)."
        )

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class KeyFile:
    """Where the key of a log lies. Nothing of it is kept in memory between two signatures."""

    path: Path

    @property
    def next(self) -> Path:
        return self.path.with_name(self.path.name + ".next")

    @property
    def head(self) -> Path:
        return self.path.with_name(self.path.name + ".head")

    def load(self) -> Ed25519PrivateKey:
        """Raises KeyUnusable."""
        return read_key(self.path)

    def load_next(self) -> Ed25519PrivateKey | None:
        return read_key(self.next) if self.next.exists() else None

    def create(self) -> Ed25519PrivateKey:
        """Make the key. Raises KeyUnusable if there is one: nothing is overwritten."""
        return make_key(self.path)

    def create_next(self) -> Ed25519PrivateKey:
        """The key that comes after this one; the same again if a rotation was cut short."""
        return self.load_next() or make_key(self.next)

    def take_next(self) -> None:
        """The next key takes the place of this one, which is gone then."""
        with suppress(FileNotFoundError):  # another process was quicker
            self.next.replace(self.path)
        _sync_folder(self.path)

    def forget_next(self) -> None:
        """The one that it was to follow is lost: it follows nothing."""
        self.next.unlink(missing_ok=True)

    def last_head(self) -> str | None:
        """The note that was signed last on this machine. Raises KeyUnusable."""
        try:
            return self.head.read_text("utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as why:
            raise KeyUnusable(f"{self.head} cannot be read: {why}") from None

    def remember_head(self, note: str) -> None:
        """Raises KeyUnusable: what could not be remembered must not be signed."""
        try:
            write_whole(self.head, note.encode())
        except OSError as why:
            raise KeyUnusable(f"{self.head} cannot be written: {why.strerror}") from None


def read_key(path: Path) -> Ed25519PrivateKey:
    try:
        if path.stat().st_mode & OTHERS:
            raise KeyUnusable(f"others can read {path}: run `chmod 600 {path}`")
        key = load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError:
        raise KeyUnusable(f"there is no key file {path}") from None
    except OSError as why:
        raise KeyUnusable(f"{path} cannot be read: {why.strerror}") from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyUnusable(f"{path} holds no unencrypted private key in PEM") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnusable(f"{path} holds another kind of key: the log is signed with Ed25519")
    return key


def make_key(path: Path) -> Ed25519PrivateKey:
    """Write a new key for its owner alone. Raises KeyUnusable if the file is there."""
    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        _link_new(path, text)
    except FileExistsError:
        raise KeyUnusable(f"there is a {path} already: keys are never overwritten") from None
    except OSError as why:
        raise KeyUnusable(f"{path} cannot be written: {why.strerror}") from None
    return key


def _link_new(path: Path, content: bytes) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(partial, path)  # unlike a rename, this never replaces a key that is there
    finally:
        partial.unlink()
    _sync_folder(path)


def write_whole(path: Path, content: bytes) -> None:
    """The old content or the new one, whatever happens in between; durable on return."""
    partial = path.with_name(path.name + ".partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    _sync_folder(path)


def _sync_folder(path: Path) -> None:
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
