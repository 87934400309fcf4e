"""Texts and instants that every database and every log can keep."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime


def plain_text(value: object) -> object:
    """The value itself, of whatever type. Raises ValueError for text that cannot be stored.

    PostgreSQL refuses NUL, and half a surrogate pair is no character at all.
    """
    if isinstance(value, tuple):
        for one in value:
            plain_text(one)
    if not isinstance(value, str):
        return value
    if "\x00" in value:
        raise ValueError("holds a NUL character")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("holds half a surrogate pair, which is no character") from None
    return value


EARLIEST, LATEST = 1900, 9000
"""Years. Beyond them an instant cannot be carried into every time zone."""


def sane_instant(value: datetime) -> datetime:
    """Raises ValueError for an instant that is no date in anybody's working life."""
    if not EARLIEST <= value.year <= LATEST:
        raise ValueError(f"is not between the years {EARLIEST} and {LATEST}")
    return value


SaneInstant = Annotated[AwareDatetime, AfterValidator(sane_instant)]
"""An instant with its zone, in years that can be calculated with."""
