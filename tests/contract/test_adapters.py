"""What every adapter owes, whatever it talks to."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.actions import Action, Outcome, Undo, Wave
from adapters.calls import recording
from adapters.contract import Adapter, Brief
from adapters.errors import (
    AdapterError,
    CredentialDenied,
    NeedsHuman,
    TargetDenied,
    TryAgain,
    Unrecognised,
)
from adapters.http import Mode
from adapters.nouns import NO_WAY_BACK, Account, Person, Rule, State
from adapters.postconditions import TAKES, given_back, holds, removable
from adapters.practice.base import Fault, Practice
from adapters.registry import ADAPTERS
from tests.conftest import StillClock
from tests.contract.vendors import VENDORS, Bench, bench

ADA = "ada@acme.example"
ROOT = Path(__file__).parents[2]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every promise is held against every vendor, but for those that it gives a reason against."""
    if "vendor" in metafunc.fixturenames:
        name = metafunc.function.__name__
        kinds = [kind for kind in VENDORS if name not in kind.exempt]
        metafunc.parametrize("vendor", kinds, ids=lambda kind: kind.__name__)


@pytest.fixture
def on(vendor: type[Practice], clock: StillClock) -> Bench:
    return bench(vendor, clock)


async def found(on: Bench, address: str = ADA) -> Account:
    [hit] = await on.adapter().find_accounts(Person(addresses=(address,)))
    return hit.account


async def briefed(on: Bench, address: str = "heir@acme.example") -> Brief:
    """With somebody who takes over, where there is something to take over."""
    on.vendor.hire(address)
    return Brief(await found(on, address))


@pytest.fixture(params=ADAPTERS.values(), ids=lambda kind: kind.__name__)
def kind(request: pytest.FixtureRequest) -> type[Adapter]:
    adapter: type[Adapter] = request.param
    return adapter


def test_every_verb_is_an_action_or_a_gap_and_never_both(kind: type[Adapter]) -> None:
    assert {*kind.actions, *kind.gaps} == set(Action)
    assert not {*kind.actions} & {*kind.gaps}


def test_every_action_names_its_permission_and_its_calls(kind: type[Adapter]) -> None:
    for facts in kind.actions.values():
        assert all(facts.permissions)
        assert facts.permissions
        assert facts.calls


def test_every_gap_leads_somewhere(kind: type[Adapter]) -> None:
    for gap in kind.gaps.values():
        match gap.kind:
            case "covered_by":
                assert Action(gap.detail) in {*kind.actions, *kind.gaps}
            case "by_hand":
                assert (ROOT / gap.detail).is_file(), gap.detail
            case "not_applicable":
                assert gap.detail


def test_containment_holds_contain_verbs_that_can_be_undone(kind: type[Adapter]) -> None:
    for verb in kind.contain:
        assert verb.wave is Wave.CONTAIN
        assert kind.actions[verb].undo is not Undo.DESTRUCTIVE
    assert kind.searchable is bool(kind.contain)


def test_every_exemption_is_of_a_test_that_there_is_and_has_a_reason() -> None:
    for kind in VENDORS:
        for name, reason in kind.exempt.items():
            assert callable(globals()[name])
            assert len(reason) > 20


def test_what_is_destroyed_is_never_called_reversible(kind: type[Adapter]) -> None:
    for verb in (Action.DELETE_ACCOUNT, Action.WIPE_DEVICES):
        if verb in kind.actions:
            assert kind.actions[verb].undo is Undo.DESTRUCTIVE


def test_what_is_called_reversible_has_a_way_back(kind: type[Adapter]) -> None:
    reversible = {v for v, facts in kind.actions.items() if facts.undo is Undo.REVERSIBLE}
    assert reversible - {*kind.ways_back} == set()


def test_every_searchable_adapter_has_a_practice_vendor() -> None:
    practised = {getattr(vendor, "kind", "") for vendor in VENDORS}
    assert {name for name, kind in ADAPTERS.items() if kind.searchable} == practised


async def test_somebody_unknown_is_nobody(on: Bench) -> None:
    on.vendor.hire("other@acme.example", employee_number="8")
    assert await on.adapter().find_accounts(Person("7", (ADA,))) == ()


async def test_an_account_on_a_later_page_is_found(on: Bench) -> None:
    for n in range(7):
        on.vendor.hire(f"colleague{n}.{ADA}", employee_number=f"7{n}")
    wanted = on.vendor.hire(ADA, employee_number="7")
    assert (await found(on)).id == wanted
    assert len([account async for account in on.adapter().accounts()]) == 8


async def test_equality_is_judged_on_our_side_whatever_the_filter_offers(on: Bench) -> None:
    on.vendor.hire(f"x{ADA}")
    assert await on.adapter().find_accounts(Person(addresses=(ADA,))) == ()


