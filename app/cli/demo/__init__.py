"""exeunt demo: the main job, on practice vendors that speak real HTTP, in under a minute."""

from app.cli.demo.command import demo

__all__ = ["demo"]
