"""Who asks, and the one thing that nobody may do: decide about themselves."""

from dataclasses import dataclass

from adapters.matching import normal_address
from workflows.errors import Forbidden
from workflows.ledger.events import Actor
from workflows.tables import Worker


@dataclass(frozen=True)
class Caller:
    """Who asks. `person` is False for a service's token, `address` is the person's own."""

    id: str
    name: str
    role: str
    person: bool = True
    address: str = ""

    @property
    def actor(self) -> Actor:
        return Actor("person" if self.person else "service", self.id)

    @property
    def identity(self) -> str:
        """Whose word it is: the person's address, because one person may hold several tokens."""
        return normal_address(self.address) if self.address else f"token:{self.id}"


def not_the_subject(caller: Caller, worker: Worker) -> None:
    """Raises Forbidden if one of the worker's addresses is the caller's."""
    record = worker.record
    theirs = {normal_address(a) for a in (record.get("work_email"), *record["other_emails"]) if a}
    if caller.address and normal_address(caller.address) in theirs:
        raise Forbidden("this case is about yourself", "Ask somebody else.")