async def test_the_employee_number_is_a_stronger_rule_than_the_address(on: Bench) -> None:
    on.vendor.hire(ADA, employee_number="7")
    [hit] = await on.adapter().find_accounts(Person("7", (ADA,)))
    assert (hit.rule, hit.disagreement) == (Rule.EMPLOYEE_NUMBER, None)


async def test_an_address_with_another_employee_number_is_a_disagreement(on: Bench) -> None:
    on.vendor.hire(ADA, employee_number="8")
    [hit] = await on.adapter().find_accounts(Person("7", (ADA,)))
    assert hit.disagreement


async def test_a_link_finds_an_account_that_no_rule_finds(on: Bench) -> None:
    wanted = on.vendor.hire("adm@acme.example", login="adm-ada")
    for link in (wanted, "adm-ada"):
        [hit] = await on.adapter().find_accounts(Person(addresses=(ADA,), links=(link,)))
        assert (hit.account.id, hit.rule) == (wanted, Rule.LINK)


async def test_both_of_two_matches_come_back_for_somebody_to_decide(on: Bench) -> None:
    both = {on.vendor.hire(ADA, login="one"), on.vendor.hire(ADA, login="two")}
    hits = await on.adapter().find_accounts(Person(addresses=(ADA,)))
    assert {hit.account.id for hit in hits} == both


async def test_names_that_look_like_filters_find_nobody_and_break_nothing(on: Bench) -> None:
    on.vendor.hire(ADA)
    for name in (
        "' or 1 eq 1",
        '" or userName pr',
        "a\\",
        "#EXT#@x.example",
        "=cmd|' /C calc'!A0",
    ):
        assert await on.adapter().find_accounts(Person(name, (name,), (name,))) == ()


async def test_a_block_is_seen_by_the_vendor_and_on_reading_back(on: Bench) -> None:
    identifier = on.vendor.hire(ADA)
    account = await found(on)
    assert (await on.adapter().observe(account)).enabled is True
    assert await on.adapter().perform(Action.BLOCK_SIGN_IN, account) == Outcome.CHANGED
    assert on.vendor.enabled(identifier) is False
    assert (await on.adapter().observe(account)).enabled is False


async def test_a_second_block_writes_nothing(on: Bench) -> None:
    on.vendor.hire(ADA)
    account = await found(on)
    await on.adapter().perform(Action.BLOCK_SIGN_IN, account)
    writes = on.vendor.writes
    assert await on.adapter().perform(Action.BLOCK_SIGN_IN, account) == Outcome.ALREADY
    assert on.vendor.writes == writes


async def test_every_verb_can_be_said_twice(on: Bench) -> None:
    on.vendor.hire(ADA)
    account, brief = await found(on), await briefed(on)
    for verb in (*on.adapter().contain, *on.adapter().actions):
        for _ in range(2):
            await on.adapter().perform(verb, account, brief)


async def test_what_is_gone_is_absent_for_every_verb(on: Bench) -> None:
    on.vendor.remove(on.vendor.hire("gone@acme.example"))
    on.vendor.hire(ADA)
    account = await found(on)
    on.vendor.remove(account.id)
    assert (await on.adapter().observe(account)).exists is False
    brief = await briefed(on)
    for verb in on.adapter().facts():
        assert await on.adapter().perform(verb, account, brief) == Outcome.ABSENT, verb


async def test_what_a_verb_says_it_did_is_seen_and_can_be_given_back(on: Bench) -> None:
    """Whatever it waits for or leaves to people, it never says that it did what is not so."""
    on.vendor.hire(ADA)
    account, brief = await found(on), await briefed(on)
    adapter, done = on.adapter(), dict[Action, State]()
    for verb in (*adapter.contain, *(v for v in adapter.facts() if v not in adapter.contain)):
        if verb.wave is Wave.RETIRE:
            continue
        on.clock.advance(minutes=1)
        before = await adapter.observe(account)
        with suppress(NeedsHuman, TryAgain):
            await adapter.perform(verb, account, replace(brief, before=before))
            await seen(on, account, partial(_held, verb, before, brief))
            done[verb] = before
    for verb in reversed(done):
        if verb in adapter.ways_back:
            await _back(on, account, verb, done[verb])


def _held(verb: Action, before: State, brief: Brief, after: State) -> bool | None:
    return holds(verb, before, after, brief)


async def seen(on: Bench, account: Account, fits: Callable[[State], bool | None]) -> None:
    """Some vendors take a few reads to show what they did."""
    for _ in range(5):
        on.clock.advance(seconds=1)
        if fits(await on.adapter().observe(account)) is not False:
            return
    raise AssertionError("what was said to be done is not to be seen")


async def _back(on: Bench, account: Account, verb: Action, before: State) -> None:
    took = removable(getattr(before, TAKES[verb]) or ()) if verb in TAKES else ()
    things = tuple(one for one in took if NO_WAY_BACK not in one.details)
    with suppress(NeedsHuman, TryAgain):
        await on.adapter().give_back(verb, account, before, things)
        await seen(on, account, partial(given_back, verb, before, things))


