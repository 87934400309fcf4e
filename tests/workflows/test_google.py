"""A leaver in Google Workspace, through the whole engine: contained, in the vendor's own order."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from adapters.actions import Action
from adapters.errors import TryAgain
from adapters.practice.google import PracticeWorkspace
from adapters.practice.google.story import furnish
from tests.house import ADDRESS, NUMBER, House, eventually, house, leaves
from tests.workflows.stage import Stage, given_back
from workflows.attempt import attempt
from workflows.tables import Attempt, Item

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


def recorded(inside: House, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The verbs, in the order in which they are really done."""
    adapter, done = inside.world.adapter("google"), list[str]()
    real = adapter.perform

    async def perform(verb: Action, *more: Any) -> Any:
        done.append(verb)
        return await real(verb, *more)

    monkeypatch.setattr(adapter, "perform", perform)
    return done


async def test_a_block_that_is_late_goes_first(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    google, user = workspace()
    async with house(sqlite_url, {"google": google}, extra=INSTANT) as inside:
        monkeypatch.setattr(inside.world.adapter("google"), "block_within", timedelta(0))
        done = recorded(inside, monkeypatch)
        await inside.hr_says(leaves())
        await inside.until(is_contained)
    assert done[:2] == ["block_sign_in", "reset_credentials"]
    assert google.enabled(user) is False


async def test_after_a_turn_that_failed_the_block_goes_first(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    google, _ = workspace()
    async with house(sqlite_url, {"google": google}, extra=INSTANT) as inside:
        adapter, asked = inside.world.adapter("google"), list[int]()
        real = adapter.find_accounts

        async def busy_once(person: Any) -> Any:
            asked.append(1)
            if len(asked) == 1:
                raise TryAgain("503")
            return await real(person)

        monkeypatch.setattr(adapter, "find_accounts", busy_once)
        done = recorded(inside, monkeypatch)
        await inside.hr_says(leaves())
        await inside.until(is_contained)
    assert done[0] == "block_sign_in"


async def test_after_a_crash_the_block_goes_first(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    google, user = workspace()
    async with house(sqlite_url, {"google": google}, extra=INSTANT) as inside:
        adapter = inside.world.adapter("google")
        with monkeypatch.context() as dying:
            died = list[str]()

            async def die(verb: Action, *_: Any) -> Any:
                died.append(verb)
                raise RuntimeError("on purpose")

            async def has_died() -> bool:
                return bool(died)

            dying.setattr(adapter, "perform", die)
            await inside.hr_says(leaves())
            await eventually(has_died, bool)
        assert google.enabled(user) is True
        done = recorded(inside, monkeypatch)
        await attempt(inside.world, (await tried(inside))[0])
    assert done == ["block_sign_in", "reset_credentials"]


async def tried(inside: House) -> list[str]:
    async with inside.world.store.read() as session:
        begun = select(Attempt.item_id).join(Item).where(Item.action == "reset_credentials")
        return list((await session.exec(begun)).all())


async def test_gmail_is_given_back_once_the_user_can_sign_in(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    google, user = workspace()
    stage, done = Stage(), list[str]()
    async with house(sqlite_url, {"google": google}, extra=INSTANT) as stage.exeunt:
        await stage.exeunt.hr_says(leaves())
        await stage.exeunt.until(is_contained)
        adapter = stage.exeunt.world.adapter("google")
        real = adapter.give_back

        async def give_back(verb: Action, *more: Any) -> None:
            done.append(verb)
            if done == ["block_sign_in"]:
                raise TryAgain("503")
            await real(verb, *more)

        monkeypatch.setattr(adapter, "give_back", give_back)
        case = await given_back(stage)
    back = {i["action"]: i["state"] for i in case["items"] if i["wave"] == "restore"}
    assert (back["block_sign_in"], back["stop_forwarding"]) == ("done", "done")
    assert done.index("stop_forwarding") > max(
        n for n, verb in enumerate(done) if verb == "block_sign_in"
    )
    assert google.enabled(user) is True


def spoil(google: PracticeWorkspace, end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The vendor never answers there with anything but 503."""
    answer = google._answer

    async def broken(inner: Any, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].endswith(end):
            await Response(status_code=503)(scope, receive, send)
            return
        await answer(inner, scope, receive, send)

    monkeypatch.setattr(google, "_answer", broken)
