"""Real programs beside the tests: Exeunt itself, and third parties' servers, on loopback."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

BIN = Path(sys.executable).parent
START_SECONDS = 30


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def answers(url: str, process: "subprocess.Popen[bytes]") -> None:
    """Wait until something answers at the URL; fail at once if the process has ended."""
    async with httpx.AsyncClient(trust_env=False) as client:
        for _ in range(START_SECONDS * 50):
            if process.poll() is not None:
                raise AssertionError(f"{process.args!r} ended with {process.returncode}")
            try:
                await client.get(url)
            except httpx.TransportError:
                await asyncio.sleep(0.02)
            else:
                return
    raise AssertionError(f"{url} did not answer within {START_SECONDS} s")


@dataclass
class ScimServer:
    """scim2-server, a real SCIM service that others wrote."""

    base_url: str
    token: str

    def client(self) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.AsyncClient(base_url=self.base_url, headers=headers, trust_env=False)

    async def hire(self, address: str, number: str) -> str:
        async with self.client() as client:
            body = {
                "schemas": [
                    "urn:ietf:params:scim:schemas:core:2.0:User",
                    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
                ],
                "userName": address,
                "active": True,
                "emails": [{"value": address, "type": "work"}],
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
                    "employeeNumber": number
                },
            }
            answer = await client.post("/Users", json=body)
            assert answer.status_code == 201, answer.text
            user: str = answer.json()["id"]
            group = {
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
                "displayName": f"team of {number}",
                "members": [{"value": user}],
            }
            assert (await client.post("/Groups", json=group)).status_code == 201
            return user

    async def user(self, identifier: str) -> dict[str, Any]:
        async with self.client() as client:
            found: dict[str, Any] = (await client.get(f"/Users/{identifier}")).json()
            return found

    async def groups_of(self, identifier: str) -> int:
        async with self.client() as client:
            asked = {"filter": f'members.value eq "{identifier}"'}
            return int((await client.get("/Groups", params=asked)).json()["totalResults"])


@asynccontextmanager
async def scim_server() -> AsyncIterator[ScimServer]:
    port, token = free_port(), "tok-1"
    command = [str(BIN / "scim2-server"), "--hostname", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--bearer-token", token], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        url = f"http://127.0.0.1:{port}/v2"
        await answers(f"{url}/ServiceProviderConfig", process)
        yield ScimServer(url, token)
    finally:
        process.kill()
        process.wait()


@dataclass
class Program:
    """`exeunt serve`, with its folder, its environment and its log."""

    folder: Path
    port: int
    environ: Mapping[str, str]
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        with (self.folder / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(
                [BIN / "exeunt", "serve"],
                cwd=self.folder,
                env={**os.environ, **self.environ},
                stdout=log,
                stderr=log,
            )
        await answers(f"{self.url}/healthz", self.process)

    def kill(self) -> None:
        """SIGKILL: no goodbye."""
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def stop(self) -> int:
        """SIGTERM, as an init system does; the exit status."""
        assert self.process
        self.process.terminate()
        status = self.process.wait(timeout=30)
        self.process = None
        return status

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Another command of exeunt, in the same place."""
        return subprocess.run(
            [BIN / "exeunt", *arguments],
            cwd=self.folder,
            env={**os.environ, **self.environ},
            capture_output=True,
            text=True,
            timeout=300,  # a demo that plays a whole leave, on a machine that is busy
            check=False,
        )

    async def run_beside(
        self, *arguments: str, **environ: str
    ) -> "subprocess.CompletedProcess[str]":
        """The same, while what this test serves goes on answering."""
        before = self.environ
        self.environ = {**before, **environ}
        try:
            return await asyncio.to_thread(self.run, *arguments)
        finally:
            self.environ = before

    def log(self) -> str:
        return (self.folder / "serve.log").read_text()


def program(
    folder: Path, told: Mapping[str, Any], environ: Mapping[str, str], url: str = ""
) -> Program:
    """Write the configuration into the folder; nothing is started yet."""
    port = free_port()
    (folder / "exeunt.yaml").write_text(yaml.safe_dump(dict(told), sort_keys=False))
    return Program(
        folder,
        port,
        {
            **environ,
            "EXEUNT_DATABASE_URL": url or f"sqlite:///{folder / 'exeunt.db'}",
            "EXEUNT_CONFIG": str(folder / "exeunt.yaml"),
            "EXEUNT_PORT": str(port),
            "EXEUNT_URL": f"http://127.0.0.1:{port}",
        },
    )
