"""Workers are found by what they are known by, and it takes two people to erase one."""

from collections.abc import AsyncIterator

import httpx
import pytest
from sqlmodel import select

from app.security.tokens import Role, list_tokens, revoke_token
from tests.house import ADDRESS, NUMBER, House, eventually, house, leaves
from workflows.ledger.tables import Disclosure
from workflows.tables import HrDelivery, Worker

BASIS = {"basis": "Art. 17(1)(a) GDPR"}


@pytest.fixture
async def exeunt(sqlite_url: str) -> AsyncIterator[House]:
    """Somebody who does not work here any more, and who never had a case."""
    async with house(sqlite_url, {}, extra={"badge": BADGE}) as running:
        await running.hr_says(leaves("worker.hired", termination=None))
        await eventually(lambda: _settled(running), bool)
        async with running.world.store.write() as session:
            worker = (await session.exec(select(Worker))).one()
            worker.active = False  # HR's word for it would open a case
        yield running


BADGE = {"adapter": "manual", "owner": "facilities@acme.example"}


async def _settled(exeunt: House) -> bool:
    async with exeunt.world.store.read() as session:
        return (await session.exec(select(HrDelivery.state))).all() == ["done"]


async def person(exeunt: House, name: str, role: Role = Role.ADMIN) -> httpx.AsyncClient:
    return await exeunt.client(role, address=f"{name}@acme.example")


async def the_one(exeunt: House, **key: str) -> dict[str, object]:
    client = await person(exeunt, "viewer", Role.VIEWER)
    [found] = (await client.get("/workers", params=key)).json()["items"]
    worker: dict[str, object] = found
    return worker


async def test_a_worker_is_found_by_each_key_and_by_nothing_near_it(exeunt: House) -> None:
    worker = await the_one(exeunt)
    for key in ({"email": ADDRESS.upper()}, {"employee_number": NUMBER}):
        assert await the_one(exeunt, **key) == worker
    client = await person(exeunt, "viewer", Role.VIEWER)
    for key in ({"email": ADDRESS[1:]}, {"employee_number": "120"}, {"source_worker_id": "0"}):
        assert (await client.get("/workers", params=key)).json()["items"] == []
    assert (await client.get(f"/workers/{worker['id']}")).json() == worker


async def test_two_admins_erase_and_one_does_not(exeunt: House) -> None:
    worker = await the_one(exeunt)
    path = f"/workers/{worker['id']}/erase"
    anna, ben = await person(exeunt, "anna"), await person(exeunt, "ben")
    for _ in range(2):
        first = await anna.post(path, json=BASIS)
        assert (first.status_code, first.json()["state"]) == (202, "awaiting_another_person")
    other = await ben.post(path, json={"basis": "another reason"})
    assert other.status_code == 202, "his word is for another basis, so it is a first one"
    assert (await anna.post(path, json=BASIS)).status_code == 202
    done = await ben.post(path, json=BASIS)
    assert (done.status_code, done.json()["state"]) == (200, "erased")
    assert (done.json()["wiped"], done.json()["left"]) == (True, [])
    again = await ben.post(path, json=BASIS)
    assert again.json()["already"] is True
    after = await the_one(exeunt)
    assert (after["email"], after["display_name"]) == (None, None)
    assert after["subject"] == worker["subject"]
    assert [e["type"] for e in await exeunt.events()].count("privacy.erased") == 1
    async with exeunt.world.store.read() as session:
        theirs = select(Disclosure).where(Disclosure.subject == str(worker["subject"]))
        assert (await session.exec(theirs)).all() == []


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR, Role.OPERATOR, Role.APPROVER])
async def test_only_an_admin_may_ask(exeunt: House, role: Role) -> None:
    worker = await the_one(exeunt)
    client = await person(exeunt, "somebody", role)
    assert (await client.post(f"/workers/{worker['id']}/erase", json=BASIS)).status_code == 403


async def test_neither_a_service_nor_the_person_themselves_may_ask(exeunt: House) -> None:
    worker = await the_one(exeunt)
    path = f"/workers/{worker['id']}/erase"
    service = await exeunt.client(Role.ADMIN, person=False)
    assert (await service.post(path, json=BASIS)).status_code == 403
    themselves = await exeunt.client(Role.ADMIN, address=ADDRESS)
    assert (await themselves.post(path, json=BASIS)).status_code == 403


async def test_a_live_token_of_theirs_is_revoked_first(exeunt: House) -> None:
    worker = await the_one(exeunt)
    world = exeunt.world
    await exeunt.client(Role.OPERATOR, address=ADDRESS)
    anna = await person(exeunt, "anna")
    answer = await anna.post(f"/workers/{worker['id']}/erase", json=BASIS)
    [theirs] = [t.id for t in await list_tokens(world.store) if t.address == ADDRESS]
    assert answer.status_code == 409
    assert theirs in answer.json()["next_step"]
    await revoke_token(world.store, world.ledger, world.clock, theirs)
    assert (await anna.post(f"/workers/{worker['id']}/erase", json=BASIS)).status_code == 202


async def test_nobody_is_erased_under_a_legal_hold(exeunt: House) -> None:
    worker = await the_one(exeunt)
    anna = await person(exeunt, "anna")
    said = {"reason": "4 Ca 118/26"}
    held = (await anna.put(f"/workers/{worker['id']}/hold", json=said)).json()
    assert held["held_since"]
    answer = await anna.post(f"/workers/{worker['id']}/erase", json=BASIS)
    assert answer.status_code == 409
    assert "hold" in answer.json()["next_step"]
    lifted = await anna.post(f"/workers/{worker['id']}/hold/lift", json=said)
    assert lifted.json()["held_since"] is None
    assert (await anna.post(f"/workers/{worker['id']}/erase", json=BASIS)).status_code == 202
    assert {"privacy.held", "privacy.released"} <= {e["type"] for e in await exeunt.events()}


async def test_an_open_case_comes_first(exeunt: House) -> None:
    worker = await the_one(exeunt)
    anna = await person(exeunt, "anna")
    case = (await anna.post("/cases", json={"worker": {"email": ADDRESS}})).json()
    answer = await anna.post(f"/workers/{worker['id']}/erase", json=BASIS)
    assert answer.status_code == 409
    assert case["id"] in answer.json()["detail"]


async def test_a_basis_that_names_the_person_is_refused(exeunt: House) -> None:
    worker = await the_one(exeunt)
    anna = await person(exeunt, "anna")
    for word in (ADDRESS, ADDRESS.partition("@")[0]):
        named = {"basis": f"asked for by {word}"}
        answer = await anna.post(f"/workers/{worker['id']}/erase", json=named)
        assert answer.status_code == 422
        assert "ticket" in answer.json()["next_step"]
