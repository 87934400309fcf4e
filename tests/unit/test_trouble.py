"""How long to wait, and when to stop."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import NOON
from workflows.tables import Case, Part
from workflows.trouble import FIRST_WAIT, LONGEST_WAIT, MOST_BELIEVED, gave_up, wait

TRIES = st.integers(1, 10**9)
ASKED = st.none() | st.floats(0, allow_infinity=True)
JITTER = st.floats(0, 1, exclude_max=True)


@given(TRIES, ASKED, JITTER)
def test_a_wait_is_never_shorter_than_asked_or_than_its_turn(
    tries: int, asked: float | None, jitter: float
) -> None:
    said = timedelta(seconds=min(asked or 0, MOST_BELIEVED.total_seconds()))
    turn = min(FIRST_WAIT * 2 ** min(tries - 1, 10), LONGEST_WAIT)
    assert wait(tries, asked, jitter) >= max(said, turn)


@given(TRIES, ASKED, JITTER)
def test_a_wait_is_spread_by_a_fifth_at_most_and_never_without_end(
    tries: int, asked: float | None, jitter: float
) -> None:
    longest = wait(tries, asked, 0.0) * 1.2
    assert wait(tries, asked, jitter) <= longest <= MOST_BELIEVED * 1.2


@given(st.integers(1, 40))
def test_the_next_wait_is_twice_as_long_until_it_is_the_longest(tries: int) -> None:
    assert wait(tries + 1, None, 0.0) == min(wait(tries, None, 0.0) * 2, LONGEST_WAIT)


def test_what_a_vendor_asks_for_counts_even_beyond_our_longest_wait() -> None:
    assert wait(1, 3600.0, 0.0) == timedelta(hours=1)
    assert wait(1, 0.0, 0.0) == FIRST_WAIT


def tried(since: timedelta | None) -> bool:
    case = Case(
        id="case_1",
        worker_id="worker_1",
        kind="other",
        status="running",
        containment="unknown",
        effective_at=NOON,
        received_at=NOON,
        give_up_seconds=3600,
    )
    part = Part(id="part_1", case_id="case_1", wave="contain", system="s", state="waiting")
    part.first_try_at = None if since is None else NOON - since
    return gave_up(case, part, NOON)


def test_trying_goes_on_for_as_long_as_the_policy_allows() -> None:
    assert not tried(timedelta(hours=1))
    assert tried(timedelta(hours=1, microseconds=1))


def test_what_was_never_tried_is_not_given_up() -> None:
    assert not tried(None)
