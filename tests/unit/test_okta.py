"""Containing in Okta: what a suspension needs, what it does not reach, and who is refused."""

from datetime import timedelta

import pytest

from adapters.actions import Action
from adapters.contract import Adapter
from adapters.errors import NeedsHuman, TargetDenied, TryAgain, Unrecognised
from adapters.nouns import NEXT, Account, State
from adapters.postconditions import holds, removable
from adapters.practice.okta import PracticeOkta
from adapters.systems.okta import Okta
from tests.conftest import StillClock
from tests.orgs import BASE, Answering, Rich, account, okta


@pytest.fixture
def org(clock: StillClock) -> PracticeOkta:
    return PracticeOkta(clock)


@pytest.fixture
def it(clock: StillClock) -> Rich:
    return Rich(clock)


def with_status(org: PracticeOkta, status: str) -> Account:
    user = org.hire("ada@acme.example")
    org.set_status(user, status)
    return account(org, user)


@pytest.mark.parametrize(
    ("status", "enabled"),
    [
        ("ACTIVE", True),
        ("PROVISIONED", True),
        ("RECOVERY", True),
        ("PASSWORD_EXPIRED", True),
        ("LOCKED_OUT", True),
        ("STAGED", False),
        ("SUSPENDED", False),
        ("DEPROVISIONED", False),
        ("ON_HOLIDAY", None),
    ],
)
async def test_each_status_says_whether_somebody_gets_in(
    org: PracticeOkta, status: str, enabled: bool | None
) -> None:
    assert (await okta(org).observe(with_status(org, status))).enabled is enabled


async def test_a_staged_user_that_is_being_activated_gets_in(org: PracticeOkta) -> None:
    ada = with_status(org, "STAGED")
    org.users[ada.id]["transitioningToStatus"] = "ACTIVE"
    assert (await okta(org).observe(ada)).enabled is True


async def test_a_suspension_keeps_applications_and_groups(it: Rich) -> None:
    before = await it.okta.observe(it.account)
    await it.okta.block_sign_in(it.account)
    after = await it.okta.observe(it.account)
    assert after.enabled is False
    assert after.grants == before.grants
    assert it.user in it.org.downstream[it.mail]


@pytest.mark.parametrize("status", ["PASSWORD_EXPIRED", "RECOVERY", "LOCKED_OUT"])
async def test_who_is_not_active_is_suspended_after_a_password_made_it_active(
    org: PracticeOkta, status: str
) -> None:
    ada = with_status(org, status)
    assert await okta(org).block_sign_in(ada) == "changed"
    assert org.users[ada.id]["status"] == "SUSPENDED"
    assert len(org.passwords[ada.id]) > 40


@pytest.mark.parametrize("status", ["PASSWORD_EXPIRED", "PROVISIONED"])
async def test_who_cannot_be_suspended_is_never_deactivated_but_a_persons(
    org: PracticeOkta, status: str
) -> None:
    org.password_activates = False
    ada = with_status(org, status)
    with pytest.raises(NeedsHuman, match=status):
        await okta(org).block_sign_in(ada)
    assert org.users[ada.id]["status"] == status


async def test_sessions_end_even_where_the_block_failed(org: PracticeOkta) -> None:
    ada = with_status(org, "PROVISIONED")
    assert await okta(org).revoke_sessions(ada) == "changed"
    assert ada.id not in org.signed_in


async def test_a_refused_suspension_that_is_there_already_is_no_failure(org: PracticeOkta) -> None:
    """Somebody else was faster: only what the user says counts, not the code of the refusal."""
    ada = with_status(org, "ACTIVE")
    wire = Answering(org, "suspend", 400, "E0000001")
    wire.before = lambda: org.set_status(ada.id, "SUSPENDED")
    assert await okta(org, wire).block_sign_in(ada) == "already"


async def test_an_administrator_out_of_reach_is_a_refused_target(org: PracticeOkta) -> None:
    ada = with_status(org, "ACTIVE")
    with pytest.raises(TargetDenied, match="E0000006") as why:
        await okta(org, Answering(org, "suspend", 403, "E0000006")).block_sign_in(ada)
    assert why.value.permission == "okta.users.manage"