async def test_another_account_is_never_touched(on: Bench) -> None:
    on.vendor.hire(ADA)
    other = on.vendor.hire("bob@acme.example")
    account, brief = await found(on), await briefed(on)
    for verb in on.adapter().actions:
        await on.adapter().perform(verb, account, brief)
    assert on.vendor.enabled(other) is True
    assert (await on.adapter().observe(await found(on, "bob@acme.example"))).grants


async def test_throttling_says_how_long_to_wait(on: Bench) -> None:
    on.vendor.faults.append(Fault(429, headers={"Retry-After": "17"}))
    with pytest.raises(TryAgain) as why:
        await on.adapter().check()
    assert why.value.retry_after == 17


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
async def test_an_outage_is_worth_another_try(on: Bench, status: int) -> None:
    on.vendor.faults.append(Fault(status))
    with pytest.raises(TryAgain):
        await on.adapter().check()


@pytest.mark.parametrize("error", [httpx.ReadTimeout("slow"), httpx.ConnectError("down")])
async def test_a_dead_line_is_worth_another_try(on: Bench, error: Exception) -> None:
    on.wire.instead = error
    with pytest.raises(TryAgain):
        await on.adapter().observe(Account("system", "u", "u"))


async def test_a_lost_answer_after_the_deed_is_seen_on_reading_back(on: Bench) -> None:
    on.vendor.hire(ADA)
    account = await found(on)
    on.vendor.faults.append(Fault(503, after_effect=True, writes_only=True))
    with pytest.raises(TryAgain):
        await on.adapter().perform(Action.BLOCK_SIGN_IN, account)
    assert (await on.adapter().observe(account)).enabled is False


async def test_a_wrong_token_pauses_the_system_and_says_what_to_mend(on: Bench) -> None:
    with pytest.raises(CredentialDenied) as why:
        await on.adapter(token="wrong").check()
    assert why.value.permission
    assert "systems.system" in why.value.fix


async def test_a_refused_target_is_not_a_refused_credential(on: Bench) -> None:
    on.vendor.hire(ADA)
    account = await found(on)
    on.vendor.faults.append(Fault(403, writes_only=True))
    with pytest.raises(TargetDenied) as why:
        await on.adapter().perform(Action.BLOCK_SIGN_IN, account)
    assert why.value.permission


@pytest.mark.parametrize(
    "body",
    [b"<html>maintenance</html>", b"{", b"[]", b'"text"', b"null", b"{}", b'{"value": 7}', b""],
)
async def test_an_answer_that_is_not_understood_is_never_read_as_nobody(
    on: Bench, body: bytes
) -> None:
    on.wire.instead = httpx.Response(200, content=body)
    for ask in (_find, _observe, _check):
        with pytest.raises(Unrecognised):
            await ask(on)


async def _find(on: Bench) -> Any:
    return await on.adapter().find_accounts(Person("7", (ADA,)))


async def _observe(on: Bench) -> Any:
    return await on.adapter().observe(Account("system", "u", "u"))


async def _check(on: Bench) -> Any:
    return await on.adapter().check()


async def test_observe_mode_sends_no_write(on: Bench) -> None:
    identifier = on.vendor.hire(ADA)
    account = await found(on)
    writes = on.vendor.writes
    for verb in on.adapter().facts():
        with suppress(AdapterError):  # one that finds nothing to do sends nothing
            await on.adapter(mode=Mode.OBSERVE).perform(verb, account)
    with pytest.raises(NeedsHuman):
        await on.adapter(mode=Mode.OBSERVE).perform(on.adapter().contain[0], account)
    assert on.vendor.writes == writes
    assert on.vendor.enabled(identifier) is True


async def test_no_secret_shows_in_a_repr_an_error_or_a_call(on: Bench) -> None:
    secret = "s3cr3t-t0ken"
    adapter = on.adapter(token=secret)
    told = ADAPTERS[str(on.vendor.settings("https://v.example")["adapter"])].Settings(
        **on.vendor.settings("https://v.example") | {"token": secret}
    )
    with recording() as calls, pytest.raises(AdapterError) as why:
        await adapter.check()
    shown = f"{adapter!r} {vars(adapter)!r} {told!r} {why.value!r} {why.value} {calls!r}"
    assert secret not in shown


async def test_calls_are_remembered_without_what_was_asked(on: Bench) -> None:
    on.vendor.hire(ADA)
    with recording() as calls:
        await on.adapter().find_accounts(Person(addresses=(ADA,)))
    assert calls
    assert ADA not in repr(calls)


def test_practice_vendors_say_how_to_reach_them(on: Bench) -> None:
    told = on.vendor.settings("https://vendor.example")
    assert isinstance(on.vendor, Practice)
    assert told["adapter"] in ADAPTERS
