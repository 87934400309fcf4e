"""Which of the candidates are this person's? Certain ones are cut; doubts go to a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from adapters.matching import normal_address
from adapters.nouns import Kind, Match, Person, Rule

YOUNGER = "it was made after the last day: the address may have been given to somebody else"
SEVERAL = "several accounts fit, and nothing says which of them is meant"
NOT_A_PERSON = "it is a {} account, which others may be using"


@dataclass(frozen=True)
class Undecided:
    """Why a person has to choose, and among which. The reason names nobody."""

    reason: str
    candidates: tuple[Match, ...]


@dataclass(frozen=True)
class Identified:
    """What is certain, and beside it what is not. Doubt about one never holds up another."""

    accounts: tuple[Match, ...]
    undecided: Undecided | None = None


def identify(
    person: Person,
    matches: tuple[Match, ...],
    last_moment: datetime,
    claimed: Mapping[str, str],
) -> Identified:
    """`claimed` says of an account, by its id, why it may be somebody else's who is still here.

    A stored link is somebody's word and always certain. Of the rest, one single candidate without
    a doubt is certain; of several, those that fit by number *and* by address are.
    """
    linked = tuple(hit for hit in matches if hit.rule is Rule.LINK)
    others = [hit for hit in matches if hit.rule is not Rule.LINK]
    doubts = {hit.account.id: _doubt(hit, last_moment, claimed) for hit in others}
    clear = [hit for hit in others if not doubts[hit.account.id]]
    sure = clear if len(others) == 1 else [hit for hit in clear if _fits_twice(person, hit)]
    unsure = tuple(hit for hit in others if hit not in sure)
    if not unsure:
        return Identified((*linked, *sure))
    reasons = dict.fromkeys(doubts[hit.account.id] or SEVERAL for hit in unsure)
    return Identified((*linked, *sure), Undecided("; ".join(reasons), unsure))


def _doubt(hit: Match, last_moment: datetime, claimed: Mapping[str, str]) -> str | None:
    account = hit.account
    if hit.disagreement:
        return hit.disagreement
    if account.kind in (Kind.SHARED, Kind.SERVICE):
        return NOT_A_PERSON.format(account.kind)
    if account.created_at and account.created_at > last_moment:
        return YOUNGER
    return claimed.get(account.id)


def _shared(person: Person, hit: Match) -> set[str]:
    theirs = {normal_address(a) for a in (*hit.account.addresses, hit.account.login)}
    return theirs & {normal_address(a) for a in person.addresses}


def _fits_twice(person: Person, hit: Match) -> bool:
    return hit.rule is Rule.EMPLOYEE_NUMBER and bool(_shared(person, hit))
