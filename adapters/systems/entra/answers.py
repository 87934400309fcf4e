"""What an answer within a batch means: something to read, "there is none", or what to do next."""

from typing import TypeVar

import httpx

from adapters.errors import TargetDenied, TryAgain, Unrecognised
from adapters.reading import Answer, read_as
from adapters.statuses import retry_after
from adapters.systems.entra.door import GONE, code_of
from adapters.systems.entra.shapes import BatchAnswer

M = TypeVar("M", bound=Answer)
NO_MAILBOX = frozenset({"MailboxNotEnabledForRESTAPI", "MailboxNotFound"})
"""Exchange's codes for "no mailbox here": there is none, or it is on premises (field notes 3.2)."""
NO_DRIVE = GONE - {"Request_ResourceNotFound", "ErrorItemNotFound"}
"""A drive that was never made. The directory's own code means that it does not find the user."""
NONE_SAID = {
    "mailbox": NO_MAILBOX,
    "rules": NO_MAILBOX,
    "meetings": NO_MAILBOX,
    "drive": NO_DRIVE,
}
"""By which codes a list may say that there is none. Any other 404 is a directory that lags."""


def something_in(
    answer: BatchAnswer, permission: str, none_said: frozenset[str] = frozenset()
) -> bool:
    """Whether there is something to read; False: the service says that there is none.

    Raises what the same answer outside of a batch would have raised.
    """
    code = code_of(answer.body) or ""
    # A tenant without the licence has none of what the licence gives (AadPremiumLicenseRequired).
    if code in none_said or "PremiumLicense" in code:
        return False
    if answer.status < httpx.codes.BAD_REQUEST:
        return True
    what = f"GET in a batch: {answer.status} {code}"
    if answer.status == httpx.codes.FORBIDDEN:
        raise TargetDenied(what, permission, f"grant {permission}")
    if answer.status == httpx.codes.NOT_FOUND and code in GONE:
        raise TryAgain(f"{what}, although its owner is there: the directory catches up")
    if answer.status == httpx.codes.TOO_MANY_REQUESTS or answer.status >= 500:  # noqa: PLR2004
        raise TryAgain(what, retry_after(httpx.Headers(answer.headers)))
    raise Unrecognised(what)


def only(model: type[M], answer: BatchAnswer) -> M | None:
    return read_as(model, answer.body) if something_in(answer, "Directory.Read.All") else None
