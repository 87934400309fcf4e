"""A practice domain for tests, and the adapter on it."""

from typing import Any

from adapters.actions import Action, Outcome
from adapters.nouns import Account, State
from adapters.practice.active_directory import PracticeDomain
from adapters.practice.active_directory.objects import Thing
from adapters.systems.active_directory import ActiveDirectory
from tests.contract.vendors import BASE, LdapWire

ADA, NUMBER = "ada@acme.example", "1207"


def connected(domain: PracticeDomain, **told: Any) -> ActiveDirectory:
    settings = ActiveDirectory.Settings(**(domain.settings(BASE) | told))
    return ActiveDirectory.connect("ad", settings, domain.clock, LdapWire(domain))


def account(thing: Thing) -> Account:
    return Account("ad", thing.id, ADA)


async def do(domain: PracticeDomain, verb: Action, thing: Thing, **told: Any) -> Outcome:
    return await connected(domain, **told).perform(verb, account(thing))


async def seen(domain: PracticeDomain, thing: Thing, **told: Any) -> State:
    return await connected(domain, **told).observe(account(thing))
