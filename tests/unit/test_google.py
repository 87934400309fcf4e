"""Containment in Google Workspace: the order, what a suspended user is refused, and haste."""

import json

import httpx
import pytest

from adapters.actions import Action, Outcome
from adapters.calls import recording
from adapters.errors import NeedsHuman, TargetDenied, TryAgain, Unrecognised
from adapters.nouns import NEXT, Account, Kind, Person
from adapters.postconditions import holds, removable
from adapters.practice.base import Fault
from adapters.practice.google import PracticeWorkspace
from adapters.practice.google.memory import SUPER
from adapters.systems.google import GoogleWorkspace, haste
from adapters.systems.google.scopes import SECURITY, USERS
from tests.conftest import StillClock
from tests.workspaces import BASE, MARA, Interposed, Rich, error, google, rich


@pytest.fixture
def it(clock: StillClock) -> Rich:
    return rich(clock)


async def cut(it: Rich) -> None:
    for verb in GoogleWorkspace.contain:
        await it.google.perform(verb, it.account)


async def test_the_whole_containment_leaves_nothing_open(it: Rich) -> None:
    before = await it.google.observe(it.account)
    await cut(it)
    after = await it.google.observe(it.account)

    assert after.enabled is False
    for held in (after.tokens, after.roles, after.devices):
        assert held is not None
        assert removable(held) == ()
    assert it.workspace.codes[it.leaver.id] == []
    assert it.workspace.signed_out == [it.leaver.id]
    assert [one.kind for one in before.roles or ()].count("group with a role") == 1
    assert before.privileged
    assert not after.privileged


async def test_nothing_that_a_suspended_user_is_refused_comes_after_the_suspension() -> None:
    order = GoogleWorkspace.contain
    before = set(order[: order.index(Action.BLOCK_SIGN_IN)])
    refused = {Action.REVOKE_SESSIONS, Action.REMOVE_FACTORS, Action.STOP_FORWARDING}
    assert refused <= before
    assert order[0] is Action.RESET_CREDENTIALS


async def test_forwarding_that_stays_inside_is_left_alone(it: Rich) -> None:
    await it.google.stop_forwarding(it.account)
    gmail = it.workspace.gmail[it.leaver.id]
    assert gmail["autoForwarding"] == {"enabled": False}
    assert [one["id"] for one in gmail["filters"]] == ["f-1"]


async def test_a_domain_of_the_company_is_inside(clock: StillClock) -> None:
    it = rich(clock, internal_domains=["Elsewhere.example"])
    assert (await it.google.observe(it.account)).forwards == ()


async def test_a_reset_takes_the_ways_of_recovery_along(it: Rich) -> None:
    await it.google.reset_credentials(it.account)
    first = it.workspace.passwords[it.leaver.id]
    await it.google.reset_credentials(it.account)

    assert (it.user["recoveryEmail"], it.user["recoveryPhone"]) == ("", "")
    assert first != it.workspace.passwords[it.leaver.id]
    assert len(first) > 60


async def test_two_step_verification_stays_on_and_says_why(it: Rich) -> None:
    await it.google.remove_factors(it.account)
    factors = (await it.google.observe(it.account)).factors
    assert factors is not None
    assert [(one.id, bool(one.obstacle)) for one in factors] == [("2sv", True)]


async def test_the_super_administrators_right_is_not_taken_as_a_role(it: Rich) -> None:
    await it.google.revoke_privileges(it.account)
    assert not it.user["isAdmin"]
    paths = [one for one in it.workspace.requests if one.startswith("DELETE") and "role" in one]
    assert len(paths) == 1
    assert SUPER not in {one["roleId"] for one in it.workspace.assignments.values()}


async def test_what_no_client_holds_is_left_and_said(it: Rich) -> None:
    await it.google.revoke_tokens(it.account)
    after = await it.google.observe(it.account)
    assert [(one.name, one.obstacle is not None) for one in after.tokens or ()] == [
        ("Nameless", True)
    ]
    assert holds(Action.REVOKE_TOKENS, None, after) is True


