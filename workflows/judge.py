"""How contained is it? A pure judgement over what was read back, and over nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from adapters.actions import CUTS_ACCESS, Action
from adapters.nouns import State
from workflows.model import Containment

FINE = ("confirmed", "covered", "not_needed")


class Lookup(StrEnum):
    """What one system answered to the question who this person is there."""

    UNANSWERED = "unanswered"
    FOUND = "found"
    NONE = "none"
    UNDECIDED = "undecided"
    BY_HAND = "by_hand"


@dataclass(frozen=True)
class AccountFacts:
    """All that counts for one account.

    `verbs` says how each verb that cuts access stands: confirmed, covered, not_needed, open,
    by_hand (a person still has to), said_done (a person says so), failed. `read_back` is the
    newest state that the system itself told.
    """

    read_back: State | None
    verbs: Mapping[str, str]
    last_possible_access: datetime | None
    now: datetime
    authority_open: bool = False
    """The account is written by another system, and that one is not known to be contained."""


def judge_account(facts: AccountFacts) -> Containment:
    state = facts.read_back
    left_to_people = facts.verbs.get(Action.BLOCK_SIGN_IN) == "by_hand"
    if state is not None and state.exists and state.enabled:
        return Containment.BY_HAND if left_to_people else Containment.NOT
    if state is None or (state.exists and state.enabled is None):
        return Containment.BY_HAND if left_to_people else Containment.UNKNOWN
    if left_to_people or facts.authority_open or (state.exists and not _all_closed(facts.verbs)):
        return Containment.PARTLY
    if facts.last_possible_access and facts.last_possible_access > facts.now:
        return Containment.BLOCKED_UNTIL_EXPIRY
    return Containment.CONTAINED


def _all_closed(verbs: Mapping[str, str]) -> bool:
    """Sign-in is known to be blocked: so are what was open before, and the tokens, closed too?"""
    others = [verb for verb in CUTS_ACCESS if verb is not Action.BLOCK_SIGN_IN]
    return all(verbs.get(verb, "open") in FINE for verb in others)


_OF_LOOKUP = {
    Lookup.UNANSWERED: Containment.UNKNOWN,
    Lookup.UNDECIDED: Containment.UNKNOWN,
    Lookup.BY_HAND: Containment.BY_HAND,
}


def judge_case(accounts: Sequence[Containment], lookups: Sequence[Lookup]) -> Containment:
    """The case is as good as its worst part: one open question makes "contained" impossible."""
    expected = [*accounts, *(_OF_LOOKUP[answer] for answer in lookups if answer in _OF_LOOKUP)]
    found = set(expected)
    if not found:
        return Containment.NONE_FOUND if lookups else Containment.UNKNOWN
    if found == {Containment.CONTAINED}:
        return Containment.CONTAINED
    if found <= {Containment.CONTAINED, Containment.BLOCKED_UNTIL_EXPIRY}:
        return Containment.BLOCKED_UNTIL_EXPIRY
    if found & {Containment.CONTAINED, Containment.BLOCKED_UNTIL_EXPIRY, Containment.PARTLY}:
        return Containment.PARTLY
    if Containment.NOT in found:
        return Containment.NOT
    return Containment.PARTLY if Containment.BY_HAND in found else Containment.UNKNOWN
