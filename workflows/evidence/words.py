"""Plain words for what the leaves say in short ones, and numbers as people read them."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from adapters.actions import Action
from workflows.evidence.leaves import WITHHELD, Fact
from workflows.moments import is_zone
from workflows.sentences import BUSINESS

NOT_SAID = "not recorded"

STANDINGS: dict[str, str] = {
    "confirmed": "done, and the system itself shows it",
    "done_unseen": "done; this system cannot show it",
    "covered": "covered by another action",
    "not_applicable": "does not exist in this system",
    "attested": "done by hand: a person says so",
    "left_to_person": "left to a person, not done yet",
    "by_hand_later": "for a person to do, not due yet",
    "retrying": "failed so far, is being tried again",
    "failed": "FAILED",
    "under_way": "under way when the log was signed",
    "unknown_outcome": "tried; what became of it is NOT KNOWN",
    "observed": "observe mode: not sent",
    "to_come": "not due yet",
    "cancelled": "taken back, because access was given back",
}
GOOD, WATCH, BAD, QUIET = "good", "watch", "bad", "quiet"
TONES: dict[str, str] = {
    "confirmed": GOOD,
    "done_unseen": WATCH,
    "covered": QUIET,
    "not_applicable": QUIET,
    "attested": WATCH,
    "left_to_person": BAD,
    "by_hand_later": QUIET,
    "retrying": BAD,
    "failed": BAD,
    "under_way": WATCH,
    "unknown_outcome": BAD,
    "observed": BAD,
    "to_come": QUIET,
    "cancelled": QUIET,
}
CONTAINMENT: dict[str, tuple[str, str]] = {
    "contained": (GOOD, "Cut off"),
    "blocked_until_expiry": (WATCH, "Blocked; an old session may still live"),
    "partly": (BAD, "Partly cut off"),
    "not": (BAD, "NOT cut off"),
    "unknown": (BAD, "Not known"),
    "unanswered": (BAD, "Could not be looked at yet"),
    "undecided": (BAD, "A person must say which account"),
    "none_found": (QUIET, "No account found"),
    "by_hand": (BAD, "By hand, not confirmed yet"),
    "attested": (WATCH, "By hand: a person says it is done"),
}
RULES = {
    "link": "a stored link to this worker",
    "employee_number": "the employee number",
    "address": "the mail address",
}
BASES = {
    "last_working_day": "the last working day",
    "termination_date": "the termination date",
    "access_end": "an instant that HR named",
    "immediate": "at once, when it was asked for",
}
ZONE_SOURCES = {
    "worker": "the worker's own, from HR",
    "country": "the only one of the worker's country",
    "connection": "the default of the HR connection",
    "utc": "none was known",
    "instant": "the instant named it",
    "receipt": "the instant at which it was received",
    "request": "the instant of the request",
}
WAVES = {
    "contain": "Cut access",
    "hand_over": "Hand over",
    "clean_up": "Clean up",
    "retire": "Retire",
    "restore": "Give back",
}
HELD = {
    "grants": "groups and grants",
    "roles": "administrator roles",
    "licences": "licences",
    "factors": "sign-in factors",
    "tokens": "tokens and keys",
    "devices": "devices",
    "managed": "managed devices",
    "unwiped": "devices not wiped",
    "forwards": "mail forwardings",
    "files": "drives",
    "owns": "things owned",
    "meetings": "meetings",
    "residue": "things that outlive the account",
}


HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
"""What changes how a text looks, or is not seen at all."""


def business(action: str) -> str:
    return BUSINESS[Action(action)] if action in set(Action) else ""


def spoken(name: str) -> str:
    return name.replace("_", " ")


def said(fact: Fact) -> str:
    return NOT_SAID if fact.value is None else str(fact.value)


def shown(fact: Fact) -> str | None:
    """A personal value, if this reader was shown it."""
    return None if fact.value in (None, WITHHELD) else str(fact.value)


def moment(text: object, zone: str | None = None) -> str:
    """`2026-09-25 22:00:00 UTC`, or the same in a zone. Milliseconds stand where they count."""
    if not text:
        return NOT_SAID
    at = datetime.fromisoformat(str(text)).astimezone(_zone(zone))
    fraction = f".{at.microsecond // 1000:03d}" if at.microsecond else ""
    return f"{at:%Y-%m-%d %H:%M:%S}{fraction} {at:%Z}"


def day_and_time(text: object, zone: str | None = None) -> tuple[str, str]:
    at = datetime.fromisoformat(str(text)).astimezone(_zone(zone))
    return f"{at:%d %b %Y}", f"{at:%H:%M:%S}"


def _zone(zone: str | None) -> ZoneInfo:
    return ZoneInfo(zone if zone and is_zone(zone) else "UTC")


def lasted(seconds: float | None) -> str:
    """Two units at most: `1.3 s`, `4 min 05 s`, `3 h 20 min`, `24 days 3 h`."""
    if seconds is None:
        return NOT_SAID
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} day{'s' if days > 1 else ''}" + (f" {hours} h" if hours else "")
    if hours:
        return f"{hours} h" + (f" {minutes:02d} min" if minutes else "")
    return f"{minutes} min" + (f" {rest:02d} s" if rest else "")


def counted(count: int, one: str, many: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def listed(words: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def visible(text: str) -> str:
    """What cannot be seen, or turns the text around, is shown by its number."""
    return HIDDEN.sub(_number, text)


def _number(found: re.Match[str]) -> str:
    return f"⟨U+{ord(found[0]):04X}⟩"
