"""The design's example, against a SCIM service that others wrote, with the program itself."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from tests.house import ADDRESS, NUMBER, SECRET, eventually, leaves
from tests.processes import Program, ScimServer, program, scim_server

pytestmark = [pytest.mark.live, pytest.mark.slow]

EXAMPLE = {
    "hr": {"people": {"source": "standard_webhooks", "secret": "${HR_SECRET}"}},
    "systems": {
        "directory": {
            "adapter": "scim",
            "base_url": "${DIRECTORY_URL}",
            "token": "${DIRECTORY_TOKEN}",
            "mode": "enforce",
        },
        "badge": {"adapter": "manual", "owner": "facilities@acme.example"},
    },
}
WITHOUT_BADGE = {**EXAMPLE, "systems": {"directory": EXAMPLE["systems"]["directory"]}}


@pytest.fixture
async def server() -> AsyncIterator[ScimServer]:
    async with scim_server() as running:
        yield running


def environ(server: ScimServer, token: str = "") -> dict[str, str]:
    return {
        "HR_SECRET": SECRET,
        "DIRECTORY_URL": server.base_url,
        "DIRECTORY_TOKEN": token or server.token,
    }


async def offboarded(exeunt: Program) -> dict[str, Any]:
    """Send the signed sample, then wait until nothing is left that a machine could do."""
    made = exeunt.run("token", "create", "--role", "operator")
    assert made.returncode == 0, made.stderr
    headers = {"Authorization": f"Bearer {made.stdout.strip()}"}
    async with httpx.AsyncClient(base_url=exeunt.url, headers=headers, trust_env=False) as client:
        body = json.dumps(leaves("worker.access_revoke_now"))
        now = datetime.now(UTC)
        signature = {
            "webhook-id": "msg_1",
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(SECRET).sign("msg_1", now, body),
        }
        answer = await client.post("/api/v1/hr/people/events", content=body, headers=signature)
        assert answer.status_code == 202, answer.text

        async def case() -> dict[str, Any]:
            found = (await client.get("/api/v1/cases")).json()["items"]
            if not found:
                return {}
            whole: dict[str, Any] = (await client.get(f"/api/v1/cases/{found[0]['id']}")).json()
            return whole

        def contained(case: dict[str, Any]) -> bool:
            states = {a["system"]: a["containment"] for a in case.get("accounts", [])}
            return states.get("directory") == "contained" and case["status"] != "running"

        found: dict[str, Any] = await eventually(case, contained)
        return found


async def test_revoke_now_makes_the_account_inactive_in_a_real_scim_server(
    tmp_path: Path, server: ScimServer
) -> None:
    user = await server.hire(ADDRESS, NUMBER)
    exeunt = program(tmp_path, WITHOUT_BADGE, environ(server))
    await exeunt.start()
    try:
        case = await offboarded(exeunt)
    finally:
        assert exeunt.stop() == 0
    assert (await server.user(user))["active"] is False
    assert case["containment"] == "contained"
    assert 0 < case["timings"]["seconds_to_contain"] < 30


async def test_a_badge_that_a_person_must_take_keeps_the_case_partly_contained(
    tmp_path: Path, server: ScimServer
) -> None:
    await server.hire(ADDRESS, NUMBER)
    exeunt = program(tmp_path, EXAMPLE, environ(server))
    await exeunt.start()
    try:
        case = await offboarded(exeunt)
    finally:
        exeunt.stop()
    states = {account["system"]: account["containment"] for account in case["accounts"]}
    assert states == {"directory": "contained", "badge": "by_hand"}
    assert case["containment"] == "partly"
    assert "facilities@acme.example" in [task["owner"] for task in case["tasks"]]


async def test_the_doctor_names_the_system_the_permission_and_the_fix(
    tmp_path: Path, server: ScimServer
) -> None:
    exeunt = program(tmp_path, WITHOUT_BADGE, environ(server, token="wrong-token"))
    answer = exeunt.run("doctor")
    said = " ".join(answer.stdout.split())
    assert answer.returncode == 1
    assert "directory" in said
    assert "permission: read and write /Users and /Groups over SCIM" in said
    assert "fix: put a valid credential under systems.directory" in said
    assert "wrong-token" not in answer.stdout + answer.stderr