async def test_whoever_had_google_cloud_leaves_keys_behind(it: Rich) -> None:
    residue = (await it.google.observe(it.account)).residue
    assert residue is not None
    assert residue[0].obstacle
    assert "service accounts" in residue[0].details[NEXT]


class TestSuspendedBefore:
    """Somebody suspended the user: nothing is ever opened again to do what Google refuses."""

    @pytest.fixture
    def it(self, clock: StillClock) -> Rich:
        made = rich(clock)
        made.user.update({"suspended": True, "suspensionReason": "ADMIN"})
        return made

    async def test_no_verb_lifts_it(self, it: Rich) -> None:
        for verb in GoogleWorkspace.contain:
            if verb is not Action.STOP_FORWARDING:
                await it.google.perform(verb, it.account)
        assert it.workspace.enabled(it.leaver.id) is False
        assert it.workspace.signed_out == []

    async def test_sessions_count_as_ended(self, it: Rich, clock: StillClock) -> None:
        before = await it.google.observe(it.account)
        assert await it.google.revoke_sessions(it.account) == Outcome.ALREADY
        clock.advance(seconds=1)
        after = await it.google.observe(it.account, Action.REVOKE_SESSIONS)
        assert holds(Action.REVOKE_SESSIONS, before, after) is True

    async def test_backup_codes_are_said_to_be_left(self, it: Rich) -> None:
        assert await it.google.remove_factors(it.account) == Outcome.ALREADY
        factors = (await it.google.observe(it.account)).factors
        assert factors is not None
        assert "suspended" in str(factors[0].obstacle)

    async def test_forwarding_needs_a_person(self, it: Rich) -> None:
        with pytest.raises(NeedsHuman) as why:
            await it.google.stop_forwarding(it.account)
        assert why.value.runbook == "docs/runbooks/google-suspended.md"
        assert (await it.google.observe(it.account)).forwards is None


async def test_before_the_suspension_nobody_can_say_that_sessions_are_ended(it: Rich) -> None:
    before = await it.google.observe(it.account)
    await it.google.revoke_sessions(it.account)
    after = await it.google.observe(it.account)
    assert holds(Action.REVOKE_SESSIONS, before, after) is None


async def test_a_user_who_is_suspended_in_between_is_not_signed_out_and_not_an_error(
    it: Rich,
) -> None:
    def suspend(request: httpx.Request) -> httpx.Response | None:
        if request.url.path.endswith("/signOut"):
            it.user["suspended"] = True
        return None

    adapter = google(it.workspace, Interposed(it.transport, suspend))
    assert await adapter.revoke_sessions(it.account) == Outcome.ALREADY


def failing(it: Rich, end: str, answer: httpx.Response) -> GoogleWorkspace:
    return google(
        it.workspace,
        Interposed(it.transport, lambda r: answer if r.url.path.endswith(end) else None),
    )


async def test_after_an_error_the_suspension_is_next(it: Rich) -> None:
    adapter = failing(it, "/signOut", httpx.Response(503))
    with pytest.raises(TryAgain):
        await adapter.revoke_sessions(it.account)
    for verb in (Action.REVOKE_TOKENS, Action.REMOVE_FACTORS, Action.REVOKE_PRIVILEGES):
        with pytest.raises(TryAgain, match="suspended first"):
            await adapter.perform(verb, it.account)

    assert len(it.workspace.tokens[it.leaver.id]) == 3
    assert await adapter.block_sign_in(it.account) == Outcome.CHANGED
    assert await adapter.revoke_tokens(it.account) == Outcome.CHANGED


async def test_when_eight_seconds_are_over_the_suspension_is_next(
    it: Rich, clock: StillClock
) -> None:
    await it.google.reset_credentials(it.account)
    clock.advance(seconds=9)
    with pytest.raises(TryAgain, match="suspended first"):
        await it.google.revoke_sessions(it.account)
    assert await it.google.block_sign_in(it.account) == Outcome.CHANGED


