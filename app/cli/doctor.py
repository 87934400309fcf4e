"""exeunt doctor"""

import asyncio

import typer
from rich.console import Console
from rich.text import Text

from adapters.clock import Clock
from adapters.errors import AdapterError
from app.cli.common import configured
from app.cli.doctor_log import look_at_log
from app.cli.findings import Finding
from app.config import Config
from app.main import hr_of, systems_of
from app.settings import Settings
from workflows.schema import SchemaMismatch, require_current
from workflows.store import Store
from workflows.world import HrConnection, System


def doctor() -> None:
    """Prove every credential now: which system, which permission is missing, how to mend it."""
    settings = Settings()
    config = configured(settings)
    findings = asyncio.run(_examine(config))
    findings.append(_database(settings))
    readable = _at_its_revision(settings)
    findings += asyncio.run(look_at_log(settings, config, database=readable))
    console = Console()
    for finding in findings:
        _show(console, finding)
    bad = [finding for finding in findings if finding.bad]
    if bad:
        names = ", ".join(finding.what for finding in bad)
        console.print(f"\n[bold red]Not healthy:[/] {names}")
        raise typer.Exit(1)
    console.print("\n[bold green]All is well.[/]")


async def _examine(config: Config) -> list[Finding]:
    clock = Clock()
    systems, hr = systems_of(config, clock), hr_of(config, clock)
    findings = await asyncio.gather(
        *(_system(name, system) for name, system in systems.items()),
        *(_connection(name, connection) for name, connection in hr.items()),
    )
    for system in systems.values():
        await system.adapter.close()
    for connection in hr.values():
        await connection.source.close()
    return list(findings)


async def _system(name: str, system: System) -> Finding:
    kind = f"{system.can.adapter}, {system.can.mode}"
    try:
        check = await system.adapter.check()
    except AdapterError as why:
        return _failed(name, kind, why)
    missing = [f"{verb}: grant {permission}" for verb, permission in check.missing.items()]
    needless = [f"granted but not needed, and dangerous: {p}" for p in check.needless]
    return Finding(name, kind, check.summary, bool(missing), missing + needless)


async def _connection(name: str, connection: HrConnection) -> Finding:
    try:
        summary = await connection.source.check()
    except AdapterError as why:
        return _failed(name, "HR", why)
    return Finding(name, "HR", summary)


def _failed(name: str, kind: str, why: AdapterError) -> Finding:
    permission, fix = getattr(why, "permission", ""), getattr(why, "fix", "")
    advice = [f"permission: {permission}"] if permission else []
    return Finding(
        name, kind, why.message, bad=True, advice=[*advice, f"fix: {fix}"] if fix else advice
    )


def _database(settings: Settings) -> Finding:
    file = Store(settings.database_url).file
    if file is not None and not file.exists():
        return Finding("database", "store", f"{file} is not there yet; `exeunt serve` makes it")
    try:
        require_current(settings.database_url)
    except SchemaMismatch as why:
        embedded = settings.database_url.startswith("sqlite")
        # `exeunt serve` brings an embedded database up to date by itself.
        newer = "does not know" in str(why)
        return Finding("database", "store", str(why), bad=newer or not embedded)
    return Finding("database", "store", "at the revision that this version needs")


def _at_its_revision(settings: Settings) -> bool:
    file = Store(settings.database_url).file
    if file is not None and not file.exists():
        return False
    try:
        require_current(settings.database_url)
    except SchemaMismatch:
        return False
    return True


def _show(console: Console, finding: Finding) -> None:
    mark = Text("✗ " if finding.bad else "✓ ", "bold red" if finding.bad else "bold green")
    head = Text.assemble(mark, (finding.what, "bold"), (f"  {finding.kind}", "dim"))
    console.print(head)
    for line in [finding.summary, *finding.advice]:
        # Whole lines: what is cut by a narrow terminal cannot be copied.
        console.print(Text(f"    {line}"), soft_wrap=True)
