"""The commands, as a person types them."""

import csv
import io
import json
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.practice.scim import PracticeDirectory
from adapters.serving import served
from tests.house import ADDRESS, NUMBER, SECRET
from tests.processes import Program, program

pytestmark = [pytest.mark.live, pytest.mark.slow]


@pytest.fixture
def directory() -> PracticeDirectory:
    made = PracticeDirectory()
    made.hire(ADDRESS, employee_number=NUMBER)
    return made


@pytest.fixture
async def exeunt(tmp_path: Path, directory: PracticeDirectory) -> AsyncIterator[Program]:
    async with served(directory.app) as url:
        told = {
            "hr": {"people": {"source": "standard_webhooks", "secret": "${HR_SECRET}"}},
            "systems": {"directory": directory.settings(url)},
        }
        made = program(tmp_path, told, {"HR_SECRET": SECRET})
        yield made
        made.kill()


async def test_plan_looks_and_writes_nothing(exeunt: Program, directory: PracticeDirectory) -> None:
    answer = await exeunt.run_beside("plan", "--email", ADDRESS, "--kind", "voluntary")
    assert answer.returncode == 0, answer.stderr
    assert "contain: block sign in: PATCH /Users/{id}" in " ".join(answer.stdout.split())
    assert directory.writes == 0


async def test_a_plan_that_a_system_did_not_answer_ends_with_status_1(exeunt: Program) -> None:
    broken = (exeunt.folder / "exeunt.yaml").read_text().replace("practice-token", "wrong")
    (exeunt.folder / "exeunt.yaml").write_text(broken)
    answer = await exeunt.run_beside("plan", "--email", ADDRESS)
    assert answer.returncode == 1
    assert "put a valid credential" in " ".join(answer.stdout.split())


async def test_offboard_opens_a_case_in_the_running_service_and_audit_exports_it(
    exeunt: Program, directory: PracticeDirectory
) -> None:
    await exeunt.start()
    token = (await exeunt.run_beside("token", "create", "--role", "operator")).stdout.strip()
    answer = await exeunt.run_beside("offboard", "--email", ADDRESS, EXEUNT_TOKEN=token)
    assert answer.returncode == 0, answer.stderr
    case = answer.stdout.strip()
    again = await exeunt.run_beside("offboard", "--email", ADDRESS, EXEUNT_TOKEN=token)
    assert again.stdout.strip() == case
    assert exeunt.stop() == 0
    assert directory.enabled("u-00001") is False
    lines = (await exeunt.run_beside("audit", "export", "--case", case)).stdout.splitlines()
    assert json.loads(lines[0])["type"] == "case.opened"
    out = exeunt.folder / "log.csv"
    await exeunt.run_beside("audit", "export", "--format", "csv", "--out", str(out))
    rows = list(csv.DictReader(io.StringIO(out.read_text())))
    assert case in {row["case"] for row in rows}


async def test_offboard_says_what_to_do_when_the_service_is_not_there(exeunt: Program) -> None:
    answer = await exeunt.run_beside("offboard", "--email", ADDRESS, EXEUNT_TOKEN="exn_x")
    assert answer.returncode == 1
    assert "Is `exeunt serve` running?" in " ".join(answer.stderr.split())


async def test_a_second_service_on_one_embedded_database_is_refused(exeunt: Program) -> None:
    await exeunt.start()
    answer = await exeunt.run_beside("serve", EXEUNT_PORT="0")
    assert answer.returncode == 2
    assert "another Exeunt runs on" in " ".join(answer.stderr.split())


async def test_a_missing_secret_is_named_with_its_line(exeunt: Program) -> None:
    exeunt.environ = {k: v for k, v in exeunt.environ.items() if k != "HR_SECRET"}
    answer = await exeunt.run_beside("doctor")
    assert answer.returncode == 2
    said = " ".join(answer.stderr.split())
    assert "exeunt.yaml:4: hr.people.secret: the environment has no HR_SECRET" in said
    assert "Traceback" not in said


async def test_a_database_that_is_newer_than_the_program_is_refused(exeunt: Program) -> None:
    assert (await exeunt.run_beside("migrate")).returncode == 0
    with sqlite3.connect(exeunt.folder / "exeunt.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    for command in ("serve", "migrate"):
        answer = await exeunt.run_beside(command)
        assert answer.returncode == 2
        assert "written by a newer one" in " ".join(answer.stderr.split())


async def test_no_configuration_says_how_to_write_the_first(exeunt: Program) -> None:
    (exeunt.folder / "exeunt.yaml").unlink()
    answer = await exeunt.run_beside("serve")
    assert answer.returncode == 2
    assert "docs/configuration.md" in " ".join(answer.stderr.split())


async def test_the_demo_of_everything_in_microsoft_365_gives_back_what_was_before(
    exeunt: Program,
) -> None:
    answer = await exeunt.run_beside("demo", "--scene", "microsoft365")
    assert answer.returncode == 0, answer.stdout
    assert "no mailbox was lost with a licence" in answer.stdout
    assert "not as before" not in answer.stdout


async def test_the_demo_across_everything_shows_that_nobody_waited(exeunt: Program) -> None:
    answer = await exeunt.run_beside("demo", "--scene", "everywhere")
    assert answer.returncode == 0, answer.stdout
    assert "nobody waited" in " ".join(answer.stdout.split())


async def test_the_demo_ends_with_status_0_and_leaves_its_log(exeunt: Program) -> None:
    answer = await exeunt.run_beside("demo", "--leavers", "3")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "3 of 3 leavers can no longer get into any system here." in answer.stdout
    assert (exeunt.folder / "demo" / "audit.jsonl").stat().st_size > 1000
