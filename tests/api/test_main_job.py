"""From a signed webhook to a proved cut, with everything real but the vendors."""

from adapters.practice.scim import PracticeCrm, PracticeDirectory
from tests.house import ADDRESS, NUMBER, house, leaves


async def test_a_signed_webhook_cuts_every_account_and_reads_it_back(url: str) -> None:
    directory, crm = PracticeDirectory(), PracticeCrm()
    accounts = {v: v.hire(ADDRESS, employee_number=NUMBER) for v in (directory, crm)}
    colleague = directory.hire("stays@acme.example", employee_number="1")
    async with house(url, {"directory": directory, "crm": crm}) as exeunt:
        assert (await exeunt.hr_says(leaves())).status_code == 202
        case = await exeunt.until(lambda c: c["containment"] == "contained")
    assert [vendor.enabled(account) for vendor, account in accounts.items()] == [False, False]
    assert directory.enabled(colleague) is True
    assert {a["containment"] for a in case["accounts"]} == {"contained"}
    assert 0 <= case["timings"]["seconds_to_contain"] < 30


async def test_a_repeat_gets_the_same_receipt_and_opens_nothing(url: str) -> None:
    async with house(url, {"directory": PracticeDirectory()}) as exeunt:
        first = await exeunt.hr_says(leaves(), message_id="msg_1")
        again = await exeunt.hr_says(leaves(), message_id="msg_1")
        await exeunt.until(lambda c: c["containment"] == "none_found")
        cases = (await (await exeunt.client()).get("/cases")).json()["items"]
    assert first.json() == again.json()
    assert len(cases) == 1


async def test_another_body_under_the_same_id_is_kept_alerted_and_not_acted_on(url: str) -> None:
    async with house(url, {"directory": PracticeDirectory()}) as exeunt:
        hired = leaves("worker.hired", termination=None)
        await exeunt.hr_says(hired, message_id="msg_1")
        answer = await exeunt.hr_says(leaves(), message_id="msg_1")
        conflicts = await exeunt.events(type="hr.delivery_conflict")
        case = await exeunt.case()
    assert answer.status_code == 202
    assert [event["outcome"] for event in conflicts] == ["alert"]
    assert case == {}
