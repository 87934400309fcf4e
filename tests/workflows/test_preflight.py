"""What cannot work is known before anything is tried."""

import base64
import json

from app.security.tokens import Role
from tests.house import ADDRESS, house
from tests.workflows.stage import Stage


async def test_the_dry_run_says_what_will_fail_for_want_of_a_permission(sqlite_url: str) -> None:
    stage = Stage()
    claims = json.dumps({"roles": ["User.Read.All", "User.EnableDisableAccount.All"]}).encode()
    stage.tenant.token = f"e30.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.c2ln"
    async with house(sqlite_url, {"tenant": stage.tenant}) as exeunt:
        client = await exeunt.client(Role.OPERATOR)
        body = {"worker": {"email": ADDRESS}, "kind": "other"}
        [tenant] = (await client.post("/plans", json=body)).json()["systems"]
    lacks = {item["action"]: item["lacks"] for item in tenant["items"]}
    assert lacks["block_sign_in"] == ""
    assert lacks["revoke_sessions"] == "User.RevokeSessions.All"
    assert "whether they administer anything" not in " ".join(tenant["notes"])