async def test_sessions_of_a_suspended_user_count_as_ended(it: Rich, clock: StillClock) -> None:
    await it.okta.block_sign_in(it.account)
    before = await it.okta.observe(it.account, Action.REVOKE_SESSIONS)
    clock.advance(seconds=1)
    await it.okta.revoke_sessions(it.account)
    after = await it.okta.observe(it.account, Action.REVOKE_SESSIONS)
    assert holds(Action.REVOKE_SESSIONS, before, after)


async def test_nobody_can_tell_the_sessions_of_who_still_gets_in(it: Rich) -> None:
    seen = await it.okta.observe(it.account, Action.REVOKE_SESSIONS)
    assert holds(Action.REVOKE_SESSIONS, State(), seen) is None


async def test_refresh_and_access_tokens_end_with_the_sessions(it: Rich) -> None:
    await it.okta.revoke_sessions(it.account)
    assert it.org.tokens_ended == {it.user}


async def test_a_refusal_by_status_ends_well_only_behind_a_block(org: PracticeOkta) -> None:
    ada = with_status(org, "ACTIVE")
    adapter = okta(org, Answering(org, "sessions", 403, "E0000038"))
    with pytest.raises(TargetDenied):
        await adapter.revoke_sessions(ada)
    org.set_status(ada.id, "SUSPENDED")
    assert await adapter.revoke_sessions(ada) == "already"


async def test_api_tokens_of_the_leaver_end_and_those_of_others_stay(it: Rich) -> None:
    assert await it.okta.revoke_tokens(it.account) == "changed"
    assert set(it.org.api_tokens) == {it.others_token}
    assert (await it.okta.observe(it.account)).tokens == ()
    assert await it.okta.revoke_tokens(it.account) == "already"


async def test_api_tokens_end_first(it: Rich) -> None:
    """They do not end with a session, and nobody says that a suspension stops them."""
    await it.okta.revoke_tokens(it.account)
    first = next(line for line in it.org.requests if line.startswith("DELETE"))
    assert first == f"DELETE /api/v1/api-tokens/{it.api_token}"


async def test_api_tokens_that_an_org_does_not_have_stop_nothing(it: Rich) -> None:
    wire = Answering(it.org, "api-tokens", 401, "E0000015")
    assert await okta(it.org, wire).revoke_tokens(it.account) == "changed"


async def test_api_tokens_that_cannot_be_read_are_said_to_be_left(it: Rich) -> None:
    adapter = okta(it.org, Answering(it.org, "api-tokens", 403, "E0000006"))
    await adapter.revoke_tokens(it.account)
    seen = await adapter.observe(it.account)
    assert seen.tokens == ()
    [left] = [one for one in seen.residue or () if one.kind == "API token"]
    assert "okta.apiTokens.manage" in (left.obstacle or "")
    assert left.details[NEXT]


async def test_a_read_back_of_one_verb_forgets_nothing_that_was_left(it: Rich) -> None:
    for verb in Okta.actions:
        assert (await it.okta.observe(it.account, verb)).residue is None


async def test_a_device_is_left_with_what_to_do_about_it(it: Rich) -> None:
    [device] = (await it.okta.observe(it.account)).residue or ()
    assert (device.kind, device.name) == ("device", "Laptop of 1207")
    assert device.details[NEXT]


@pytest.mark.parametrize("provider", ["ACTIVE_DIRECTORY", "LDAP", "FEDERATION", "SOCIAL"])
async def test_a_password_kept_elsewhere_is_reset_there(org: PracticeOkta, provider: str) -> None:
    ada = with_status(org, "SUSPENDED")
    org.users[ada.id]["credentials"]["provider"]["type"] = provider
    with pytest.raises(NeedsHuman) as why:
        await okta(org).reset_credentials(ada)
    assert why.value.runbook == "docs/runbooks/mastered-elsewhere.md"
    seen = await okta(org).observe(ada)
    assert seen.mastered_elsewhere is (provider in ("ACTIVE_DIRECTORY", "LDAP"))
    assert any("mastered-elsewhere" in note for note in seen.notes)


async def test_an_application_may_be_the_authority_of_an_account(org: PracticeOkta) -> None:
    ada = with_status(org, "ACTIVE")
    org.assign(org.add_app("Workday", "PROFILE_MASTERING"), ada.id, {})
    assert (await okta(org).observe(ada)).mastered_elsewhere is True
    assert (await okta(org, hr_apps=("Workday",)).observe(ada)).mastered_elsewhere is False


