"""Google's own descriptions, held against the adapter and the practice Workspace."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from adapters.actions import Action
from adapters.contract import Brief
from adapters.nouns import GIVEN_TO, NO_WAY_BACK, Account, Held, Person, State
from adapters.postconditions import TAKES, given_back, holds, removable
from adapters.practice.google import PracticeWorkspace
from adapters.systems.google import GoogleWorkspace
from adapters.systems.google.scopes import USERS
from tests.conftest import StillClock
from tests.discovery import DOCUMENTS, Discovery
from tests.workspaces import BASE, MARA, Rich, described, google, rich

MAIL = (Action.DELEGATE_MAILBOX, Action.SET_AUTO_REPLY, Action.FORWARD_MAIL)
"""What is said to somebody who is not suspended, because Gmail is off otherwise."""
RESET = Action.RESET_CREDENTIALS
GONE = "100000000000000999999"
D = "/admin/directory/v1"
WRITES = {
    f"PUT {D}/users/{{userKey}}",
    f"DELETE {D}/users/{{userKey}}",
    f"POST {D}/users/{{userKey}}/undelete",
    f"POST {D}/users/{{userKey}}/makeAdmin",
    f"POST {D}/users/{{userKey}}/signOut",
    f"DELETE {D}/users/{{userKey}}/tokens/{{clientId}}",
    f"DELETE {D}/users/{{userKey}}/asps/{{codeId}}",
    f"POST {D}/users/{{userKey}}/verificationCodes/invalidate",
    f"DELETE {D}/groups/{{groupKey}}/members/{{memberKey}}",
    f"PATCH {D}/groups/{{groupKey}}/members/{{memberKey}}",
    f"POST {D}/groups/{{groupKey}}/members",
    f"POST {D}/customer/{{customer}}/roleassignments",
    f"DELETE {D}/customer/{{customer}}/roleassignments/{{roleAssignmentId}}",
    f"POST {D}/customer/{{customerId}}/devices/chromeos:batchChangeStatus",
    "POST /admin/datatransfer/v1/transfers",
    "POST /apps/licensing/v1/product/{productId}/sku/{skuId}/user",
    "DELETE /apps/licensing/v1/product/{productId}/sku/{skuId}/user/{userId}",
    "PUT /gmail/v1/users/{userId}/settings/autoForwarding",
    "PUT /gmail/v1/users/{userId}/settings/vacation",
    "POST /gmail/v1/users/{userId}/settings/delegates",
    "DELETE /gmail/v1/users/{userId}/settings/delegates/{delegateEmail}",
    "POST /gmail/v1/users/{userId}/settings/forwardingAddresses",
    "POST /gmail/v1/users/{userId}/settings/filters",
    "DELETE /gmail/v1/users/{userId}/settings/filters/{id}",
    "POST /v1/devices/{devicesId}:wipe",
    "POST /v1/devices/{devicesId}/deviceUsers/{deviceUsersId}:block",
    "POST /v1/devices/{devicesId}/deviceUsers/{deviceUsersId}:approve",
    "POST /v1/devices/{devicesId}/deviceUsers/{deviceUsersId}:wipe",
}


@pytest.fixture
def it(clock: StillClock) -> Rich:
    made = rich(clock)
    # Dynamic groups have tests of their own; here every verb is to come to its end.
    made.workspace.dynamic.clear()
    return made


def taken(before: State, verb: Action, successor: str) -> tuple[Held, ...]:
    """What a verb took and can give back, with the successor who was given it."""
    things = removable(getattr(before, TAKES[verb]) or ()) if verb in TAKES else ()
    kept = [t for t in things if NO_WAY_BACK not in t.details]
    return tuple(replace(t, details={**t.details, GIVEN_TO: successor}) for t in kept)


async def do(it: Rich, verb: Action, before: State) -> None:
    await it.google.perform(verb, it.account, Brief(it.successor, before))


async def test_every_verb_and_every_way_back_speaks_as_described(it: Rich) -> None:
    before = await it.google.observe(it.account)
    rest = [v for v in GoogleWorkspace.actions if v not in (*MAIL, *GoogleWorkspace.contain)]
    wipe_first = sorted(rest, key=lambda verb: verb is not Action.WIPE_DEVICES)
    for verb in (*MAIL, *GoogleWorkspace.contain, *wipe_first):
        await do(it, verb, before)
    for verb in [v for v in reversed(Action) if v in GoogleWorkspace.ways_back]:
        if verb not in (*MAIL, Action.STOP_FORWARDING):
            things = taken(before, verb, it.successor.id)
            await it.google.give_back(verb, it.account, before, things)
    for verb in (*MAIL, Action.STOP_FORWARDING):  # Gmail is on again
        things = taken(before, verb, it.successor.id)
        await it.google.give_back(verb, it.account, before, things)
    described = {name for name in it.transport.seen if not name.startswith("GET")}
    assert described == WRITES


BACK = sorted(GoogleWorkspace.ways_back)


@pytest.mark.parametrize("verb", BACK, ids=str)
async def test_what_a_verb_did_stands_again_as_it_stood(it: Rich, verb: Action) -> None:
    if verb is Action.DELETE_ACCOUNT:
        it.user["suspended"] = True
    if verb is Action.FORWARD_MAIL:  # what led outside is another verb's to give back
        it.workspace.gmail[it.leaver.id]["autoForwarding"] = {"enabled": False}
    before = await it.google.observe(it.account)
    await do(it, verb, before)
    after = await it.google.observe(it.account)
    assert holds(verb, before, after) is not False
    things = taken(before, verb, it.successor.id)
    await it.google.give_back(verb, it.account, before, things)

    again = await it.google.observe(it.account)
    assert given_back(verb, before, things, again) is not False
    assert _comparable(again, verb) == _comparable(before, verb)


def _comparable(state: State, verb: Action) -> State:
    """Whole, but for ids that are made anew, when it was read, and what has no way back."""
    moved: dict[str, Any] = {"sessions_valid_from": None}
    for fact in ("roles", "forwards", "grants", "devices", "owns", "licences"):
        held = getattr(state, fact)
        keep = [h for h in held or () if NO_WAY_BACK not in h.details]
        moved[fact] = frozenset((h.kind, str(h.details.get("again", h.id)), h.name) for h in keep)
    return replace(state, **moved)


async def test_searching_and_listing_speak_as_described(it: Rich) -> None:
    [hit] = await it.google.find_accounts(Person("1207", (MARA, "o'hara@acme.example")))
    assert hit.account.id == it.leaver.id
    assert [one async for one in it.google.accounts()]
    await it.google.check()


async def test_what_is_gone_is_described_as_gone(it: Rich) -> None:
    gone = Account("google", GONE, "gone@acme.example")
    assert not (await it.google.observe(gone)).exists
    for verb in GoogleWorkspace.actions:
        assert await it.google.perform(verb, gone) == "absent"


async def send(
    method: str, path: str, body: Any = None, workspace: PracticeWorkspace | None = None
) -> None:
    workspace = workspace or PracticeWorkspace(StillClock())
    headers = {"Authorization": f"Bearer {workspace.token}"}
    async with httpx.AsyncClient(transport=described(workspace), headers=headers) as client:
        await client.request(method, f"{BASE}{path}", json=body)


async def test_a_misspelt_property_that_is_sent_fails_the_check() -> None:
    workspace = PracticeWorkspace(StillClock())
    user = workspace.hire(MARA)
    with pytest.raises(AssertionError, match="suspendet"):
        await send("PUT", f"{D}/users/{user}", {"suspendet": True}, workspace)


async def test_a_read_only_property_that_is_sent_fails_the_check() -> None:
    workspace = PracticeWorkspace(StillClock())
    user = workspace.hire(MARA)
    with pytest.raises(AssertionError, match="isAdmin"):
        await send("PUT", f"{D}/users/{user}", {"isAdmin": False}, workspace)


async def test_a_misspelt_property_that_is_answered_fails_the_check() -> None:
    workspace = PracticeWorkspace(StillClock())
    user = workspace.hire(MARA)
    workspace.users[user]["suspendet"] = True
    with pytest.raises(AssertionError, match="suspendet"):
        await send("GET", f"{D}/users/{user}", None, workspace)


async def test_a_value_outside_of_an_enumeration_fails_the_check() -> None:
    body = {"deviceIds": ["x"], "changeChromeOsDeviceStatusAction": "OFF"}
    path = f"{D}/customer/my_customer/devices/chromeos:batchChangeStatus"
    with pytest.raises(AssertionError):
        await send("POST", path, body)


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("customer=my_customer&chosen=id", "no such query parameter"),
        ("customer=my_customer&maxResults=many", "no integer"),
        ("customer=my_customer&maxResults=501", "too large"),
        ("customer=my_customer&projection=all", "not one of"),
    ],
)
async def test_a_query_parameter_that_is_not_as_described_fails(query: str, why: str) -> None:
    with pytest.raises(AssertionError, match=why):
        await send("GET", f"{D}/users?{query}")


async def test_an_unknown_path_fails_the_check() -> None:
    with pytest.raises(AssertionError, match="not described"):
        await send("GET", f"{D}/humans")


async def test_a_method_with_a_scope_that_does_not_allow_it_fails_the_check() -> None:
    with pytest.raises(AssertionError, match="not with the scope"):
        await send("POST", f"{D}/users/1/signOut")


def test_scopes_are_read_from_the_description() -> None:
    spec = Discovery.load(*DOCUMENTS)
    request = httpx.Request("PUT", f"{BASE}{D}/users/1")
    assert spec.scopes_of(request) == {USERS}


async def test_no_search_is_anything_but_one_clause(it: Rich) -> None:
    adapter = google(it.workspace, it.transport)
    for name in ("x' isSuspended=false '", "a\\", "\\' or"):
        assert await adapter.find_accounts(Person(name, (name,))) == ()
