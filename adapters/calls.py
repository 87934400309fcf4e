"""The calls that were made, so that the ledger can name each of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Call:
    """One call as the ledger remembers it: no query, no body, no host.

    `path` is the operation's name where every call has the same path.
    """

    method: str
    path: str
    status: int | None
    request_id: str | None
    milliseconds: int
    writes: bool = False
    """Whether it may have changed something. A POST that only reads does not."""
    reply_sha256: str | None = None
    """Of the reply's body, without its transfer encoding; None if none came whole."""


_calls: ContextVar[list[Call] | None] = ContextVar("calls", default=None)


@contextmanager
def recording() -> Iterator[list[Call]]:
    """Collect the calls that are made inside, so that the ledger can name each of them."""
    calls: list[Call] = []
    token = _calls.set(calls)
    try:
        yield calls
    finally:
        _calls.reset(token)


def remember(
    method: str,
    path: str,
    status: int | None,
    seconds: float,
    request_id: str | None = None,
    reply_sha256: str | None = None,
    *,
    writes: bool,
) -> None:
    """Add one call to what is being recorded. For doors to what does not speak HTTP."""
    calls = _calls.get()
    if calls is not None:
        ms = round(seconds * 1000)
        calls.append(Call(method, path, status, request_id, ms, writes, reply_sha256))
