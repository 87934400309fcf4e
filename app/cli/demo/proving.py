"""The demo's evidence: fetched as an auditor would, and checked by a Python that knows us not."""

import asyncio
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from app.cli.demo.calls import get
from app.cli.demo.stage import Stage

VERIFIED, LEFT_TO_YOU = 0, 3


@dataclass(frozen=True)
class Checked:
    """What verify.py said of a pack, and how to ask it again."""

    pack: Path
    command: str
    exit_code: int
    verdict: str

    @property
    def good(self) -> bool:
        return self.exit_code in (VERIFIED, LEFT_TO_YOU)


async def take_evidence(stage: Stage, case_id: str, folder: Path) -> Checked:
    """Keep the pack and its verifier in `folder`, and run that in an isolated interpreter."""
    answer = await stage.client.get(f"/cases/{case_id}/evidence")
    answer.raise_for_status()
    pack, verifier = folder / f"evidence-{case_id}.zip", folder / "verify.py"
    await asyncio.to_thread(pack.write_bytes, answer.content)
    await asyncio.to_thread(verifier.write_bytes, await asyncio.to_thread(_verifier_in, pack))
    keys = (await get(stage, "/audit/key"))["keys"]
    said = ["-I", "-S", str(verifier), "pack", str(pack), "--key", str(keys[-1]["vkey"])]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *said,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    lines = out.decode("utf-8", "replace").strip().splitlines()
    shown = " ".join(["python3", *said[:-1], f"'{said[-1]}'"])
    verdict = lines[-1] if lines else "nothing"
    return Checked(pack, shown, process.returncode or VERIFIED, verdict)


def _verifier_in(pack: Path) -> bytes:
    """The one that came with the pack, as an auditor has it."""
    with zipfile.ZipFile(pack) as archive:
        return archive.read("verify.py")


def tell(console: Console, checked: Checked) -> None:
    colour = "green" if checked.exit_code == VERIFIED else "yellow" if checked.good else "red"
    line = Text("\nThe evidence: ", "bold")
    line.append(str(checked.pack), "cyan")
    line.append(", checked by verify.py alone, in a bare Python: ")
    line.append(checked.verdict, f"bold {colour}")
    console.print(line)
    console.print("report.pdf and report.html in it are for people. Check it again:", style="dim")
    console.print(Text(f"  {checked.command}", "cyan"), soft_wrap=True)
