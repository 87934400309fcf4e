"""The vendor's rate, kept at our own door: cuts have their share, others wait or come back."""

import httpx
import pytest

from adapters.budget import RESERVED, Budget, Rate, urgently
from adapters.errors import TryAgain
from adapters.http import Api
from adapters.systems.entra.door import GraphApi
from tests.conftest import NOON, StillClock

TEN = Rate(10, 10)
BASE = "https://v.example"


async def test_what_is_left_of_the_rate_is_spent_without_waiting(clock: StillClock) -> None:
    budget = Budget([TEN], clock)
    for _ in range(8):
        await budget.take()
    assert clock.now() == NOON


async def test_the_last_share_is_kept_for_what_cuts(clock: StillClock) -> None:
    budget = Budget([TEN], clock)
    for _ in range(round(10 * (1 - RESERVED))):
        await budget.take()
    with urgently():
        await budget.take(2)
    assert clock.now() == NOON
    await budget.take()
    assert (clock.now() - NOON).total_seconds() == pytest.approx(3)


async def test_what_would_wait_too_long_comes_back_later(clock: StillClock) -> None:
    budget = Budget([Rate(1, 60)], clock)
    with urgently():
        await budget.take()
        with pytest.raises(TryAgain) as why:
            await budget.take()
    assert why.value.retry_after == pytest.approx(60)


async def test_reads_do_not_count_as_writes(clock: StillClock) -> None:
    budget = Budget([Rate(1, 60, writes=True)], clock)
    for _ in range(100):
        await budget.take()
    assert clock.now() == NOON


async def test_over_any_time_no_more_is_spent_than_the_rate_allows(clock: StillClock) -> None:
    budget = Budget([TEN], clock)
    for _ in range(108):
        await budget.take()
    assert (clock.now() - NOON).total_seconds() == pytest.approx(100)


async def test_a_wait_that_no_clock_can_tell_is_none(clock: StillClock) -> None:
    budget = Budget([Rate(40, 1)], clock)
    for _ in range(200):
        await budget.take()
    assert (clock.now() - NOON).total_seconds() == pytest.approx(4.2, abs=0.01)


async def test_after_a_429_only_a_cut_asks_before_its_time(clock: StillClock) -> None:
    answers = [httpx.Response(429, headers={"Retry-After": "3"}), *[httpx.Response(204)] * 2]
    budget = Budget([TEN], clock)
    api = Api(BASE, transport=httpx.MockTransport(lambda _: answers.pop(0)), budget=budget)
    with pytest.raises(TryAgain):
        await api.get("/x")
    with urgently():
        await api.get("/x")
    assert clock.now() == NOON
    await api.get("/x")
    assert (clock.now() - NOON).total_seconds() == 3


async def test_graph_counts_each_request_of_a_batch_and_says_what_is_urgent(
    clock: StillClock,
) -> None:
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        ids = ["0", "1"]
        return httpx.Response(200, json={"responses": [{"id": n, "status": 200} for n in ids]})

    api = GraphApi(BASE, clock, transport=httpx.MockTransport(answer))
    url = httpx.URL(f"{BASE}/$batch")
    asked = [
        {"method": "GET", "url": "/users/u/memberOf"},
        {"method": "GET", "url": "/x?$select=id"},
    ]
    assert api._units("POST", url, None, {"requests": asked}) == 3
    await api.batch(["/a", "/b"])
    with urgently():
        await api.batch(["/a", "/b"])
    assert [r.headers["x-ms-throttle-priority"] for r in sent] == ["Low", "High"]


@pytest.mark.parametrize(("said", "waits"), [("0.5", 0.0), ("0.9", 0.9), ("garbage", 0.0)])
async def test_graph_that_says_that_it_is_nearly_full_is_left_in_peace(
    clock: StillClock, said: str, waits: float
) -> None:
    headers = {"x-ms-throttle-limit-percentage": said}
    transport = httpx.MockTransport(lambda _: httpx.Response(204, headers=headers))
    api = GraphApi(BASE, clock, transport=transport)
    for _ in range(2):
        await api.get("/users")
    assert (clock.now() - NOON).total_seconds() == pytest.approx(waits)


@pytest.mark.parametrize("seconds", [10 * 365 * 86_400.0, float("inf")])
async def test_a_mad_retry_after_closes_the_door_for_a_day_at_most(
    clock: StillClock, seconds: float
) -> None:
    budget = Budget([TEN], clock)
    budget.close_for(seconds)
    clock.advance(hours=23)
    with pytest.raises(TryAgain) as why:
        await budget.take()
    assert why.value.retry_after == pytest.approx(3600)
    clock.advance(hours=1)
    await budget.take()
