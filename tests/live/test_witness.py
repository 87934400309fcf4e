"""`exeunt witness serve` as a program of its own, and the client that talks to it."""

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from adapters import witness as client
from adapters.errors import NeedsHuman, TryAgain, Unrecognised
from tests.processes import BIN, answers, free_port
from tests.sealed_logs import LOG, LOG_KEY, ORIGIN, Log
from tests.unit.test_witness import body_of
from workflows.ledger import verify
from workflows.ledger.keys import make_key
from workflows.ledger.note import COSIGNATURE, Signer

pytestmark = [pytest.mark.live, pytest.mark.slow]

LOG_OF_40 = Log([b"leaf %d" % n for n in range(40)])
NAME = "witness.example.com/w1"
DIES_BEFORE_IT_ANSWERS = """
import os, signal
from workflows.ledger import witnessed
add = witnessed.Witness.add
def dying(self, body):
    add(self, body)
    os.kill(os.getpid(), signal.SIGKILL)
witnessed.Witness.add = dying
from app.cli import main
main()
"""


@dataclass
class Running:
    folder: Path
    vkey: str = ""
    url: str = ""
    process: "subprocess.Popen[bytes] | None" = None

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [str(BIN / "exeunt"), "witness", *arguments]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)

    async def start(self, *program: str) -> None:
        port = free_port()
        command = [*(program or (str(BIN / "exeunt"),)), "witness", "serve", "--name", NAME]
        told = ["--log", LOG.vkey, "--port", str(port)]
        # Without a database, a configuration or a home: it needs nothing of Exeunt's.
        environ = {"PATH": os.environ["PATH"], "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
        with (self.folder / "witness.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *told], cwd=self.folder, env=environ, stdout=log, stderr=log
            )
        self.url = f"http://127.0.0.1:{port}"
        await answers(self.url, self.process)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        assert self.process
        self.process.send_signal(how)
        return self.process.wait(timeout=30)


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    made = Running(tmp_path)
    made.vkey = Signer(NAME, make_key(tmp_path / "witness.pem"), COSIGNATURE).vkey
    await made.start()
    yield made
    assert made.process
    made.process.kill()
    made.process.wait()


async def test_client_and_service_understand_each_other(running: Running) -> None:
    witness = client.Witness(running.url, running.vkey)
    for old, new in ((0, 7), (7, 40)):
        note = LOG_OF_40.checkpoint(new)
        lines = await witness.add(old, LOG_OF_40.consistency(old, new) if old else [], note)
        key = verify.Key.parse(running.vkey)
        assert verify.check_checkpoint(note + lines, [LOG_KEY], [key], 1).seen
    with pytest.raises(client.WitnessAhead) as ahead:
        await witness.add(7, LOG_OF_40.consistency(7), LOG_OF_40.checkpoint())
    assert ahead.value.size == 40
    rebuilt = Log([*LOG_OF_40.leaves[1:], b"one", b"two"])
    with pytest.raises(client.WitnessRefused, match="REFUSES"):
        await witness.add(40, rebuilt.consistency(40), rebuilt.checkpoint())
    await witness.close()


async def test_a_log_that_it_was_not_told_of_needs_a_person(running: Running) -> None:
    witness = client.Witness(running.url, running.vkey)
    stranger = LOG_OF_40.checkpoint().replace("acme", "other")
    for note in (stranger, LOG_OF_40.checkpoint().replace("\n40\n", "\n41\n")):
        with pytest.raises(NeedsHuman, match="give its operator"):
            await witness.add(0, [], note)
    with pytest.raises(Unrecognised, match="400"):
        await witness.add(0, [], "no note")
    await witness.close()


async def test_another_key_than_the_one_that_was_told_is_not_believed(running: Running) -> None:
    other = running.run("key", "create", "--name", NAME, "--key", "other.pem").stdout.strip()
    witness = client.Witness(running.url, other)
    with pytest.raises(Unrecognised, match="no cosignature"):
        await witness.add(0, [], LOG_OF_40.checkpoint())
    await witness.close()
    with pytest.raises(ValueError, match="mistyped"):
        client.Witness(running.url, LOG.vkey)
    nobody = client.Witness("http://127.0.0.1:9", running.vkey)
    with pytest.raises(TryAgain):
        await nobody.add(0, [], LOG_OF_40.checkpoint())
    await nobody.close()


async def test_the_wire_is_that_of_the_specification(running: Running) -> None:
    async with httpx.AsyncClient(base_url=running.url, trust_env=False) as http:
        first = await http.post("/add-checkpoint", content=body_of(LOG_OF_40, 0, 30))
        assert first.text.startswith(f"— {NAME} ")
        assert first.text.endswith("\n")
        conflict = await http.post("/add-checkpoint", content=body_of(LOG_OF_40, 0, 40))
        assert (conflict.status_code, conflict.text) == (409, "30\n")
        assert conflict.headers["content-type"].split(";")[0] == "text/x.tlog.size"
        latest = (await http.get(f"/checkpoints/{ORIGIN}")).text
        assert latest == LOG_OF_40.checkpoint(30) + first.text
        assert (await http.get(f"/checkpoints/{ORIGIN}", params={"size": 30})).text == latest
        assert (await http.get(f"/checkpoints/{ORIGIN}?size=7")).status_code == 404
        assert (await http.get("/checkpoints/other.example")).status_code == 404
        origin_hash = hashlib.sha256(ORIGIN.encode()).hexdigest()
        assert (await http.get(f"/{origin_hash}/checkpoint")).text == latest
        assert (await http.get(f"/{'0' * 64}/checkpoint")).status_code == 404
        about = (await http.get("/")).text
        assert running.vkey in about
        assert f"{ORIGIN}: 30 events" in about
        huge = await http.post("/add-checkpoint", content=b"old 0\n" * 20_000)
        assert huge.status_code == 413
        assert (await http.post("/add-checkpoint", content=b"\xff\x00")).status_code == 400
        assert (await http.get("/add-checkpoint")).status_code == 405


async def test_of_two_at_once_one_is_cosigned(running: Running) -> None:
    async with httpx.AsyncClient(base_url=running.url, trust_env=False) as http:
        bodies = [body_of(LOG_OF_40, 0, new) for new in range(1, 31)]
        replies = await asyncio.gather(
            *(http.post("/add-checkpoint", content=body) for body in bodies)
        )
    statuses = sorted(reply.status_code for reply in replies)
    assert statuses == [200] + [409] * 29


async def test_killed_between_remembering_and_answering_it_does_not_go_back(
    running: Running,
) -> None:
    running.stop()
    await running.start(sys.executable, "-c", DIES_BEFORE_IT_ANSWERS)
    witness = client.Witness(running.url, running.vkey)
    with pytest.raises(TryAgain):
        await witness.add(0, [], LOG_OF_40.checkpoint(30))
    assert running.process
    assert running.process.wait(timeout=30) == -signal.SIGKILL
    await witness.close()
    await running.start()
    witness = client.Witness(running.url, running.vkey)
    with pytest.raises(client.WitnessAhead) as ahead:
        await witness.add(0, [], LOG_OF_40.checkpoint(7))
    assert ahead.value.size == 30
    assert await witness.add(30, LOG_OF_40.consistency(30), LOG_OF_40.checkpoint())
    await witness.close()


async def test_killed_while_many_ask_it_holds_to_what_it_answered(running: Running) -> None:
    async with httpx.AsyncClient(base_url=running.url, trust_env=False) as http:
        answered, five = 0, asyncio.Event()

        async def grow() -> None:
            nonlocal answered
            for new in range(1, 41):
                reply = await http.post(
                    "/add-checkpoint", content=body_of(LOG_OF_40, answered, new)
                )
                assert reply.status_code == 200
                answered = new
                if new == 5:
                    five.set()

        task = asyncio.create_task(grow())
        await five.wait()
        running.stop(signal.SIGKILL)
        with pytest.raises(httpx.TransportError):
            await task
    await running.start()
    async with httpx.AsyncClient(base_url=running.url, trust_env=False) as http:
        told = await http.post("/add-checkpoint", content=body_of(LOG_OF_40, 0, 40))
    assert told.status_code == 409
    assert int(told.text) in {answered, answered + 1}


async def test_what_a_person_gets_wrong_is_said_in_words(running: Running) -> None:
    assert running.stop() == 0
    again = running.run("key", "create", "--name", NAME)
    assert (again.returncode, "never overwritten" in again.stderr) == (2, True)
    alone = running.run("serve", "--name", NAME)
    assert (alone.returncode, "--log VKEY" in alone.stderr) == (2, True)
    typed = running.run("serve", "--name", NAME, "--log", LOG.vkey.replace("a6ea", "a6eb"))
    assert (typed.returncode, "mistyped" in typed.stderr) == (2, True)
    other = running.run("serve", "--name", "other.example", "--log", LOG.vkey)
    assert (other.returncode, "has seen" in other.stderr) == (2, True)
    (running.folder / "witness.pem").chmod(0o644)
    opened = running.run("serve", "--name", NAME, "--log", LOG.vkey)
    assert (opened.returncode, "chmod 600" in opened.stderr) == (2, True)
