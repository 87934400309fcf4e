"""
What an adapter may raise, by what the caller does next.

AdapterError
├── TryAgain          wait, then make the same call again
├── CredentialDenied  our own credential is refused: pause this system, page the operator
├── TargetDenied      this one object is out of our reach: fail this item, open a task
├── NeedsHuman        only a person can finish this: open a task with its runbook
└── Unrecognised      the vendor answered something we do not know: stop this item
"""


class AdapterError(Exception):
    """Base of every error that may leave an adapter.

    Arguments stay positional: the engine stores errors and builds them again from `args`.
    A message never holds a secret and never a person's data: it goes to logs and to people.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((type(self), self.message))


class TryAgain(AdapterError):
    """Rate limit, timeout or outage. `retry_after` is in seconds, None if the vendor named none."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.args = (message, retry_after)
        self.retry_after = retry_after


class _Denied(AdapterError):
    def __init__(self, message: str, permission: str = "", fix: str = "") -> None:
        super().__init__(message)
        self.args = (message, permission, fix)
        self.permission = permission
        self.fix = fix


class CredentialDenied(_Denied):
    """401, no token, or a failed check. Repeating it can only lock the credential out."""


class TargetDenied(_Denied):
    """403 on one object, such as a privileged user. The rest of the system stays open to us."""


class NeedsHuman(AdapterError):
    """The vendor refuses for a reason that code cannot mend. `runbook` is a path under docs/."""

    def __init__(self, message: str, runbook: str = "") -> None:
        super().__init__(message)
        self.args = (message, runbook)
        self.runbook = runbook


class Unrecognised(AdapterError):
    """The reply is not in the adapter's contract. Never read it as success or as "none"."""
