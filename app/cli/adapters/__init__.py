"""exeunt adapters: what each kind of system can do, and what it leaves to people."""

from app.cli.adapters.command import adapters

__all__ = ["adapters"]
