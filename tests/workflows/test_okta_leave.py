"""A leaver in Okta, cut by the whole service: what is read back is enough to call it contained."""

from adapters.practice.okta import PracticeOkta
from tests.house import ADDRESS, NUMBER, house, leaves


async def test_a_leaver_in_okta_is_contained(sqlite_url: str) -> None:
    org = PracticeOkta()
    org.add_role(org.hire("root@acme.example"), "SUPER_ADMIN")
    user = org.hire(ADDRESS, employee_number=NUMBER)
    org.add_api_token(user, "nightly job")
    async with house(sqlite_url, {"okta": org}) as exeunt:
        await exeunt.hr_says(leaves())
        case = await exeunt.until(lambda case: case["containment"] == "contained")

        assert org.enabled(user) is False
        assert org.api_tokens == {}
        assert [one["containment"] for one in case["accounts"]] == ["contained"]


async def test_who_cannot_be_suspended_is_a_task_and_never_called_contained(
    sqlite_url: str,
) -> None:
    org = PracticeOkta()
    user = org.hire(ADDRESS, employee_number=NUMBER)
    org.set_status(user, "PROVISIONED")
    async with house(sqlite_url, {"okta": org}) as exeunt:
        await exeunt.hr_says(leaves())
        case = await exeunt.until(
            lambda case: [one["containment"] for one in case["accounts"]] == ["by_hand"]
        )

        [block] = [one for one in case["items"] if one["action"] == "block_sign_in"]
        assert "PROVISIONED" in block["message"]
        assert org.users[user]["status"] == "PROVISIONED"
