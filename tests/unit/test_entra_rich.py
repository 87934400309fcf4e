"""A leaver who has everything: verb by verb, each call held to Microsoft's description."""

import pytest

from adapters.actions import Action
from adapters.contract import Brief
from adapters.nouns import State
from adapters.postconditions import FACTS, holds, removable
from tests.conftest import StillClock
from tests.tenants import Rich, rich


@pytest.fixture
def it(clock: StillClock) -> Rich:
    return rich(clock)


async def cut(it: Rich, *verbs: Action) -> State:
    before = await it.entra.observe(it.account)
    for verb in verbs:
        await it.entra.perform(verb, it.account, Brief(it.successor, before))
    return before


async def test_everything_that_hangs_on_a_user_is_seen(it: Rich) -> None:
    seen = await it.entra.observe(it.account)
    for fact in set(FACTS.values()) - {"sessions_valid_from", "password_changed_at"}:
        assert getattr(seen, fact) is not None, fact
    assert seen.privileged
    assert {one.kind for one in seen.roles or ()} == {
        "eligible role",
        "role by schedule",
        "role",
        "owned application",
    }
    assert len(removable(seen.grants or ())) == 41  # some only others can change
    assert [one.name for one in seen.meetings or ()] == ["meeting", "meeting"]


@pytest.mark.parametrize("verb", list(Action), ids=str)
async def test_every_verb_is_seen_on_reading_back(it: Rich, verb: Action) -> None:
    if verb not in it.entra.actions:
        return
    before = await cut(it, Action.BLOCK_SIGN_IN)
    it.tenant.convert_mailbox(it.account.id)
    await it.entra.perform(verb, it.account, Brief(it.successor, before))
    after = await it.entra.observe(it.account, verb)
    assert holds(verb, before, after) is True
