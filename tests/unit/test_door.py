"""The door to the network: errors by what to do next, and nothing leaks through it."""

import pickle

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract import understood
from adapters.errors import (
    AdapterError,
    CredentialDenied,
    NeedsHuman,
    TargetDenied,
    TryAgain,
    Unrecognised,
)
from adapters.http import LARGEST_REPLY, Api
from adapters.statuses import retry_after
from workflows.trouble import LONGEST_WAIT, MOST_BELIEVED, wait

ERRORS = [
    TryAgain("slow down", 17.0),
    TryAgain("down"),
    CredentialDenied("401", "User.Read.All", "renew it"),
    TargetDenied("403", "User.Read.All", "grant it"),
    NeedsHuman("odd", "docs/runbooks/manual.md"),
    Unrecognised("what"),
]


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_is_the_same_after_it_was_stored(error: AdapterError) -> None:
    assert pickle.loads(pickle.dumps(error)) == error


def answering(response: httpx.Response) -> Api:
    return Api("https://v.example/api", transport=httpx.MockTransport(lambda _: response))


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, CredentialDenied),
        (403, TargetDenied),
        (409, TryAgain),
        (412, TryAgain),
        (429, TryAgain),
        (503, TryAgain),
        (302, Unrecognised),
        (400, Unrecognised),
        (404, Unrecognised),
        (418, Unrecognised),
    ],
)
async def test_a_status_says_what_to_do_next(status: int, error: type[AdapterError]) -> None:
    with pytest.raises(error):
        await answering(httpx.Response(status)).get("/users")


async def test_a_message_holds_no_query_no_body_and_no_text_of_the_vendor() -> None:
    body = {"error": {"code": "Bad_Request", "message": "ada@acme.example is not here"}}
    with pytest.raises(Unrecognised) as why:
        await answering(httpx.Response(400, json=body)).get("/users", filter="ada@acme.example")
    assert "Bad_Request" in why.value.message
    assert "ada" not in why.value.message


async def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    with pytest.raises(Unrecognised, match="larger"):
        await answering(httpx.Response(200, content=b" " * (LARGEST_REPLY + 1))).get("/users")


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/api/users",
        "http://v.example/api/users",
        "https://v.example:8443/api/users",
        "https://v.example@evil.example/api/users",
    ],
)
async def test_a_next_link_to_another_host_is_not_followed(link: str) -> None:
    with pytest.raises(Unrecognised, match="another host"):
        await answering(httpx.Response(200, json={})).get(link)


@pytest.mark.parametrize("url", ["http://v.example", "ftp://v.example", "v.example", ""])
def test_plain_http_goes_to_loopback_only(url: str) -> None:
    with pytest.raises(ValueError, match="https://"):
        Api(url)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "17"}, 17.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({}, None),
        (
            {
                "Date": "Tue, 01 Sep 2026 12:00:00 GMT",
                "Retry-After": "Tue, 01 Sep 2026 12:00:09 GMT",
            },
            9.0,
        ),
        ({"Retry-After": "Tue, 01 Sep 2026 12:00:09 GMT"}, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(httpx.Headers(headers)) == seconds


@given(st.integers(1, 10_000), st.none() | st.floats(0, 1e12), st.floats(0, 0.999))
def test_a_pause_is_never_shorter_than_asked_and_never_without_end(
    tries: int, asked: float | None, jitter: float
) -> None:
    pause = wait(tries, asked, jitter)
    believed = min(asked or 0.0, MOST_BELIEVED.total_seconds())
    assert pause.total_seconds() >= believed
    assert pause <= max(LONGEST_WAIT, MOST_BELIEVED) * 1.2


def test_pauses_double_until_they_are_long_enough() -> None:
    pauses = [wait(n, None, 0.0).total_seconds() for n in range(1, 13)]
    assert pauses[:5] == [1, 2, 4, 8, 16]
    assert pauses[-1] == LONGEST_WAIT.total_seconds()


async def test_an_answer_that_trips_our_code_was_not_understood_and_ends_nothing_else() -> None:
    @understood
    async def trips() -> None:
        raise KeyError("value")

    with pytest.raises(Unrecognised, match="KeyError"):
        await trips()
