"""The names of a log: the configured one, and `/2`, `/3` … after each recovery. Pure."""

import re


def is_of(origin: str, configured: str) -> bool:
    """Whether it is this name, or one that a recovery made of it."""
    return origin == configured or bool(
        re.fullmatch(re.escape(configured) + "/[0-9]+", origin, re.ASCII)
    )


def turn_of(origin: str) -> int:
    last = origin.rpartition("/")[2]
    return int(last) if last.isdecimal() else 1


def next_name(configured: str, was: str) -> str:
    return f"{configured}/{turn_of(was) + 1}"
