"""Who asks, and the one thing that nobody may do: decide about themselves."""

from dataclasses import dataclass

from adapters.matching import same_address
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


def not_the_subject(caller: Caller, worker: Worker) -> None:
    theirs = worker.record.get("work_email")
    if caller.address and theirs and same_address(caller.address, theirs):
        raise Forbidden("this case is about yourself", "Ask somebody else.")
