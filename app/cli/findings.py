"""What `exeunt doctor` learnt of one thing."""

from dataclasses import dataclass, field


@dataclass
class Finding:
    """What was learnt of one thing. `bad` makes the command end with status 1."""

    what: str
    kind: str
    summary: str
    bad: bool = False
    advice: list[str] = field(default_factory=list)
