"""Durations as people write them: `90d`, `24h`, `15m`, `30s`, `0`."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
LONGEST = timedelta(days=36_500)


def duration(value: object) -> object:
    """A text as a timedelta; a bare number is seconds. Raises ValueError that shows the form."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = f"{value:g}s"
    if not isinstance(value, str):
        return value
    found = re.fullmatch(r"(\d{1,9}(?:\.\d{1,3})?)\s*([smhdw]?)", value.strip())
    if not found:
        raise ValueError("must be a duration such as 30s, 15m, 24h, 90d or 0")
    number, unit = found.groups()
    if not unit and float(number):
        raise ValueError("needs a unit: s, m, h, d or w, as in 90d")
    length = timedelta(**{_UNITS[unit or "s"]: float(number)})
    if length > LONGEST:
        raise ValueError("is longer than 100 years")
    return length


Duration = Annotated[timedelta, BeforeValidator(duration)]
"""A timedelta that is not negative."""
