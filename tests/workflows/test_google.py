"""A leaver in Google Workspace, through the whole engine: contained, in the vendor's own order."""

from typing import Any

import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from adapters.practice.google import PracticeWorkspace
from adapters.practice.google.story import furnish
from tests.house import ADDRESS, NUMBER, house, leaves

INSTANT = {"google": {"token_lifetime": "0"}}


def workspace() -> tuple[PracticeWorkspace, str]:
    made = PracticeWorkspace()
    user = made.hire(ADDRESS, employee_number=NUMBER)
    furnish(made, user)
    made.hire("boss@acme.example")
    return made, user


def first(requests: list[str], *ends: str) -> list[int]:
    return [next(n for n, one in enumerate(requests) if one.endswith(end)) for end in ends]


def is_contained(case: dict[str, Any]) -> bool:
    return bool(case["containment"] == "contained")


async def test_a_leaver_is_contained_and_signed_out_before_the_suspension(sqlite_url: str) -> None:
    google, user = workspace()
    async with house(sqlite_url, {"google": google}, extra=INSTANT) as inside:
        await inside.hr_says(leaves())
        await inside.until(is_contained)

    writes = [one for one in google.requests if not one.startswith("GET")]
    # The password first, the suspension by the same call later, the sign-out in between.
    updates = [n for n, one in enumerate(writes) if one == f"PUT /admin/directory/v1/users/{user}"]
    order = first(writes, "/signOut", "/invalidate", "/makeAdmin")
    assert updates[0] < min(order)
    assert max(order) < updates[1]
    assert google.enabled(user) is False


async def test_a_user_who_was_suspended_before_is_contained_and_never_opened(
    sqlite_url: str,
) -> None:
    google, user = workspace()
    google.users[user] |= {"suspended": True, "suspensionReason": "ADMIN"}
    async with house(sqlite_url, {"google": google}, extra=INSTANT) as inside:
        await inside.hr_says(leaves())
        await inside.until(is_contained)
    assert google.enabled(user) is False
    assert google.signed_out == []


async def test_a_sign_out_that_always_fails_is_made_good_by_the_suspension(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    google, user = workspace()
    spoil(google, "/signOut", monkeypatch)
    async with house(sqlite_url, {"google": google}, extra=INSTANT) as inside:
        await inside.hr_says(leaves())
        await inside.until(is_contained)
    assert google.enabled(user) is False


async def test_tokens_that_cannot_be_read_never_count_as_revoked_but_the_account_is_suspended(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    google, user = workspace()
    spoil(google, "/tokens", monkeypatch)
    async with house(sqlite_url, {"google": google}, extra=INSTANT) as inside:
        await inside.hr_says(leaves())
        case = await inside.until(lambda case: case["containment"] == "partly")
    assert google.enabled(user) is False
    assert {i["action"]: i["outcome"] for i in case["items"]}["block_sign_in"] == "changed"


def spoil(google: PracticeWorkspace, end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The vendor never answers there with anything but 503."""
    answer = google._answer

    async def broken(inner: Any, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].endswith(end):
            await Response(status_code=503)(scope, receive, send)
            return
        await answer(inner, scope, receive, send)

    monkeypatch.setattr(google, "_answer", broken)
