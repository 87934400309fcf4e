"""The log goes out by itself while the service runs, and its numbers say how far it is."""

import asyncio
from collections import deque
from functools import partial
from pathlib import Path

import httpx
import pytest
from starlette.responses import Response
from typer.testing import CliRunner

from adapters.practice.scim import PracticeDirectory
from app.cli import cli
from tests.collectors import SECRET, Collector, Receiver
from tests.house import ADDRESS, NUMBER, House, eventually, house, leaves

pytestmark = pytest.mark.slow


async def numbers(exeunt: House) -> dict[str, float]:
    """`/metrics`, by name and labels."""
    transport = httpx.ASGITransport(exeunt.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://exeunt.test") as client:
        text = (await client.get("/metrics")).text
    lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def got(receiver: Receiver) -> list[str]:
    return [
        one["id"] for body in receiver.parsed for one in body if one["type"] != "log.checkpoint"
    ]


async def test_a_whole_case_reaches_a_sink_while_another_is_dead_and_nothing_waits(
    sqlite_url: str,
) -> None:
    receiver, vendor = Receiver(), PracticeDirectory()
    vendor.hire(ADDRESS, employee_number=NUMBER)
    receiver.answers.extend([Response(status_code=503), Response(status_code=429)])
    async with receiver.serve() as url:
        sinks = {
            "hook": {"sink": "webhook", "url": url, "secret": SECRET},
            "dead": {"sink": "webhook", "url": "http://127.0.0.1:9", "secret": SECRET},
        }
        async with house(sqlite_url, {"directory": vendor}, audit={"sinks": sinks}) as exeunt:
            assert (await exeunt.hr_says(leaves())).status_code == 202
            await exeunt.until(lambda case: case["containment"] == "contained")
            before = await numbers(exeunt)
            assert before['exeunt_sink_lag_events{sink="dead"}'] > 0

            async def all_there() -> bool:
                ids = [event["id"] for event in await exeunt.events()]
                return got(receiver)[: len(ids)] == ids

            await eventually(all_there, lambda there: there)
            after = await numbers(exeunt)
    assert after['exeunt_sink_lag_seconds{sink="dead"}'] > 0
    assert after['exeunt_log_failures{destination="sink:dead"}'] > 0
    assert after['exeunt_sink_stopped{sink="dead"}'] == 0
    assert after['exeunt_sink_taken_timestamp_seconds{sink="hook"}'] > 0
    assert after["exeunt_log_signed_size"] <= after["exeunt_log_size"]
    assert after["exeunt_log_passed_over_events"] == 0


async def test_a_sink_that_refuses_us_shows_as_stopped(sqlite_url: str) -> None:
    collector = Collector(disabled=True)
    async with collector.serve() as url:
        sinks = {"siem": {"sink": "splunk_hec", "url": url, "token": "another"}}
        audit = {"sinks": sinks}
        async with house(sqlite_url, {"directory": PracticeDirectory()}, audit=audit) as exeunt:
            said = await eventually(
                lambda: numbers(exeunt), lambda now: now['exeunt_sink_stopped{sink="siem"}'] == 1
            )
    assert said['exeunt_sink_lag_events{sink="siem"}'] == said["exeunt_log_size"]
    assert len(collector.requests) == 1


async def test_after_a_restart_it_goes_on_where_it_was(sqlite_url: str) -> None:
    receiver = Receiver()
    async with receiver.serve() as url:
        sinks = {"hook": {"sink": "webhook", "url": url, "secret": SECRET}}
        for start in (1, 2):
            audit = {"sinks": sinks}
            async with house(sqlite_url, {"directory": PracticeDirectory()}, audit=audit) as exeunt:

                async def starts() -> int:
                    bodies = [one for body in receiver.parsed for one in body]
                    return sum(one["type"] == "service.started" for one in bodies)

                await eventually(starts, start.__eq__)
                # It has them, and we know it: stopped in between, we would send them again.
                await eventually(
                    partial(numbers, exeunt),
                    lambda now: now['exeunt_sink_lag_events{sink="hook"}'] == 0,
                )
    assert len(set(got(receiver))) == len(got(receiver))


CONFIG = """\
systems:
  badge: {{adapter: manual, owner: facilities@acme.example}}
audit:
  sinks:
    hook: {{sink: webhook, url: "{url}", secret: {secret}}}
"""


async def test_sinks_are_listed_and_made_to_begin_again_by_command(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver = Receiver(answers=deque([Response(status_code=410)]))
    async with receiver.serve() as url:
        config = tmp_path / "exeunt.yaml"
        config.write_text(CONFIG.format(url=url, secret=SECRET))
        monkeypatch.setenv("EXEUNT_CONFIG", str(config))
        monkeypatch.setenv("EXEUNT_DATABASE_URL", sqlite_url)
        sinks = {"hook": {"sink": "webhook", "url": url, "secret": SECRET}}
        audit = {"sinks": sinks}
        async with house(sqlite_url, {"directory": PracticeDirectory()}, audit=audit) as exeunt:
            await eventually(
                lambda: numbers(exeunt), lambda now: now['exeunt_sink_stopped{sink="hook"}'] == 1
            )
            listed = await command("audit", "sinks")
            assert "hook" in listed
            assert "NeedsHuman" in listed
            assert "whsec" not in listed
            await command("audit", "replay", "hook", "--from", "1")

            async def ids() -> list[str]:
                return got(receiver)

            first = await eventually(ids, lambda found: len(found) >= 1)
            events = await exeunt.events()
            assert first[0] == events[1]["id"]
            replayed = [event for event in events if event["type"] == "export.replayed"]
            assert [event["data"] for event in replayed] == [{"index": 1, "sink": "hook"}]
    assert "Configured are: hook" in await command("audit", "replay", "nobody", "--from", "0")
    assert "the log has" in await command("audit", "replay", "hook", "--from", "999999")


async def command(*words: str) -> str:
    """What a command says, or why it will not."""

    done = await asyncio.to_thread(CliRunner().invoke, cli, list(words), env={"COLUMNS": "200"})
    why = done.exception
    return done.output + (f"{why} {getattr(why, 'next_step', '')}" if why else "")