async def test_a_call_that_hangs_does_not_hold_the_suspension_up(
    it: Rich, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(haste, "SECONDS", 0.05)
    it.workspace.latency = 0.5
    with pytest.raises(TryAgain, match="too long"):
        await it.google.revoke_tokens(it.account)
    it.workspace.latency = 0.0
    assert await it.google.block_sign_in(it.account) == Outcome.CHANGED


async def test_a_block_that_fails_gives_the_others_their_time_again(it: Rich) -> None:
    adapter = google(it.workspace, httpx.ASGITransport(it.workspace.app))
    it.workspace.faults += [Fault(503, writes_only=True)] * 2
    for verb in (Action.REVOKE_SESSIONS, Action.BLOCK_SIGN_IN):
        with pytest.raises(TryAgain):
            await adapter.perform(verb, it.account)
    assert await adapter.revoke_sessions(it.account) == Outcome.CHANGED


async def test_one_persons_trouble_is_nobody_elses(it: Rich) -> None:
    adapter = failing(it, f"{it.leaver.id}/signOut", httpx.Response(503))
    with pytest.raises(TryAgain):
        await adapter.revoke_sessions(it.account)
    assert await adapter.revoke_sessions(it.successor) == Outcome.CHANGED


async def test_a_dynamic_group_keeps_its_member_and_the_others_are_left(it: Rich) -> None:
    with pytest.raises(NeedsHuman, match="dynamic"):
        await it.google.revoke_grants(it.account)
    grants = (await it.google.observe(it.account)).grants
    assert [one.id for one in grants or ()] == [it.leaver.dynamic]


@pytest.mark.parametrize("reason", ["userRateLimitExceeded", "rateLimitExceeded"])
async def test_a_403_that_throttles_is_worth_another_try(it: Rich, reason: str) -> None:
    with pytest.raises(TryAgain):
        await failing(it, "", error(403, reason)).block_sign_in(it.account)


async def test_too_many_at_once_is_not_asked_again_soon(it: Rich) -> None:
    with pytest.raises(TryAgain) as why:
        await failing(it, "", error(403, "quotaExceeded")).check()
    assert why.value.retry_after == 60


async def test_a_403_names_the_scope_that_the_call_was_made_with(it: Rich) -> None:
    for end, scope, verb in (
        ("/signOut", SECURITY, Action.REVOKE_SESSIONS),
        (it.leaver.id, USERS, Action.BLOCK_SIGN_IN),
    ):
        with pytest.raises(TargetDenied) as why:
            await failing(it, end, error(403, "forbidden")).perform(verb, it.account)
        assert why.value.permission == scope


async def test_a_404_that_is_a_proxys_is_not_read_as_gone(it: Rich) -> None:
    adapter = failing(it, it.leaver.id, httpx.Response(404, text="<html>"))
    with pytest.raises(Unrecognised):
        await adapter.observe(it.account)


async def test_a_suspension_of_googles_own_needs_google(it: Rich) -> None:
    await it.google.block_sign_in(it.account)
    it.user["suspensionReason"] = "ABUSE"
    state = await it.google.observe(it.account)
    assert any("Google itself" in note for note in state.notes)

    def answer(request: httpx.Request) -> httpx.Response | None:
        return error(412, "adminCannotUnsuspend") if request.method == "PUT" else None

    with pytest.raises(NeedsHuman):
        await google(it.workspace, Interposed(it.transport, answer)).let_sign_in(
            it.account, state, ()
        )


async def test_an_alias_that_the_search_does_not_know_yet_is_found_by_name(it: Rich) -> None:
    def forgetful(request: httpx.Request) -> httpx.Response | None:
        nobody = {"kind": "admin#directory#users"}
        return httpx.Response(200, json=nobody) if "query" in request.url.params else None

    adapter = google(it.workspace, Interposed(it.transport, forgetful))
    [hit] = await adapter.find_accounts(Person(addresses=("m.alias@acme.example",)))
    assert hit.account.id == it.leaver.id


async def test_an_address_of_elsewhere_is_nobody(it: Rich) -> None:
    def foreign(request: httpx.Request) -> httpx.Response | None:
        return error(403, "forbidden") if request.url.path.endswith("@x.example") else None

    adapter = google(it.workspace, Interposed(it.transport, foreign))
    assert await adapter.find_accounts(Person(addresses=("a@x.example",))) == ()


async def test_a_private_address_on_the_profile_is_not_the_person(it: Rich) -> None:
    it.user["emails"] = [{"address": "mara@home.example", "type": "home"}]
    [hit] = await it.google.find_accounts(Person(addresses=(MARA,)))
    assert "mara@home.example" not in hit.account.addresses


async def test_the_administrator_whom_we_are_is_not_a_person(it: Rich) -> None:
    adapter = google(it.workspace, it.transport, subject=MARA)
    [hit] = await adapter.find_accounts(Person(addresses=(MARA,)))
    assert hit.account.kind is Kind.SERVICE


async def test_no_address_is_remembered_of_a_call_or_said_in_an_error(it: Rich) -> None:
    with recording() as calls:
        await it.google.observe(it.account)
    broken = failing(it, "/vacation", error(403, "forbidden"))
    with pytest.raises(TargetDenied) as why:
        await broken.observe(it.account, Action.SET_AUTO_REPLY)
    assert any("{address}" in call.path for call in calls)
    assert MARA not in f"{calls!r} {why.value!r}"


async def test_a_list_that_gives_the_same_page_for_ever_is_not_believed(it: Rich) -> None:
    page = {"kind": "admin#directory#users", "nextPageToken": "again"}
    adapter = failing(it, "/users", httpx.Response(200, json=page))
    with pytest.raises(Unrecognised, match="same page"):
        _ = [one async for one in adapter.accounts()]


async def test_one_part_that_is_refused_is_unknown_and_the_rest_is_read(it: Rich) -> None:
    adapter = failing(it, "/roleassignments", error(403, "forbidden"))
    state = await adapter.observe(it.account)
    assert state.roles is None
    assert state.tokens
    with pytest.raises(TargetDenied):
        await adapter.observe(it.account, Action.REVOKE_PRIVILEGES)


async def test_devices_of_a_similar_name_are_left_alone(clock: StillClock) -> None:
    it = rich(clock)
    other = f"anna{MARA}"
    it.workspace.hire(other)
    it.workspace.device_users["devices/phone/deviceUsers/2"] = {
        "name": "devices/phone/deviceUsers/2",
        "userEmail": other,
        "managementState": "APPROVED",
    }
    await it.google.lock_devices(it.account)
    states = {k: v["managementState"] for k, v in it.workspace.device_users.items()}
    assert states["devices/phone/deviceUsers/2"] == "APPROVED"
    assert states["devices/phone/deviceUsers/1"] == "BLOCKED"


async def test_somebody_elses_device_is_never_wiped_as_a_whole(it: Rich) -> None:
    await it.google.wipe_devices(it.account)
    states = {name: one["managementState"] for name, one in it.workspace.devices.items()}
    assert states == {"devices/phone": "APPROVED", "devices/laptop": "WIPING"}
    assert it.workspace.device_users["devices/phone/deviceUsers/1"]["managementState"] == "WIPING"
    assert await it.google.wipe_devices(it.account) == Outcome.ALREADY


async def test_only_the_id_is_acted_on(it: Rich) -> None:
    stranger = Account("google", it.leaver.id, "boss@acme.example")
    await it.google.block_sign_in(stranger)
    assert it.workspace.enabled(it.leaver.id) is False
    assert it.workspace.enabled(it.successor.id) is True


async def test_a_workspace_speaks_of_errors_as_google_does() -> None:
    workspace = PracticeWorkspace(StillClock())
    headers = {"Authorization": f"Bearer {workspace.token}"}
    transport = httpx.ASGITransport(workspace.app)
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers) as client:
        answer = await client.get("/admin/directory/v1/users/nobody@acme.example")
    assert json.loads(answer.content)["error"]["errors"][0]["reason"] == "notFound"
