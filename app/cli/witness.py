"""exeunt witness: run by an auditor or a parent company, where the operator has no hold."""

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import structlog
import typer
import uvicorn

from adapters.clock import Clock
from adapters.serving import Server
from app.logs import set_up_logs
from app.witness import create_app
from workflows.errors import Invalid
from workflows.ledger.keys import KeyUnusable, make_key, read_key
from workflows.ledger.note import COSIGNATURE, Signer
from workflows.ledger.verify import ED25519, Key, Refused
from workflows.ledger.witnessed import Witness

log = structlog.get_logger()

cli = typer.Typer(help="Watch somebody's log: cosign what follows, refuse what was rewritten.")
key_cli = typer.Typer(help="The witness's own key.")
cli.add_typer(key_cli, name="key")

Name = Annotated[str, typer.Option(help="Of the witness, such as witness.auditor.example.")]
KeyPath = Annotated[Path, typer.Option("--key", help="Its private key, a PEM file.")]


@key_cli.callback()
def about() -> None:
    pass  # keeps `create` a command of its own


@key_cli.command()
def create(name: Name, key: KeyPath = Path("witness.pem")) -> None:
    """Make a key and print its public half: the operator and everybody who checks need it."""
    _named(name)
    try:
        print(Signer(name, make_key(key), COSIGNATURE).vkey)
    except KeyUnusable as why:
        raise Invalid(str(why)) from None


@cli.command()
def serve(
    name: Name,
    log_keys: Annotated[
        list[str] | None, typer.Option("--log", help="The key of a log that it may cosign (vkey).")
    ] = None,
    logs: Annotated[
        Path | None, typer.Option(help="A file with such keys, one a line; # begins a comment.")
    ] = None,
    key: KeyPath = Path("witness.pem"),
    state: Annotated[
        Path, typer.Option(help="The folder in which it remembers what it has seen.")
    ] = Path("witness-state"),
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8090,
) -> None:
    """Answer add-checkpoint (C2SP tlog-witness). It needs no database of Exeunt."""
    set_up_logs("INFO")
    vkeys = [*(log_keys or []), *(_lines(logs) if logs else [])]
    if not vkeys:
        raise Invalid("a witness needs a log to watch", "Give --log VKEY, or --logs FILE.")
    _named(name)
    try:
        known = [_log_key(vkey) for vkey in vkeys]
        witness = Witness(state, Signer(name, read_key(key), COSIGNATURE), known, Clock())
        witness.open()
    except (KeyUnusable, Refused, ValueError) as why:
        raise Invalid(str(why)) from None
    asyncio.run(_serve(witness, host, port))


def _named(name: str) -> None:
    if not name or "+" in name or name.split() != [name]:
        raise Invalid("the name of a witness holds no space and no plus sign")


def _lines(path: Path) -> list[str]:
    lines = (line.strip() for line in path.read_text("utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _log_key(vkey: str) -> Key:
    key = Key.parse(vkey)
    if key.kind != ED25519:
        raise Refused(f"{key.name} is the key of a witness, not of a log")
    return key


async def _serve(witness: Witness, host: str, port: int) -> None:
    server = Server(
        uvicorn.Config(
            create_app(witness),
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=10,
        )
    )
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, server.handle_exit, signum, None)
    log.info("witnessing", url=f"http://{host}:{port}", vkey=witness.signer.vkey)
    await server.serve()
    log.info("stopped")