async def test_a_new_password_is_known_to_nobody_and_moves_the_instant(
    org: PracticeOkta, clock: StillClock
) -> None:
    ada = with_status(org, "SUSPENDED")
    before = await okta(org).observe(ada)
    clock.advance(seconds=1)
    await okta(org).reset_credentials(ada)
    after = await okta(org).observe(ada)
    assert holds(Action.RESET_CREDENTIALS, before, after)
    assert after.enabled is False


async def test_a_password_that_okta_does_not_take_is_a_persons(org: PracticeOkta) -> None:
    ada = with_status(org, "SUSPENDED")
    wire = Answering(org, f"users/{ada.id}", 403, "E0000038", "POST")
    with pytest.raises(NeedsHuman, match="SUSPENDED"):
        await okta(org, wire).reset_credentials(ada)


async def test_factors_stay_until_the_block_is_to_be_seen(it: Rich) -> None:
    with pytest.raises(TryAgain):
        await it.okta.remove_factors(it.account)
    assert len(it.org.factors[it.user]) == 3


@pytest.mark.parametrize("at_once", [True, False])
async def test_factors_go_at_once_or_one_by_one(it: Rich, at_once: bool) -> None:
    it.org.resets_suspended = at_once
    await it.okta.block_sign_in(it.account)
    assert await it.okta.remove_factors(it.account) == "changed"
    assert (await it.okta.observe(it.account)).factors == ()
    writes = it.org.writes
    assert await it.okta.remove_factors(it.account) == "already"
    assert it.org.writes == writes


async def test_factors_of_a_deactivated_user_are_left_and_said_to_be(org: PracticeOkta) -> None:
    ada = with_status(org, "DEPROVISIONED")
    seen = await okta(org).observe(ada)
    assert holds(Action.REMOVE_FACTORS, State(), seen)
    assert [one.obstacle for one in seen.factors or ()] == [
        "Okta removes no factor of a deactivated user"
    ]
    assert await okta(org).remove_factors(ada) == "already"


@pytest.mark.parametrize("verb", list(Okta.actions))
async def test_the_owner_of_our_own_token_is_refused(org: PracticeOkta, verb: Action) -> None:
    owner = account(org, org.owner)
    adapter = okta(org, token=None, api_token=org.token)
    with pytest.raises(NeedsHuman, match="owns the token"):
        await adapter.perform(verb, owner)
    assert org.writes == 0


async def test_a_missing_feature_is_no_refused_credential(org: PracticeOkta) -> None:
    """Okta answers it with 401 as well; that would pause the whole system."""
    ada = with_status(org, "ACTIVE")
    seen = await okta(org, Answering(org, "devices", 401, "E0000015")).observe(ada)
    assert seen.enabled is True
    assert "registered devices cannot be read" in seen.notes


async def test_a_404_of_a_proxy_is_not_read_as_gone(org: PracticeOkta) -> None:
    ada = with_status(org, "ACTIVE")
    for code in ("E0000008", None):
        with pytest.raises(Unrecognised):
            await okta(org, Answering(org, f"users/{ada.id}", 404, code)).observe(ada)


async def test_me_is_never_asked_for_by_name(org: PracticeOkta) -> None:
    org.hire("ada@acme.example")
    me: Adapter = okta(org)
    for name in ("me", "ME", "", "..", "ada@acme.example", "x/../me"):
        with pytest.raises(Unrecognised):
            await me.observe(Account("okta", name, ""))


async def test_a_list_that_cannot_be_read_leaves_the_cut_readable(it: Rich) -> None:
    adapter = okta(it.org, Answering(it.org, "groups", 500, None))
    assert (await adapter.observe(it.account)).grants is None
    assert (await adapter.observe(it.account)).enabled is True
    with pytest.raises(TryAgain):
        await adapter.observe(it.account, Action.REVOKE_GRANTS)


def test_old_tokens_live_an_hour_unless_somebody_says_otherwise(org: PracticeOkta) -> None:
    told = {"adapter": "okta", "base_url": BASE, "token": "t"}
    assert Okta.Settings(**told).token_lifetime == timedelta(hours=1)
    assert okta(org, token_lifetime="24h").token_lifetime == timedelta(hours=24)


async def test_what_is_taken_away_is_what_has_no_obstacle(it: Rich) -> None:
    names = {one.name for one in removable((await it.okta.observe(it.account)).grants or ())}
    assert names == {"Staff", "Crew", "Wiki", "Board"}
