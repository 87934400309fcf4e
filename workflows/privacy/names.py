"""What a person is called, wherever that may stand: found in texts and in JSON, and taken out."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

SHORTEST = 6
"""Shorter values say nothing by themselves: "1207" is also a room, a port and somebody's ticket."""
SHORTEST_PART = 3
"""Of a name; "de" and "van" are half of Europe's, and words besides."""
_LETTERS_AND_BLANKS = re.compile(r"[^\d=/\\:]+ [^\d=/\\:]+")
_PLAIN_WORD = re.compile(r"[A-Za-z_]+")
"""Nor does a number, or a login that is one word: "waiting" is also how a case stands."""


@dataclass(frozen=True)
class Names:
    """`words` are values of one person that nobody else has; `mark` is put in their place."""

    words: frozenset[str]
    mark: str

    @classmethod
    def of(cls, values: Iterable[str | None], mark: str) -> "Names":
        told = {value.strip() for value in values if value}
        return cls(frozenset(filter(_tells, told)), mark)

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        """Whole words only: `ada@a.example` is not `rada@a.example`, nor `ada@a.example.org`."""
        if not self.words:
            return None
        longest_first = sorted(self.words, key=len, reverse=True)
        one_of = "|".join(map(re.escape, longest_first))
        return re.compile(rf"(?<![\w+-])(?<!\w\.)(?:{one_of})(?![\w-]|\.\w)", re.IGNORECASE)

    @property
    def likes(self) -> list[str]:
        """Patterns for SQL's LIKE over lower case, as text and as JSON writes it; `!` escapes."""
        written = {form for word in self.words for form in (word, json.dumps(word)[1:-1])}
        # SQLite lowers ASCII only, PostgreSQL all letters.
        lowered = {form.lower() for form in written} | {_ascii_lower(form) for form in written}
        return [f"%{_escaped(form)}%" for form in sorted(lowered)]

    def in_text(self, text: str) -> bool:
        return self.found_in(text) is not None

    def found_in(self, text: str) -> str | None:
        found = self._pattern and self._pattern.search(text)
        return found[0] if found else None

    def without(self, value: Any) -> Any:
        """The value, a text or JSON, with the mark wherever one of the words stood."""
        if self._pattern is None:
            return value
        if isinstance(value, str):
            return self._pattern.sub(self.mark, value)
        if isinstance(value, list):
            return [self.without(one) for one in value]
        if isinstance(value, dict):
            return {self.without(key): self.without(one) for key, one in value.items()}
        return value


def named_in(text: str, values: Iterable[str | None]) -> str | None:
    """What of a person stands in a text that nobody can ever change again; None: nothing does.

    Stricter than `Names`: a surname, a short number, and what somebody else is called as well. The
    wrong alarm costs other words.
    """
    told = {value.strip() for value in values if value}
    parts = {part for value in told for part in _parts(value)}
    return Names(frozenset(filter(_is_long_enough, told | parts)), "").found_in(text)


def _parts(value: str) -> list[str]:
    """Of a name or of an address before its @; of an id of a system there are none."""
    if "@" not in value and not _LETTERS_AND_BLANKS.fullmatch(value):
        return []
    local = value.partition("@")[0]
    return [local, *re.split(r"[\W\d_]+", local)]


def _is_long_enough(word: str) -> bool:
    return len(word) >= SHORTEST_PART


def _tells(word: str) -> bool:
    return len(word) >= SHORTEST and not word.isdecimal() and not _PLAIN_WORD.fullmatch(word)


def _ascii_lower(text: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


def _escaped(text: str) -> str:
    return re.sub(r"([!%_])", r"!\1", text)
